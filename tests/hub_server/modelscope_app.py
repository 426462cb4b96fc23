"""ModelScope as an aiohttp application: its API, its files, who may see what (mirrors §1; MODELSCOPE.md)."""

import http.cookies
import urllib.parse

from aiohttp import web

import accounts
import errors
import modelscope_errors as refusals
from ask import Ask
from front import Front
from modelscope_errors import enveloped, to_json
from modelscope_listing import CAP, Listing, commit_row, revisions, unix
from repos import Commit, Repo
from resolve import redirect, requested_range

_TYPES = {"models": "model", "datasets": "dataset"}


class ModelScope(Front):
    name = "modelscope"

    def __init__(self, *rest):
        super().__init__(*rest)
        self.listing = Listing(self.store)

    async def answer(self, ask: Ask) -> web.Response:
        ask.account = accounts.identify_modelscope(ask.authorization, _session(ask))
        if ask.segments[:2] == ["api", "v1"]:
            return await self._api(ask, ask.segments[2:])
        if ask.segments[:2] == ["openapi", "v1"]:
            return self._openapi(ask, ask.segments[2:])
        if "resolve" in ask.segments[2:4]:
            return await self._resolve(ask)
        # The web site: one page for every address.
        return web.Response(text="<!doctype html><title>ModelScope</title>", content_type="text/html")

    # Who may see what.

    def find_repo(self, ask: Ask, kind: str, repo_id: str) -> Repo:
        repo = self.catalog.get(kind, repo_id)
        if repo is None or repo.disabled:
            raise refusals.repo_not_found()
        if not repo.readable_by(ask.account) or not repo.granted_to(ask.account):
            raise refusals.no_access()
        return repo

    def lookup(self, ask: Ask, repo: Repo, revision: str | None) -> Commit | None:
        hidden = repo.newer_than(ask.hidden_since.commit) if ask.hidden_since else frozenset()
        try:
            return repo.lookup(revision or repo.branch, hidden)
        except errors.HubError:
            return None

    # The API.

    async def _api(self, ask: Ask, rest: list[str]) -> web.Response:
        if rest == ["login"] and ask.method == "POST":
            return await self._login(ask)
        if rest == ["repos", "internalAccelerationInfo"]:
            return enveloped({"InternalRegionQueryAddress": ""})
        if rest[:1] == ["datasets"] and len(rest) > 1 and rest[1].isdigit():
            rest = ["datasets", *self._by_number(int(rest[1])), *rest[2:]]
        if len(rest) < 3 or rest[0] not in _TYPES or ask.method not in ("GET", "HEAD"):
            raise refusals.no_such_route()
        calls = {
            (): self._info,
            ("repo", "files"): self._files,
            ("repo",): self._file,
            ("revisions",): self._revisions,
            ("commits",): self._commits,
        }
        if rest[0] == "datasets":
            calls["repo", "tree"] = self._tree
        call = calls.get(tuple(rest[3:]))
        if call is None:
            raise refusals.no_such_route()
        return await call(ask, self.find_repo(ask, _TYPES[rest[0]], f"{rest[1]}/{rest[2]}"))

    def _by_number(self, number: int) -> list[str]:
        """Clients up to 1.37 name a dataset by the Id of its description."""
        ids = [repo.id for (kind, _), repo in self.catalog.repos.items() if kind == "dataset" and _number(repo) == number]
        return (ids or ["no/such"])[0].split("/")

    async def _info(self, ask: Ask, repo: Repo) -> web.Response:
        return enveloped(_described(repo))

    async def _files(self, ask: Ask, repo: Repo) -> web.Response:
        """All of it in one reply, cut at the cap. A revision that is not there is a success with no files."""
        rows = await self._asked_rows(ask, repo)
        return enveloped({"Files": rows[:CAP] or None, "LatestCommitter": {"Name": "demo"}})

    async def _tree(self, ask: Ask, repo: Repo) -> web.Response:
        rows = await self._asked_rows(ask, repo)
        size = max(1, int(_value(ask, "PageSize") or 100))
        start = (max(1, int(_value(ask, "PageNumber") or 1)) - 1) * size
        return enveloped({"Files": rows[start : start + size], "TotalCount": len(rows)})

    async def _asked_rows(self, ask: Ask, repo: Repo) -> list[dict]:
        commit = self.lookup(ask, repo, _value(ask, "Revision"))
        if commit is None:
            return []
        return await self.listing.rows(repo, commit, _value(ask, "Root"), _value(ask, "Recursive").lower() == "true")

    async def _revisions(self, ask: Ask, repo: Repo) -> web.Response:
        return enveloped(revisions(repo))

    async def _commits(self, ask: Ask, repo: Repo) -> web.Response:
        commit = self.lookup(ask, repo, _value(ask, "Ref"))
        if commit is None:
            return enveloped({"Commit": None})
        size = int(_value(ask, "PageSize") or 20)
        start = (int(_value(ask, "PageNumber") or 1) - 1) * size
        return enveloped({"Commit": [commit_row(c) for c in repo.history(commit)[start : start + size]]})

    async def _login(self, ask: Ask) -> web.Response:
        token = (await ask.request.json()).get("AccessToken")
        account = accounts.MODELSCOPE_BY_TOKEN.get(token)
        if account is None:
            raise refusals.token_refused()
        data = {"AccessToken": f"git-{account.name}", "Username": account.name, "Email": f"{account.name}@example.invalid"}
        return enveloped(data, {"Set-Cookie": f"m_session_id={token}; Path=/; Max-Age=2592000"})

    def _openapi(self, ask: Ask, rest: list[str]) -> web.Response:
        if rest == ["users", "me"]:
            if ask.account is None:
                body = {"success": False, "code": "InvalidAuthentication", "message": "Authentication failed"}
                return to_json(body, 401)
            return to_json({"success": True, "data": {"id": ask.account.id, "username": ask.account.name}})
        if len(rest) == 3 and rest[0] in _TYPES:
            repo = self.catalog.get(_TYPES[rest[0]], "/".join(rest[1:]))
            if repo and repo.readable_by(ask.account):
                return to_json({"success": True, "data": {"id": repo.id, "visibility": "private" if repo.private else "public"}})
        return to_json({"success": False, "code": "ResourceNotFound", "message": "record not found"}, 404)

    # Files.

    async def _file(self, ask: Ask, repo: Repo) -> web.Response:
        """…/repo?Revision=&FilePath=: an absent file is a 404; HEAD knows no redirect."""
        revision = _value(ask, "Revision") or repo.branch
        return await self._bytes(ask, repo, revision, _value(ask, "FilePath"), 404)

    async def _resolve(self, ask: Ask) -> web.Response:
        """[/models|/datasets]/{id}/resolve/{rev}/{path}: no HEAD, and an absent file is a 200 with JSON."""
        if ask.method == "HEAD":
            raise refusals.no_such_route()
        kind = _TYPES.get(ask.segments[0])
        rest = ask.segments[1:] if kind else ask.segments
        if len(rest) < 5 or rest[2] != "resolve":
            raise refusals.no_such_route()
        repo = self.find_repo(ask, kind or "model", "/".join(rest[:2]))
        return await self._bytes(ask, repo, rest[3], "/".join(rest[4:]), 200)

    async def _bytes(self, ask: Ask, repo: Repo, revision: str, path: str, absent: int) -> web.Response:
        commit = self.lookup(ask, repo, revision)
        file = commit.files.get(path) if commit else None
        if file is None:
            raise refusals.file_not_found(absent)
        if ask.method == "HEAD":
            return web.Response(headers={"Content-Length": str(file.size)}, content_type="application/octet-stream")
        if not file.lfs:
            return serve_small(ask, path, file.content.read())
        await self.store.prepare([file.content])
        base = self.data_base(self.sources[self.name], ask.tls)
        sha256 = self.store.sha256(file.content)
        return redirect(302, self.links.make_lfs(base, repo, sha256, path, revision, ask.expired_links))


