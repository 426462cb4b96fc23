"""A hub that means harm: raw sockets, so that it can say what no HTTP library would. It has one repo, org/model, and errs where it is told."""

import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTENT = {"model.bin": bytes(range(256)) * 800, "config.json": b'{"model_type": "none"}\n', "sub/notes.txt": b"notes\n" * 50}

Evil = Callable[["Request"], Iterator[bytes] | None]  # what is sent in place of the honest answer; None: that one


class Request:
    def __init__(self, head: bytes):
        lines = head.decode("latin-1").split("\r\n")
        self.target = lines[0].split(" ")[1]
        self.path = urllib.parse.unquote(self.target.split("?")[0])
        self.query = urllib.parse.parse_qs(self.target.partition("?")[2])
        self.headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}

    @property
    def kind(self) -> str:
        return "file" if "/resolve/" in self.path else "tree" if "/tree/" in self.path else "info"

    def range(self, size: int) -> tuple[int, int]:
        first, _, last = self.headers.get("range", f"bytes=0-{size - 1}").removeprefix("bytes=").partition("-")
        return int(first), min(int(last), size - 1)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def rows() -> list[dict]:
    return [{"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()}
            for path, data in CONTENT.items()]  # fmt: skip


def honest(request: Request) -> bytes:
    if request.kind == "info":
        return answer("200 OK", json.dumps({"id": "org/model", "sha": COMMIT, "siblings": []}).encode(), "Content-Type: application/json")
    if request.kind == "tree":
        return answer("200 OK", json.dumps(rows()).encode(), "Content-Type: application/json")
    data = CONTENT.get(request.path.partition(f"/resolve/{COMMIT}/")[2])
    if data is None:
        return answer("404 Not Found", b"", "X-Error-Code: EntryNotFound")
    first, last = request.range(len(data))
    return answer("206 Partial Content", data[first : last + 1], f"Content-Range: bytes {first}-{last}/{len(data)}", f"X-Repo-Commit: {COMMIT}")


class HostileHub:
    """`evil` is asked first about each request. Owns: its threads and sockets."""

    def __init__(self, evil: Evil = lambda request: None, address: str = "127.0.0.1", port: int = 0, world: "Netns | None" = None):
        self.requests: list[str] = []
        self.connections = 0
        self.sent = 0
        self._evil = evil
        self._open: set[socket.socket] = set()
        with world.inside() if world else contextlib.nullcontext():
            self._listener = socket.create_server((address, port), backlog=200)
        self.port = self._listener.getsockname()[1]
        self.endpoint = f"http://{address}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        waiting = b""
        with contextlib.suppress(OSError), connection:
            while True:
                while b"\r\n\r\n" not in waiting:
                    more = connection.recv(65536)
                    if not more:
                        return
                    waiting += more
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                request = Request(head)
                self.requests.append(request.target)
                pieces = self._evil(request)
                for piece in pieces if pieces is not None else [honest(request)]:
                    connection.sendall(piece)
                    self.sent += len(piece)
                if pieces is not None and not getattr(pieces, "keep", False):
                    return  # what it said may have no end of its own
        self._open.discard(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Netns:
    """A net of its own with public, private and link-local addresses, and names for them, all on this machine. Owns: the process that holds it."""

    PUBLIC, PRIVATE, METADATA = "203.0.113.7", "10.9.8.7", "169.254.169.254"
    NAMES = {"hub.example": PUBLIC, "cdn.example": PUBLIC, "rebind.example": PRIVATE, "meta.example": METADATA, "loop.example": "127.0.0.1",
             "six.example": "::1", "office.example": PRIVATE}  # fmt: skip

    def __init__(self, folder: pathlib.Path):
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in self.NAMES.items()))
        addresses = "; ".join(f"ip address add {a}/32 dev lo" for a in (self.PUBLIC, self.PRIVATE, "10.4.5.6", self.METADATA))
        script = f"set -e; ip link set lo up; {addresses}; ip -6 address add fd00::7/128 dev lo || true; mount --bind {hosts} /etc/hosts; echo ready; exec sleep infinity"
        try:
            self._holder = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            raise PermissionError("no unshare here") from None
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            raise PermissionError("may not make a net of its own here")

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes meanwhile are of that net."""
        libc = ctypes.CDLL(None, use_errno=True)
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        other = os.open(f"/proc/{self._holder.pid}/ns/net", os.O_RDONLY)
        try:
            assert libc.setns(other, 0) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            libc.setns(own, 0)
            os.close(own)
            os.close(other)

    def command(self) -> list[str]:
        return ["nsenter", "--net", "--mount", "--target", str(self._holder.pid), "--"]

    def close(self):
        self._holder.kill()
        self._holder.wait()
