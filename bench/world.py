"""What every case shares: sizes, the daemon under test, timed commands with their CPU, samples of a process, checked outputs.

Standard library only. Figures of processes come from /proc and wait4, so that ours and the peers' are taken in the same way.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("HFGET_BUILD", ROOT / "build/release"))
OUT = pathlib.Path(os.environ.get("HFGET_BENCH_OUT", ROOT / "build/bench")).resolve()
RUNS = int(os.environ.get("HFGET_BENCH_RUNS", "3"))
SCALE = float(os.environ.get("HFGET_BENCH_SCALE", "1"))
KIB, MIB, GIB, MB = 1 << 10, 1 << 20, 1 << 30, 1_000_000
TICK = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
NO_PROXY_NO_TOKEN = re.compile(r"HF_|HFGET_|HUGGING|MODELSCOPE_|XDG_|SSL_CERT|CURL_CA|REQUESTS_CA|.*_proxy$", re.I)


class CannotRun(Exception):
    """This machine cannot run the case; the text says why, in the report's words."""


def need_root(why: str) -> None:
    """The daemon is not dumpable, so that much of its /proc is root's alone."""
    if os.geteuid() != 0:
        raise CannotRun(f"it needs root: {why}")


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


_children: list[subprocess.Popen] = []


def spawn(command, **options) -> subprocess.Popen:
    """A child in a session of its own, so that Ctrl-C reaches the bench alone and kill_group() the child's children too."""
    child = subprocess.Popen([*map(str, command)], start_new_session=True, **options)
    _children[:] = [other for other in _children if other.returncode is None] + [child]
    return child


def kill_group(child: subprocess.Popen) -> None:
    """Ends a child and what it has started, and waits for it."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def kill_all() -> None:
    """What is still there when the bench ends, whatever ended it."""
    for child in _children:
        kill_group(child)


def scaled(size: int, least: int = 1) -> int:
    """A size or a count of the issue's table, made smaller by HFGET_BENCH_SCALE."""
    return max(least, int(size * SCALE))


def room_for(wanted: int, copies: float, folder: pathlib.Path) -> int:
    """`wanted` bytes, or less when the disk has no room for so many copies of it (and a fifth beside them)."""
    room = max(MIB, int(shutil.disk_usage(folder).free * 0.8 / copies) // MIB * MIB)
    if room < wanted:
        shortened.append(f"the disk has room for files of {room / MIB:,.0f} MiB, not of {wanted / MIB:,.0f}")
    return min(wanted, room)


shortened: list[str] = []  # what room_for had to say; the case's note takes it away


def clean_env(home: pathlib.Path) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not NO_PROXY_NO_TOKEN.match(k)} | {"HOME": str(home), "NO_COLOR": "1"}


@dataclasses.dataclass
class Measured:
    """One timed run. `cpu_s`: user and system of the command, and for ours of the daemon as well. `why`: it has no figure."""

    wall_s: float
    cpu_s: float = 0.0
    why: str = ""
    answer: dict = dataclasses.field(default_factory=dict)
    samples: list[tuple[float, int]] = dataclasses.field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.why


