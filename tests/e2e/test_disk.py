"""Disks that fail under a pull: it pauses with the cause, goes on when that has gone, and what it publishes is right."""

import json
import os
import re
import shutil
import subprocess

import pytest
from e2e_world import assert_complete, listing, wait_for
from fault_shim import FaultShim

MIB = 1 << 20
BIG = "demo/big"


@pytest.fixture
def shim(world, tmp_path):
    """A daemon whose file calls fail on demand."""
    made = FaultShim(tmp_path / "shim")
    made.user = world()
    made.user.daemon_env = made.env
    made.user.start_daemon()
    return made


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder]).returncode != 0:
        pytest.skip("may not mount here")
    yield folder
    subprocess.run(["umount", "-l", folder])


def state_of(user, pull: str) -> dict:
    return next(p for p in user.pulls() if p["id"] == pull)


def slow(hub, mib: float = 8) -> None:
    for source in hub.sources:
        hub.rate(source, int(mib * MIB / len(hub.sources)))


def fast(hub) -> None:
    for source in hub.sources:
        hub.rate(source, 0)


def begin(user, hub, *arguments, repo: str = BIG, after: int = 8 * MIB) -> str:
    """A pull under way, with so much fetched."""
    slow(hub)
    pull = user.run("pull", repo, "--detach", *arguments).stdout.strip()
    wait_for(lambda: state_of(user, pull)["fetched_bytes"] >= after, what="the first bytes")
    return pull


def paused(user, pull: str, words: str) -> dict:
    found = wait_for(lambda: (p := state_of(user, pull))["state"] == "paused" and p, seconds=30, what=f"pausing, {user.log()[-3000:]}")
    assert found["error"]["cause"] == "disk" and re.search(words, found["error"]["message"]), found["error"]
    assert len(found["error"]["message"].splitlines()) == 1
    return found


def done(user, hub, pull: str, repo: str = BIG) -> dict:
    fast(hub)
    watched = user.run("watch", pull, "--json")
    assert watched.returncode == 0, watched.stderr + user.log()[-3000:]
    end = json.loads(watched.stdout.splitlines()[-1])
    assert_complete(__import__("pathlib").Path(end["path"]), listing(hub, repo))
    return end


def partial(user, at_least: int = 0):
    files = [p for p in user.home.rglob("*.partial") if p.stat().st_size > at_least]
    return max(files, key=lambda p: p.stat().st_size)


def test_a_disk_that_fills_up_under_the_pull(shim, hub):
    user = shim.user
    pull = begin(user, hub)
    shim.set("pwrite .partial ENOSPC", "statvfs * full")
    found = paused(user, pull, "No space left on device")
    assert "free some space" in found["error"]["message"]
    assert "paused" in user.run("ps").stdout
    shim.clear()
    end = done(user, hub, pull)
    assert end["fetched_bytes"] + end["reused_bytes"] <= end["total_bytes"] + 96 * MIB


def test_the_command_line_waits_with_a_pull_that_pauses_in_its_midst(shim, hub):
    user = shim.user
    slow(hub)
    command = subprocess.Popen(user.command("pull", BIG), env=user.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pull = wait_for(lambda: user.pulls() and user.pulls()[0])["id"]
    wait_for(lambda: state_of(user, pull)["fetched_bytes"] > 4 * MIB)
    shim.set("pwrite .partial ENOSPC")
    paused(user, pull, "No space left")
    shim.clear()
    fast(hub)
    out, err = command.communicate(timeout=60)
    assert command.returncode == 0, err
    assert "paused: " in err and out.strip().count("\n") == 0


@pytest.mark.parametrize("rule,words", [
    ("pwrite .partial EDQUOT", "quota"),
    ("pwrite .partial EIO", "Input/output error"),
    ("fdatasync .partial EIO", "Input/output error"),
    ("pwrite,fdatasync,fallocate,open,rename .hfget EROFS", "Read-only"),
])  # fmt: skip
def test_a_fault_that_lasts_is_a_pause(shim, hub, rule, words):
    user = shim.user
    pull = begin(user, hub)
    shim.set(rule)
    paused(user, pull, words)
    shim.clear()
    done(user, hub, pull)


@pytest.mark.parametrize("rule", [
    "pwrite .partial EINTR p=0.3 seed=1",
    "pwrite .partial short p=0.3 seed=2",
    "pread .partial short p=0.5 seed=3",
    "pread .partial EIO nth=2 count=3",
    "fdatasync .partial EIO count=2",
    "rename blobs EIO count=2",
    "flock * ENOLCK",
    "fallocate * EOPNOTSUPP",
    "open .partial EMFILE count=2",
])  # fmt: skip
def test_a_fault_that_passes_costs_nothing_but_time(shim, hub, rule):
    user = shim.user
    pull = begin(user, hub)
    shim.set(rule)
    done(user, hub, pull)


def test_a_failed_sync_is_not_tried_again_as_if_it_had_worked(shim, hub):
    user = shim.user
    pull = begin(user, hub)
    shim.set("fdatasync .partial EIO count=1", "open,fdatasync,pwrite .partial log")
    paused(user, pull, "cannot sync the partial file")
    done(user, hub, pull)
    calls = [c for c in shim.calls() if c.path.endswith(".partial") or ".partial" in c.path]
    failed = next(i for i, c in enumerate(calls) if c.name == "fdatasync" and c.struck)
    after = [c.name for c in calls[failed + 1:] if c.path == calls[failed].path]
    again = after.index("fdatasync") if "fdatasync" in after else len(after)
    assert "open" in after[:again], "synced again without being opened anew"


def test_a_target_that_is_full_before_the_first_byte(world, hub, small_disk):
    user = world().start_daemon()
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (195 * MIB))
    refused = user.run("pull", BIG, "--local-dir", small_disk / "m")
    assert refused.returncode == 6 and "too full" in refused.stderr and "hfget watch" in refused.stderr, refused.stderr
    pull = user.pulls()[0]["id"]
    paused(user, pull, "are needed and")
    filler.unlink()
    done(user, hub, pull)


