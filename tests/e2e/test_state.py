"""The state folder's files damaged at rest: hfgetd starts, says what it lost, and loses no published file."""

import hashlib
import pathlib
import shutil
import subprocess

import pytest
from e2e_world import BUILD, assert_complete, listing, wait_for

MIB = 1 << 20


def flip(path: pathlib.Path):
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data), max(1, len(data) // 5)):
        data[at] ^= 0x10
    path.write_bytes(data)


def as_folder(path: pathlib.Path):
    path.unlink()
    path.mkdir()


HARMS = {
    "deleted": pathlib.Path.unlink,
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "flipped": flip,
    "a folder": as_folder,
}


def checksums(folder: pathlib.Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


class Past:
    """A user with a repo that is done and one that was stopped midway, as it lies on the disk."""

    def __init__(self, user, hub):
        self.user, self.hub = user, hub
        for source in hub.sources:
            hub.rate(source, 6 * MIB)
        user.start_daemon()
        self.done_rows, self.big_rows = listing(hub, "demo/tiny-gpt2"), listing(hub, "demo/big")
        self.snapshot = user.pull("demo/tiny-gpt2")
        user.run("pull", "demo/big", "--detach")
        wait_for(lambda: user.pulls() and any(p["done_bytes"] > 24 * MIB for p in user.pulls()), 60)
        assert user.stop_daemon() == 0
        self.published = checksums(self.snapshot)
        self.partials = user.cache / "models--demo--big/.hfget"
        assert list(self.partials.glob("*.partial"))
        for source in hub.sources:
            hub.rate(source, 0)
        self.kept = user.root / "kept"
        shutil.copytree(user.state, self.kept / "state", symlinks=True)

    def files(self) -> list[str]:
        return sorted(p.name for p in (self.kept / "state/store").iterdir() if not p.name.startswith("LOG.old"))

    def again(self) -> pathlib.Path:
        """The state folder as it was; the partial file is what the last round has left of it."""
        shutil.rmtree(self.user.state)
        shutil.copytree(self.kept / "state", self.user.state, symlinks=True)
        (self.user.root / "hfgetd.log").write_text("")
        return self.user.state / "store"


@pytest.fixture
def past(world, hub):
    return Past(world(), hub)


def damaged_stores(past):
    for name in past.files():
        for harm, apply in HARMS.items():
            store = past.again()
            apply(store / name)
            yield f"{name} {harm}", store


def test_whatever_file_is_damaged_the_daemon_starts_says_what_it_lost_and_no_published_file_is_lost(past):
    """The hub is slow, so that the big pull does not come through in the first round."""
    user, said = past.user, 0
    for source in past.hub.sources:
        past.hub.rate(source, MIB // 16)
    for what, store in damaged_stores(past):
        user.start_daemon()
        log = (user.root / "hfgetd.log").read_text()
        aside = list(user.state.glob("store.broken-*"))
        lines = [line for line in log.splitlines() if "damaged" in line and "store.broken-" in line]
        known = {p["repo"] for p in user.pulls()}
        if aside:
            said += 1
            assert len(lines) == 1 and str(aside[0]) in lines[0] and "finished files are not touched" in lines[0], (what, log)
        else:
            assert not lines and known == {"demo/tiny-gpt2", "demo/big"}, (what, log)
        assert checksums(past.snapshot) == past.published, what
        assert user.pull("demo/tiny-gpt2") == past.snapshot, what
        assert not list(user.state.glob("store.new")) and not list(user.state.glob("store.repair")), what
        user.kill_daemon()
    print(said, "of", len(past.files()) * len(HARMS), "damages were said")
    assert said > len(past.files())


@pytest.mark.parametrize("name", ["CURRENT", "*.sst"])
def test_a_pull_goes_on_from_what_could_be_read_of_a_damaged_store(past, name):
    user, hub = past.user, past.hub
    store = past.again()
    for path in store.glob(name):
        HARMS["deleted" if name == "CURRENT" else "flipped"](path)
    before = len(hub.requests())
    user.start_daemon()
    assert list(user.state.glob("store.broken-*"))
    assert_complete(user.pull("demo/big"), past.big_rows)
    assert checksums(past.snapshot) == past.published
    assert not list(past.partials.parent.glob(".hfget/*")), "an orphan is left"
    if name == "CURRENT":  # the transfer could be read, and is not fetched again
        fetched = sum(r["bytes"] for r in hub.requests()[before:] if r["status"] == 206)
        assert fetched < sum(r["size"] for r in past.big_rows.values()) - 16 * MIB


def test_a_partial_file_whose_record_is_lost_goes_with_the_next_pull(past):
    user = past.user
    shutil.rmtree(past.again())
    assert list(past.partials.glob("*.partial"))
    user.start_daemon()
    assert user.pulls() == []
    assert_complete(user.pull("demo/big"), past.big_rows)
    assert not past.partials.exists() or not list(past.partials.iterdir())


def test_a_partial_file_whose_record_is_lost_goes_even_when_the_file_has_come_otherwise(past):
    user = past.user
    shutil.rmtree(past.again())
    stray = {p.name: p.read_bytes()[:4096] for p in past.partials.glob("*.partial")}
    user.start_daemon()
    user.pull("demo/big")
    past.partials.mkdir(exist_ok=True)
    for name, data in stray.items():  # as if another program had finished first
        (past.partials / name).write_bytes(data)
    user.pull("demo/big")
    wait_for(lambda: not list(past.partials.glob("*.partial")), what="the removal")


def test_a_newer_schema_is_refused_and_every_byte_stays(past):
    user = past.user
    store = past.again()
    (store / "SCHEMA").write_text("7 9.9.9 7 9.9.9\n")
    before = checksums(store)
    done = subprocess.run([BUILD / "hfgetd", "--socket", user.socket, "--state-dir", user.state, "--config", user.config],
                          env=user.env, text=True, capture_output=True, timeout=20)  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    for words in ("hfgetd: ", "9.9.9", "schema 7", "schema 1", "--state-dir", str(store)):
        assert words in last, done.stderr
    assert checksums(store) == before
    assert not list(user.state.glob("store.*"))
