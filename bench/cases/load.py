"""load. What many clients of the API cost, by bench/api_load.cc over the Unix socket.

Watchers: 50 pulls run, each into a folder of its own; when one ends another begins. Once over a link of 1 Gbit/s (64 connections, held to their share by nginx), once over an
unshaped nginx, where watchers and their daemon contend for the cores with the transfers and with nginx. Windows of some seconds in turn, RUNS times over: 1,000 WatchPull streams, 20 of each pull; 1,000
WatchPulls streams; before and after each of them nobody. In every window a client on a connection of its own asks GetPull, ListPulls (a page of 50,
brief) and GetVersion in turn, 200 calls a second, and reads from GetStats what the daemon has received. Throughput lost is the median over the rounds of
1 - watched ÷ the mean of the two windows around it, so that what else the machine does weighs on both.

Pages: 10,000 pulls that are queued; the same when they have ended; the same after a restart. Every page of 100 is timed, whole and brief. What a remembered pull
costs is RSS after the restart less that of an empty daemon, and how long the daemon took until it said that it serves, beside an empty one.

The other two run on a hub of 256 KiB a second and connection. Slow watchers: 100 streams that never read, of a pull with 64 files under way, beside 20 that read: the RSS that they add, and how many messages the others get
with them and without.

Visitors: for 30 s, 500 at a time connect, ask for the same pull, watch a little and hang up at random points. RSS and file descriptors of the daemon
before and after, when gRPC has had time to close what was left; a steady client's calls meanwhile.
"""

import json
import os
import pathlib
import subprocess
import time

from cases.entry import at_least, at_most, check, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import BUILD, KIB, MB, MIB, RUNS, CannotRun, Daemon, median, need_root, proc_cpu_s, proc_rss_mib, remove, room_for, say, scaled, spawn

TITLE = "1,000 watchers, 10,000 pulls, slow readers, clients that come and go"
GOAL = "≤ 10 % of throughput lost, p99 of a call ≤ 20 ms, pages in ≤ 20 ms, a slow reader costs bounded memory"
PULLS, STREAMS_EACH, CONNECTIONS = 50, 20, 100
MODES = ("WatchPull", "WatchPulls")
LINK = 125 * MB  # bytes a second: 1 Gbit/s
WINDOW_S, VISIT_S = 4, 30
PAGE = 100
CONFIG = """[limits]
max_connections = 64
max_active_pulls = 50
[api]
max_pulls_per_client = 20000
max_watches_per_client = 4096
max_calls_per_second = 1000000
max_connections_per_client = 4096"""


class Client:
    """One run of api_load. Owns: its process."""

    def __init__(self, daemon: Daemon, *words):
        self.words = words
        self._process = spawn([BUILD / "api_load", daemon.socket, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self) -> "Client":
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError(f"api_load {' '.join(map(str, self.words[:3]))} did not begin")
        return self

    def end(self) -> dict:
        """Closes its stdin, and answers what it has found."""
        out, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"api_load {' '.join(map(str, self.words[:3]))} failed")
        return json.loads(out)


def watchers(daemon, kind: str, each: int, connections: int, ids=()) -> Client:
    return Client(daemon, "watch", kind, each, connections, *ids).wait_ready()


def config(more: str = "") -> str:
    return CONFIG + more


def start_pulls(daemon, count: int, out: pathlib.Path) -> list[str]:
    return Client(daemon, "start", count, out, REPO).end()["ids"]


def refill(daemon, out: pathlib.Path) -> None:
    """As many again as have ended, whose files make room for theirs."""
    pulls = pulls_of(daemon)
    ended = [pull for pull in pulls if pull["state"] in ("done", "failed", "cancelled")]
    for folder in (pathlib.Path(pull["path"]) for pull in ended if pull["path"]):
        if folder.exists():
            remove(folder)
    if missing := PULLS * 3 // 2 - (len(pulls) - len(ended)):
        start_pulls(daemon, missing, out / str(len(pulls)))


