"""What a person looks at while the daemon works: top, logs, stats, the manual."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import threading

import pytest
from e2e_world import BUILD, wait_for

MIB = 1 << 20


@pytest.fixture
def busy(user, hub):
    """A user whose pull of a large file is under way and takes a while."""
    for source in hub.sources:
        hub.rate(source, MIB)
    assert user.run("pull", "demo/big", "--detach").returncode == 0
    wait_for(lambda: any(p["done_bytes"] > 8 * MIB for p in user.pulls()), what="some bytes")
    return user


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str], env: dict):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, (24, 80))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        env = env | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.shown = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                self.shown += os.read(self.master, 65536)
            except OSError:
                return

    def frames(self) -> int:
        return self.shown.count(b"\x1b[?25h")

    def is_sane(self) -> bool:
        """The cursor shows, colours are off, the line modes are those of before."""
        cursor = self.shown.rfind(b"\x1b[?25h") >= self.shown.rfind(b"\x1b[?25l")
        return cursor and b"\x1b[?1049h" not in self.shown and termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave):
            os.close(fd)


@pytest.fixture
def screen():
    opened = []

    def run(command, env) -> Screen:
        opened.append(Screen(command, env))
        return opened[-1]

    yield run
    for one in opened:
        one.close()


def test_top_shows_sources_pulls_and_pieces(busy):
    shown = busy.run("top", "--once").stdout
    for source in ("official", "tuna", "pai", "hf-mirror"):
        assert re.search(rf"^{source} +\w+", shown, re.M), shown
    assert re.search(r"demo/big@\w{8} .* \d+ % ", shown), shown
    assert "PIECES of demo/big" in shown
    assert re.search(r"^[A-Da-d#+.·▒▓█]{20,}$", shown, re.M), shown
    assert max(map(len, shown.splitlines())) < 80


def test_top_for_programs(busy):
    top = json.loads(busy.run("top", "--once", "--json").stdout)
    [pull] = top["pulls"]
    assert top["selected"] == pull["id"] and top["daemon"]["version"]
    files = {f["path"]: f for f in top["pieces"]["files"]}
    big = max(files.values(), key=lambda f: f["size_bytes"])
    cells = len(big["done_percent"])
    assert cells == len(big["in_flight"]) == len(big["source"]) and 20 <= cells <= big["pieces"]
    assert any(big["done_percent"]) and any(big["in_flight"])
    assert {s["name"] for s in top["sources"]} >= set(top["pieces"]["sources"])
    # What has come has come from somebody.
    assert all(who > 0 for done, who in zip(big["done_percent"], big["source"]) if done > 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_top_leaves_a_terminal_as_it_found_it(busy, screen, number):
    top = screen(busy.command("top", "--interval", "0.2"), busy.env)
    wait_for(lambda: top.frames() >= 3, what="some frames")
    assert b"PIECES of demo/big" in top.shown
    termios.tcsetwinsize(top.master, (10, 40))
    os.kill(top.process.pid, signal.SIGWINCH)
    seen = top.frames()
    wait_for(lambda: top.frames() > seen + 1, what="a frame of the new size")
    top.process.send_signal(number)
    assert top.process.wait(10) == (-9 if number == signal.SIGKILL else 128 + number)
    wait_for(top.is_sane, what="a sane terminal")


def test_top_without_a_daemon(user):
    user.stop_daemon()
    done = user.run("top")
    assert done.returncode == 1 and "no daemon runs" in done.stderr and done.stderr.count("\n") == 1


def test_stats(busy):
    stats = json.loads(busy.run("stats", "--json").stdout)
    assert sum(s["received_bytes"] for s in stats["sources"]) > 4 * MIB
    assert re.search(r"^received +\d", busy.run("stats").stdout, re.M)


def test_logs_of_a_daemon_that_was_started_by_hand(user):
    """Its standard error is a file, which it names."""
    shown = user.run("logs").stdout
    assert " ready\n" in shown and "stopped" not in shown
    assert user.run("logs", "-n", "1").stdout.count("\n") == 1
    assert user.run("logs", "--since", "1h").stdout == shown


def test_logs_follow_through_a_rotation(world):
    user = world()
    assert user.run("daemon", "start").returncode == 0
    log = user.state / "hfgetd.log"
    command = user.command("logs", "-f")
    follow = subprocess.Popen(command, env=user.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = []
    threading.Thread(target=lambda: lines.extend(follow.stdout), daemon=True).start()
    wait_for(lambda: any(line.endswith("I ready\n") for line in lines), what="what is there already")
    assert user.run("daemon", "stop").returncode == 0
    wait_for(lambda: any(line.endswith("I stopped\n") for line in lines), what="the end of the daemon")
    log.rename(log.with_suffix(".1.log"))
    log.write_text("of the next file\n")
    wait_for(lambda: "of the next file\n" in lines, what="the next file")
    os.truncate(log, 0)
    with open(log, "a") as again:
        again.write("after the cut\n")
    wait_for(lambda: "after the cut\n" in lines, what="what comes after the cut")
    follow.send_signal(signal.SIGINT)
    assert follow.wait(10) == 130
    assert follow.stderr.read() == ""


def test_logs_of_a_daemon_that_has_ended(world):
    user = world()
    assert user.run("logs").returncode == 3
    assert user.run("daemon", "start").returncode == 0
    assert user.run("daemon", "stop").returncode == 0
    assert user.run("logs").stdout.endswith("stopped\n")


def test_logs_into_a_pipe_that_closes(user):
    command = " ".join(user.command("logs", "-f"))
    done = subprocess.run(["bash", "-c", f"{command} | head -n 1"], env=user.env, text=True, capture_output=True, timeout=30)
    assert done.stderr == "" and done.stdout.count("\n") == 1


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
@pytest.mark.parametrize("command", ["", "pull", "top", "auth"])
def test_the_manual_is_well_formed(user, command):
    page = user.run("man", *command.split())
    assert page.returncode == 0
    done = subprocess.run(["groff", "-man", "-ww", "-Kutf8", "-Tutf8"], input=page.stdout, text=True, capture_output=True)
    assert done.stderr == "" and "EXIT STATUS" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)


def test_the_build_writes_all_pages():
    pages = BUILD / "cli/man"
    assert (pages / "hfget.1").is_file() and (pages / "hfget-top.1").is_file()


def test_completions_know_what_is_new(user):
    for shell in ("bash", "zsh", "fish"):
        script = user.run("completion", shell).stdout
        for word in ("top", "logs", "man", "stats", "interval", "follow"):
            assert word in script, (shell, word)
