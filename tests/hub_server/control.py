"""The control API, on a port of its own: faults, the request log, rates, limits, new commits."""

import asyncio

from aiohttp import web

import faults as faults_module
from repos import file_from_json


class Control:
    def __init__(self, hub, nginx, wires, catalogs):
        self.hub, self.nginx, self.wires = hub, nginx, wires
        self.catalogs = catalogs  # by hub: "huggingface", and "modelscope" where it is on

    def application(self) -> web.Application:
        app = web.Application(client_max_size=256 << 20, middlewares=[_explain])
        app.add_routes(
            [
                web.get("/faults", self.list_faults),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
                web.delete("/faults/{id}", self.clear_faults),
                web.get("/requests", self.requests),
                web.post("/reset", self.reset),
                web.post("/rate", self.rate),
                web.post("/limits", self.limits),
                web.post("/commit", self.commit),
                web.get("/state", self.state),
            ]
        )
        return app

    async def list_faults(self, request: web.Request) -> web.Response:
        return web.json_response([fault.to_json() for fault in self.hub.book.faults.values()])

    async def add_fault(self, request: web.Request) -> web.Response:
        fields = await request.json()
        if fields.get("source", "*") not in {"*", *self.hub.sources}:
            raise ValueError(f"no source {fields['source']!r}")
        probe = faults_module.Fault(**{"source": "*", **fields})
        needs_wire = probe.kind in faults_module.STREAM | faults_module.CONNECT
        if probe.where in ("hub", "any") and needs_wire and not self.hub.live:
            raise ValueError(f"{probe.kind} at the hub needs --data-through-proxy")
        fault = await self.hub.book.add({"source": "*", **fields})
        return web.json_response(fault.to_json())

    async def clear_faults(self, request: web.Request) -> web.Response:
        given = request.match_info.get("id")
        await self.hub.book.remove(int(given) if given else None)
        return web.json_response({})

    async def requests(self, request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)  # nginx writes its line a moment after the last byte
        return web.json_response(self.hub.log.since(int(request.query.get("since", 0))))

    async def reset(self, request: web.Request) -> web.Response:
        await self.hub.book.remove()
        await asyncio.sleep(0.05)
        self.hub.log.reset()
        self.hub.limits.reset()
        return web.json_response({})

    async def rate(self, request: web.Request) -> web.Response:
        """{"source", "bytes_per_s" (0: no limit), "per": "connection" | "source" (live only)}"""
        asked = await request.json()
        await self.set_rate(asked["source"], int(asked["bytes_per_s"]), asked.get("per", "connection"))
        return web.json_response({})

    async def set_rate(self, source: str, bytes_per_s: int, per: str) -> None:
        if source not in self.hub.sources or per not in ("connection", "source"):
            raise ValueError(f"no source {source!r}, or per is not connection or source")
        if self.hub.live:
            for wire in self.wires:
                wire.rates[source] = (bytes_per_s, per)
        elif per == "connection":
            await self.nginx.set_rate(self.hub.sources[source], bytes_per_s)
        else:
            raise ValueError('"per": "source" needs --data-through-proxy')

    async def limits(self, request: web.Request) -> web.Response:
        self.hub.limits.set(await request.json())
        self.hub.limits.reset()
        return web.json_response(self.hub.limits.quotas | {"window": self.hub.limits.window})

    async def commit(self, request: web.Request) -> web.Response:
        """{"repo", "type"?, "hub"?, "ref"?, "title"?, "files": [FILE…], "delete"?}, FILE as in README.md."""
        asked = await request.json()
        repo = self.catalogs[asked.get("hub", "huggingface")].get(asked.get("type", "model"), asked["repo"])
        if repo is None:
            raise ValueError(f"no repo {asked['repo']!r}")
        files = {spec["path"]: file_from_json(spec) for spec in asked.get("files", [])}
        made = repo.commit(asked.get("title", "Update"), files, asked.get("ref"), asked.get("delete", ()))
        return web.json_response({"commit": made, "parent": repo.commits[made].parent})

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(repo_state(self.catalogs[request.query.get("hub", "huggingface")]))


def repo_state(catalog) -> list[dict]:
    """Ids, refs and commits of all repos, as in hub.json."""
    return [
        {
            "type": repo.type,
            "id": repo.id,
            "commit": repo.branches[repo.branch],
            "branches": repo.branches,
            "tags": repo.tags,
            "pull_requests": repo.pull_requests,
            "commits": list(repo.commits),
            "private": repo.private,
            "gated": repo.gated,
            "disabled": repo.disabled,
        }
        for repo in catalog.repos.values()
    ]


@web.middleware
async def _explain(request: web.Request, handler):
    """A test's mistake is answered in words."""
    try:
        return await handler(request)
    except (ValueError, KeyError, TypeError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
