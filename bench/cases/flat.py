"""H. 20 GiB over 64 connections: four sources of 16 connections, each connection held to 6 MB/s by nginx, so that all 64 are worth having.

Memory: VmRSS of the daemon every 200 ms. Flat: the median of the last third of the run is at most 10 % above that of the second third;
the first, in which connections and buffers come to be, does not count.

Engine thread: there is no counter of it in the daemon. The bench looks at it from outside every 2 ms (thread_watch.py); it is the thread seen
waiting for events that uses the most CPU. This finds waiting in the kernel (disk, lock, DNS), not long computing. How long the bench once did not
look, because it had no core itself, is shown; above 20 ms the figure says less. Both need root, because the daemon is not dumpable.
"""

import pathlib

from cases.entry import at_most, check, entry, ratio
from static_hub import REPO, Repo, StaticHub
from thread_watch import ThreadWatch
from world import GIB, MB, MIB, RUNS, Daemon, Sampler, median, need_root, proc_cpu_s, proc_rss_mib, remove, room_for, say, scaled, wrong_file

TITLE = "20 GiB over 64 connections: memory and the engine thread"
GOAL = "RSS ≤ 150 MiB, flat; engine thread never blocked over 20 ms"
RATE = 6 * MB  # of a connection
SOURCES, CONNECTIONS = 4, 16


def connections_to(ports: set[int]) -> int:
    """Established TCP connections of this machine to the sources' ports."""
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[3] == "01" and int(row[2].split(":")[1], 16) in ports)


def watched_pull(daemon, out, ports: set[int]) -> dict:
    rss = Sampler(lambda: (proc_rss_mib(daemon.pid), connections_to(ports)), 0.2)
    watch = ThreadWatch(daemon.pid)
    try:
        measured = daemon.pull(REPO, "--local-dir", out)
    finally:
        watch.stop()
        samples = rss.stop()
    engine = max(watch.polls, key=lambda t: proc_cpu_s(daemon.pid, int(t)), default=None)
    memory, third = [m for _, (m, _) in samples], len(samples) // 3
    return {"ok": measured.ok, "wall_s": measured.wall_s, "cpu_s": measured.cpu_s, "peak_rss_mib": daemon.peak_rss_mib(),
            "growth": ratio(median(memory[2 * third:]), median(memory[third:2 * third])), "connections": max((c for _, (_, c) in samples), default=0),
            "engine_blocked_ms": 1000 * watch.blocked_s.get(engine, 0) if engine else None, "engine_blocked_in": watch.where.get(engine, ""),
            "longest_gap_ms": 1000 * watch.longest_gap_s,
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
                 notes=["" if size == 20 * GIB else f"{size / GIB:.2f} GiB", f"the engine thread is looked at from outside every 2 ms; the longest gap was {max(r['longest_gap_ms'] for r in every):.0f} ms"])  # fmt: skip
