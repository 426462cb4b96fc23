"""Every request that reached any server, so that a test can see who was sent a token."""

import json
import pathlib
import time


class RequestLog:
    """Entries of our own servers as they come; those of nginx are read from its access log when asked for.

    edge: the entry is what a client sent; otherwise it is an inner hop (mirror -> hub, proxy -> nginx).
    """

    def __init__(self, nginx_log: pathlib.Path):
        self._nginx_log, self._nginx_offset = nginx_log, 0
        self._entries: list[dict] = []
        self._next = 1

    def add(self, **fields) -> dict:
        entry = {"seq": self._next, "t": time.time(), **fields}
        self._next += 1
        self._entries.append(entry)
        return entry

    def _read_nginx(self) -> None:
        try:
            with open(self._nginx_log, "rb") as log:
                log.seek(self._nginx_offset)
                data = log.read()
        except FileNotFoundError:
            return
        data = data[: data.rfind(b"\n") + 1]
        self._nginx_offset += len(data)
        for line in data.splitlines():
            entry = json.loads(line)
            if entry.pop("inner"):
                continue
            proxied = entry.pop("proxied")
            entry["range"] = entry["range"] or None
            entry["authorization"] = entry["authorization"] or None
            entry["cookie"] = entry["cookie"] or None
            self.add(server="nginx", edge=not proxied, via=None, **{**entry, "logged": entry.pop("t")})

    def since(self, seq: int) -> list[dict]:
        self._read_nginx()
        return [entry for entry in self._entries if entry["seq"] > seq]

    def reset(self) -> None:
        self._read_nginx()
        self._entries.clear()
