"""A raw HTTP/1.1 proxy in front of one server, able to stall, slow, cut or alter a transfer at any moment.

Transparent while no fault is active. Speaks plain asyncio streams, so that it can send what no HTTP library would.
"""

import asyncio
import dataclasses
import socket
import struct
import time
import urllib.parse

import faults as faults_module
from faults import FaultBook
from requestlog import RequestLog
from sources import listen, port_of

_CHUNK = 256 * 1024
_POLL_S = 0.02


class Cut(Exception):
    """Ends the connection: with a RST, or with a FIN after what was sent."""

    def __init__(self, reset: bool):
        self.reset = reset


class Message:
    """The head of a request or of a response."""

    def __init__(self, head: bytes):
        lines = head.decode("latin-1").split("\r\n")
        self.first = lines[0]
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    def set(self, name: str, value: str) -> None:
        self.drop(name)
        self.fields.append((name, value))

    def drop(self, name: str) -> None:
        self.fields = [field for field in self.fields if field[0].lower() != name.lower()]

    def encode(self) -> bytes:
        lines = [self.first] + [f"{key}: {value}" for key, value in self.fields]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @property
    def method(self) -> str:
        return self.first.split(" ", 1)[0]

    @property
    def target(self) -> str:
        return self.first.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.first.split(" ")[1])


