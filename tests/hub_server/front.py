"""What every hub application does with a request: log it, let the faults strike it, answer. Dialects are its subclasses."""

import asyncio
import email.utils
import secrets
import time

from aiohttp import web

import ask as ask_module
import errors
import faults as faults_module
from ask import Ask
from faults import FaultBook
from links import Links
from repos import Catalog, ContentStore
from requestlog import RequestLog
from resolve import redirect
from sources import Source


class Moved(Exception):
    def __init__(self, location: str):
        self.location = location


class Front:
    """One hub: the source `name` and the mirrors in front of it."""

    name = "official"

    def __init__(self, catalog: Catalog, store: ContentStore, sources: dict[str, Source], book: FaultBook, log: RequestLog,
                 links: Links, live: bool):  # fmt: skip
        self.catalog, self.store, self.sources = catalog, store, sources
        self.book, self.log, self.links, self.live = book, log, links, live

    def application(self) -> web.Application:
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{tail:.*}", self.handle)
        return app

    def data_base(self, source: Source, tls: bool) -> str | None:
        """Where to send a client for LFS bytes; None: the source's own nginx hands them out."""
        if tls:
            return None if source.serves_bytes else f"https://127.0.0.1:{source.data_tls}"
        if not self.live and self.book.any(source.name, "data", faults_module.KINDS - faults_module.LINK):
            return f"http://127.0.0.1:{source.fault_port}"
        return None if source.serves_bytes else f"http://127.0.0.1:{source.data_port}"

    async def answer(self, ask: Ask) -> web.Response:
        raise NotImplementedError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ask = ask_module.parse(request, self.name)
        entry = self.log.add(
            server="app", edge=ask.source == self.name and "X-Demo-Proxied" not in request.headers,
            via=None if ask.source == self.name else ask.source, source=self.name, where="hub", method=ask.method,
            path=request.raw_path, range=request.headers.get("Range"), authorization=ask.authorization,
            cookie=request.headers.get("Cookie"), user_agent=request.headers.get("User-Agent"), status=None, bytes=0, faults=[],
        )  # fmt: skip
        try:
            reply = await self._faulted(ask, entry)
        except Moved as moved:
            reply = redirect(307, moved.location)
        except errors.HubError as error:
            reply = error.reply()
        reply.headers.setdefault("X-Request-Id", f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}")
        entry["status"], entry["bytes"] = reply.status, len(reply.body or b"") if isinstance(reply, web.Response) else 0
        return reply

    async def _faulted(self, ask: Ask, entry: dict) -> web.Response:
        book, kinds = self.book, faults_module.AT_HEAD | faults_module.HUB_ONLY
        struck = []
        if book.faults:
            subjects, seen = [ask.request.raw_path], set()
            struck = book.claim(ask.source, "hub", kinds, ask.method, subjects, seen)
            # Links made expired are the hub's doing though it is the data host that refuses them.
            struck += [] if self.live else book.claim(ask.source, "data", faults_module.LINK, ask.method, subjects, seen)
            entry["faults"] += [f.kind for f in struck]
        for fault in struck:
            if fault.kind == "delay":
                await asyncio.sleep(fault.delay_s)
            elif fault.kind in faults_module.REPLACE:
                status, reason, headers, body = faults_module.replacement(fault, ask.request.raw_path)
                return web.Response(status=status, reason=reason, headers=headers, body=body)
            elif fault.kind == "lag":
                ask.hidden_since = fault
            elif fault.kind == "expired-link":
                ask.expired_links = True
            elif fault.kind == "status-200":
                ask.ignore_range = True
        reply = await self.answer(ask)
        for fault in struck:
            if fault.kind in faults_module.ALTER:
                reply = alter(fault, reply)
        return reply


def alter(fault, reply: web.Response) -> web.Response:
    """A hub reply damaged as a bad mirror would: the length stays right."""
    if fault.kind in ("wrong-content-range", "wrong-total"):
        if "Content-Range" in reply.headers:
            lie = faults_module.wrong_content_range(fault, reply.headers["Content-Range"])
            reply.headers["Content-Range"] = lie
    elif fault.kind == "clock":
        reply.headers["Date"] = email.utils.formatdate(time.time() + fault.shift_s, usegmt=True)
    elif fault.kind in faults_module.DAMAGE and reply.status in (200, 206) and reply.body:
        first = int(reply.headers.get("Content-Range", "bytes 0-").split(" ")[1].split("-")[0])
        reply.body = faults_module.damage(fault, reply.body, 0, first, len(reply.body))
    return reply
