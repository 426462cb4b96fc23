"""Faults on demand: what they are, whom they strike, and the replies and damage they make.

hub_app applies those that replace or alter a hub's reply; wire applies those that strike a transfer's bytes.
"""

import dataclasses
import itertools
import random
import re

# Strike the bytes under way: wire only.
STREAM = {"slow", "stall", "reset", "close"}
CONNECT = {"refuse", "hub-down"}
# Replace the reply.
REPLACE = {"status", "html", "json", "redirect-loop", "redirect-to"}
# Alter the reply.
ALTER = {"status-200", "wrong-content-range", "wrong-total", "flip", "garbage", "other-version", "bad-cache", "clock"}
# Of these, what alters the bytes of a body.
DAMAGE = {"flip", "garbage", "other-version", "bad-cache"}
BEFORE = {"delay"}
HUB_ONLY = {"lag"}
LINK = {"expired-link"}
KINDS = STREAM | CONNECT | REPLACE | ALTER | BEFORE | HUB_ONLY | LINK
AT_HEAD = REPLACE | ALTER | BEFORE | LINK

_REASONS = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error",
            502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 302: "Found", 200: "OK"}  # fmt: skip


@dataclasses.dataclass
class Fault:
    source: str  # a source's name, or "*"
    kind: str
    where: str = "data"  # "data", "hub", or "any"
    match: str = ""  # regex, searched in the raw target; for data also in `repo/path` of the file
    method: str = ""  # only this method
    times: int = -1  # how many requests it strikes; -1: all
    skip: int = 0  # lets this many matching requests pass first
    share: float = 1.0  # strikes this share of the requests (by a generator seeded with `seed`)
    seed: int = 0
    after_bytes: int = 0  # stall, reset, close, slow: of the response's body
    bytes_per_s: int = 0  # slow
    per: str = "connection"  # slow: "connection" or "source" (all its transfers share bytes_per_s)
    delay_s: float = 0.0  # delay
    status: int = 0  # status
    retry_after: object = None  # status: Retry-After
    ratelimit: object = None  # status: value of RateLimit
    headers: dict = dataclasses.field(default_factory=dict)
    body: str | None = None  # status, html, json: instead of the default
    location: str = ""  # redirect-to
    redirect_status: int = 302
    block: int = 1 << 20  # bad-cache: bytes that it keeps together
    bad_blocks: float = 0.01  # bad-cache: the share of blocks that are wrong, the same ones at every request
    offset: int | None = None  # flip: of the file; default is the middle of what is sent
    bit: int = 0
    shift: int = 1  # wrong-content-range: bytes; wrong-total: bytes too many
    shift_s: int = 0  # clock: seconds by which the hub's clock is ahead
    commit: str | None = None  # lag: the newest commit the mirror has; default hides the newest of main
    id: int = 0
    hits: int = 0

    def __post_init__(self):
        if self.kind.isdigit():
            self.kind, self.status = "status", int(self.kind)
        elif self.kind == "5xx":
            self.kind, self.status = "status", self.status or 503
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; there are: {', '.join(sorted(KINDS))}, and any status")
        if self.where not in ("data", "hub", "any"):
            raise ValueError("where is data, hub or any")
        if self.kind == "hub-down":
            self.kind, self.where = "refuse", "hub"
        if self.kind in ("lag", "clock"):
            self.where = "hub"
        self._regex = re.compile(self.match)
        self._random = random.Random(self.seed)

    def draws(self) -> bool:
        return self.share >= 1.0 or self._random.random() < self.share

    def fits(self, source: str, where: str, method: str, subjects: list[str]) -> bool:
        return (
            self.source in (source, "*")
            and self.where in (where, "any")
            and self.method in ("", method)
            and any(self._regex.search(subject) for subject in subjects)
        )

    def to_json(self) -> dict:
        return dataclasses.asdict(self)


