"""J. TLS: 2 GiB over https from one nginx (a certificate of the bench's own, checked by all clients).

Per core: GiB per second of CPU (user and system) of the client; ours hashes and syncs in it, curl only writes. The client and nginx share the cores
of a small machine, so wall times are shown and not judged. Two cores: on four cores or more the client is pinned to one core, then to two, with nginx
on the others, and the walls compared. With fewer, that cannot be measured; what is shown is an upper bound: the CPU of all of the
daemon's threads ÷ that of its busiest thread, since one thread cannot run on two cores. The bound alone meets no goal.
"""

import os
import pathlib
import subprocess

import peers
from cases.entry import at_least, check, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import CORES, GIB, MIB, Contest, Daemon, median, proc_cpu_s, room_for, scaled, timed

TITLE = "TLS: 2 GiB over https"
GOAL = "one core does ≥ 70 % of what curl does per core; two cores scale ≥ 1.7 ×"


def certificate(work) -> tuple[pathlib.Path, pathlib.Path]:
    crt, key = work / "bench.crt", work / "bench.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hfget bench", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt], check=True, capture_output=True)  # fmt: skip
    return crt, key


def scale_bound(pid: int) -> float | None:
    threads = [proc_cpu_s(pid, int(path.name)) for path in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return ratio(sum(threads), max(threads))


def run(work):
    size = room_for(scaled(2 * GIB, 64 * MIB), 2.5, work)
    crt, key = certificate(work)
    repo, bounds, number = Repo(work / "web", {"model.bin": size}), [], iter(range(1000))
    cores = sorted(os.sched_getaffinity(0))
    with StaticHub(work / "hub", repo, {"official": {}}, workers=max(1, CORES - 1), certificate=(crt, key)) as hub:
        url = hub.url("official", "model.bin")

        def ours(*flags, pin=()):
            def act(out):
                with Daemon(work / f"d{next(number)}", hub.endpoints(), per_source=f'ca_bundle = "{crt}"', flags=flags, prefix=pin) as daemon:
                    measured = daemon.pull(REPO, "--local-dir", out)
                    bounds.append(scale_bound(daemon.pid))
                    return measured

            return act

        found = {
            "hfget": ours(),
            "hfget --no-fsync": ours("--no-fsync"),
            "curl": lambda out: timed(peers.curl(url, out / "model.bin", "--cacert", crt)),
            "wget": lambda out: timed([*peers.wget(url, out / "model.bin"), f"--ca-certificate={crt}"]),
            "aria2c": lambda out: timed(peers.aria2([url], out / "model.bin", 5, 5, f"--ca-certificate={crt}")),
        }
        if CORES >= 4:
            for pid in workers_of(hub.processes["official"].pid):
                os.sched_setaffinity(pid, cores[2:])
            found |= {f"hfget on {n} core{'s' * (n > 1)}": ours("--no-fsync", pin=["taskset", "-c", ",".join(map(str, cores[:n]))]) for n in (1, 2)}
        contest = Contest(work, repo.files).go(found)
    gib = size / GIB
    rate = {name: ratio(gib, median(c if r is not None else None for c, r in zip(contest.cpu[name], runs))) for name, runs in contest.runs.items()}
    part = ratio(rate["hfget"], rate["curl"])
    checks = {"per core ÷ curl, default": at_least(part, 0.7), "per core ÷ curl, --no-fsync": at_least(ratio(rate["hfget --no-fsync"], rate["curl"]), 0.7)}
    walls, note = contest.walls(), ""
    if CORES >= 4:
        checks["two cores ÷ one"] = at_least(ratio(walls["hfget on 1 core"], walls["hfget on 2 cores"]), 1.7)
    else:
        bound = median(bounds)
        checks["two cores ÷ one, upper bound"] = check(bound, "≥ 1.7, measured on four cores or more", False)
        note = f"two cores' scaling cannot be measured on {CORES} cores beside nginx; {bound:.2f} is an upper bound"
    ours_all = {name: rate.pop(name) for name in list(rate) if name.startswith("hfget")}
    return entry(ours_all["hfget"], None, rate, part, checks, unit="GiB per CPU second", ours_all=ours_all, runs=contest.runs, walls=walls,
                 scale_bounds=bounds, notes=[contest.note(), note])  # fmt: skip


def workers_of(pid: int) -> list[int]:
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]
