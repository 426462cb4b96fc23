"""The official hub as an aiohttp application; mirrors are nginx in front of it and say so in X-Demo-Source."""

import asyncio
import secrets

from aiohttp import web

import accounts
import ask as ask_module
import errors
import faults as faults_module
import ratelimit
from api import Api
from ask import API_TYPES, WEB_PREFIXES, Ask
from faults import FaultBook
from links import Links
from ratelimit import RateLimits
from repos import Catalog, Commit, ContentStore, Repo
from requestlog import RequestLog
from resolve import Resolve, redirect
from sources import Source


class Hub:
    def __init__(self, catalog: Catalog, store: ContentStore, sources: dict[str, Source], book: FaultBook, log: RequestLog,
                 links: Links, page_size: int, xet_headers: bool, live: bool):  # fmt: skip
        self.catalog, self.store, self.sources = catalog, store, sources
        self.book, self.log, self.links = book, log, links
        self.page_size, self.xet_headers, self.live = page_size, xet_headers, live
        self.limits = RateLimits()
        self.api, self.resolve = Api(self), Resolve(self)

    @property
    def official(self) -> Source:
        return self.sources["official"]

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

    # Who may do what (reference §1 "Gated repo", §2.3).

    def find_repo(self, ask: Ask, start: int, subpaths):
        """The repo named at segment `start`, and what follows it. A legacy or wrongly cased id is a relative 307."""
        kinds = API_TYPES if ask.segments[0] == "api" else WEB_PREFIXES
        kind = kinds.get(ask.segments[start - 1]) if start else "model"
        rest = ask.segments[start:]
        if kind is None or not rest or not rest[0]:
            raise errors.no_such_page()
        for count in (2, 1):
            name = "/".join(rest[:count])
            if len(rest) < count:
                continue
            if repo := self.catalog.get(kind, name):
                return repo, rest[count:]
            if better := self.catalog.canonical(kind, name):
                tail = "/".join([*ask.raw[:start], better, *ask.raw[start + count :]])
                query = f"?{ask.raw_query}" if ask.raw_query else ""
                raise Moved(f"/{tail}{query}")
        raise errors.repo_not_found() if ask.account else errors.login_required()

    def may_see(self, repo: Repo, account) -> None:
        if not repo.readable_by(account):
            raise errors.repo_not_found() if account else errors.login_required()
        if repo.disabled:
            raise errors.disabled()

    def may_read(self, repo: Repo, account, commit: Commit | None = None) -> None:
        if not repo.granted_to(account):
            refused = errors.gated(repo, account is not None)
            if commit:
                refused.headers["X-Repo-Commit"] = commit.id
            raise refused

    def lookup(self, ask: Ask, repo: Repo, revision: str) -> Commit:
        hidden = repo.newer_than(ask.hidden_since.commit) if ask.hidden_since else frozenset()
        return repo.lookup(revision, hidden)

    # One request.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ask = ask_module.parse(request)
        entry = self.log.add(
            server="app", edge=ask.source == "official" and "X-Demo-Proxied" not in request.headers,
            via=None if ask.source == "official" else ask.source, source="official", where="hub", method=ask.method,
            path=request.raw_path, range=request.headers.get("Range"), authorization=ask.authorization,
            user_agent=request.headers.get("User-Agent"), status=None, bytes=0, faults=[],
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
        reply = await self._limited(ask)
        for fault in struck:
            if fault.kind in faults_module.ALTER:
                reply = alter(fault, reply)
        return reply

    async def _limited(self, ask: Ask) -> web.Response:
        """Counts the request, checks the token, and puts RateLimit on whatever comes out (reference §3)."""
        bucket = ratelimit.bucket_of(ask.segments)
        refused = None
        try:
            ask.account = accounts.identify(ask.authorization)
        except errors.HubError as error:
            refused = error
        token = ask.account.token if ask.account else None
        counted = ask.segments[:2] != ["api", "resolve-cache"]
        allowed, quota, headers = self.limits.take(bucket, token, ask.source, counted)
        try:
            if not allowed:
                raise errors.rate_limited(bucket, quota, self.limits.window)
            if refused:
                raise refused
            reply = await self._dispatch(ask)
        except Moved as moved:
            reply = redirect(307, moved.location)
        except errors.HubError as error:
            reply = error.reply()
        reply.headers.update(headers)
        return reply

    async def _dispatch(self, ask: Ask) -> web.Response:
        if ask.segments[:2] == ["api", "resolve-cache"]:
            return await self.resolve.handle_cache(ask)
        if ask.segments[0] == "api":
            return await self.api.handle(ask)
        if "resolve" in ask.segments[1:4]:
            return await self.resolve.handle(ask)
        return await self._page(ask)

    async def _page(self, ask: Ask) -> web.Response:
        """The web site, as far as a client may stray into it."""
        repo, rest = self.find_repo(ask, 1 if ask.segments[0] in WEB_PREFIXES else 0, ())
        self.may_see(repo, ask.account)
        if rest:
            raise errors.no_such_page()
        return web.Response(text=f"<!doctype html><title>{repo.id}</title>", content_type="text/html")


class Moved(Exception):
    def __init__(self, location: str):
        self.location = location


def alter(fault, reply: web.Response) -> web.Response:
    """A hub reply damaged as a bad mirror would: the length stays right."""
    if fault.kind in ("wrong-content-range", "wrong-total"):
        if "Content-Range" in reply.headers:
            lie = faults_module.wrong_content_range(fault, reply.headers["Content-Range"])
            reply.headers["Content-Range"] = lie
    elif fault.kind in ("flip", "garbage") and reply.status in (200, 206) and reply.body:
        first = int(reply.headers.get("Content-Range", "bytes 0-").split(" ")[1].split("-")[0])
        reply.body = faults_module.damage(fault, reply.body, 0, first, len(reply.body))
    return reply
