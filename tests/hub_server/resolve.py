"""Files: resolve and resolve-cache (reference §2.1, §2.2, §7)."""

import gzip
import re
import urllib.parse

from aiohttp import web

import content
import errors
from ask import Ask
from repos import Repo, xet_hash

_TEXT = (".json", ".txt", ".md", ".py", ".jsonl", ".yaml", ".csv", ".gitattributes")
_API = {"model": "models", "dataset": "datasets", "space": "spaces"}


def redirect(status: int, location: str, headers: dict | None = None) -> web.Response:
    """With a small body of its own: its Content-Length is not the file's."""
    word = "Found" if status == 302 else "Temporary Redirect"
    return web.Response(
        status=status, text=f"{word}. Redirecting to {location}", headers={**(headers or {}), "Location": location}
    )


class Resolve:
    def __init__(self, hub):
        self.hub = hub

    async def handle(self, ask: Ask) -> web.Response:
        """/{prefix}{id}/resolve/{rev}/{path}"""
        start = 1 if ask.segments[0] in ("datasets", "spaces") else 0
        repo, rest = self.hub.find_repo(ask, start, {"resolve"})
        self.hub.may_see(repo, ask.account)
        if len(rest) < 3 or rest[0] != "resolve":
            raise errors.no_such_page()
        commit = self.hub.lookup(ask, repo, rest[1])
        self.hub.may_read(repo, ask.account, commit)
        path = "/".join(rest[2:])
        file = commit.files.get(path)
        if file is None:
            raise errors.entry_not_found(commit.id)
        headers = {"X-Repo-Commit": commit.id, "Accept-Ranges": "bytes"}
        if file.lfs:
            return await self._lfs(ask, repo, path, file, headers)
        return self._to_cache(ask, repo, commit, path, file, headers)

    def _to_cache(self, ask: Ask, repo: Repo, commit, path: str, file, headers: dict) -> web.Response:
        """Regular file: 307 to a relative place."""
        oid = content.git_blob_sha1(file.content.read())
        query = urllib.parse.urlencode({ask.path: "", "etag": f'"{oid}"'}, quote_via=urllib.parse.quote, safe="")
        kind = _API[repo.type]
        location = f"/api/resolve-cache/{kind}/{repo.id}/{commit.id}/{urllib.parse.quote(path, safe='')}?{query}"
        return redirect(307, location, headers)

    async def _lfs(self, ask: Ask, repo: Repo, path: str, file, headers: dict) -> web.Response:
        """LFS file: 302 to a data host. Its size and sha256 are in headers of this very reply."""
        await self.hub.store.prepare([file.content])
        sha256 = self.hub.store.sha256(file.content)
        headers |= {"X-Linked-Size": str(file.size), "X-Linked-Etag": f'"{sha256}"', "Cache-Control": "no-store"}
        if self.hub.xet_headers:
            base = self.hub.official.endpoint
            route = f"{base}/api/{_API[repo.type]}/{repo.id}/xet-read-token/{headers['X-Repo-Commit']}"
            headers["X-Xet-Hash"] = xet_hash(sha256)
            headers["Link"] = f'<{route}>; rel="xet-auth"'
        source = self.hub.sources[ask.source]
        base = self.hub.data_base(source, ask.tls)
        if source.serves_bytes and base is None:
            headers.pop("Cache-Control")
            headers["X-Accel-Redirect"] = f"/_lfs/{sha256}"
            return web.Response(headers=headers, content_type="application/octet-stream")
        location = self.hub.links.make(base, repo, sha256, path, ask.account, ask.expired_links)
        is_ollama = "ollama" in ask.request.headers.get("User-Agent", "").lower()
        return redirect(307 if is_ollama else 302, location, headers)

    async def handle_cache(self, ask: Ask) -> web.Response:
        """/api/resolve-cache/{type}s/{id}/{sha}/{path}"""
        repo, rest = self.hub.find_repo(ask, 3, ())
        self.hub.may_see(repo, ask.account)
        if len(rest) < 2:
            raise errors.no_such_page()
        commit = self.hub.lookup(ask, repo, rest[0])
        self.hub.may_read(repo, ask.account, commit)
        path = "/".join(rest[1:])
        file = commit.files.get(path)
        if file is None or file.lfs:
            raise errors.entry_not_found(commit.id)
        return serve(ask, path, file.content.read(), {"X-Repo-Commit": commit.id})


def serve(ask: Ask, path: str, data: bytes, headers: dict) -> web.Response:
    """A small file from memory: conditional, ranged, or gzip'd without a length."""
    etag = content.git_blob_sha1(data)
    text = path.endswith(_TEXT)
    kind = "text/plain; charset=utf-8" if text else "application/octet-stream"
    headers |= {"ETag": f'"{etag}"', "Accept-Ranges": "bytes", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    name = path.rsplit("/", 1)[-1]
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{urllib.parse.quote(name)}"
    asked = ask.request.headers
    if etag in re.findall(r'"([^"]*)"', asked.get("If-None-Match", "")):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = kind
    if text and data and ask.wants_gzip:
        headers |= {"Content-Encoding": "gzip", "ETag": f'W/"{etag}"'}
        headers.pop("Accept-Ranges")
        reply = web.Response(headers=headers, body=gzip.compress(data, 5))
        reply.enable_chunked_encoding()
        return reply
    fresh = asked.get("If-Range", f'"{etag}"') == f'"{etag}"'
    span = requested_range(ask.range, len(data)) if fresh else None
    if span is None:
        return web.Response(headers=headers, body=data)
    if span == ():
        headers["Content-Range"] = f"bytes */{len(data)}"
        return web.Response(status=416, headers=headers, body=b"")
    headers["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(data)}"
    return web.Response(status=206, headers=headers, body=data[span[0] : span[1] + 1])


def requested_range(value: str | None, size: int):
    """(first, last), () when it cannot be met, None when the whole file is to be sent."""
    fits = re.fullmatch(r"bytes=(\d*)-(\d*)", (value or "").strip())
    if not fits or fits.group(0) == "bytes=-":
        return None
    first, last = fits.groups()
    if not first:
        first, last = max(0, size - int(last)), size - 1
    first, last = int(first), min(int(last) if last != "" else size - 1, size - 1)
    return (first, last) if first <= last else ()
