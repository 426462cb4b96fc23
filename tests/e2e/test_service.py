"""hfgetd as a service: socket activation, readiness, the watchdog, the journal, a drain. With systemd's own tools; no systemd runs here."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
from e2e_world import BUILD, Hfget, assert_complete, listing, wait_for


class Manager:
    """The other end of $NOTIFY_SOCKET."""

    def __init__(self, path: pathlib.Path):
        self.path, self.said = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(0.05)

    def hear(self) -> list[str]:
        """All lines so far."""
        try:
            while True:
                self.said += self.socket.recv(4096).decode().split("\n")
        except TimeoutError:
            return self.said

    def await_line(self, line: str):
        wait_for(lambda: line in self.hear(), what=f"{line} of {self.said}")


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


class Activated:
    """A daemon that systemd-socket-activate starts at the first connection."""

    def __init__(self, user, path, *flags, options=(), env=None):
        self.user, self.path = user, path
        words = ["systemd-socket-activate", "-l", str(path), *options]
        for name, value in (user.env | (env or {})).items():
            words += ["-E", f"{name}={value}"]
        words += [str(BUILD / "hfgetd"), "--state-dir", str(user.state), "--config", str(user.config), *map(str, flags)]
        with open(user.root / "hfgetd.log", "ab") as log:
            user.process = subprocess.Popen(words, env=user.env | {"SYSTEMD_LOG_LEVEL": "warning"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.listens = path if isinstance(path, pathlib.Path) else None
        if self.listens:
            wait_for(self.listens.exists, what="the socket")

    def knock(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.path))

    def end(self) -> str:
        """Of a daemon that refuses to start: its exit code and last line."""
        code = self.user.process.wait(20)
        return f"{code} {self.user.log().strip().splitlines()[-1]}"


# --- socket activation


def test_the_first_call_starts_the_daemon_on_systemds_socket(world, shared_hub):
    user = world()
    Activated(user, user.socket)
    user.isolate_command_line()  # hfget itself can start none
    inode = user.socket.stat().st_ino
    assert_complete(user.pull("demo/tiny-gpt2"), listing(shared_hub, "demo/tiny-gpt2"))
    status = user.run("daemon", "status").stdout
    assert f"process {user.process.pid}" in status and str(user.socket) in status
    assert "handed over by systemd" in user.log()
    assert user.stop_daemon() == 0
    assert user.socket.stat().st_ino == inode  # the unit's file stays, for the next start


def test_what_the_kernel_says_of_the_listener_is_the_daemon(world):
    """Otherwise `hfget daemon stop` would end systemd."""
    user = world()
    starter = subprocess.Popen(  # binds and listens as another process than the daemon: as systemd does
        [sys.executable, "-c", f"""
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX); s.bind({str(user.socket)!r}); s.listen()
def hand():
    os.dup2(s.fileno(), 3); os.set_inheritable(3, True); os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(sys.argv[1], sys.argv[1:])
