"""F. A mixed repo, 40 shards of 100 MiB and 200 small files of 16 KiB, over three sources of 60, 30 and 15 MB/s whose rates change by up to
20 % either way every half second. The changes come from a seed and begin anew with each run, so that the ideal is the time at which
the integral of the sum of the rates reaches the size.

That shards do not wait for small files is seen in the share of the sum; that small files do not wait for shards, in when the last of
them was written (its mtime), as a share of the run.
"""

import random
import time

import peers
from cases.entry import at_least, at_most, entry, ratio
from cases.shaped import CONNECTIONS, Ours, Script, seconds_for, shaped_hub
from static_hub import COMMIT, Repo
from world import KIB, MB, MIB, Contest, room_for, scaled, timed

TITLE = "40 shards of 100 MiB and 200 small files, rates that change by 20 %"
GOAL = "≥ 95 % of the sum; small files are there before half of the time"
RATES = {"fast": 60 * MB, "middle": 30 * MB, "slow": 15 * MB}
STEP_S, JITTER, SEED = 0.5, 0.2, 20


def factors(steps: int) -> dict[str, list[float]]:
    generator = random.Random(SEED)
    return {name: [generator.uniform(1 - JITTER, 1 + JITTER) for _ in range(steps)] for name in RATES}


def jitter_of(net, plan) -> Script:
    def set_all(step):
        for name, rate in RATES.items():
            net.set_rate(name, rate * plan[name][step])

    steps = len(plan["fast"])
    return Script([(step * STEP_S, lambda step=step: set_all(step)) for step in range(steps)], lambda: set_all(0))


def run(work):
    shard = room_for(scaled(100 * MIB, MIB), 40 * 2.5, work)
    small = {f"config/part-{i:03}.json": 16 * KIB for i in range(200)}
    repo = Repo(work / "web", {f"model-{i:05}-of-00040.safetensors": shard for i in range(40)}, small)
    plan = factors(int(repo.size / sum(RATES.values()) * 20 / STEP_S) + 10)  # enough for the slowest of the peers
    ideal = seconds_for(repo.size, lambda t: sum(rate * plan[name][int(t / STEP_S)] for name, rate in RATES.items()))
    last_small: dict[str, list[float]] = {}
    with shaped_hub(work / "hub", repo, RATES, need="rates must change under open connections") as hub:
        ours, script = Ours(work, hub, per_source="max_connections = 8"), jitter_of(hub.network, plan)

        def playing(name, act):
            def with_jitter(out):
                began = time.time()
                with script.playing():
                    measured = act(out)
                if measured.ok:
                    last = max((out / path).stat().st_mtime for path in small) - began
                    last_small.setdefault(name, []).append(last / measured.wall_s)
                return measured

            return with_jitter

        def hfget(name, *flags):
            def act(out):
                with ours.daemon(*flags) as daemon:
                    return playing(name, lambda out: daemon.pull(repo.name, "--local-dir", out))(out)

            return act

        found = {"hfget": hfget("hfget"), "hfget --no-fsync": hfget("hfget --no-fsync", "--no-fsync")}
        if peers.has("aria2c"):
            listed = {path: hub.urls(path) for path in repo.files}
            found["aria2c -j5 -i"] = playing("aria2c -j5 -i", lambda out: timed(
                peers.aria2_list(listed, out, 5, "-s12", f"-x{CONNECTIONS}", "-k1M"), prefix=hub.enter, ideal_s=ideal, patience=15))  # fmt: skip
        if peers.has("hf"):
            env = peers.hf_env(hub.endpoint("fast"), work / "hf", False)
            found["hf download, fastest source"] = playing("hf download, fastest source", lambda out: timed(
                peers.hf(repo.name, COMMIT, out), prefix=hub.enter, env=env, ideal_s=ideal, patience=15))  # fmt: skip
        contest = Contest(work, repo.files).go(found)
    walls = contest.walls()
    ours_all = {name: walls.pop(name) for name in ("hfget", "hfget --no-fsync")}
    checks = {f"{name}: share of the sum of the rates": at_least(ratio(ideal, wall), 0.95) for name, wall in ours_all.items()}
    checks["when the last small file was there"] = at_most(max(last_small.get("hfget", [9])), 0.5, " of the time")
    return entry(ours_all["hfget"], ideal, walls, ratio(ideal, ours_all["hfget"]), checks, ours_all=ours_all, runs=contest.runs,
                 notes=[contest.note(), "" if shard == 100 * MIB else f"shards of {shard / MIB:.1f} MiB"], last_small_share=last_small)  # fmt: skip
