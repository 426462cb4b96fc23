"""cli/integrations/systemd/user under a real systemd: a user's manager in namespaces of its own, because no systemd runs this machine."""

import pathlib
import shutil
import signal
import subprocess
import uuid

import pytest
from e2e_world import BUILD, ROOT, assert_complete, listing, wait_for

UNITS = ROOT / "cli/integrations/systemd/user"
SETUP = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
mount -t cgroup2 none /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$GROUP"
echo $$ >"/sys/fs/cgroup/$GROUP/cgroup.procs"
echo ready
/lib/systemd/systemd --user --unit=basic.target --log-target=console
exit $?  # or bash would exec it, and process 1 is always the system's systemd
"""
EMPTY = 'mount -t cgroup2 none /sys/fs/cgroup && grep -q "populated 0" "/sys/fs/cgroup/$GROUP/cgroup.events"'
CLEANUP = 'mount -t cgroup2 none /sys/fs/cgroup && find "/sys/fs/cgroup/$GROUP" -depth -type d -exec rmdir {} +'
NAMESPACES = ["unshare", "--mount", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc"]


def may_have_namespaces() -> bool:
    return subprocess.run([*NAMESPACES, "sh", "-c", "mount -t cgroup2 none /sys/fs/cgroup"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not may_have_namespaces(), reason="needs root that may make namespaces and mount cgroup2")


class Manager:
    """systemd --user, with the unit pair as a user installs it and what a test adds in `drop_in`."""

    def __init__(self, user, drop_in: str = ""):
        self.user = user
        self.env = user.env | {"XDG_RUNTIME_DIR": "/run/user-of-test", "GROUP": f"hfget-test-{uuid.uuid4()}", "SYSTEMD_PAGER": ""}
        units = user.home / ".config/systemd/user"
        (units / "hfgetd.service.d").mkdir(parents=True)
        for unit in UNITS.iterdir():
            shutil.copy(unit, units)
        # It is not in the path where systemd looks. The log goes to a file, because there is no journald.
        (units / "hfgetd.service.d/test.conf").write_text(
            f"[Service]\nExecStart=\nExecStart={BUILD}/hfgetd\nStandardError=append:{user.root}/hfgetd.log\nRestartSec=0\n{drop_in}")  # fmt: skip
        config = user.home / ".config/hfget"
        config.mkdir(parents=True)
        shutil.copy(user.config, config / "config.toml")
        self.log = user.root / "systemd.log"
        self.process, self.inside = None, None

    def start(self):
        self.process = subprocess.Popen([*NAMESPACES, "bash", "-c", SETUP], env=self.env, stdin=subprocess.DEVNULL, stdout=open(self.log, "wb"),
                                        stderr=subprocess.STDOUT)  # fmt: skip
        wait_for(lambda: self.log.read_text().startswith("ready"), what="the namespaces")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.inside = ["nsenter", "--mount", "--pid", "--cgroup", "--target", children.read_text().split()[0]]
        wait_for(lambda: self.systemctl("is-system-running").stdout.strip() in ("running", "degraded"), what="systemd")
        assert self.systemctl("enable", "--now", "hfgetd.socket").returncode == 0, self.log.read_text()

    def run(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run([*self.inside, *map(str, words)], env=self.env, cwd="/", stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)

    def systemctl(self, *words) -> subprocess.CompletedProcess:
        return self.run("systemctl", "--user", *words)

    def hfget(self, *words) -> subprocess.CompletedProcess:
        return self.run(BUILD / "hfget", *words)

    def shows(self, what: str, unit: str = "hfgetd.service") -> str:
        return self.systemctl("show", "--value", "-p", what, unit).stdout.strip()

    def is_empty(self) -> bool:
        return subprocess.run([*NAMESPACES[:2], "sh", "-c", EMPTY], env=self.env).returncode == 0

    def close(self):
        if self.inside:
            self.systemctl("stop", "hfgetd.socket", "hfgetd.service")
        self.process.kill()  # and with it all that is inside
        self.process.wait()
        wait_for(self.is_empty, what="the end of all that is inside")
        subprocess.run([*NAMESPACES[:2], "sh", "-c", CLEANUP], env=self.env)


@pytest.fixture
def managed(world):
    managers = []

    def make(**options) -> Manager:
        managers.append(Manager(world(), **options))
        managers[-1].start()
        return managers[-1]

    yield make
    for manager in managers:
        manager.close()


def test_the_first_pull_starts_the_service_and_systemd_knows_what_it_does(managed, hub):
    manager = managed()
    assert manager.shows("ActiveState") == "inactive" and manager.shows("ActiveState", "hfgetd.socket") == "active"
    done = manager.hfget("pull", "demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    assert manager.shows("ActiveState") == "active" and manager.shows("Type") == "notify"
    assert manager.shows("StatusText") == "serving at /run/user-of-test/hfget/hfgetd.sock"


# Of the system's unit: what needs another user and the folders of a system; a /tmp that holds this test; mounts over files that a manager in
# namespaces does not have.
NOT_HERE = """Type ExecStart User Group StateDirectory StateDirectoryMode CacheDirectory CacheDirectoryMode WatchdogSec Restart RestartSec PrivateTmp
    ProtectHome ProtectKernelTunables ProtectKernelLogs""".split()


@pytest.mark.skipif(BUILD.name == "asan", reason="LeakSanitizer traces the process, which the unit forbids")
def test_what_the_systems_unit_forbids_the_daemon_does_not_need(managed, hub):
    lines = (UNITS.parent / "system/hfgetd.service").read_text().split("[Service]")[1].split("[Install]")[0].splitlines()
    rules = [line for line in lines if "=" in line and not line.startswith("#") and line.split("=")[0] not in NOT_HERE]
    assert len(rules) > 30
    manager = managed(drop_in="\n".join(rules))
    manager.user.home.joinpath(".config/systemd/user/hfgetd.service.d/writes.conf").write_text(f"[Service]\nReadWritePaths={manager.user.root} /run\n")
    manager.systemctl("daemon-reload")
    done = manager.hfget("pull", "demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr + manager.user.log() + manager.log.read_text()
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    assert manager.shows("NoNewPrivileges") == "yes" and "@privileged" not in manager.shows("SystemCallFilter")
    status = manager.run("cat", f"/proc/{manager.shows('MainPID')}/status").stdout
    assert "Seccomp:\t2" in status and "CapBnd:\t0000000000000000" in status
    assert manager.run("nsenter", "--mount", "--target", manager.shows("MainPID"), "touch", "/usr/x").returncode != 0
    assert manager.systemctl("stop", "hfgetd.service").returncode == 0 and manager.shows("Result") == "success"


def test_who_stops_it_stops_it_and_the_next_call_starts_it_again(managed):
    manager = managed()
    for stop in (lambda: manager.hfget("daemon", "stop"), lambda: manager.systemctl("stop", "hfgetd.service")):
        assert manager.hfget("daemon", "status").returncode == 0
        pid = manager.shows("MainPID")
        done = stop()
        assert done.returncode == 0, done.stderr
        wait_for(lambda: manager.shows("ActiveState") == "inactive", what="the end")
        assert manager.shows("Result") == "success" and manager.shows("NRestarts") == "0"
        assert manager.hfget("daemon", "status").returncode == 0 and manager.shows("MainPID") != pid
    # Not running, but listening: then the kernel names systemd or the dead daemon, and neither is ended.
    manager.systemctl("stop", "hfgetd.service")
    manager.systemctl("restart", "hfgetd.socket")
    manager.hfget("daemon", "stop")
    assert manager.systemctl("is-system-running").returncode in (0, 1) and manager.process.poll() is None


def test_a_daemon_that_was_killed_comes_back(managed, hub):
    for source in hub.sources:
        hub.rate(source, 300_000)
    manager = managed()
    assert manager.hfget("pull", "demo/tiny-gpt2", "--detach").returncode == 0
    manager.run("kill", "-KILL", manager.shows("MainPID"))
    wait_for(lambda: manager.shows("NRestarts") == "1" and manager.shows("ActiveState") == "active", what="the restart")
    for source in hub.sources:
        hub.rate(source, 0)
    done = manager.hfget("pull", "demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr


def test_a_daemon_that_hangs_is_restarted(managed):
    manager = managed(drop_in="WatchdogSec=2\n")
    assert manager.hfget("daemon", "status").returncode == 0
    pid = manager.shows("MainPID")
    manager.run("kill", f"-{signal.SIGSTOP}", pid)
    wait_for(lambda: manager.shows("NRestarts") != "0", seconds=30, what="the restart")
    assert manager.hfget("daemon", "status").returncode == 0 and manager.shows("MainPID") not in (pid, "0")


def test_a_configuration_that_is_wrong_is_told_and_not_tried_again(managed):
    manager = managed()
    (manager.user.home / ".config/hfget/config.toml").write_text("sourcs = 1\n")
    assert manager.systemctl("start", "hfgetd.service").returncode != 0
    assert manager.shows("NRestarts") == "0" and manager.shows("ExecMainStatus") == "2"
    assert "sourcs" in manager.shows("StatusText")