def running(daemon, count: int, out: pathlib.Path | None = None) -> list[str]:
    """The pulls that fetch, when there are so many."""
    if out:
        refill(daemon, out)
    for _ in range(300):
        ids = [pull["id"] for pull in pulls_of(daemon) if "fetching" in str(pull["state"]).lower()]
        if len(ids) >= count:
            return ids[:count]
        time.sleep(0.1)
    raise CannotRun(f"{len(ids)} pulls run and not {count}: their files are too small for this machine")


def pulls_of(daemon) -> list[dict]:
    answer = daemon.ask("ps", "--all")
    return answer if isinstance(answer, list) else answer.get("pulls", [])


# Watchers


def window(daemon, ids: list[str], mode: str) -> dict:
    crowd = {"none": None, "WatchPull": ("pull", STREAMS_EACH, CONNECTIONS, ids), "WatchPulls": ("pulls", PULLS * STREAMS_EACH, CONNECTIONS)}[mode]
    crowd = watchers(daemon, *crowd) if crowd else None
    time.sleep(1)
    cpu, theirs = proc_cpu_s(daemon.pid), proc_cpu_s(crowd.pid) if crowd else 0
    result = Client(daemon, "ask", WINDOW_S, ids[0]).end()
    result["daemon_cpu_cores"] = (proc_cpu_s(daemon.pid) - cpu) / result["seconds"]
    if crowd:
        result["watchers_cpu_cores"] = (proc_cpu_s(crowd.pid) - theirs) / result["seconds"]
        result["crowd"] = crowd.end()
    say(f"{mode}: {result['received_per_s'] / MIB:.0f} MiB/s, calls p50 {result['all']['p50_ms']:.2f} p99 {result['all']['p99_ms']:.2f} ms, daemon {result['daemon_cpu_cores']:.2f} cores"
        + (f", watchers {result['watchers_cpu_cores']:.2f} cores, {result['crowd']['median_per_s']:.2f} messages a second each" if crowd else ""))
    return result


def fill_link(daemon, rate: float) -> None:
    """Connections are added one by one to a source whose every connection is held to a share: until they fill it, two minutes at most."""
    for _ in range(40):
        if Client(daemon, "ask", 3, running(daemon, PULLS)[0]).end()["received_per_s"] >= 0.85 * rate:
            return


def watched(work, hub, rate: float = 0) -> list[dict]:
    rounds, out = [], work / "out"
    with Daemon(work / "watched", hub.endpoints(), config(), "max_connections = 64", ("--no-fsync",)) as daemon:
        refill(daemon, out)
        fill_link(daemon, rate)
        alone = window(daemon, running(daemon, PULLS, out), "none")
        for _ in range(max(RUNS, 3)):
            rounds.append({})
            for mode in MODES:
                beside = window(daemon, running(daemon, PULLS, out), mode)
                before, alone = alone, window(daemon, running(daemon, PULLS, out), "none")
                beside["alone_per_s"] = (before["received_per_s"] + alone["received_per_s"]) / 2
                rounds[-1] |= {mode: beside, f"none, after {mode}": alone}
        daemon.kill()
    remove(work / "watched")
    remove(out)
    return rounds


def lost(rounds: list[dict], mode: str) -> float | None:
    return median([1 - ratio(r[mode]["received_per_s"], r[mode]["alone_per_s"]) for r in rounds])


# Pages


def walk(daemon, what: str) -> dict:
    found = {}
    for form in ("whole", "brief"):
        found[form] = Client(daemon, "pages", PAGE, form, 3).end()
        say(f"{what}, {form}: {found[form]['pulls']} pulls, a page of {PAGE}: p50 {found[form]['p50_ms']:.2f} p99 {found[form]['p99_ms']:.2f} max {found[form]['max_ms']:.2f} ms")
    return found


def start_s(daemon) -> float:
    began = time.monotonic()
    return daemon.start() - began