class FaultBook:
    """The active faults. A request is struck at most once by each."""

    def __init__(self):
        self.faults: dict[int, Fault] = {}
        self.changed = []  # async callables, awaited after each change
        self._ids = itertools.count(1)

    async def add(self, fields: dict) -> Fault:
        known = {field.name for field in dataclasses.fields(Fault)} - {"id", "hits"}
        unknown = set(fields) - known
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}; there are: {sorted(known)}")
        fault = Fault(**fields)
        fault.id = next(self._ids)
        self.faults[fault.id] = fault
        await self._tell()
        return fault

    async def remove(self, fault_id: int | None = None) -> None:
        if fault_id is None:
            self.faults.clear()
        else:
            self.faults.pop(fault_id, None)
        await self._tell()

    async def _tell(self) -> None:
        for call in self.changed:
            await call()

    def any(self, source: str, where: str, kinds=KINDS) -> bool:
        """Whether a fault could still strike there."""
        return any(
            f.source in (source, "*") and f.where in (where, "any") and f.kind in kinds and f.times != 0
            for f in self.faults.values()
        )

    def claim(self, source: str, where: str, kinds, method: str, subjects: list[str], seen: set) -> list[Fault]:
        """The faults that strike this request now. `seen` is the request's own memory, kept between calls."""
        struck = []
        for fault in self.faults.values():
            if fault.kind not in kinds or fault.id in seen or not fault.fits(source, where, method, subjects):
                continue
            seen.add(fault.id)
            if fault.skip > 0:
                fault.skip -= 1
            elif fault.times != 0 and fault.draws():
                fault.times -= fault.times > 0
                fault.hits += 1
                struck.append(fault)
        return struck


_HTML = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in to continue.</body></html>"
_JSON = '{"Code":10990101007,"Message":"record not found","RequestId":"demo","Success":false}'
_DENIED = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'


def replacement(fault: Fault, own_path: str):
    """(status, reason, headers, body) of a reply that stands in for the real one."""
    headers, status = dict(fault.headers), fault.status or 200
    if fault.kind == "html":
        kind, body = "text/html; charset=utf-8", _HTML
    elif fault.kind == "json":
        kind, body = "application/json; charset=utf-8", _JSON
    elif fault.kind == "expired-link":
        status, kind, body = 403, "application/xml", _DENIED
    elif fault.kind in ("redirect-loop", "redirect-to"):
        status, kind, body = fault.redirect_status, "text/plain", "Redirecting"
        headers["Location"] = own_path if fault.kind == "redirect-loop" else fault.location
    else:
        kind, body = "text/html", f"<html><body><h1>{status} {_REASONS.get(status, 'Error')}</h1></body></html>"
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if fault.ratelimit is not None:
        headers["RateLimit"] = str(fault.ratelimit)
    body = (fault.body if fault.body is not None else body).encode()
    headers.setdefault("Content-Type", kind)
    return status, _REASONS.get(status, "Status"), headers, body


def damage(fault: Fault, data: bytes, position: int, first: int, length: int) -> bytes:
    """`data` as the fault leaves it. `position`: of data in the body; `first`: the body's place in the file;
    `length`: of the whole body."""
    if fault.kind == "garbage":
        return random.Random(fault.seed + position).randbytes(len(data))
    if fault.kind == "other-version":  # another file of the same length, the same one at every request
        return data.translate(_OTHER)
    if fault.kind == "bad-cache":
        return _from_bad_cache(fault, data, first + position)
    at = (fault.offset - first if fault.offset is not None else length // 2) - position
    if not 0 <= at < len(data):
        return data
    return data[:at] + bytes([data[at] ^ (1 << fault.bit)]) + data[at + 1 :]


_OTHER = bytes((b + 1) % 256 for b in range(256))


def is_bad_block(seed: int, block: int, share: float) -> bool:
    return random.Random(f"{seed}/{block}").random() < share


def _from_bad_cache(fault: Fault, data: bytes, at: int) -> bytes:
    """What a cache in front of a good hub gives out: some blocks are of something else. `at`: of data in the file."""
    out, end = [], at + len(data)
    for block in range(at // fault.block, (end - 1) // fault.block + 1 if data else 0):
        part = data[max(0, block * fault.block - at) : (block + 1) * fault.block - at]
        out.append(part.translate(_OTHER) if is_bad_block(fault.seed, block, fault.bad_blocks) else part)
    return b"".join(out)


def wrong_content_range(fault: Fault, value: str) -> str:
    """A Content-Range that lies about the start, or about the total."""
    fits = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", value)
    if not fits:
        return value
    start, end, total = map(int, fits.groups())
    if fault.kind == "wrong-total":
        return f"bytes {start}-{end}/{total + fault.shift}"
    return f"bytes {start + fault.shift}-{end + fault.shift}/{total}"