child = os.fork() or hand()
print(child, flush=True); sys.stdin.read(); os.waitpid(child, 0)
""", BUILD / "hfgetd", "--state-dir", user.state, "--config", user.config],
        env=user.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(user.root / "hfgetd.log", "ab"), text=True)  # fmt: skip
    try:
        daemon = int(starter.stdout.readline())
        wait_for(lambda: "ready" in user.log(), what="the daemon")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(user.socket))
            assert int.from_bytes(s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], sys.byteorder) == daemon
        assert user.run("daemon", "stop").returncode == 0
        wait_for(lambda: "stopped" in user.log(), what="the end")
        # The socket listens on, and a daemon that was started by hand neither takes it away nor dies silently.
        hand = subprocess.run([BUILD / "hfgetd", "--socket", user.socket, "--state-dir", user.state, "--config", user.config], env=user.env,
                              text=True, capture_output=True, timeout=20)  # fmt: skip
        assert hand.returncode == 1 and "another program listens on" in hand.stderr and hand.stderr.count("\n") == 1, hand.stderr
        assert user.socket.exists()
    finally:
        starter.stdin.close()
        subprocess.run(["pkill", "-KILL", "-P", str(starter.pid)])  # the daemon, where it still runs
        starter.wait(10)


def test_hfget_does_not_end_a_program_that_is_no_daemon(world):
    user = world()
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(user.socket))
        s.listen()
        done = user.run("daemon", "stop")  # we would not live to see it
    assert done.returncode == 1 and "which is no hfgetd" in done.stderr and "systemctl" in done.stderr, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_the_kernel_is_asked_who_comes_on_systemds_socket_too(world):
    user = world()
    for folder in user.socket.parents:  # pytest's own are closed to others
        if folder.stat().st_uid == os.geteuid() and folder != pathlib.Path("/"):
            folder.chmod(folder.stat().st_mode | 0o711)
    activated = Activated(user, user.socket)
    user.socket.chmod(0o666)
    activated.knock()
    wait_for(lambda: "ready" in user.log(), what="the daemon")
    script = f"import socket\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(10)\ns.connect({str(user.socket)!r})\nprint(s.recv(100))"
    done = subprocess.run(["setpriv", "--reuid=1", "--regid=1", "--clear-groups", "/usr/bin/python3", "-c", script], text=True,
                          capture_output=True, timeout=60, cwd="/")  # fmt: skip
    assert done.stdout.strip() == "b''", done.stderr
    assert "user 1 may not use this daemon" in user.log()
    assert user.socket.stat().st_mode & 0o777 == 0o666  # the unit's SocketMode stays


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become other users")
def test_a_systems_daemon_has_a_user_of_its_own_and_guests_by_group(shared_hub):
    """As cli/integrations/systemd/system: the folder and the socket are root's, the daemon can write to neither."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="hfget-system-", dir="/tmp"))  # pytest's own folders are closed to others
    try:
        root.chmod(0o755)
        user = Hfget(root, shared_hub, config='[api]\nallow_groups = ["games"]\n')
        daemon, group, guest = pwd.getpwnam("daemon").pw_uid, grp.getgrnam("games").gr_gid, pwd.getpwnam("man").pw_uid
        user.socket.parent.chmod(0o755)
        for folder in (user.home, user.state):
            folder.mkdir(exist_ok=True)
            os.chown(folder, daemon, daemon)
        for program in ("hfget", "hfgetd"):  # the build may lie where others cannot read
            shutil.copy2(BUILD / program, root / program)
        words = ["systemd-socket-activate", "-l", user.socket, "-E", f"HOME={user.home}", "setpriv", f"--reuid={daemon}", f"--regid={daemon}",
                 "--clear-groups", root / "hfgetd", "--state-dir", user.state, "--config", user.config]  # fmt: skip
        with open(root / "hfgetd.log", "ab") as log:
            user.process = subprocess.Popen(list(map(str, words)), env=user.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        wait_for(user.socket.exists, what="the socket")
        os.chown(user.socket, daemon, group)  # SocketUser, SocketGroup, SocketMode
        user.socket.chmod(0o660)

        def call(*words, groups="--clear-groups") -> subprocess.CompletedProcess:
            return subprocess.run(["setpriv", f"--reuid={guest}", f"--regid={guest}", groups, root / "hfget", *words], text=True, cwd="/",
                                  env={"HOME": "/nonexistent", "PATH": "/usr/bin", "HFGET_SOCKET": str(user.socket), "HFGET_DAEMON_USER": "daemon"},
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60)  # fmt: skip

        done = call("pull", "demo/tiny-gpt2", groups=f"--groups={group}")
        assert done.returncode == 0, done.stderr + user.log()
        assert_complete(pathlib.Path(done.stdout.strip()), listing(shared_hub, "demo/tiny-gpt2"))
        assert not list(user.socket.parent.glob("*.lock"))  # not ours to write
        stranger = call("ps")
        assert stranger.returncode != 0 and "cannot reach the daemon" in stranger.stderr, stranger.stderr
        assert user.stop_daemon() == 0 and user.socket.exists()
    finally:
        user.close()
        shutil.rmtree(root)


@pytest.mark.parametrize("path, options, knock", [
    ("{run}/dgram.sock", ["-d"], lambda p: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", p)),
    ("{run}/seq.sock", ["--seqpacket"], lambda p: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(p)),
    ("127.0.0.1:{port}", [], lambda p: socket.create_connection(("127.0.0.1", int(p.split(":")[1])))),
    ("@hfget-{port}", [], lambda p: socket.socket(socket.AF_UNIX).connect("\0" + p[1:])),
])  # fmt: skip
def test_any_other_socket_is_refused_in_one_line(world, path, options, knock):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        path = path.format(run=world().root / "run", port=s.getsockname()[1])
    user = world()
    activated = Activated(user, path, options=options)

    def knocked():
        try:
            knock(path)
            return True
        except OSError:
            return False

    wait_for(knocked, what="the listener")
    assert re.match(r"2 hfgetd: what systemd has handed over as unknown is not a listening stream Unix socket", activated.end())


def test_two_sockets_are_refused_by_name(world):
    user = world()
    other = user.root / "run/other.sock"
    activated = Activated(user, user.socket, options=["-l", str(other), "--fdname=hfgetd.socket:second"])
    activated.knock()
    assert activated.end().startswith("2 hfgetd: systemd has handed over 2 sockets (hfgetd.socket, second), and hfgetd serves one")


def test_a_flag_that_names_another_socket_is_a_mistake(world):
    user = world()
    activated = Activated(user, user.socket, "--socket", user.root / "run/else.sock")
    activated.knock()
    assert re.match(r"2 hfgetd: systemd has handed over the socket .*, and --socket says .*leave --socket out", activated.end())


def test_a_socket_that_was_meant_for_another_process_is_not_taken(world):
    user = world()
    user.env |= {"LISTEN_FDS": "1", "LISTEN_PID": "1"}
    user.start_daemon()
    assert "handed over" not in user.log() and user.socket.exists()
    user.stop_daemon()
    assert not user.socket.exists()


# --- sd_notify


def test_the_manager_hears_ready_when_the_daemon_serves_and_stopping_before_it_ends(world, manager):
    user = world()
    user.daemon_env = {"NOTIFY_SOCKET": str(manager.path)}
    user.start_daemon()
    manager.await_line("READY=1")
    assert f"STATUS=serving at {user.socket}" in manager.hear()
    assert "WATCHDOG=1" not in manager.hear()  # nobody asked
    assert user.stop_daemon() == 0
    manager.await_line("STOPPING=1")
    said = manager.hear()
    assert said.index("READY=1") < said.index("STOPPING=1") and any(line.startswith("STATUS=shutting down") for line in said)


def test_the_manager_hears_why_a_start_fails(world, manager):
    user = world()
    user.daemon_env = {"NOTIFY_SOCKET": str(manager.path)}
    user.config.write_text("sourcs = 1\n")
    user.start_daemon(may_die=True)
    assert user.process.wait(10) == 2
    assert any(line.startswith("STATUS=") and "sourcs" in line for line in manager.hear())
    assert "READY=1" not in manager.hear()


def test_the_watchdog_is_fed_while_the_daemon_lives(world, manager):
    user = world()
    user.daemon_env = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "300000"}
    user.start_daemon()
    wait_for(lambda: manager.hear().count("WATCHDOG=1") >= 5, what="five pings")
    user.process.send_signal(signal.SIGSTOP)
    manager.hear()
    fed = len(manager.said)
    time.sleep(0.5)
    assert len(manager.hear()) == fed
    user.process.send_signal(signal.SIGCONT)
    wait_for(lambda: len(manager.hear()) > fed, what="a ping after it woke")


def test_a_watchdog_of_another_process_is_not_ours(world, manager):
    user = world()
    user.daemon_env = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
    user.start_daemon()
    manager.await_line("READY=1")
    time.sleep(0.4)
    assert "WATCHDOG=1" not in manager.hear()


def test_a_daemon_that_hfget_starts_says_nothing_to_the_manager_of_its_parent(world, manager):
    user = world()
    user.env["NOTIFY_SOCKET"] = str(manager.path)
    user.pull("demo/tiny-gpt2")
    assert manager.hear() == []


def test_a_manager_that_is_gone_is_no_trouble(world, tmp_path):
    user = world()
    user.daemon_env = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "300000"}
    user.start_daemon()
    assert user.stop_daemon() == 0


