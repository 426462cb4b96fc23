"""What the end-to-end tests share: the demo hub, a daemon of their own, and the command line against it."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HFGET_BUILD", ROOT / "build/release"))
# Of AddressSanitizer, when hfgetd is built with it: it wants to come before anything else that is loaded.
SANITIZER = next(iter(re.findall(r"\S+/libasan\S+", subprocess.run(["ldd", BUILD / "hfgetd"], text=True, capture_output=True).stdout)), None)
sys.path.insert(0, str(ROOT / "tests/hub_server"))

from client import DemoHub  # noqa: E402


def wait_for(condition, seconds: float = 20, what: str = "the condition"):
    """Polls, because another process cannot tell us."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {seconds} s")


class Hfget:
    """One user's world: folders, configuration, daemon. Owns: the daemon process it started."""

    def __init__(self, root: pathlib.Path, hub: DemoHub, sources: list[str] | None = None, config: str = "", per_source: str = ""):
        self.root = root
        self.hub = hub
        self.home = root / "home"
        self.cache = root / "home/.cache/huggingface/hub"
        self.scope_cache = root / "home/.cache/modelscope"
        self.socket = root / "run/hfgetd.sock"
        self.state = root / "state"
        self.config = root / "config.toml"
        for folder in (self.home, root / "run"):
            folder.mkdir(parents=True, exist_ok=True)
        (root / "run").chmod(0o700)
        names = sources or list(hub.sources)
        lines = [f"sources = {json.dumps(names)}", 'probe_repo = "demo/tiny-gpt2"', config]
        for name in names:
            lines += [f"[source.{name}]", f'endpoint = "{hub.endpoint(name)}"', "enabled = true", per_source]
        self.config.write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen | None = None
        self.env = {k: v for k, v in os.environ.items() if not re.match(r"HF_|HFGET_|HUGGING|MODELSCOPE_|XDG_|.*_proxy$", k, re.I)}
        self.env |= {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(root / "run"), "NO_COLOR": "1"}
        self.daemon_env: dict[str, str] = {}  # for hfgetd alone: FaultShim.env
        self.cli = BUILD / "hfget"

    # --- the daemon

    def start_daemon(self, *flags: str, may_die: bool = False) -> "Hfget":
        log = open(self.root / "hfgetd.log", "ab")
        self.process = subprocess.Popen(
            [BUILD / "hfgetd", "--socket", self.socket, "--state-dir", self.state, "--config", self.config, *flags],
            env=self.env | self._preloads(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        log.close()
        wait_for(lambda: self.process.poll() is not None or self.run("daemon", "status").returncode == 0, what="the daemon")
        assert may_die or self.process.poll() is None, self.log()
        return self

    def _preloads(self) -> dict[str, str]:
        preload = self.daemon_env.get("LD_PRELOAD")
        return self.daemon_env | ({"LD_PRELOAD": f"{SANITIZER} {preload}"} if SANITIZER and preload else {})

    def kill_daemon(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop_daemon(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def log(self) -> str:
        files = [self.root / "hfgetd.log", self.state / "hfgetd.log"]
        return "".join(f.read_text() for f in files if f.exists())

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill_daemon()
        self.run("daemon", "stop")

    # --- the command line

    def isolate_command_line(self) -> None:
        """It finds no hfgetd any more, so that it cannot start one in the place of the one that a test has killed."""
        self.cli = self.root / "bin/hfget"
        self.cli.parent.mkdir()
        shutil.copy2(BUILD / "hfget", self.cli)
        self.env["PATH"] = "/usr/bin:/bin"

    def command(self, *arguments) -> list[str]:
        flags = ["--socket", self.socket, "--state-dir", self.state, "--config", self.config]
        return [str(a) for a in (self.cli, *flags, *arguments)]

    def run(self, *arguments, timeout: float = 120, env: dict | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*arguments), env=self.env | (env or {}), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=timeout)  # fmt: skip

    def pull(self, *arguments, **options) -> pathlib.Path:
        """A pull that must succeed; the path it printed."""
        done = self.run("pull", *arguments, **options)
        assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.log()[-4000:]}"
        return pathlib.Path(done.stdout.strip())

    def pulls(self) -> list[dict]:
        return json.loads(self.run("ps", "--all", "--json").stdout)


def listing(hub: DemoHub, repo: str, revision: str = "main", kind: str = "models", token: str | None = None) -> dict[str, dict]:
    """path -> row, from the official hub itself."""
    quoted = urllib.parse.quote(revision, safe="")
    url = f"{hub.endpoint()}/api/{kind}/{repo}/tree/{quoted}?recursive=true"
    rows = []
    while url:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            rows += json.load(answer)
            link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
            url = link and link.group(1)
    return {row["path"]: row for row in rows if row["type"] == "file"}


def scope_listing(hub: DemoHub, repo: str, revision: str = "master", kind: str = "models", token: str | None = None) -> dict[str, dict]:
    """path -> row, from ModelScope itself."""
    call, rows, page = ("repo/tree" if kind == "datasets" else "repo/files"), [], 0
    while page == 0 or (kind == "datasets" and len(rows) == 200 * page):
        page += 1
        query = urllib.parse.urlencode({"Revision": revision, "Recursive": "True", "PageNumber": page, "PageSize": 200})
        url = f"{hub.endpoint('modelscope')}/api/v1/{kind}/{repo}/{call}?{query}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            rows += json.load(answer)["Data"]["Files"]
    return {row["Path"]: row for row in rows if row["Type"] == "blob"}


def digest(path: pathlib.Path, row: dict) -> str:
    if "lfs" in row:
        h = hashlib.sha256()
    else:
        h = hashlib.sha1(f"blob {path.stat().st_size}\0".encode())
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            h.update(block)
    return h.hexdigest()


def assert_complete(folder: pathlib.Path, rows: dict[str, dict]):
    """Every file of the listing is there and has the listed hash; nothing else is."""
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and ".cache" not in p.relative_to(folder).parts}
    assert there == set(rows)
    for path, row in rows.items():
        assert digest(folder / path, row) == row.get("lfs", {}).get("oid", row["oid"]), path


def assert_scope_complete(folder: pathlib.Path, rows: dict[str, dict]):
    """The same of a listing of ModelScope, whose SDK takes whatever lies in the folder for a file of the repo."""
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
    assert there == set(rows) and rows
    for path, row in rows.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == row["Sha256"], path


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory):
    with DemoHub(live=True, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


@pytest.fixture
def hub(shared_hub):
    shared_hub.reset()
    for source in shared_hub.sources:
        shared_hub.rate(source, 0)
    yield shared_hub
    shared_hub.reset()


@pytest.fixture
def world(hub, tmp_path):
    """Makes users' worlds; closes them at the end."""
    made: list[Hfget] = []

    def make(**options) -> Hfget:
        made.append(Hfget(tmp_path / f"user{len(made)}", hub, **options))
        return made[-1]

    yield make
    for user in made:
        user.close()


@pytest.fixture
def user(world):
    """A user with the four sources and a daemon that runs."""
    return world().start_daemon()
