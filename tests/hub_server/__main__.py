"""Starts the demo hub: content, nginx, the hub, the wires, the control API. See README.md."""

import argparse
import asyncio
import ctypes
import json
import os
import pathlib
import signal
import sys

from aiohttp import web

import accounts
import control as control_module
import demo_repos
import modelscope_repos
from content import ContentStore
from control import Control
from faults import FaultBook
from hub_app import Hub
from links import Links
from modelscope_app import ModelScope
from nginx import Nginx
from repos import Catalog
from requestlog import RequestLog
from sources import default_sources, listen, modelscope_source, port_of
from wire import Wire


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hub_server", description=__doc__)
    parser.add_argument("--dir", required=True, type=pathlib.Path, help="work directory; hub.json is written there")
    parser.add_argument("--spec", type=pathlib.Path, help="JSON with more repos")
    parser.add_argument("--port", type=int, default=0, help="port of the official hub (default: any)")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--page-size", type=int, default=1000)
    parser.add_argument("--link-life", type=float, default=3600, help="seconds until a signed link expires")
    parser.add_argument("--rate", action="append", default=[], metavar="NAME=BYTES_PER_S", help="per connection")
    parser.add_argument("--rate-per", choices=("connection", "source"), default="connection")
    parser.add_argument("--data-through-proxy", "--live", dest="live", action="store_true",
                        help="all traffic passes a proxy that can fail at any moment")  # fmt: skip
    parser.add_argument("--content-cache", type=pathlib.Path, help="keeps generated files between runs")
    parser.add_argument("--eager", action="store_true", help="generate all LFS files before saying ready")
    parser.add_argument("--xet-headers", action="store_true")
    parser.add_argument("--modelscope", action="store_true", help="a fifth source, which speaks ModelScope's dialect")
    parser.add_argument("--tls", action="store_true", help="https endpoints too, under an authority of their own")
    parser.add_argument("--nginx-workers", type=int, default=1)
    parser.add_argument("--die-with-parent", action="store_true")
    return parser.parse_args()


