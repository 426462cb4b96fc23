"""A small net with exact rates: one network namespace for the clients, one a source, joined by veth; a source's way out is shaped
by `tc tbf`, which the bench changes while bytes flow. Rates are of payload: the headers of full Ethernet frames are added to them.

Needs root and tbf. Where that is not permitted, `why_not()` says so, and StaticHub shapes by nginx's limit_rate instead.
"""

import contextlib
import functools
import os
import pathlib
import subprocess

TAG = "hfb"  # namespaces: hfb<pid of the bench>x<number><which>
FRAME, PAYLOAD = 1514, 1448  # an Ethernet frame with IPv4, TCP with time stamps: wire bytes, payload bytes


def _ip(*arguments) -> None:
    subprocess.run([*map(str, arguments)], check=True, capture_output=True, text=True)


class Network:
    """`rates`: source -> payload bytes a second for all its connections together; 0: unshaped. Owns: the namespaces."""

    _count = 0

    def __init__(self, rates: dict[str, float]):
        Network._count += 1
        self._tag = f"{TAG}{os.getpid()}x{Network._count}"
        self._names = {name: number for number, name in enumerate(rates)}
        self._spaces: list[str] = []
        try:
            self.client = self._space("c")
            for name, rate in rates.items():
                self._join(name)
                self.set_rate(name, rate)
        except BaseException:
            self.close()
            raise

    def _space(self, suffix) -> list[str]:
        space = f"{self._tag}{suffix}"
        _ip("ip", "netns", "add", space)
        self._spaces.append(space)
        _ip("ip", "-n", space, "link", "set", "lo", "up")
        return ["nsenter", f"--net=/run/netns/{space}"]

    def _join(self, name: str) -> None:
        number = self._names[name]
        self._space(number)
        client, server = f"{self._tag}c", f"{self._tag}{number}"
        _ip("ip", "-n", client, "link", "add", f"to{number}", "type", "veth", "peer", "name", "way", "netns", server)
        for space, link, host in ((client, f"to{number}", 1), (server, "way", 2)):
            _ip("ip", "-n", space, "addr", "add", f"10.77.{number}.{host}/24", "dev", link)
            _ip("ip", "-n", space, "link", "set", link, "up")

    def address(self, name: str) -> str:
        return f"10.77.{self._names[name]}.2"

    def server(self, name: str) -> list[str]:
        """How a command enters a source's namespace."""
        return ["nsenter", f"--net=/run/netns/{self._tag}{self._names[name]}"]

    def set_rate(self, name: str, rate: float) -> None:
        if not rate:
            return
        wire = rate * FRAME / PAYLOAD
        burst = int(max(wire / 100, 20_000))  # what passes at once: 10 ms, at least some frames
        _ip("tc", "-n", f"{self._tag}{self._names[name]}", "qdisc", "replace", "dev", "way", "root", "handle", "1:",
            "tbf", "rate", f"{int(wire * 8)}bit", "burst", burst, "limit", 16 << 20)  # fmt: skip

    def close(self) -> None:
        for space in self._spaces:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("ip", "netns", "del", space)
        self._spaces = []


def remove_orphans() -> None:
    """Deletes the namespaces of a bench that was killed outright."""
    for space in pathlib.Path("/run/netns").glob(f"{TAG}*x*"):
        if not pathlib.Path(f"/proc/{space.name.removeprefix(TAG).split('x')[0]}").exists():
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("ip", "netns", "del", space.name)


@functools.cache
def why_not() -> str:
    """Why there can be no such net here; empty: there can."""
    if os.environ.get("HFGET_BENCH_SHAPE") == "nginx":
        return "HFGET_BENCH_SHAPE=nginx asks for limit_rate"
    try:
        Network({"try": 1_000_000}).close()
    except FileNotFoundError as error:
        return f"{error.filename} is not installed"
    except subprocess.CalledProcessError as error:
        return f"`{' '.join(error.cmd[:6])} …` says: {(error.stderr or '').strip()}"
    return ""
