"""One request to the hub, parsed: the raw target is kept, since refs%2Fpr%2F1 and refs/pr/1 differ."""

import dataclasses
import urllib.parse

from aiohttp import web

API_TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}
WEB_PREFIXES = {"datasets": "dataset", "spaces": "space"}


@dataclasses.dataclass
class Ask:
    request: web.Request
    source: str  # which source the client asked: the hub itself, or the mirror that passed it on
    raw: list[str]  # segments as sent
    segments: list[str]  # unquoted
    query: dict[str, list[str]]
    raw_query: str
    account: object = None
    hidden_since: object = None  # a lag fault, when one holds
    expired_links: bool = False
    ignore_range: bool = False
    tls: bool = False  # the client came by https

    @property
    def range(self) -> str | None:
        return None if self.ignore_range else self.request.headers.get("Range")

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def path(self) -> str:
        return "/" + "/".join(self.raw)

    @property
    def authorization(self) -> str | None:
        return self.request.headers.get("Authorization")

    @property
    def wants_gzip(self) -> bool:
        return "gzip" in self.request.headers.get("Accept-Encoding", "") and self.range is None

    def flag(self, name: str) -> bool:
        return self.query.get(name, ["false"])[-1].lower() in ("true", "1")

    def values(self, name: str) -> list[str]:
        return self.query.get(name, []) + self.query.get(name + "[]", [])


def parse(request: web.Request, hub: str) -> Ask:
    target, _, raw_query = request.raw_path.partition("?")
    raw = target.lstrip("/").split("/")
    return Ask(
        request,
        request.headers.get("X-Demo-Source", hub),
        raw,
        [urllib.parse.unquote(part) for part in raw],
        urllib.parse.parse_qs(raw_query, keep_blank_values=True),
        raw_query,
        tls=request.headers.get("X-Demo-Scheme") == "https",
    )