class Demo:
    """Owns: every server of one demo hub."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.work = options.dir.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.store = ContentStore(self.work / "lfs", options.content_cache)
        self.catalogs = {"huggingface": Catalog(self.store)}
        demo_repos.fill(self.catalogs["huggingface"])
        self.sources = default_sources()
        if options.modelscope:
            self.catalogs["modelscope"] = Catalog(self.store, "modelscope", "master")
            modelscope_repos.fill(self.catalogs["modelscope"], self.catalogs["huggingface"])
            self.sources.append(modelscope_source())
        spec = json.loads(options.spec.read_text()) if options.spec else {}
        self.from_spec = [repo for catalog in self.catalogs.values() for repo in catalog.add_spec(spec)]
        self.book = FaultBook()
        self.log = RequestLog(self.work / "logs/access.json")
        self.links = Links(options.link_life)
        self.wires: list[Wire] = []
        self.runners: list[web.AppRunner] = []

    async def start(self) -> None:
        options = self.options
        by_name = {source.name: source for source in self.sources}
        rest = (self.book, self.log, self.links)
        self.hub = Hub(self.catalogs["huggingface"], self.store, by_name, *rest, options.page_size, options.xet_headers,
                       options.live)  # fmt: skip
        applications = {"huggingface": self.hub}
        if options.modelscope:
            applications["modelscope"] = ModelScope(self.catalogs["modelscope"], self.store, by_name, *rest, options.live)
        sockets = {"huggingface": listen(0 if options.live else options.port)}
        sockets |= {dialect: listen() for dialect in applications if dialect not in sockets}
        ports = {dialect: port_of(made) for dialect, made in sockets.items()}
        self.nginx = Nginx(self.work, self.sources, ports, options.nginx_workers)
        self.nginx.start(self._bind(ports))
        control_socket = listen(options.control_port)
        self.control_port = port_of(control_socket)
        self.control = Control(self.hub, self.nginx, self.wires, self.catalogs)
        for dialect, application in applications.items():
            await self._serve(application.application(), sockets[dialect])
        await self._serve(self.control.application(), control_socket)
        for wire in self.wires:
            await wire.start()
        await self.nginx.wait_ready()
        for rate in options.rate:
            name, _, value = rate.partition("=")
            await self.control.set_rate(name, int(float(value)), options.rate_per)
        await self._generate()

    def _bind(self, app_ports: dict[str, int]) -> list:
        """Gives every source its ports. Returns the sockets that nginx inherits."""
        for_nginx, rates = [], {}
        for source in self.sources:
            source.hub_origin = app_ports[source.dialect]
            if source.mirror:
                for_nginx.append(listen())
                source.hub_origin = port_of(for_nginx[-1])
            for_nginx.append(listen())
            source.data_origin = port_of(for_nginx[-1])
            if self.options.tls:
                for_nginx += [listen(), listen()]
                source.hub_tls, source.data_tls = port_of(for_nginx[-2]), port_of(for_nginx[-1])
            data = self._wire(source, "data", listen(), source.data_origin, rates)
            source.fault_port = data.port
            source.hub_port, source.data_port = source.hub_origin, source.data_origin
            if self.options.live:
                hub_socket = listen(self.options.port if source.name == "official" else 0)
                source.hub_port = self._wire(source, "hub", hub_socket, source.hub_origin, rates).port
                source.data_port = data.port
        return for_nginx

    def _wire(self, source, where: str, made, origin: int, rates: dict) -> Wire:
        wire = Wire(source.name, where, made, origin, self.book, self.log, self.links)
        wire.rates = rates
        self.wires.append(wire)
        return wire

    async def _serve(self, app: web.Application, made) -> None:
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=3600)
        await runner.setup()
        await web.SockSite(runner, made).start()
        self.runners.append(runner)

    async def _generate(self) -> None:
        """Files of --spec repos are made now, those of the defaults when first asked for."""
        all_repos = [repo for catalog in self.catalogs.values() for repo in catalog.repos.values()]
        repos = all_repos if self.options.eager else self.from_spec
        for repo in repos:
            for commit in repo.commits.values():
                await self.store.prepare(file.content for file in commit.files.values() if file.lfs)

    def describe(self) -> dict:
        return {
            "pid": os.getpid(),
            "sources": [source.to_json() for source in self.sources],
            "control": f"http://127.0.0.1:{self.control_port}",
            "tokens": {"alice": accounts.ALICE_TOKEN, "bob": accounts.BOB_TOKEN},
            "repos": control_module.repo_state(self.catalogs["huggingface"]),
            "modelscope": self._describe_modelscope() if self.options.modelscope else None,
            "live": self.options.live,
            "ca": str(self.work / "tls/ca.pem") if self.options.tls else None,
        }

    def _describe_modelscope(self) -> dict:
        tokens = {account.name: token for token, account in accounts.MODELSCOPE_BY_TOKEN.items()}
        return {"tokens": tokens, "repos": control_module.repo_state(self.catalogs["modelscope"])}

    async def stop(self) -> None:
        for wire in self.wires:
            await wire.stop()
        self.nginx.stop()
        for runner in self.runners:
            for server in runner.server.connections if runner.server else []:
                server.force_close()
            await runner.cleanup()


async def run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    demo = Demo(options)
    try:
        await demo.start()
        described = json.dumps(demo.describe())
        temporary = demo.work / ".hub.json"
        temporary.write_text(described)
        os.replace(temporary, demo.work / "hub.json")
        print(described, flush=True)
        await stopped.wait()
    finally:
        await demo.stop()


def main() -> None:
    options = parse_arguments()
    if options.die_with_parent:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            sys.exit("hub_server: the parent is gone")
    asyncio.run(run(options))


main()
