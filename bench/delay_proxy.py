#!/usr/bin/python3
"""delay_proxy.py LISTEN TO [--rtt-ms N] [--reset-after BYTES] [--quota N/SECONDS]: a TCP proxy that is far away, or unfair.

--rtt-ms: each way takes half of it; a new connection pays one round trip more before its first byte, as a handshake does.
--reset-after: a connection is reset (RST) after so many bytes of answers.
--quota: counts the requests for files in fixed windows, and writes what is left into the marker `r=00000;t=00000` of the
`RateLimit` header that nginx adds, so that a static server announces its limit as the hub does. It announces; it refuses nobody. SIGUSR1 begins a window anew.

netem does not exist on every kernel, hence this. Standard library only; one thread; made for rates of a net, not of loopback.
"""

import argparse
import asyncio
import collections
import signal
import socket
import struct
import time

MARKER = b"r=00000;t=00000"


class Quota:
    """A fixed window, as the hub counts."""

    def __init__(self, text: str):
        self.limit, self.window_s = (int(n) for n in text.split("/"))
        self.begin()

    def begin(self) -> None:
        self._began, self._used = time.monotonic(), 0

    def count(self, requests: int) -> None:
        now = time.monotonic()
        if now - self._began >= self.window_s:
            self.begin()
        self._used += requests

    def stamp(self, data: bytes) -> bytes:
        left = max(0, self.limit - self._used)
        ends = max(0, int(self.window_s - (time.monotonic() - self._began)))
        return data.replace(MARKER, b"r=%05d;t=%05d" % (left, ends))


class Way(asyncio.Protocol):
    """One end of a connection: what it receives leaves at its peer after the delay. Pauses the sender when 4 MiB are under way."""

    def __init__(self, options, loop, peer=None):
        self.options, self.loop, self.peer = options, loop, peer
        self.transport = None
        self.queue, self.queued, self.ended = collections.deque(), 0, False
        self.waits, self.full = False, False
        self.passed = 0

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=1 << 20)
        if self.peer is None:  # the client's end
            self.extra_s = self.options.rtt_s
            self.peer = Way(self.options, self.loop, self)
            self.peer.extra_s = 0
            self.dial = self.loop.create_task(self.connect())

    async def connect(self):
        try:
            await self.loop.create_connection(lambda: self.peer, *self.options.to)
        except OSError:
            self.transport.abort()

    def is_client(self) -> bool:
        return hasattr(self, "dial")

    def data_received(self, data):
        if self.is_client() and self.options.quota:
            self.options.quota.count(data.count(b"/resolve/"))
        due = self.loop.time() + self.options.rtt_s / 2 + self.extra_s
        self.extra_s = 0
        if self.queue:
            due = max(due, self.queue[-1][0])  # in order
        self.push(due, data)

    def eof_received(self):
        self.push(max(self.loop.time() + self.options.rtt_s / 2, self.queue[-1][0] if self.queue else 0), None)
        return True

    def push(self, due, data):
        self.queue.append((due, data))
        self.queued += len(data or b"")
        if self.queued > 4 << 20 and not self.full:
            self.full = True
            self.transport.pause_reading()
        if not self.waits:
            self.waits = True
            self.later(due)

    def later(self, due):
        if due <= self.loop.time():
            self.flush()
        else:
            self.loop.call_at(due, self.flush)

    def flush(self):
        """Sends what is due, as long as the other end takes it."""
        self.waits = False
        out = self.peer.transport
        if out is not None and out.is_closing():
            self.queue.clear()
            return
        if out is None or self.peer.blocked():
            self.waits = True
            self.loop.call_later(0.002, self.flush)
            return
        while self.queue and self.queue[0][0] <= self.loop.time() and not self.peer.blocked() and not out.is_closing():
            data = self.queue.popleft()[1]
            if data is None:
                out.close()
                return
            self.queued -= len(data)
            if not self.is_client() and not self.answer(data, out):
                return
            if self.is_client():
                out.write(data)
        if self.full and self.queued < 1 << 20 and not self.transport.is_closing():
            self.full = False
            self.transport.resume_reading()
        if self.queue:
            self.waits = True
            self.loop.call_later(max(0.001, self.queue[0][0] - self.loop.time()), self.flush)

    def answer(self, data, out) -> bool:
        if self.options.quota and MARKER in data:
            data = self.options.quota.stamp(data)
        limit = self.options.reset_after
        if limit and self.passed + len(data) >= limit:
            out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            out.abort()
            self.transport.abort()
            return False
        self.passed += len(data)
        out.write(data)
        return True

    def blocked(self) -> bool:
        return self.transport is not None and self.transport.get_write_buffer_size() > 1 << 19

    def connection_lost(self, error):
        other = self.peer.transport
        if other is None or other.is_closing():
            return
        if error:
            other.abort()
        else:
            self.push(max(self.loop.time(), self.queue[-1][0] if self.queue else 0), None)


def address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listen", type=address)
    parser.add_argument("to", type=address)
    parser.add_argument("--rtt-ms", type=float, default=0)
    parser.add_argument("--reset-after", type=int, default=0)
    parser.add_argument("--quota", type=Quota)
    options = parser.parse_args()
    options.rtt_s = options.rtt_ms / 1000
    loop = asyncio.get_running_loop()
    if options.quota:
        loop.add_signal_handler(signal.SIGUSR1, options.quota.begin)
    server = await loop.create_server(lambda: Way(options, loop), *options.listen, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
