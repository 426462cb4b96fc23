"""100 MiB over three mirrors of 20 MB/s, with an official hub to which no connection is ever made, beside none in the
configuration. The hub's port is a socket whose backlog is full, so that SYNs are dropped as on a blocked route."""

import contextlib
import socket

from cases.entry import at_most, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import MB, MIB, Contest, Daemon, scaled

TITLE = "the official hub is blocked"
GOAL = "≤ 1.2 × the time without it in the configuration"
PER_SOURCE = "max_connections = 4"


@contextlib.contextmanager
def deaf_port():
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(socket.socket())
        port.bind(("127.0.0.1", 0))
        port.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(port.getsockname())
        yield "http://127.0.0.1:%d" % port.getsockname()[1]


def run(work):
    repo = Repo(work / "web", {"model.bin": scaled(100 * MIB, 64 * MIB)})
    names = ("tuna", "pai", "hf-mirror")
    number = iter(range(1000))
    with StaticHub(work / "hub", repo, {n: {"rate": 20 * MB, "connections": 4} for n in names}) as hub, deaf_port() as official:

        def absent(out):
            with Daemon(work / f"d{next(number)}", hub.endpoints(), per_source=PER_SOURCE) as daemon:
                return daemon.pull(REPO, "--local-dir", out)

        def blocked(out):
            with Daemon(work / f"d{next(number)}", {"official": official} | hub.endpoints(), per_source=PER_SOURCE) as daemon:
                return daemon.pull(REPO, "--local-dir", out)

        contest = Contest(work, repo.files).go({"absent": absent, "blocked": blocked})
    walls = contest.walls()
    part = ratio(walls["blocked"], walls["absent"])
    return entry(walls["blocked"], None, {"hfget, not configured": walls["absent"]}, part, {"ratio": at_most(part, 1.2)},
                 no_ideal="it is the time without the blocked hub, which is measured", notes=[contest.note()], runs=contest.runs)  # fmt: skip