def serve_small(ask: Ask, path: str, data: bytes) -> web.Response:
    """From git: a bounded range is a 200 that says Content-Range; one without an end is not noticed."""
    name = urllib.parse.quote(path.rsplit("/", 1)[-1])
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
               "Content-Type": "application/octet-stream"}  # fmt: skip
    asked = ask.range or ""
    span = requested_range(asked, len(data)) if not asked.endswith("-") else None
    if span:
        headers["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(data)}"
        data = data[span[0] : span[1] + 1]
    return web.Response(headers=headers, body=data)


def _number(repo: Repo) -> int:
    return int(repo.internal_id[:8], 16)


def _described(repo: Repo) -> dict:
    newest = repo.commits[repo.branches[repo.branch]]
    owner, name = repo.id.split("/")
    return {
        "Id": _number(repo),
        "Type": 1,
        "Path": owner,
        "Namespace": owner,
        "Name": name,
        "Revision": repo.branch,
        "Visibility": 1 if repo.private else 5,
        "CreatedTime": unix(min(commit.date for commit in repo.commits.values())),
        "LastUpdatedTime": unix(newest.date),
        "StorageSize": sum(file.size for file in newest.files.values()),
        "Downloads": 1,
    }


def _value(ask: Ask, name: str) -> str:
    return ask.query.get(name, [""])[-1]


def _session(ask: Ask) -> str | None:
    morsel = http.cookies.SimpleCookie(ask.request.headers.get("Cookie", "")).get("m_session_id")
    return morsel.value if morsel else None
