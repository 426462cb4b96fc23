"""B. Three sources of unequal rate (40, 20 and 4 MB/s), four connections each, one file of 1 GiB.

The ideal is size ÷ sum of the rates. `hfget` is the first pull of a fresh daemon, which knows nothing of its sources, as its peers
know nothing; `hfget, sources known` is a second pull of the same daemon. aria2c and axel get the same three URLs and 12 connections,
curl the fastest source alone.
"""

import network
import peers
from cases.entry import at_least, entry, ratio
from cases.shaped import RATES, Ours, one_file_peers, shaped_hub, shaping_note
from static_hub import Repo
from world import GIB, MIB, Contest, room_for, scaled, timed

TITLE = "three sources of unequal rate, 12 connections"
GOAL = "≥ 97 % of the sum of the rates"


def run(work):
    size = room_for(scaled(GIB, 64 * MIB), 2.5, work)
    ideal = size / sum(RATES.values())
    repo = Repo(work / "web", {"model.bin": size})
    with shaped_hub(work / "hub", repo, RATES) as hub:
        ours = Ours(work, hub)
        # limit_rate is a connection's, so that curl with one of them would have a quarter of the source
        alone = {} if network.why_not() else {"curl, fastest source": lambda out: timed(peers.curl(hub.url("fast", "model.bin"), out / "model.bin"), prefix=hub.enter)}
        contest = Contest(work, repo.files).go({
            "hfget": ours.fresh,
            "hfget --no-fsync": lambda out: ours.fresh(out, ["--no-fsync"]),
            "hfget, sources known": ours.known,
            **one_file_peers(hub, "model.bin", ideal_s=ideal, patience=10),
            **alone,
        })  # fmt: skip
    walls = contest.walls()
    ours_all = {name: wall for name, wall in walls.items() if name.startswith("hfget")}
    shares = {name: ratio(ideal, wall) for name, wall in walls.items()}
    waste = max((m.answer.get("wasted_bytes", 0) / size for m in contest.measured["hfget"]), default=None)
    checks = {name + ": share of the sum of the rates": at_least(shares[name], 0.97) for name in ours_all}
    return entry(walls["hfget"], ideal, {n: w for n, w in walls.items() if n not in ours_all}, shares["hfget"], checks, ours_all=ours_all,
                 notes=[contest.note(), shaping_note()], runs=contest.runs, share_of_ideal=shares, wasted=waste, bytes=size)  # fmt: skip
