"""G. The tail: how long the last 5 % of the bytes take, on the sources of case B (40, 20 and 4 MB/s), whose slow one is what makes a tail.

Every 50 ms the bench reads how many bytes the client has given to write calls (`wchar` in /proc/PID/io), of ours, aria2c and axel alike. The tail
begins when 95 % of the file's bytes are written, and ends when the command does: with verification and publication in ours.
The ideal is 5 % of the time: every connection busy to the last byte.
"""

from cases.entry import at_most, entry
from cases.shaped import RATES, Ours, one_file_peers, shaped_hub, shaping_note
from static_hub import Repo
from world import MIB, Contest, median, need_root, room_for, scaled

TITLE = "the tail: the last 5 % of the bytes"
GOAL = "≤ 6 % of the time"


def tail_share(measured, size: int) -> float | None:
    """The part of the run after 95 % of the bytes; between two samples, bytes are taken to come evenly."""
    border, before = 0.95 * size, (0.0, 0)
    for at, written in measured.samples:
        if written >= border:
            span = written - before[1]
            reached = before[0] + (at - before[0]) * ((border - before[1]) / span if span else 1)
            return 1 - reached / measured.wall_s
        before = (at, written)
    return None


def curve(measured, size: int) -> list:
    return [[round(at, 2), round(100 * min(1, written / size), 2)] for at, written in measured.samples[::4]]


def run(work):
    need_root("the bytes written are read from the daemon's /proc/PID/io")
    size = room_for(scaled(1024 * MIB, 128 * MIB), 2.5, work)
    repo = Repo(work / "web", {"model.bin": size})
    with shaped_hub(work / "hub", repo, RATES) as hub:
        ours = Ours(work, hub)
        contest = Contest(work, repo.files).go({
            "hfget": lambda out: ours.fresh(out, watch_writes=True),
            "hfget --no-fsync": lambda out: ours.fresh(out, ["--no-fsync"], watch_writes=True),
            **one_file_peers(hub, "model.bin", watch_writes=True, ideal_s=size / sum(RATES.values()), patience=10),
        })  # fmt: skip
    shares = {name: [tail_share(m, size) if m.ok else None for m in runs] for name, runs in contest.measured.items()}
    percent = {name: 100 * share if (share := median(values)) is not None else None for name, values in shares.items()}
    ours_all = {name: percent.pop(name) for name in ("hfget", "hfget --no-fsync")}
    checks = {f"{name}: time of the last 5 %": at_most(value, 6, " % of the time") for name, value in ours_all.items()}
    ours = ours_all["hfget"]
    lines = {name: curve(runs[-1], size) for name, runs in contest.measured.items() if runs[-1].ok}
    return entry(ours, 5.0, percent, ours / 5 if ours is not None else None, checks, unit="% of the time", ours_all=ours_all, runs=shares, walls=contest.runs,
                 notes=[contest.note(), shaping_note()], series={"unit": "% of the bytes", "lines": lines})  # fmt: skip
