"""A pull that is complete already, by full commit, with nobody there to ask: the wall time of the command."""

from cases.entry import at_most, entry
from static_hub import COMMIT, REPO, Repo, StaticHub
from world import MIB, RUNS, Daemon, median

TITLE = "a pull that is complete already"
GOAL = "≤ 50 ms, and no request"


def run(work):
    repo = Repo(work / "web", {f"shard-{i}.bin": 2 * MIB for i in range(8)})
    hub = StaticHub(work / "hub", repo, {"official": {"rate": 0}})
    with Daemon(work / "daemon", hub.endpoints()) as daemon:
        daemon.pull(REPO, "--revision", COMMIT)
        hub.stop()  # nobody to ask
        measured = [daemon.pull(REPO, "--revision", COMMIT) for _ in range(max(RUNS, 10))]
    ours = median(m.wall_s if m.ok else None for m in measured)
    return entry(ours, None, {}, None, {"wall": at_most(ours, 0.05, " s")}, no_ideal="nothing is fetched", runs={"hfget": [m.wall_s for m in measured]})
