"""The listing API: info, tree, paths-info, refs, commits, auth-check (reference §1)."""

import base64
import json
import urllib.parse

from aiohttp import web

import accounts
import errors
from ask import Ask
from repos import Commit, Repo, Tree, xet_hash

_SUBPATHS = {"revision", "tree", "paths-info", "refs", "commits", "auth-check", "xet-read-token"}
_EXPANDED_PAGE = 50


def to_json(value, headers: dict | None = None) -> web.Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)


class Api:
    def __init__(self, hub):
        self.hub = hub
        self._trees: dict[tuple[str, str], Tree] = {}

    async def handle(self, ask: Ask) -> web.Response:
        """Everything below /api/ but resolve-cache."""
        if ask.segments[1:] == ["whoami-v2"]:
            if ask.account is None:
                raise errors.login_required()
            return to_json(accounts.whoami(ask.account))
        repo, rest = self.hub.find_repo(ask, 2, _SUBPATHS)
        self.hub.may_see(repo, ask.account)
        name = rest[0] if rest else "info"
        if name == "info" or (name == "revision" and len(rest) == 2):
            return await self._info(ask, repo, rest[1] if rest else "main")
        handler = {
            "tree": self._tree,
            "paths-info": self._paths_info,
            "refs": self._refs,
            "commits": self._commits,
            "auth-check": self._auth_check,
        }.get(name)
        if handler is None:
            raise errors.no_such_page()
        return await handler(ask, repo, rest[1:])

    async def tree_of(self, repo: Repo, commit: Commit) -> Tree:
        key = (repo.internal_id, commit.id)
        if key not in self._trees:
            await self.hub.store.prepare(f.content for f in commit.files.values() if f.lfs)
            self._trees[key] = Tree(commit, self.hub.store)
        return self._trees[key]

    async def _info(self, ask: Ask, repo: Repo, revision: str) -> web.Response:
        commit = self.hub.lookup(ask, repo, revision)
        siblings = [{"rfilename": path} for path in sorted(commit.files)]
        if ask.flag("blobs"):
            tree = await self.tree_of(repo, commit)
            siblings = [self._sibling(commit, tree, path) for path in sorted(commit.files)]
        info = {
            "_id": repo.internal_id,
            "id": repo.id,
            "author": repo.id.split("/")[0],
            "sha": commit.id,
            "private": repo.private,
            "gated": repo.gated,
            "disabled": repo.disabled,
            "downloads": 1,
            "likes": 0,
            "tags": [],
            "createdAt": "2026-01-01T00:00:00.000Z",
            "lastModified": commit.date,
            "usedStorage": sum(file.size for file in commit.files.values()),
            "siblings": siblings,
        }
        if repo.type == "model":
            info["modelId"] = repo.id
        elif repo.type == "space":
            info["sdk"] = "gradio"
        if expand := ask.values("expand"):
            info = {key: info[key] for key in info if key in {"_id", "id", *expand}}
        return to_json(info)

    def _sibling(self, commit: Commit, tree: Tree, path: str) -> dict:
        file = commit.files[path]
        row = {"rfilename": path, "blobId": tree.oids[path], "size": file.size}
        if file.lfs:
            # Here it is lfs.sha256; in a tree it is lfs.oid.
            row["lfs"] = {"sha256": tree.sha256[path], "size": file.size, "pointerSize": tree.pointer_sizes[path]}
        return row

    def _row(self, repo: Repo, commit: Commit, tree: Tree, path: str, expand: bool) -> dict:
        file = commit.files.get(path)
        if file is None:
            row = {"type": "directory", "oid": tree.directories[path], "size": 0, "path": path}
        else:
            row = {"type": "file", "oid": tree.oids[path], "size": file.size}
            if file.lfs:
                sha256 = tree.sha256[path]
                row["lfs"] = {"oid": sha256, "size": file.size, "pointerSize": tree.pointer_sizes[path]}
                if self.hub.xet_headers:
                    row["xetHash"] = xet_hash(sha256)
            row["path"] = path
        if expand:
            row["lastCommit"] = {"id": commit.id, "title": commit.title, "date": commit.date}
            if file is not None:
                scan = {"status": "safe", "avScan": None, "pickleImportScan": None}
                row["securityFileStatus"] = scan
        return row

    async def _tree(self, ask: Ask, repo: Repo, rest: list[str]) -> web.Response:
        if not rest:
            raise errors.no_such_page()
        commit = self.hub.lookup(ask, repo, rest[0])
        tree = await self.tree_of(repo, commit)
        folder = "/".join(rest[1:]).strip("/")
        if folder and folder not in tree.directories:
            raise errors.entry_not_found(commit.id)
        names = sorted([*commit.files, *tree.directories])
        if folder:
            names = [name for name in names if name.startswith(folder + "/")]
        if not ask.flag("recursive"):
            depth = folder.count("/") + 1 if folder else 0
            names = [name for name in names if name.count("/") == depth]
        expand = ask.flag("expand")
        size = min(_EXPANDED_PAGE, self.hub.page_size) if expand else self.hub.page_size
        size = min(size, int(ask.query.get("limit", [size])[-1]))
        page, headers = self._page(ask, names, size)
        return to_json([self._row(repo, commit, tree, name, expand) for name in page], headers)

    def _page(self, ask: Ask, items: list, size: int):
        """One page, and a Link that is absolute on the official hub's own base whoever was asked."""
        cursor = ask.query.get("cursor", [""])[-1]
        try:
            start = json.loads(base64.b64decode(cursor))["from"] if cursor else 0
        except (ValueError, KeyError):
            raise errors.bad_request("Invalid cursor") from None
        if start + size >= len(items):
            return items[start:], {}
        following = base64.b64encode(json.dumps({"from": start + size}).encode()).decode()
        kept = [(k, v) for k, values in ask.query.items() if k not in ("cursor", "limit") for v in values]
        query = urllib.parse.urlencode([*kept, ("limit", size), ("cursor", following)])
        base = self.hub.official.tls_endpoint if ask.tls else self.hub.official.endpoint
        return items[start : start + size], {"Link": f'<{base}{ask.path}?{query}>; rel="next"'}

    async def _paths_info(self, ask: Ask, repo: Repo, rest: list[str]) -> web.Response:
        if ask.method != "POST" or len(rest) != 1:
            raise errors.no_such_page()
        commit = self.hub.lookup(ask, repo, rest[0])
        if ask.request.content_type == "application/json":
            asked = await ask.request.json()
            paths, expand = asked["paths"], bool(asked.get("expand"))
        else:
            form = await ask.request.post()
            paths, expand = form.getall("paths", []), str(form.get("expand", "")).lower() == "true"
        tree = await self.tree_of(repo, commit)
        paths = [p for p in ([paths] if isinstance(paths, str) else paths) if p in commit.files or p in tree.directories]
        return to_json([self._row(repo, commit, tree, path, expand) for path in paths])

    async def _refs(self, ask: Ask, repo: Repo, rest: list[str]) -> web.Response:
        def row(name, ref, target):
            return {"name": name, "ref": ref, "targetCommit": self.hub.lookup(ask, repo, target).id}

        refs = {
            "branches": [row(n, f"refs/heads/{n}", n) for n in repo.branches],
            "converts": [],
            "tags": [row(n, f"refs/tags/{n}", n) for n in repo.tags],
        }
        if ask.flag("include_prs"):
            refs["pullRequests"] = [row(n, n, n) for n in repo.pull_requests]
        return to_json(refs)

    async def _commits(self, ask: Ask, repo: Repo, rest: list[str]) -> web.Response:
        commit = self.hub.lookup(ask, repo, rest[0] if rest else "main")
        page, headers = self._page(ask, repo.history(commit), self.hub.page_size)
        author = {"user": "demo", "avatar": "/avatars/0.svg"}
        rows = [
            {"id": c.id, "title": c.title, "message": "", "authors": [author], "date": c.date}
            | ({"formatted": {"title": c.title, "message": ""}} if "formatted" in ask.values("expand") else {})
            for c in page
        ]
        return to_json(rows, headers | {"X-Total-Count": str(len(repo.history(commit)))})

    async def _auth_check(self, ask: Ask, repo: Repo, rest: list[str]) -> web.Response:
        self.hub.may_read(repo, ask.account)
        return to_json({})
