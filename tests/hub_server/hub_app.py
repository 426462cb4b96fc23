"""The official hub as an aiohttp application; mirrors are nginx in front of it and say so in X-Demo-Source."""

from aiohttp import web

import accounts
import errors
import ratelimit
from api import Api
from ask import API_TYPES, WEB_PREFIXES, Ask
from faults import FaultBook
from front import Front, Moved
from links import Links
from ratelimit import RateLimits
from repos import Catalog, Commit, ContentStore, Repo
from requestlog import RequestLog
from resolve import Resolve, redirect
from sources import Source


class Hub(Front):
    def __init__(self, catalog: Catalog, store: ContentStore, sources: dict[str, Source], book: FaultBook, log: RequestLog,
                 links: Links, page_size: int, xet_headers: bool, live: bool):  # fmt: skip
        super().__init__(catalog, store, sources, book, log, links, live)
        self.page_size, self.xet_headers = page_size, xet_headers
        self.limits = RateLimits()
        self.api, self.resolve = Api(self), Resolve(self)

    @property
    def official(self) -> Source:
        return self.sources["official"]

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

    async def answer(self, ask: Ask) -> web.Response:
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
