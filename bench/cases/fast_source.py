"""A. One fast source: a file of 4 GiB from one unshaped nginx on loopback, its bytes in the page cache.

hfget (default, and --no-fsync; a fresh daemon each, SHA-256 verified in both), `curl -o`, `curl -o && sync -d`, `curl -o &&
openssl sha256`, aria2c with --checksum, wget, axel, `hf download`. CPU is user and system time of the command, and for ours that of the
daemon and of the CLI. The ideal is unknown on loopback: there is no shaping to compute it from.
"""

import peers
from cases.entry import at_most, entry, ratio
from static_hub import COMMIT, REPO, Repo, StaticHub
from world import GIB, MIB, Contest, Daemon, room_for, scaled, timed

TITLE = "one fast source, 4 GiB on loopback"
GOAL = ("verified in every case: --no-fsync wall ≤ 1.0 × curl -o; default ≤ 1.0 × curl -o && sync -d; ≤ 0.5 × aria2c --checksum; "
        "CPU per GiB ≤ 1.3 × curl + openssl")  # fmt: skip


def contestants(work, hub, size):
    url, number = hub.url("official", "model.bin"), iter(range(1000))

    def ours(*flags):
        def act(out):
            with Daemon(work / f"d{next(number)}", hub.endpoints(), flags=flags) as daemon:
                measured = daemon.pull(REPO, "--local-dir", out)
                measured.answer["rss_mib"] = daemon.peak_rss_mib()
                return measured

        return act

    digest = hub.files["model.bin"]
    found = {
        "hfget": ours(),
        "hfget --no-fsync": ours("--no-fsync"),
        "curl -o": lambda out: timed(peers.curl(url, out / "model.bin")),
        "curl -o && sync -d": lambda out: timed(f"curl -sSf -o {out}/model.bin {url} && sync -d {out}/model.bin"),
        "curl -o && openssl sha256": lambda out: timed(f"curl -sSf -o {out}/model.bin {url} && openssl sha256 {out}/model.bin"),
    }
    if peers.has("aria2c"):
        found["aria2c --checksum"] = lambda out: timed(peers.aria2([url], out / "model.bin", 5, 5, f"--checksum=sha-256={digest}"))
    if peers.has("wget"):
        found["wget"] = lambda out: timed(peers.wget(url, out / "model.bin"))
    if peers.has("axel"):
        found["axel"] = lambda out: timed(peers.axel([url], out / "model.bin", 4))
    if peers.has("hf"):
        for name, xet in (("hf download", True), ("hf download, no Xet", False)):
            found[name] = lambda out, xet=xet: timed(peers.hf(REPO, COMMIT, out), env=peers.hf_env(hub.endpoint("official"), work / "hf", xet))
    return found


def run(work):
    size = room_for(scaled(4 * GIB, MIB), 2.5, work)
    repo = Repo(work / "web", {"model.bin": size})
    with StaticHub(work / "hub", repo, {"official": {"rate": 0}}) as hub:
        contest = Contest(work, repo.files).go(contestants(work, hub, size))
    walls, gib = contest.walls(), size / GIB
    cpu = {name: sum(values) / len(values) / gib for name, values in contest.cpu.items()}
    fsync = ratio(walls["hfget"], walls["curl -o && sync -d"])
    checks = {
        "--no-fsync ÷ curl -o": at_most(ratio(walls["hfget --no-fsync"], walls["curl -o"]), 1.0),
        "default ÷ (curl -o && sync -d)": at_most(fsync, 1.0),
        "--no-fsync ÷ aria2c --checksum": at_most(ratio(walls["hfget --no-fsync"], walls.get("aria2c --checksum")), 0.5),
        "default ÷ aria2c --checksum": at_most(ratio(walls["hfget"], walls.get("aria2c --checksum")), 0.5),
        "CPU per GiB ÷ curl and openssl, default": at_most(ratio(cpu["hfget"], cpu["curl -o && openssl sha256"]), 1.3),
        "CPU per GiB ÷ curl and openssl, --no-fsync": at_most(ratio(cpu["hfget --no-fsync"], cpu["curl -o && openssl sha256"]), 1.3),
    }
    ours = {name: value for name, value in walls.items() if name.startswith("hfget")}
    return entry(walls["hfget"], None, {n: v for n, v in walls.items() if n not in ours}, fsync, checks, ours_all=ours, runs=contest.runs,
                 notes=[contest.note(), "" if size == 4 * GIB else f"{gib:.2f} GiB"], cpu_s_per_gib=cpu,
                 no_ideal="loopback is not shaped, so there is no rate to compute one from",
                 peak_rss_mib=max(m.answer.get("rss_mib", 0) for m in contest.measured["hfget"]))  # fmt: skip