def proc_cpu_s(pid: int, thread: int | None = None) -> float:
    where = f"/proc/{pid}/task/{thread}/stat" if thread else f"/proc/{pid}/stat"
    fields = pathlib.Path(where).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def proc_rss_mib(pid: int, field: str = "VmRSS") -> float:
    return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def proc_io(pid: int, field: str) -> int:
    """Bytes that the process gave to write calls (wchar) or took from read calls (rchar); sockets read by recv do not count."""
    return int(re.search(rf"{field}: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text()).group(1))


class Sampler:
    """Calls `read` every `every_s` in a thread of its own: [(seconds since `start`, value)]."""

    def __init__(self, read, every_s: float = 0.05):
        self._read, self._every_s, self._end = read, every_s, threading.Event()
        self.start, self.samples = time.monotonic(), []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(OSError, AttributeError):  # the process has ended
                self.samples.append((time.monotonic() - self.start, self._read()))
            self._end.wait(self._every_s)

    def stop(self) -> list:
        self._end.set()
        self._thread.join()
        return self.samples


def how_it_ended(code: int) -> str:
    """A sentence for the report; empty: well."""
    if code == 0:
        return ""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"


def timed(command, prefix=(), env=None, watch_writes: bool = False, home: pathlib.Path = OUT, ideal_s: float = 900, patience: float = 4) -> Measured:
    """Runs a command to its end, or for `patience` times `ideal_s`. REQUIRES: a list, or one line for bash. Errors: `why`."""
    arguments = [*map(str, prefix), *(["bash", "-c", command] if isinstance(command, str) else map(str, command))]
    errors, expired = home / "command.log", threading.Event()
    started = time.monotonic()
    with open(errors, "wb") as log:
        child = spawn(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env or clean_env(home))
    sampler = Sampler(lambda: proc_io(child.pid, "wchar")) if watch_writes else None

    def give_up():
        expired.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    watchdog = threading.Timer(patience * ideal_s, give_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
        wall, child.returncode = time.monotonic() - started, os.waitstatus_to_exitcode(status)
    finally:
        watchdog.cancel()
        samples = sampler.stop() if sampler else []
        kill_group(child)
    why = ""
    if expired.is_set():
        why = f"given up after {patience * ideal_s:.0f} s, {patience:g} × the ideal"
    elif child.returncode != 0:
        tail = errors.read_text(errors="replace").strip().splitlines()[-3:]
        why = how_it_ended(child.returncode)
        say(f"{why}: {' '.join(arguments)[:300]}: {' | '.join(tail)}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, why, samples=samples)


class Daemon:
    """A daemon of its own over the bench's sources. Owns: its process and state. `prefix`: how to enter its network."""

    def __init__(self, root: pathlib.Path, sources: dict[str, str], config: str = "", per_source: dict[str, str] | str = "", flags=(), prefix=()):
        self.root, self.socket, self.prefix = root, root / "run/hfgetd.sock", [*map(str, prefix)]
        (root / "run").mkdir(parents=True)
        (root / "run").chmod(0o700)
        lines = [f"sources = {json.dumps(list(sources))}", config]
        for name, endpoint in sources.items():
            extra = per_source if isinstance(per_source, str) else per_source.get(name, "")
            lines += [f"[source.{name}]", f'endpoint = "{endpoint}"', "enabled = true", extra]
        (root / "config.toml").write_text("\n".join(lines) + "\n")
        self.env, self.flags = clean_env(root), [*map(str, flags)]
        self.start()

    def start(self) -> float:
        """Starts it, and answers when it said that it serves (time.monotonic)."""
        mine, its = os.pipe()
        command = [*self.prefix, BUILD / "hfgetd", "--socket", self.socket, "--state-dir", self.root / "state",
                   "--config", self.root / "config.toml", "--ready-fd", its, *self.flags]  # fmt: skip
        with open(self.root / "log", "ab") as log:
            self.process = spawn(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[its])
        os.close(its)
        with os.fdopen(mine, "rb") as ready:
            if not ready.read(1):
                kill_group(self.process)
                raise RuntimeError(f"the daemon did not start: {self.log()[-2000:]}")
        return time.monotonic()

    def log(self) -> str:
        return (self.root / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self.process.pid

    def command(self, *arguments) -> list[str]:
        return [str(a) for a in (BUILD / "hfget", "--socket", self.socket, *arguments)]

    def ask(self, *arguments) -> dict | list:
        done = subprocess.run(self.command(*arguments, "--json"), env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return json.loads(done.stdout or "{}")

    def pull(self, *arguments, watch_writes: bool = False) -> Measured:
        """A pull from the command to its end, as a user sees it. Errors: ok = False, and the daemon's last words are said."""
        cpu = proc_cpu_s(self.pid)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        base = proc_io(self.pid, "wchar") if watch_writes else 0
        sampler = Sampler(lambda: proc_io(self.pid, "wchar") - base) if watch_writes else None
        started = time.monotonic()
        try:
            done = subprocess.run(self.command("pull", "--json", *arguments), env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        finally:
            wall, samples = time.monotonic() - started, sampler.stop() if sampler else []
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = proc_cpu_s(self.pid) - cpu + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        why = how_it_ended(done.returncode)
        if why:
            say(f"hfget {why}: {done.stderr.strip()[-400:]}")
        answer = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return Measured(wall, cpu, why, answer, samples)

    def peak_rss_mib(self) -> float:
        return proc_rss_mib(self.pid, "VmHWM")

    def kill(self) -> None:
        kill_group(self.process)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def sha256(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_file(folder: pathlib.Path, files: dict[str, str]) -> str:
    """The first of the files (path -> SHA-256) that is not in the folder with these bytes; empty: all are right."""
    for path, digest in files.items():
        if not (folder / path).is_file():
            return f"{path} is missing"
        if sha256(folder / path) != digest:
            return f"{path} has other bytes"
    return ""


def remove(path: pathlib.Path) -> None:
    """Deletes outputs and lets the disk come to rest, so that one run does not pay for the one before it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    os.sync()


def median(values) -> float | None:
    there = [v for v in values if v is not None and v == v]
    return statistics.median(there) if there else None


class Contest:
    """Runs contestants in turn, RUNS times over, checks what each wrote, keeps the figures. A failed run has no figure."""

    def __init__(self, out: pathlib.Path, files: dict[str, str]):
        self.out, self.files = out, files
        self.runs: dict[str, list[float | None]] = {}
        self.cpu: dict[str, list[float]] = {}
        self.bad: dict[tuple[str, str], int] = {}  # (contestant, why it has no figure) -> in how many runs
        self.measured: dict[str, list[Measured]] = {}

    def go(self, contestants: dict, before=lambda: None, keep: bool = False) -> "Contest":
        """`contestants`: name -> function(folder) -> Measured. `before` is called before each run. `keep`: outputs stay until the
        case is over; for many small files, since ext4 looks for a free inode at great length for minutes after many were deleted."""
        os.sync()  # what was written to be served
        for run in range(RUNS):
            for number, (name, act) in enumerate(contestants.items()):
                folder = self.out / (f"out{run}-{number}" if keep else "out")
                folder.mkdir(parents=True)
                before()
                measured = act(folder)
                wrong = measured.why or wrong_file(folder, self.files)
                if keep:
                    os.sync()
                else:
                    remove(folder)
                self.measured.setdefault(name, []).append(measured)
                self.runs.setdefault(name, []).append(None if wrong else round(measured.wall_s, 4))
                self.cpu.setdefault(name, []).append(measured.cpu_s)
                if wrong:
                    self.bad[name, wrong] = self.bad.get((name, wrong), 0) + 1
                say(f"{run + 1}/{RUNS} {name}: {'%.2f s, %.2f s of CPU' % (measured.wall_s, measured.cpu_s)}{' - ' + wrong if wrong else ''}")
        return self

    def walls(self) -> dict[str, float | None]:
        return {name: median(values) for name, values in self.runs.items()}

    def note(self) -> str:
        """Why there is no figure where there is none."""
        return "; ".join(f"{name}: {why} ({runs} of {RUNS} runs)" for (name, why), runs in self.bad.items())