def pages(work, hub) -> dict:
    count = scaled(10_000, 200)
    found = {}
    # Nobody answers, so that one pull waits for its listing and all others wait for it.
    with Daemon(work / "pages", {"silent": "http://127.0.0.1:9"}, config(f"\n").replace("max_active_pulls = 50", f"max_active_pulls = 1\nremembered_pulls = {count}")) as daemon:
        daemon.stop()
        found["empty_start_s"] = median([timed_restart(daemon) for _ in range(3)])
        found["empty_rss_mib"] = proc_rss_mib(daemon.pid)
        found["started"] = Client(daemon, "start", count, work / "many", REPO).end()
        del found["started"]["ids"]
        found["queued"] = walk(daemon, "queued")
        found["cancelled"] = Client(daemon, "cancel").end()
        found["ended"] = walk(daemon, "ended")
        found["full_start_s"] = median([timed_restart(daemon) for _ in range(3)])
        found["full_rss_mib"] = proc_rss_mib(daemon.pid)
        found["after_restart"] = walk(daemon, "after a restart")
        found["full_rss_after_walk_mib"] = proc_rss_mib(daemon.pid)
    found["kib_per_pull"] = (found["full_rss_mib"] - found["empty_rss_mib"]) * 1024 / count
    say(f"started in {found['started']['took_s']:.2f} s; start: empty {found['empty_start_s']:.3f} s, with {count} {found['full_start_s']:.3f} s; {found['kib_per_pull']:.2f} KiB a remembered pull")
    return found


def timed_restart(daemon) -> float:
    daemon.stop()
    time.sleep(0.2)
    return start_s(daemon)


# Slow watchers


def slow_hub(work) -> StaticHub:
    """One pull of it lasts two minutes, with 64 files under way."""
    files = {f"part-{i:03}.bin": 16 * MIB for i in range(128)}
    return StaticHub(work / "slow-hub", Repo(work / "slow-web", files), {"official": {"rate": 64 * 256 * KIB, "connections": 64}})


def warm_up() -> None:
    """Until every connection has filled a buffer of the daemon's pool, twice over: else that would count as growth."""
    time.sleep(10)


def deaf(work, hub) -> dict:
    count, steady_s = 100, 5
    with Daemon(work / "deaf", hub.endpoints(), config(), "max_connections = 64", ("--no-fsync",)) as daemon:
        ids = start_pulls(daemon, 1, work / "deaf-out")
        running(daemon, 1)
        listeners = watchers(daemon, "pull", 20, 20, ids)
        warm_up()
        alone = listen(listeners, daemon, ids, steady_s)
        base = proc_rss_mib(daemon.pid)
        slow = watchers(daemon, "deaf", count, count, ids)
        listeners = watchers(daemon, "pull", 20, 20, ids)
        time.sleep(steady_s)
        first = proc_rss_mib(daemon.pid)
        beside = listen(listeners, daemon, ids, steady_s * 3)
        last = proc_rss_mib(daemon.pid)
        still = slow.end()["open"]
        daemon.kill()
    result = {"alone": alone, "beside": beside, "rss_mib": [base, first, last], "kib_per_stream": (last - base) * 1024 / count, "open": still, "streams": count,
              "growth_while_deaf_mib": last - first}  # fmt: skip
    say(f"slow: {result['kib_per_stream']:.1f} KiB a stream, {result['growth_while_deaf_mib']:.1f} MiB more in {steady_s * 3} s; others {alone['median_per_s']:.2f} -> {beside['median_per_s']:.2f} messages a second")
    return result


def listen(listeners: Client, daemon, ids, seconds: float) -> dict:
    time.sleep(seconds)
    return listeners.end()


