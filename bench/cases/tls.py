"""J. TLS: 2 GiB over https from one nginx (a certificate of the bench's own, checked by all clients).

Per core: GiB per second of CPU (user and system) of the client; ours hashes and syncs in it, curl only writes. The client and nginx share the cores
of a small machine, so wall times are shown and not judged.

Two cores: on four cores or more hfget has one core, then two, with nginx on the others, and the walls are compared. With fewer, nginx needs
the same cores; then hfget and nginx together have one core, then two. nginx scales by itself, which flatters that figure; so another
must reach the goal as well, which flatters too, but not by that: the CPU of all of the daemon's threads ÷ that of its busiest, as one thread
cannot run on two cores. Both are limits from above; the daemon alone scales at most as well as the smaller of them.
"""

import os
import pathlib
import subprocess

import peers
from cases.entry import at_least, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import CORES, GIB, MIB, CannotRun, Contest, Daemon, median, proc_cpu_s, room_for, scaled, timed

TITLE = "TLS: 2 GiB over https"
GOAL = "one core does ≥ 70 % of what curl does per core; two cores scale ≥ 1.7 ×"
APART = CORES >= 4  # nginx has cores of its own


def certificate(work) -> tuple[pathlib.Path, pathlib.Path]:
    crt, key = work / "bench.crt", work / "bench.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hfget bench", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt], check=True, capture_output=True)  # fmt: skip
    return crt, key


def scale_bound(pid: int) -> float | None:
    threads = [proc_cpu_s(pid, int(path.name)) for path in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return ratio(sum(threads), max(threads))


def pin(pid: int, cores) -> None:
    """A process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        os.sched_setaffinity(each, cores)


def run(work):
    if CORES < 2:
        raise CannotRun("it needs two cores")
    size = room_for(scaled(2 * GIB, 64 * MIB), 2.5, work)
    crt, key = certificate(work)
    repo, bounds, number = Repo(work / "web", {"model.bin": size}), [], iter(range(1000))
    cores = sorted(os.sched_getaffinity(0))
    of_nginx = cores[2:] if APART else cores
    with StaticHub(work / "hub", repo, {"official": {}}, workers=max(2, len(of_nginx)), certificate=(crt, key)) as hub:
        url, nginx = hub.url("official", "model.bin"), hub.processes["official"].pid
        pin(nginx, of_nginx)

        def ours(*flags):
            def act(out, prefix=()):
                with Daemon(work / f"d{next(number)}", hub.endpoints(), per_source=f'ca_bundle = "{crt}"', flags=flags, prefix=prefix) as daemon:
                    measured = daemon.pull(REPO, "--local-dir", out)
                    bounds.append(scale_bound(daemon.pid))
                    return measured

            return act

        def on(count: int):
            def act(out):
                pin(nginx, of_nginx if APART else cores[:count])
                try:
                    return ours("--no-fsync")(out, ["taskset", "-c", ",".join(map(str, cores[:count]))])
                finally:
                    pin(nginx, of_nginx)

            return act

        one, two = ("hfget on 1 core", "hfget on 2 cores") if APART else ("hfget and nginx on 1 core", "hfget and nginx on 2 cores")
        found = {"hfget": ours(), "hfget --no-fsync": ours("--no-fsync"), one: on(1), two: on(2),
                 "curl": lambda out: timed(peers.curl(url, out / "model.bin", "--cacert", crt))}  # fmt: skip
        if peers.has("wget"):
            found["wget"] = lambda out: timed([*peers.wget(url, out / "model.bin"), f"--ca-certificate={crt}"])
        if peers.has("aria2c"):
            found["aria2c"] = lambda out: timed(peers.aria2([url], out / "model.bin", 5, 5, f"--ca-certificate={crt}"))
        contest = Contest(work, repo.files).go(found)
    gib, walls = size / GIB, contest.walls()
    rate = {name: ratio(gib, median(c if r is not None else None for c, r in zip(contest.cpu[name], runs))) for name, runs in contest.runs.items()}
    part = ratio(rate["hfget"], rate["curl"])
    scaling, bound = ratio(walls[one], walls[two]), median(bounds)
    checks = {"per core ÷ curl, default": at_least(part, 0.7), "per core ÷ curl, --no-fsync": at_least(ratio(rate["hfget --no-fsync"], rate["curl"]), 0.7),
              "two cores ÷ one" + ("" if APART else ", with nginx on the same"): at_least(scaling, 1.7)}  # fmt: skip
    notes = [contest.note()]
    if not APART:
        checks["CPU of all threads ÷ of the busiest"] = at_least(bound, 1.7)
        notes.append(f"{CORES} cores, which nginx needs too: hfget and nginx together were given one core, then two; hfget alone scales at most as well "
                     "as the smaller of the two figures")  # fmt: skip
    ours_all = {name: rate.pop(name) for name in list(rate) if name.startswith("hfget")}
    return entry(ours_all["hfget"], None, rate, part, checks, unit="GiB per CPU second", ours_all=ours_all, runs=contest.runs, walls=walls,
                 scale_bounds=bounds, notes=notes, no_ideal="loopback is not shaped, so there is no rate to compute one from")  # fmt: skip
