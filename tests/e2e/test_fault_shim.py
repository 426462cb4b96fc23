"""The shim itself, under a process that calls libc as it is told."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest
from fault_shim import FaultShim

# Each line of standard input is an expression; its value, or its errno, is the answer.
PROGRAM = """
import json, os, fcntl, sys
for line in sys.stdin:
    try:
        answer = eval(line)
    except OSError as e:
        answer = {"errno": e.errno}
    print(json.dumps(answer if isinstance(answer, (int, dict, str)) else None), flush=True)
"""


class Process:
    def __init__(self, shim: FaultShim):
        self.complaints = shim.log.with_suffix(".stderr")
        with open(self.complaints, "w") as complaints:
            self.child = subprocess.Popen([sys.executable, "-c", PROGRAM], env=os.environ | shim.env, text=True,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints)  # fmt: skip

    def __call__(self, expression: str):
        self.child.stdin.write(expression + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        return json.loads(line) if line else None


@pytest.fixture
def shim(tmp_path):
    return FaultShim(tmp_path / "shim")


@pytest.fixture
def call(shim):
    process = Process(shim)
    yield process
    process.child.kill()
    process.child.wait()
    process.child.stdin.close()
    process.child.stdout.close()


@pytest.fixture
def fd(call, tmp_path):
    return call(f"os.open({str(tmp_path / 'some.partial')!r}, os.O_RDWR | os.O_CREAT)")


def test_no_rules_no_effect(call, fd, shim):
    assert call(f"os.pwrite({fd}, b'abcd', 0)") == 4
    assert shim.calls() == []


def test_a_fault_is_set_and_lifted_while_the_process_runs(call, fd, shim):
    for _ in range(5):
        shim.set("pwrite,fdatasync .partial ENOSPC")
        assert call(f"os.pwrite({fd}, b'abcd', 0)") == {"errno": errno.ENOSPC}
        assert call(f"os.fdatasync({fd})") == {"errno": errno.ENOSPC}
        assert call(f"os.fsync({fd})") is None
        shim.clear()
        assert call(f"os.pwrite({fd}, b'abcd', 0)") == 4


def test_only_the_named_path_is_struck(call, fd, shim):
    shim.set("pwrite elsewhere EIO")
    assert call(f"os.pwrite({fd}, b'abcd', 0)") == 4
    assert shim.calls() == []


def test_nth_and_count(call, fd, shim):
    shim.set("pwrite * EIO nth=2 count=2")
    answers = [call(f"os.pwrite({fd}, b'abcd', 0)") for _ in range(5)]
    assert answers == [4, {"errno": errno.EIO}, {"errno": errno.EIO}, 4, 4]
    assert [c.struck for c in shim.calls()] == [False, True, True, False, False]


def test_probability_is_of_the_seed(call, fd, shim):
    runs = []
    for seed in (1, 1, 2):
        shim.set(f"pwrite * EIO p=0.3 seed={seed}")
        runs.append([call(f"os.pwrite({fd}, b'a', 0)") == 1 for _ in range(100)])
    assert runs[0] == runs[1] != runs[2]
    assert 50 <= sum(runs[0]) <= 90


def test_short_write_and_read(call, fd, shim):
    shim.set("pwrite,pread * short")
    assert call(f"os.pwrite({fd}, b'abcd', 0)") == 2
    assert call(f"os.pread({fd}, 2, 0).decode()") == "a"


@pytest.mark.parametrize("when", ["before", "after"])
def test_kill_before_and_after(call, shim, tmp_path, when):
    shim.set(f"rename target kill-{when}")
    (tmp_path / "from").touch()
    assert call(f"os.rename({str(tmp_path / 'from')!r}, {str(tmp_path / 'target')!r})") is None
    assert call.child.wait(10) == -signal.SIGKILL
    assert (tmp_path / "target").exists() == (when == "after")
    assert [c.name for c in shim.calls()] == ["rename"]


def test_log_tells_the_steps_and_changes_nothing(call, shim, tmp_path):
    shim.set(f"* {tmp_path}/x log")
    here = str(tmp_path)
    call(f"os.mkdir({here + '/x'!r})")
    call(f"os.symlink('nowhere', {here + '/x/link'!r})")
    call(f"os.rename({here + '/x/link'!r}, {here + '/x/other'!r})")
    call(f"os.unlink({here + '/x/other'!r})")
    call(f"os.statvfs({here + '/x'!r}).f_bavail")
    assert [c.name for c in shim.calls()] == ["mkdir", "symlink", "rename", "unlink", "statvfs"]
    shim.forget()
    assert shim.calls() == []


def test_full_disk_lock_and_folder(call, fd, shim, tmp_path):
    shim.set("statvfs * full", "flock .partial ENOLCK", "mkdir * EROFS", "open read-only EROFS", "fallocate * ENOSPC")
    assert call(f"os.statvfs({str(tmp_path)!r}).f_bavail") == 0
    assert call(f"os.fstatvfs({fd}).f_bavail") == 0
    assert call(f"fcntl.flock({fd}, fcntl.LOCK_EX)") == {"errno": errno.ENOLCK}
    assert call(f"os.mkdir({str(tmp_path / 'm')!r})") == {"errno": errno.EROFS}
    assert call(f"os.open({str(tmp_path / 'read-only')!r}, os.O_RDONLY)") == {"errno": errno.EROFS}
    assert call(f"os.posix_fallocate({fd}, 0, 100)") == {"errno": errno.ENOSPC}


def test_a_bad_rule_is_named_and_the_others_count(call, fd, shim):
    shim.set("pwrite * ENOSUCH", "pwrite * EIO")
    assert call(f"os.pwrite({fd}, b'a', 0)") == {"errno": errno.EIO}
    assert "line 1" in call.complaints.read_text()


def test_the_daemon_meets_the_fault_and_goes_on_when_it_is_lifted(world, shim, hub):
    """RocksDB's calls, too: the daemon's state is written through the shim."""
    user = world()
    user.daemon_env = shim.env
    shim.set(f"* {user.state} log")
    user.start_daemon()
    names = {c.name for c in shim.calls()}
    assert {"open", "write", "rename", "mkdir"} <= names and names & {"fsync", "fdatasync"}
    user.pull("demo/tiny-gpt2")
    assert user.stop_daemon() == 0