# --- the journal


def journal(user, matches: bool, *flags) -> list[str]:
    """Lines of a daemon whose stderr is a socket, as journald's is."""
    ours, theirs = socket.socketpair()
    info = os.fstat(theirs.fileno())
    stream = f"{info.st_dev}:{info.st_ino if matches else info.st_ino + 1}"
    user.process = subprocess.Popen([BUILD / "hfgetd", "--socket", user.socket, "--state-dir", user.state, "--config", user.config, *flags],
                                    env=user.env | {"JOURNAL_STREAM": stream}, stdin=subprocess.DEVNULL, stderr=theirs)  # fmt: skip
    theirs.close()
    wait_for(lambda: user.process.poll() is not None or user.run("daemon", "status").returncode == 0, what="the daemon")
    if user.process.poll() is None:
        user.stop_daemon()
    text = b""
    while block := ours.recv(65536):
        text += block
    return text.decode().splitlines()


def test_the_journal_gets_priorities_and_no_second_clock(world):
    user = world()
    lines = journal(user, True, "--no-fsync")
    assert all(re.match(r"<[2-7]>\S", line) for line in lines), lines
    assert "<6>ready" in lines and any(line.startswith("<4>--no-fsync") for line in lines)


def test_an_error_of_the_start_has_its_priority(world):
    user = world()
    user.config.write_text("sourcs = 1\n")
    lines = journal(user, True)
    assert len(lines) == 1 and lines[0].startswith("<3>hfgetd: ") and "sourcs" in lines[0]


def test_a_journal_of_a_parent_is_not_ours(world):
    lines = journal(world(), False)
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in lines), lines