def test_a_real_disk_that_others_fill(world, hub, small_disk):
    user = world().start_daemon()
    pull = begin(user, hub, "--local-dir", small_disk / "m", after=2 * MIB)
    with open(small_disk / "filler", "wb") as filler:
        try:
            for _ in range(200):
                filler.write(b"x" * MIB)
                filler.flush()
        except OSError:
            pass
    # What was reserved stays ours: either it comes through, or it pauses and goes on.
    wait_for(lambda: state_of(user, pull)["state"] in ("paused", "done") or state_of(user, pull)["fetched_bytes"] > 20 * MIB)
    (small_disk / "filler").unlink()
    done(user, hub, pull)


def test_a_read_only_remount(world, hub, small_disk):
    user = world().start_daemon()
    pull = begin(user, hub, "--local-dir", small_disk / "m")
    if subprocess.run(["mount", "-o", "remount,ro", small_disk], capture_output=True).returncode != 0:
        # Linux refuses while files are open for writing; then nobody else can do it to us, either.
        pytest.skip("busy: the kernel protects open files")
    paused(user, pull, "Read-only")
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    done(user, hub, pull)


def test_a_folder_deleted_underneath(world, hub):
    user = world().start_daemon()
    pull = begin(user, hub)
    shutil.rmtree(user.cache / "models--demo--big")
    done(user, hub, pull)


def test_a_local_folder_deleted_underneath(world, hub):
    user = world().start_daemon()
    here = user.home / "here"
    pull = begin(user, hub, "--local-dir", here)
    shutil.rmtree(here)
    done(user, hub, pull)


@pytest.mark.parametrize("how", ["overwritten", "truncated", "cut by path", "replaced"])
def test_a_partial_file_altered_while_it_is_written(world, hub, how):
    user = world().start_daemon()
    pull = begin(user, hub)
    path = partial(user)
    if how == "overwritten":
        with open(path, "r+b") as f:
            for offset in range(0, path.stat().st_size, 3 * MIB):
                f.seek(offset)
                f.write(b"altered by somebody")
    elif how == "truncated":
        with open(path, "r+b") as f:
            f.truncate(MIB)
    elif how == "cut by path":
        os.truncate(path, 3 * MIB)
    else:
        other = path.with_name("other")
        other.write_bytes(b"z" * path.stat().st_size)
        os.replace(other, path)
    done(user, hub, pull)
    convicted = [s for s in json.loads(user.run("sources", "--json").stdout) if s["state"] == "quarantined"]
    assert not convicted


@pytest.mark.parametrize("end", ["kill_daemon", "stop_daemon"])
@pytest.mark.parametrize("how", ["overwritten", "truncated"])
def test_a_partial_file_altered_while_the_daemon_was_away(world, hub, end, how):
    user = world().start_daemon()
    pull = begin(user, hub, after=10 * MIB)
    getattr(user, end)()
    path = partial(user)
    with open(path, "r+b") as f:
        if how == "overwritten":
            f.write(b"altered by somebody")  # what the hash had passed
        else:
            f.truncate(path.stat().st_size // 2)
    user.start_daemon()
    done(user, hub, pull)


def test_a_state_folder_that_is_full(world, hub, tmp_path, shim):
    user = shim.user
    pull = begin(user, hub)
    shim.set("write,pwrite,fdatasync,fsync,fallocate store/ ENOSPC")
    wait_for(lambda: state_of(user, pull)["state"] in ("paused", "done"), seconds=60)
    shim.clear()
    assert user.run("daemon", "status").returncode == 0
    user.stop_daemon()
    user.start_daemon()
    done(user, hub, pull)