class Pacer:
    """Lets at most `bytes_per_s` through, in small steps."""

    def __init__(self, bytes_per_s: int):
        self.bytes_per_s = max(1, bytes_per_s)
        self.step = max(1, min(_CHUNK, self.bytes_per_s // 20))
        self._free_at = time.monotonic()

    async def wait(self, count: int) -> None:
        now = time.monotonic()
        self._free_at = max(self._free_at, now - 0.05) + count / self.bytes_per_s
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


@dataclasses.dataclass
class Connection:
    """A client's. Its pacers hold over all its requests."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pacers: dict = dataclasses.field(default_factory=dict)

    def gone(self) -> bool:
        return self.writer.transport.is_closing() or self.reader.at_eof() or self.reader.exception() is not None


@dataclasses.dataclass
class Trip:
    """One request on its way: what struck it, and how much of its body went out."""

    request: Message
    entry: dict
    client: Connection
    where: str
    subjects: list
    seen: set = dataclasses.field(default_factory=set)
    cuts: list = dataclasses.field(default_factory=list)
    slow: list = dataclasses.field(default_factory=list)  # (fault, Pacer)
    alter: list = dataclasses.field(default_factory=list)
    sent: int = 0
    first: int = 0  # the body's place in the file
    length: int = 0  # of the body
    rate: Pacer | None = None


class Wire:
    """One listening port in front of `upstream`, for one source. Owns: its connections."""

    def __init__(self, source: str, where: str, sock: socket.socket, upstream: int, book: FaultBook, log: RequestLog, links):
        self.source, self.where, self.upstream = source, where, upstream
        self.book, self.log, self.links = book, log, links
        self.port = port_of(sock)
        self._sock = sock
        self._server: asyncio.AbstractServer | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._shared: dict = {}  # Pacers shared by all connections of this wire
        self.rates: dict[str, tuple[int, str]] = {}  # shared with the other wires: source -> (bytes/s, per)
        book.changed.append(self.sync)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._sock, limit=1 << 20)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def sync(self) -> None:
        """Closes the port while every request is to be refused, and opens it again afterwards."""
        refuse = any(
            f.kind == "refuse" and f.times < 0 and not f.match and f.source in (self.source, "*")
            and f.where in (self.where, "any") and f.share >= 1.0 and not f.skip
            for f in self.book.faults.values()
        )  # fmt: skip
        if refuse and self._server:
            self._server.close()
            self._server = None
            for writer in list(self._open):
                _reset(writer)
        elif not refuse and not self._server:
            self._sock = listen(self.port)
            await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(writer)
        upstream = Upstream(self.upstream)
        try:
            client = Connection(reader, writer)
            while await self._exchange(client, upstream):
                pass
            writer.close()
        except Cut as cut:
            await self._cut(writer, cut)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, EOFError):
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            upstream.close()

    async def _cut(self, writer: asyncio.StreamWriter, cut: Cut) -> None:
        for _ in range(250):  # what was promised before the cut goes out first
            if not writer.transport.get_write_buffer_size():
                break
            await asyncio.sleep(_POLL_S)
        if cut.reset:
            await asyncio.sleep(0.05)  # a RST discards what the client has not read
            _reset(writer)
        else:
            writer.close()

    async def _exchange(self, client: Connection, upstream: "Upstream") -> bool:
        """One request and its reply. False: the connection ends here."""
        try:
            head = await client.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        request = Message(head)
        body = await client.reader.readexactly(int(request.get("Content-Length") or 0))
        trip = self._trip(request, client)
        if self._claim(trip, faults_module.CONNECT):
            trip.entry["status"] = 0
            raise Cut(reset=True)
        altered = self._claim(trip, faults_module.AT_HEAD) if self.where == "data" else []
        response = await self._ask(upstream, trip, body, altered)
        if self.where == "hub" and _is_file(response):
            # A source that serves the bytes itself: only the reply tells that this is data.
            trip.where, trip.entry["where"] = "data", "data"
            trip.subjects.append(_file_of(trip.request.target))
            altered = self._claim(trip, faults_module.AT_HEAD)
            if any(f.kind == "status-200" for f in altered):
                upstream.close()
                response = await self._ask(upstream, trip, body, altered)
        return await self._answer(trip, response, upstream, altered)

    def _trip(self, request: Message, client: Connection) -> Trip:
        subjects = [request.target, *self.links.labels(request.target.split("?")[0])]
        entry = self.log.add(
            server="wire", edge=True, via=None, source=self.source, where=self.where, method=request.method,
            path=request.target, range=request.get("Range"), authorization=request.get("Authorization"),
            cookie=request.get("Cookie"), user_agent=request.get("User-Agent"), status=None, bytes=0, faults=[],
        )  # fmt: skip
        return Trip(request, entry, client, self.where, subjects)

    def _claim(self, trip: Trip, kinds) -> list:
        if not self.book.faults:
            return []
        struck = self.book.claim(self.source, trip.where, kinds, trip.request.method, trip.subjects, trip.seen)
        trip.entry["faults"] += [f.kind for f in struck]
        return struck

    async def _ask(self, upstream: "Upstream", trip: Trip, body: bytes, altered) -> Message:
        request = Message(trip.request.encode())
        request.set("X-Demo-Proxied", "1")
        if any(f.kind == "status-200" for f in altered):
            request.drop("Range")
        return await upstream.ask(request.encode() + body)

    async def _answer(self, trip: Trip, response: Message, upstream: "Upstream", altered) -> bool:
        for fault in altered:
            if fault.kind == "delay":
                await self._pause(trip, fault, fault.delay_s)
        for fault in altered:
            if fault.kind in faults_module.REPLACE | faults_module.LINK:
                upstream.close()
                return await self._replace(trip, fault)
            if fault.kind in ("wrong-content-range", "wrong-total") and response.get("Content-Range"):
                lie = faults_module.wrong_content_range(fault, response.get("Content-Range"))
                response.set("Content-Range", lie)
        trip.alter = [f for f in altered if f.kind in faults_module.DAMAGE]
        trip.entry["status"] = response.status
        trip.length = int(response.get("Content-Length") or 0)
        trip.first = _first_byte(response.get("Content-Range"))
        await self._stream_faults(trip)
        trip.client.writer.write(response.encode())
        async for data in upstream.body(trip.request.method, response):
            await self._send(trip, data)
        await self._send(trip, b"")
        return trip.request.get("Connection") != "close" and not upstream.ended

    async def _replace(self, trip: Trip, fault) -> bool:
        path = trip.request.target
        status, reason, headers, body = faults_module.replacement(fault, path)
        trip.entry["status"] = status
        message = Message(f"HTTP/1.1 {status} {reason}\r\n".encode())
        for name, value in headers.items():
            message.set(name, value)
        message.set("Content-Length", str(len(body)))
        trip.client.writer.write(message.encode() + (b"" if trip.request.method == "HEAD" else body))
        await trip.client.writer.drain()
        return True

    async def _stream_faults(self, trip: Trip) -> None:
        for fault in self._claim(trip, faults_module.STREAM):
            if fault.kind == "slow":
                trip.slow.append((fault, self._pacer(trip, fault.per, fault.id, fault.bytes_per_s)))
            else:
                trip.cuts.append(fault)
        bytes_per_s, per = self.rates.get(self.source, (0, "")) if trip.where == "data" else (0, "")
        trip.rate = self._pacer(trip, per, "rate", bytes_per_s) if bytes_per_s else None

    def _pacer(self, trip: Trip, per: str, key, bytes_per_s: int) -> Pacer:
        pacers = self._shared if per == "source" else trip.client.pacers
        if key not in pacers or pacers[key].bytes_per_s != max(1, bytes_per_s):
            pacers[key] = Pacer(bytes_per_s)
        return pacers[key]

    async def _send(self, trip: Trip, data: bytes) -> None:
        for fault in trip.alter:
            data = faults_module.damage(fault, data, trip.sent, trip.first, trip.length)
        view = memoryview(data)
        while True:
            await self._stream_faults(trip)
            room = len(view)
            for fault in list(trip.cuts):
                left = max(0, fault.after_bytes - trip.sent)
                if left == 0:
                    await self._strike(trip, fault)
                    trip.cuts.remove(fault)
                else:
                    room = min(room, left)
            if not len(view):
                return
            room = await self._paced(trip, room)
            trip.client.writer.write(bytes(view[:room]) if room < len(view) else view)
            await trip.client.writer.drain()
            trip.sent += room
            trip.entry["bytes"] = trip.sent
            view = view[room:]

    async def _paced(self, trip: Trip, room: int) -> int:
        pacers = [trip.rate] if trip.rate else []
        trip.slow = [(fault, pacer) for fault, pacer in trip.slow if fault.id in self.book.faults]
        for fault, pacer in trip.slow:
            if trip.sent < fault.after_bytes:
                room = min(room, fault.after_bytes - trip.sent)
            else:
                pacers.append(pacer)
        for pacer in pacers:
            room = min(room, pacer.step)
        for pacer in pacers:
            await pacer.wait(room)
        return room

    async def _strike(self, trip: Trip, fault) -> None:
        if fault.kind != "stall":
            raise Cut(reset=fault.kind == "reset")
        await self._pause(trip, fault, None)

    async def _pause(self, trip: Trip, fault, seconds: float | None) -> None:
        """Silent, connection open, for `seconds`, until the fault is taken away, or until the client leaves."""
        until = time.monotonic() + seconds if seconds is not None else None
        while fault.id in self.book.faults and (until is None or time.monotonic() < until):
            if trip.client.gone():
                raise Cut(reset=True)
            await asyncio.sleep(_POLL_S)


class Upstream:
    """The connection to the server behind; made anew when it was closed."""

    def __init__(self, port: int):
        self.port = port
        self.reader = self.writer = None
        self.ended = False

    async def ask(self, raw: bytes) -> Message:
        for fresh in (False, True):
            if self.writer is None or fresh:
                self.close()
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            try:
                self.writer.write(raw)
                return Message(await self.reader.readuntil(b"\r\n\r\n"))
            except (asyncio.IncompleteReadError, ConnectionError):
                if fresh:
                    raise
        raise AssertionError("unreachable")

    async def body(self, method: str, response: Message):
        """The raw body as it comes, chunk framing included."""
        status, length = response.status, response.get("Content-Length")
        if method == "HEAD" or status in (204, 304) or status < 200:
            return
        if (response.get("Transfer-Encoding") or "").lower() == "chunked":
            async for data in self._chunks():
                yield data
        elif length is not None:
            left = int(length)
            while left:
                data = await self.reader.read(min(_CHUNK, left))
                if not data:
                    raise Cut(reset=False)
                left -= len(data)
                yield data
        else:
            self.ended = True
            while data := await self.reader.read(_CHUNK):
                yield data

    async def _chunks(self):
        while True:
            line = await self.reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            yield line + await self.reader.readexactly(size + 2)  # a large chunk is read whole: only small texts are chunked
            if size == 0:
                return

    def close(self) -> None:
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None


def _reset(writer: asyncio.StreamWriter) -> None:
    try:
        made = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    writer.transport.abort()


def _is_file(response: Message) -> bool:
    return response.status in (200, 206) and response.get("X-Linked-Size") is not None


def _file_of(target: str) -> str:
    """/demo/x/resolve/main/a%20b -> demo/x/a b, as data paths are labelled."""
    before, _, after = target.split("?")[0].partition("/resolve/")
    return urllib.parse.unquote(before.strip("/") + "/" + after.partition("/")[2])


def _first_byte(content_range: str | None) -> int:
    try:
        return int((content_range or "").split(" ")[1].split("-")[0])
    except (IndexError, ValueError):
        return 0
