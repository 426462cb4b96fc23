"""What is pulled in the crash tests, in which layouts, and what must hold after every death."""

import dataclasses
import fcntl
import os
import pathlib
import re
import shutil

from e2e_world import DemoHub, Hfget, assert_complete, assert_scope_complete, digest, listing, scope_listing
from fault_shim import FaultShim

MIB = 1 << 20
CHECKPOINT = 64 * MIB
# Sent by the hub but not yet seen by the daemon, or written while a checkpoint's sync runs.
IN_FLIGHT = 32 * MIB


def lfs(path: str, size: int, seed: str) -> dict:
    return {"path": path, "lfs": True, "size": size, "seed": seed}


def files(version: str) -> list[dict]:
    """Of several ranges, of a few pieces, of one piece, in git, empty; and one content under two names."""
    return [
        lfs("model.safetensors", 24 * MIB, f"crash/{version}"),
        lfs("part/second.bin", 9 * MIB + 5, f"crash/second/{version}"),
        lfs("part/twin.bin", 9 * MIB + 5, f"crash/second/{version}"),
        lfs("one-piece.bin", 700_000, f"crash/one/{version}"),
        {"path": "README.md", "text": f"# crash {version}\n" * 50},
        {"path": "deep/er/notes.txt", "text": f"{version}\n"},
        {"path": "empty.txt", "text": ""},
    ]


REPO, LONG, SCOPE = "demo/crash", "demo/crash-long", "demo-scope/crash"
SPEC = {
    "repos": [
        {"type": "model", "id": REPO, "files": files("new"), "commits": [{"title": "Older", "ref": "older", "files": files("old")}]},
        {"type": "model", "id": LONG, "files": [lfs("a.bin", 144 * MIB, "long/a"), lfs("b.bin", 48 * MIB, "long/b"), *files("long")[3:]]},
        {"type": "model", "id": SCOPE, "hub": "modelscope", "files": files("new")},
    ]
}


class CrashUser(Hfget):
    """A user whose command line cannot start a daemon by itself, so that the one under test is the only one, and whose daemon
    runs under the shim."""

    def __init__(self, root: pathlib.Path, hub: DemoHub):
        super().__init__(root, hub)
        self.shim = FaultShim(root.parent / "shim")
        self.daemon_env = self.shim.env
        self.isolate_command_line()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wipe(self, state: bool = True) -> None:
        for folder in (self.home, *([self.state] if state else [])):
            shutil.rmtree(folder, ignore_errors=True)
        self.home.mkdir()


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One pull into one layout. `before`: what is pulled first, undisturbed."""

    name: str
    repo: str = REPO
    arguments: tuple = ()
    before: tuple = ()
    local: bool = False
    scope: bool = False

    def pull(self, user: CrashUser, *more: str, arguments: tuple | None = None):
        target = f"modelscope://{self.repo}" if self.scope else self.repo
        place = ("--local-dir", user.home / "here") if self.local else ()
        return user.run("pull", target, *place, *(self.arguments if arguments is None else arguments), *more)

    def rows(self, hub: DemoHub) -> dict:
        return scope_listing(hub, self.repo) if self.scope else listing(hub, self.repo)

    def size(self, hub: DemoHub) -> int:
        """Bytes that have to be fetched: equal content once in the cache, at every path elsewhere."""
        rows = self.rows(hub)
        if self.scope:
            return sum(r["Size"] for r in rows.values())
        if self.local:
            return sum(r["size"] for r in rows.values())
        return sum({r.get("lfs", {}).get("oid", r["oid"]): r["size"] for r in rows.values()}.values())

    def check(self, user: CrashUser) -> None:
        """Everything is there, is right, and nothing else is left."""
        rows = self.rows(user.hub)
        if self.scope:
            folder = user.scope_cache / f"models/{self.repo.replace('/', '--')}"
            assert_scope_complete(folder / "snapshots/master", rows)
        elif self.local:
            folder = user.home / "here"
            assert_complete(folder, rows)
            for path in rows:
                assert (folder / f".cache/huggingface/download/{path}.metadata").exists(), path
        else:
            folder = user.cache / f"models--{self.repo.replace('/', '--')}"
            commit = user.hub.repo(self.repo)["commit"]
            assert (folder / "refs/main").read_text() == commit
            assert_complete(folder / "snapshots" / commit, rows)
            known = {r.get("lfs", {}).get("oid", r["oid"]): r for r in rows.values()}
            blobs = {b.name: b for b in (folder / "blobs").iterdir()}
            assert set(blobs) == set(known), "a blob is missing, or an orphan"
            assert all(digest(blobs[name], row) == name for name, row in known.items())
        assert_no_orphans(user.home)
        assert_state_sound(user.state)


ORPHAN = re.compile(r"\.hfget-|\.new$|\.tmp$|\.partial$|\.incomplete$|link-test|write-test")


def assert_no_orphans(root: pathlib.Path) -> None:
    left = []
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            path = pathlib.Path(folder, name)
            empty = path.name in (".hfget", "partial") and path.is_dir() and not any(path.iterdir())
            if ORPHAN.search(name) or empty or (path.is_symlink() and not path.exists()):
                left.append(str(path.relative_to(root)))
            elif name.endswith(".lock") and path.is_file():
                with open(path, "rb") as f:
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises when somebody holds it
    assert not left, f"orphans: {left}"


def assert_state_sound(state: pathlib.Path) -> None:
    """Nothing is set aside as damaged: a killed process damages nothing."""
    assert {p.name for p in state.iterdir()} <= {"store", "hfgetd.lock", "hfgetd.log"}, list(state.iterdir())


def served(hub: DemoHub) -> int:
    """Bytes of files that left the hub since its log began."""
    return sum(r["bytes"] for r in hub.requests() if r["where"] == "data" and r["status"] in (200, 206))


def finish(user: CrashUser, scenario: Scenario) -> None:
    """The daemon comes back by itself and the pull comes through."""
    if user.alive():
        user.kill_daemon()
    user.shim.clear()
    user.start_daemon()
    done = scenario.pull(user)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{user.log()[-4000:]}"
    assert {p["state"].upper() for p in user.pulls()} <= {"DONE"}, user.pulls()
    scenario.check(user)


CACHE = Scenario("cache")
LOCAL = Scenario("local-dir", local=True)
REPLACED = Scenario("local-dir over an older revision", local=True, before=("--revision", "older"))
MODELSCOPE = Scenario("modelscope", repo=SCOPE, scope=True)
LONG_CACHE = Scenario("long", repo=LONG)
