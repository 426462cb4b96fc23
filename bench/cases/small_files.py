"""E. 10,000 files of 4 KiB, 50 ms round trip, three sources.

Each source is nginx behind bench/delay_proxy.py: every answer takes a round trip, a new connection one more. The official hub announces its limit
for anonymous clients (3,000 requests for files in 300 s) in `RateLimit` headers with what is left, as the hub does; it refuses nobody, so that
the peers are not held up by it, and the bench counts from nginx's log what each of them asked of it. `hf download` asks for one hub alone and twice
for a file (HEAD, GET), with 8 workers; aria2c -j16 -i has each file's three URLs, the first of them in turn.

The ideal: three round trips for the listing, then one for each file over 64 connections, all of them open already.
"""

import peers
from cases.entry import at_least, check, entry, ratio
from static_hub import COMMIT, REPO, Repo, StaticHub
from world import CORES, Contest, Daemon, scaled, timed

TITLE = "10,000 files of 4 KiB, 50 ms round trip, three sources"
GOAL = "≥ 5 × hf download (8 workers), ≥ 2 × aria2c -j16 -i; never over the hub's rate limit"
RTT_S, CONNECTIONS = 0.05, 64
QUOTA, WINDOW_S = 3000, 300
NAMES = ("official", "tuna", "hf-mirror")
ANNOUNCE = f"""add_header RateLimit '"resolvers";r=00000;t=00000'; add_header RateLimit-Policy '"fixed window";"resolvers";q={QUOTA};w={WINDOW_S}';"""


def asked_of_official(hub) -> int:
    """The most requests for files in any window, as nginx has logged them."""
    times = sorted(end for end, _, _, _, _, path in hub.requests("official") if "/resolve/" in path)
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - WINDOW_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def contestants(work, hub, requests):
    number = iter(range(1000))

    def counted(name, act):
        def run(out):
            hub.forget_requests()
            hub.begin_quota("official")  # what the one before has used is not his fault
            measured = act(out)
            requests[name] = max(requests.get(name, 0), asked_of_official(hub))
            return measured

        return run

    def ours(*flags):
        def act(out):
            with Daemon(work / f"d{next(number)}", hub.endpoints(), flags=flags) as daemon:
                return daemon.pull(REPO, "--local-dir", out)

        return act

    found = {"hfget": ours(), "hfget --no-fsync": ours("--no-fsync")}
    if peers.has("hf"):
        for name, xet in (("hf download", True), ("hf download, no Xet", False)):
            found[name] = lambda out, xet=xet: timed(peers.hf(REPO, COMMIT, out, 8), env=peers.hf_env(hub.endpoint("official"), work / "hf", xet))
    if peers.has("aria2c"):
        listed = {path: [hub.url(NAMES[(i + k) % 3], path) for k in range(3)] for i, path in enumerate(hub.files)}
        found["aria2c -j16 -i"] = lambda out: timed(peers.aria2_list(listed, out, 16))
    return {name: counted(name, act) for name, act in found.items()}


def run(work):
    count = scaled(10_000, 100)
    repo = Repo(work / "web", {}, {f"data/{i // 1000:03}/part-{i:05}.json": 4096 for i in range(count)})
    sources = {name: {"rate": 0, "location": ANNOUNCE if name == "official" else ""} for name in NAMES}
    requests: dict[str, int] = {}
    with StaticHub(work / "hub", repo, sources, log=True) as hub:
        for name in NAMES:
            hub.front(name, "--rtt-ms", RTT_S * 1000, *(["--quota", f"{QUOTA}/{WINDOW_S}"] if name == "official" else []))
        contest = Contest(work, repo.files).go(contestants(work, hub, requests), keep=True)
    walls, ideal = contest.walls(), 3 * RTT_S + count * RTT_S / CONNECTIONS
    ours_all = {name: walls.pop(name) for name in ("hfget", "hfget --no-fsync")}
    ours, checks = ours_all["hfget"], {}
    for name, times in (("hf download", 5), ("hf download, no Xet", 5), ("aria2c -j16 -i", 2)):
        checks[f"times as fast as {name}"] = at_least(ratio(walls.get(name), ours), times)
    over = max(requests[name] for name in ours_all)
    checks["requests for files to the hub in 300 s"] = check(over, f"≤ {QUOTA}", over <= QUOTA)
    return entry(ours, ideal, walls, ratio(walls.get("hf download"), ours), checks, ours_all=ours_all, runs=contest.runs,
                 notes=[contest.note(), "the hub of the bench offers no Xet, so hf with and without it both go over HTTP",
                        f"clients, servers and proxies share {CORES} cores"],
                 requests_to_official=requests, files_per_s={n: ratio(count, w) for n, w in (ours_all | walls).items()})  # fmt: skip