# Visitors


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def visited(work, hub) -> dict:
    clients, seconds = scaled(500, 20), max(3, scaled(VISIT_S))
    with Daemon(work / "visited", hub.endpoints(), config(), "max_connections = 64", ("--no-fsync",)) as daemon:
        ids = start_pulls(daemon, 1, work / "visited-out")
        running(daemon, 1)
        # What a first crowd leaves in allocators and pools is no leak: the second one must not add to it.
        warm_up()
        Client(daemon, "visit", clients, max(3, seconds // 3), work / "visited-out/0", REPO).end()
        rest = settle(daemon)
        steady = Client(daemon, "ask", seconds, ids[0])
        crowd = Client(daemon, "visit", clients, seconds, work / "visited-out/0", REPO).end()
        calls = steady.end()
        after = settle(daemon)
        daemon.kill()
    result = {"visits": crowd, "calls": calls, "before": rest, "after": after}
    say(f"{crowd['visits']} visits, {crowd['refused']} refused; calls p50 {calls['all']['p50_ms']:.2f} p99 {calls['all']['p99_ms']:.2f} ms; RSS {rest['rss_mib']:.1f} -> {after['rss_mib']:.1f} MiB, descriptors {rest['fds']} -> {after['fds']}")
    return result


def settle(daemon) -> dict:
    time.sleep(3)
    return {"rss_mib": proc_rss_mib(daemon.pid), "fds": descriptors(daemon.pid)}


def run(work):
    need_root("the daemon's memory and descriptors are read from its /proc")
    if not (BUILD / "api_load").exists():
        raise CannotRun("api_load is not built: cmake --build --preset release --target api_load")
    # Few large ones: ext4 looks for a free inode at great length for minutes after many were deleted.
    file = 32 * MIB
    files = max(2, room_for(scaled(704 * MIB, 64 * MIB), PULLS * 1.6, work) // file)
    repo = Repo(work / "web", {f"model-{i:05}.safetensors": file for i in range(files)})
    rounds = {}
    for number, (name, source) in enumerate({"1 Gbit/s": {"rate": LINK, "connections": 64}, "unshaped": {}}.items()):
        with StaticHub(work / f"hub{number}", repo, {"official": source}) as hub:
            say(name)
            rounds[name] = watched(work, hub, source.get("rate", 0))
    listed = pages(work, None)
    with slow_hub(work) as hub:
        slow = deaf(work, hub)
        visits = visited(work, hub)
    worst = max(p["p99_ms"] for state in ("queued", "ended", "after_restart") for p in listed[state].values())
    checks = {}
    for name, some in rounds.items():
        for mode in MODES:
            checks[f"{name}, {mode}: throughput lost"] = at_most(lost(some, mode), 0.1)
            checks[f"{name}, {mode}: p99 of a call"] = at_most(median([r[mode]["all"]["p99_ms"] for r in some]), 20, " ms")
    checks |= {
        "p99 of a page of 10,000 pulls": at_most(worst, 20, " ms"),
        "a remembered pull": at_most(listed["kib_per_pull"], 5, " KiB"),
        "a stream that is not read": at_most(slow["kib_per_stream"], 256, " KiB"),
        "such streams stop growing": at_most(slow["growth_while_deaf_mib"], 4, " MiB"),
        "messages of others beside them ÷ alone": at_least(ratio(slow["beside"]["median_per_s"], slow["alone"]["median_per_s"]), 0.95),
        "RSS after visitors less before": at_most(visits["after"]["rss_mib"] - visits["before"]["rss_mib"], 8, " MiB"),
        "descriptors after visitors less before": at_most(visits["after"]["fds"] - visits["before"]["fds"], 5),
        "p99 of a call beside visitors": at_most(visits["calls"]["all"]["p99_ms"], 20, " ms"),
        "visitors refused": check(visits["visits"]["refused"], "none", visits["visits"]["refused"] == 0),
    }
    figures = {f"{name}, {mode}": lost(some, mode) for name, some in rounds.items() for mode in MODES}
    return entry(max(figures.values()), None, {}, ratio(max(figures.values()), 0.1), checks, ours_all=figures, unit="of the throughput lost to 1,000 watchers",
                 no_ideal="nothing is raced; the ratio is to the limit", runs=rounds, pages=listed, slow_watchers=slow, visitors=visits)  # fmt: skip
