"""D. One source dies, one stalls, one resets every 20 MiB: 600 MiB over three sources of 20 MB/s each.

With T the ideal time of three healthy sources: `dies` is killed at T/4 (its connections end, new ones are refused); `stalls` is stopped at T/2
(its connections stay open and silent, new ones are accepted and never answered); `resets` ends every connection with a RST after 20 MiB, from
the beginning. The ideal is what the rates that are left allow, with foresight. Fetched twice: the larger of what the pull calls wasted
and of body bytes received beyond the size.
"""

import signal

from cases.entry import at_most, entry, ratio
from cases.shaped import Ours, Script, one_file_peers, seconds_for, shaped_hub
from static_hub import REPO, Repo
from world import MB, MIB, Contest, room_for, scaled

TITLE = "one source dies, one stalls, one resets every 20 MiB"
GOAL = "≤ 1.10 × the ideal of what is left; at most 2 % fetched twice"
RATES = {"dies": 20 * MB, "stalls": 20 * MB, "resets": 20 * MB}


def fetched_twice(measured, size: int) -> float:
    return max(measured.answer.get("wasted_bytes", 0), measured.answer.get("fetched_bytes", 0) - size) / size


def run(work):
    size = room_for(scaled(600 * MIB, 120 * MIB), 2.5, work)
    repo = Repo(work / "web", {"model.bin": size})
    whole = size / sum(RATES.values())
    dies, stalls = whole / 4, whole / 2
    ideal = seconds_for(size, lambda t: RATES["resets"] + (RATES["dies"] if t < dies else 0) + (RATES["stalls"] if t < stalls else 0))
    with shaped_hub(work / "hub", repo, RATES, need="by limit_rate each request after a reset would have a second of its rate at once") as hub:
        hub.front("resets", "--reset-after", 20 * MIB)
        ours = Ours(work, hub)

        def heal():
            hub.signal("stalls", signal.SIGCONT)
            hub.signal("dies", signal.SIGKILL)  # a run that failed at once has not come to it
            hub.processes["dies"].wait()
            hub.start("dies")

        script = Script([(dies, lambda: hub.signal("dies", signal.SIGKILL)), (stalls, lambda: hub.signal("stalls", signal.SIGSTOP))], heal)

        def hfget(*flags):
            def act(out):
                with ours.daemon(*flags) as daemon, script.playing():
                    return daemon.pull(REPO, "--local-dir", out)

            return act

        def peer(act):
            def with_faults(out):
                with script.playing():
                    return act(out)

            return with_faults

        others = one_file_peers(hub, "model.bin", ideal_s=ideal)
        contest = Contest(work, repo.files).go({"hfget": hfget(), "hfget --no-fsync": hfget("--no-fsync")} | {n: peer(a) for n, a in others.items()})
    walls = contest.walls()
    ours_all = {name: walls.pop(name) for name in ("hfget", "hfget --no-fsync")}
    twice = max(fetched_twice(m, size) for name in ours_all for m in contest.measured[name])
    checks = {f"{name} ÷ ideal": at_most(ratio(wall, ideal), 1.10) for name, wall in ours_all.items()} | {"fetched twice": at_most(twice, 0.02)}
    return entry(ours_all["hfget"], ideal, walls, ratio(ours_all["hfget"], ideal), checks, ours_all=ours_all, runs=contest.runs,
                 notes=[contest.note()], dies_at_s=dies, stalls_at_s=stalls)  # fmt: skip
