"""H. 20 GiB over 64 connections: four sources of 16 connections, each connection held to 6 MB/s by nginx, so that all 64 are worth having.

Memory: VmRSS of the daemon every 200 ms. Flat: the median of the last third of the run is at most 10 % above that of the second third;
the first, in which connections and buffers come to be, does not count.

Engine thread: there is no counter of it in the daemon. The bench reads /proc/PID/task/*/syscall and schedstat every 2 ms; the engine thread
is the one seen waiting in poll that uses the most CPU. It is blocked while it stays in one system call other than poll or epoll without having
been given the CPU in between (its count of time slices stands still), so this finds waiting in the kernel (disk, lock, DNS), not long computing.
Both need root, because the daemon is not dumpable.
"""

import collections
import pathlib
import threading
import time

from cases.entry import at_most, check, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import GIB, MB, MIB, RUNS, Daemon, Sampler, median, need_root, proc_cpu_s, proc_rss_mib, remove, room_for, say, scaled, wrong_file

TITLE = "20 GiB over 64 connections: memory and the engine thread"
GOAL = "RSS ≤ 150 MiB, flat; engine thread never blocked over 20 ms"
RATE = 6 * MB  # of a connection
SOURCES, CONNECTIONS = 4, 16
WAITING = {"7", "232", "271", "281", "441"}  # poll, epoll_wait, ppoll, epoll_pwait, epoll_pwait2 on x86-64


class Watch:
    """Longest time that each thread of a process stayed in one system call without running; which threads wait in poll."""

    def __init__(self, pid: int):
        self.task = pathlib.Path(f"/proc/{pid}/task")
        self.polls: collections.Counter = collections.Counter()
        self.blocked_s: dict[str, float] = {}
        self.where: dict[str, str] = {}
        self._since: dict[str, tuple] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(0.002):
            for thread in self._threads():
                try:
                    self._look(thread)
                except OSError:
                    continue

    def _threads(self) -> list[str]:
        """Those that poll; the others are looked at now and then, in case that they begin to."""
        self._turn = getattr(self, "_turn", -1) + 1
        if self._turn % 250 == 0:
            return [path.name for path in self.task.iterdir()]
        return list(self.polls)

    def _look(self, thread: str) -> None:
        call = (self.task / thread / "syscall").read_text().strip()
        slices = (self.task / thread / "schedstat").read_text().split()[2]
        now, number = time.monotonic(), call.split()[0]
        if number in WAITING:
            self.polls[thread] += 1
        state = (call, slices)
        before = self._since.get(thread)
        if before is None or before[0] != state or number in WAITING or number == "running":
            self._since[thread] = (state, now)
        elif now - before[1] > self.blocked_s.get(thread, 0):
            self.blocked_s[thread], self.where[thread] = now - before[1], f"system call {number}"

    def stop(self) -> "Watch":
        self._end.set()
        self._thread.join()
        return self


def connections_to(ports: set[int]) -> int:
    """Established TCP connections of this machine to the sources' ports."""
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[3] == "01" and int(row[2].split(":")[1], 16) in ports)


def watched_pull(daemon, out, ports: set[int]) -> dict:
    rss = Sampler(lambda: (proc_rss_mib(daemon.pid), connections_to(ports)), 0.2)
    watch = Watch(daemon.pid)
    measured = daemon.pull(REPO, "--local-dir", out)
    watch.stop()
    samples = rss.stop()
    engine = max(watch.polls, key=lambda t: proc_cpu_s(daemon.pid, int(t)), default=None)
    memory, third = [m for _, (m, _) in samples], len(samples) // 3
    return {"ok": measured.ok, "wall_s": measured.wall_s, "cpu_s": measured.cpu_s, "peak_rss_mib": daemon.peak_rss_mib(),
            "growth": ratio(median(memory[2 * third:]), median(memory[third:2 * third])), "connections": max((c for _, (_, c) in samples), default=0),
            "engine_blocked_ms": 1000 * watch.blocked_s.get(engine, 0) if engine else None, "engine_blocked_in": watch.where.get(engine, ""),
            "engine_cpu_share": ratio(proc_cpu_s(daemon.pid, int(engine)), proc_cpu_s(daemon.pid)) if engine else None,
            "curve": [[round(t, 1), round(m, 1)] for t, (m, _) in samples[:: max(1, len(samples) // 300)]]}  # fmt: skip


def run(work):
    need_root("the engine thread's system calls are read from its /proc")
    size = room_for(scaled(20 * GIB, 256 * MIB), 2.2, work)
    repo = Repo(work / "web", {"model.bin": size})
    sources = {f"source{n}": {"rate": RATE * CONNECTIONS, "connections": CONNECTIONS} for n in range(SOURCES)}
    results: dict[str, list[dict]] = {"hfget": [], "hfget --no-fsync": []}
    bad = ""
    with StaticHub(work / "hub", repo, sources, workers=2) as hub:
        ports = {options["port"] for options in sources.values()}
        for run_number in range(RUNS):
            for name, flags in (("hfget", ()), ("hfget --no-fsync", ("--no-fsync",))):
                config = f"[limits]\nmax_connections = {SOURCES * CONNECTIONS}"
                with Daemon(work / f"{name}{run_number}", hub.endpoints(), config, f"max_connections = {CONNECTIONS}", flags) as daemon:
                    result = watched_pull(daemon, work / "out", ports)
                bad = bad or ("failed" if not result["ok"] else wrong_file(work / "out", repo.files))
                remove(work / "out")
                results[name].append(result)
                say(f"{run_number + 1}/{RUNS} {name}: " + ", ".join(f"{k} {v:.4g}" for k, v in result.items() if isinstance(v, (int, float))))
    peak = {name: max(r["peak_rss_mib"] for r in rows) for name, rows in results.items()}
    every = [r for rows in results.values() for r in rows]
    blocked = [r["engine_blocked_ms"] for r in every]
    checks = {
        "peak RSS": at_most(max(peak.values()), 150, " MiB"),
        "RSS of the last third ÷ of the second": at_most(median([r["growth"] for r in every]), 1.1),
        "engine thread blocked at most": at_most(max(blocked) if None not in blocked else None, 20, " ms"),
        "connections": check(max(r["connections"] for r in every), "seen", True),
        "bytes": check(bad or "right", "right", not bad),
    }
    lines = {name: rows[-1].pop("curve") for name, rows in results.items()}
    for result in every:
        result.pop("curve", None)
    return entry(peak["hfget"], None, {}, ratio(peak["hfget"], 150), checks, unit="MiB", ours_all=peak, runs=results,
                 wall_s={n: median([r["wall_s"] for r in rows]) for n, rows in results.items()},
                 wall_ideal_s=size / (SOURCES * CONNECTIONS * RATE), series={"unit": "MiB of RSS", "lines": lines},
                 no_ideal="memory has a limit and no ideal; the ratio is to the limit",
                 notes=["" if size == 20 * GIB else f"{size / GIB:.2f} GiB", "the engine thread's waiting is sampled every 2 ms from outside"])  # fmt: skip
