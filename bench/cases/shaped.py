"""What the cases over three unequal sources share: the shaped net, ours and the peers on it, the ideal."""

import contextlib
import threading
import time

import network
import peers
from static_hub import REPO, StaticHub
from world import MB, CannotRun, Daemon, remove, timed

RATES = {"fast": 40 * MB, "middle": 20 * MB, "slow": 4 * MB}
CONNECTIONS = 4  # a source


@contextlib.contextmanager
def shaped_hub(root, repo, rates: dict, need: str = "", **options):
    """A StaticHub whose sources have these rates. `need`: why limit_rate would not do, for cases whose rates change midway."""
    why = network.why_not()
    if why and need:
        raise CannotRun(f"{need}; network namespaces with tbf are not to be had here: {why}")
    net = None if why else network.Network(rates)
    try:
        sources = {name: {"rate": rate, "connections": CONNECTIONS} for name, rate in rates.items()}
        with StaticHub(root, repo, sources, network=net, **options) as hub:
            yield hub
    finally:
        if net:
            net.close()


def shaping_note() -> str:
    why = network.why_not()
    return f"shaped by limit_rate, which lets each request have one second of its rate at once, because {why}" if why else ""


class Ours:
    """Ours on a hub: a daemon a run, or the last one again, which then knows its sources."""

    def __init__(self, work, hub, per_source: str = f"max_connections = {CONNECTIONS}"):
        self.work, self.hub, self.per_source, self.number = work, hub, per_source, 0

    def daemon(self, *flags) -> Daemon:
        self.number += 1
        return Daemon(self.work / f"daemon{self.number}", self.hub.endpoints(), per_source=self.per_source, flags=flags, prefix=self.hub.enter)

    def fresh(self, out, flags=(), watch_writes: bool = False):
        with self.daemon(*flags) as daemon:
            return daemon.pull(REPO, "--local-dir", out, watch_writes=watch_writes)

    def known(self, out):
        """The second pull of a daemon: the first one, elsewhere, is not counted."""
        with self.daemon() as daemon:
            daemon.pull(REPO, "--local-dir", self.work / "first")
            remove(self.work / "first")
            return daemon.pull(REPO, "--local-dir", out)


def one_file_peers(hub, path: str, **options) -> dict:
    """aria2c and axel over all sources with as many connections as ours. `options`: of `timed`."""
    urls, found = hub.urls(path), {}
    connections = CONNECTIONS * len(urls)
    if peers.has("aria2c"):
        found["aria2c"] = lambda out: timed(peers.aria2(urls, out / path, connections, CONNECTIONS), prefix=hub.enter, **options)
    if peers.has("axel"):
        found["axel"] = lambda out: timed(peers.axel(urls, out / path, connections), prefix=hub.enter, **options)
    return found


class Script:
    """What happens to the sources while a run goes on: [(seconds since its start, function)]. `undo` puts all right again."""

    def __init__(self, steps: list, undo):
        self._steps, self._undo = sorted(steps, key=lambda step: step[0]), undo

    @contextlib.contextmanager
    def playing(self):
        end, errors = threading.Event(), []

        def play():
            started = time.monotonic()
            for at, act in self._steps:
                if end.wait(max(0, started + at - time.monotonic())):
                    return
                try:
                    act()
                except Exception as error:
                    errors.append(error)
                    return

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()
            self._undo()
        if errors:  # what was measured is not what was meant
            raise errors[0]


def seconds_for(size: float, rate, step_s: float = 0.001) -> float:
    """The ideal with perfect foresight: when the integral of rate(t) reaches the size."""
    at, left = 0.0, float(size)
    while left > 0:
        now = rate(at)
        if left <= now * step_s:
            return at + left / now
        left -= now * step_s
        at += step_s
    return at
