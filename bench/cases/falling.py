"""C. One source falls to 1 % of its rate midway: 1 GiB over three sources of 40, 20 and 4 MB/s; the fastest falls to 0.4 MB/s when
half of the ideal time without the fall is over. tbf is changed while bytes flow, so that open connections slow down too.

The ideal knows beforehand: half of the bytes at the full sum, the rest at what is left, every byte asked of the right source.
"""

from cases.entry import at_most, entry, ratio
from cases.shaped import RATES, Ours, Script, one_file_peers, seconds_for, shaped_hub
from static_hub import REPO, Repo
from world import GIB, MIB, Contest, room_for, scaled

TITLE = "one source falls to 1 % of its rate midway"
GOAL = "≤ 1.05 × the ideal with perfect foresight"


def run(work):
    size = room_for(scaled(GIB, 128 * MIB), 2.5, work)
    repo = Repo(work / "web", {"model.bin": size})
    falls_at = size / sum(RATES.values()) / 2
    ideal = seconds_for(size, lambda t: sum(RATES.values()) - (0.99 * RATES["fast"] if t >= falls_at else 0))
    with shaped_hub(work / "hub", repo, RATES, need="a rate must fall under open connections") as hub:
        ours = Ours(work, hub)
        net = hub.network
        script = Script([(falls_at, lambda: net.set_rate("fast", RATES["fast"] / 100))], lambda: net.set_rate("fast", RATES["fast"]))

        def hfget(*flags):
            def act(out):
                with ours.daemon(*flags) as daemon, script.playing():
                    return daemon.pull(REPO, "--local-dir", out)

            return act

        def peer(act):
            def with_fall(out):
                with script.playing():
                    return act(out)

            return with_fall

        others = one_file_peers(hub, "model.bin", ideal_s=ideal)
        contest = Contest(work, repo.files).go({"hfget": hfget(), "hfget --no-fsync": hfget("--no-fsync")} | {n: peer(a) for n, a in others.items()})
    walls = contest.walls()
    ours_all = {name: walls.pop(name) for name in ("hfget", "hfget --no-fsync")}
    checks = {f"{name} ÷ ideal": at_most(ratio(wall, ideal), 1.05) for name, wall in ours_all.items()}
    waste = max(m.answer.get("wasted_bytes", 0) / size for m in contest.measured["hfget"])
    return entry(ours_all["hfget"], ideal, walls, ratio(ours_all["hfget"], ideal), checks, ours_all=ours_all, runs=contest.runs,
                 notes=[contest.note()], falls_at_s=falls_at, wasted=waste)  # fmt: skip
