"""K. A restart in the middle of a 10 GiB file: the daemon is killed (SIGKILL) when half of the bytes are written, and started again.

Up is when the daemon says that it serves (--ready-fd). The first new byte is taken from outside, as the moment when the new process has
written 1 MiB (`wchar` in /proc/PID/io, read every 2 ms), so it contains the filling of a buffer and is a little late; the moment
of the first request for the file in nginx's log is shown beside it. Fetched again: body bytes that nginx sent in both lives, beyond the size.

Nothing is hashed again: over several connections bytes come out of order, and what was there but not yet hashed is rightly read after the restart.
So a run of its own, `one connection`, has everything in order; there the new daemon must read nothing of the file: `rchar`, when
the pull has ended, is at most 1 % of what was there. For the others it is shown.

One connection alone (and curl) has a server of its own, which gives it the rate that the others have over all of theirs.

curl -C - and aria2c -c are killed and started in the same way; their clock begins at the start of the command. Neither verifies.
"""

import subprocess
import time

import peers
from cases.entry import at_most, check, entry, ratio
from static_hub import REPO, Repo, StaticHub
from world import GIB, MB, MIB, RUNS, Daemon, clean_env, kill_group, median, need_root, proc_cpu_s, proc_io, remove, room_for, say, scaled, spawn, wrong_file

TITLE = "a restart in the middle of a 10 GiB file"
GOAL = "first new byte ≤ 500 ms after the daemon is up; nothing hashed again"
RATE, CONNECTIONS = 400 * MB, 8
NEW = MIB  # written by the new process: bytes of the file, no longer the daemon's own state


def wait_until(condition, limit_s: float, every_s: float = 0.002) -> bool:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True


def written(pid: int, wanted: int):
    def condition() -> bool:
        try:
            return proc_io(pid, "wchar") >= wanted
        except OSError:
            return False

    return condition


def ours(work, hub, out, flags, size: int, connections: int = CONNECTIONS) -> dict:
    hub.forget_requests()
    daemon = Daemon(work, hub.endpoints(), per_source=f"max_connections = {connections}", flags=flags)
    try:
        subprocess.run(daemon.command("pull", REPO, "--local-dir", out, "--detach"), env=daemon.env, capture_output=True, check=True)
        if not wait_until(written(daemon.pid, size // 2), 300):
            return {"ok": False, "why": "the first half did not come"}
        daemon.kill()
        killed_at = time.time()
        up, wall_up = daemon.start(), time.time()
        came = wait_until(written(daemon.pid, proc_io(daemon.pid, "wchar") + NEW), 60)
        first_s = time.monotonic() - up
        time.sleep(1)
        read, cpu = proc_io(daemon.pid, "rchar"), proc_cpu_s(daemon.pid)
        pull = next(iter(daemon.ask("ps", "--all")), {})
        done = subprocess.run(daemon.command("watch", pull.get("id", ""), "--quiet"), env=daemon.env, capture_output=True, text=True, timeout=600)
        time.sleep(0.2)
        rows = [row for row in hub.requests("official") if "/resolve/" in row[5]]
        new = [end - seconds - wall_up for end, _, _, seconds, _, _ in rows if end - seconds > killed_at]
        return {"ok": came and done.returncode == 0, "first_byte_s": first_s, "first_request_s": min(new, default=None), "read_mib": read / MIB,
                "cpu_s": cpu, "read_mib_whole": proc_io(daemon.pid, "rchar") / MIB, "fetched_again": sum(r[2] for r in rows) / size - 1}  # fmt: skip
    finally:
        daemon.stop()


def peer(command, home, size: int) -> dict:
    """Kills it at half, starts it again: the time to the first new MiB."""
    env = clean_env(home)
    first = spawn(command, env=env, stderr=subprocess.DEVNULL)
    half = wait_until(written(first.pid, size // 2), 300)
    kill_group(first)
    if not half:
        return {"ok": False, "why": "the first half did not come"}
    started = time.monotonic()
    second = spawn(command, env=env, stderr=subprocess.DEVNULL)
    came = wait_until(written(second.pid, NEW), 60)
    first_s = time.monotonic() - started
    if not came:
        kill_group(second)
        return {"ok": False, "why": "nothing came in 60 s"}
    return {"first_byte_s": first_s, "ok": second.wait() == 0}


def run(work):
    need_root("the bytes read and written are taken from the daemon's /proc/PID/io")
    size = room_for(scaled(10 * GIB, 256 * MIB), 2.2, work)
    repo = Repo(work / "web", {"model.bin": size})
    results: dict[str, list[dict]] = {}
    many = StaticHub(work / "hub", repo, {"official": {"rate": RATE, "connections": CONNECTIONS}}, workers=2, log=True)
    single = StaticHub(work / "single", repo, {"official": {"rate": RATE, "connections": 1}}, log=True)
    with many as hub, single as one:
        out, number = work / "out", iter(range(1000))
        found = {
            "hfget": lambda: ours(work / f"d{next(number)}", hub, out, (), size),
            "hfget --no-fsync": lambda: ours(work / f"d{next(number)}", hub, out, ("--no-fsync",), size),
            "hfget, one connection": lambda: ours(work / f"d{next(number)}", one, out, (), size, 1),
            "curl -C -": lambda: peer(peers.curl(one.url("official", "model.bin"), out / "model.bin", "-C", "-"), work, size),
            "aria2c -c": lambda: peer(peers.aria2([hub.url("official", "model.bin")], out / "model.bin", CONNECTIONS, CONNECTIONS, "-c"), work, size),
        }
        for run_number in range(RUNS):
            for name, act in found.items():
                out.mkdir()
                result = act()
                if wrong := wrong_file(out, repo.files):
                    result |= {"ok": False, "why": result.get("why", wrong)}
                remove(out)
                results.setdefault(name, []).append(result)
                say(f"{run_number + 1}/{RUNS} {name}: " + ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in result.items()))
    first = {name: median([r.get("first_byte_s") if r["ok"] else None for r in rows]) for name, rows in results.items()}
    names = [name for name in results if name.startswith("hfget")]
    mine = [r for name in names for r in results[name]]
    read = max(r.get("read_mib_whole", float("inf")) for r in results["hfget, one connection"])
    ours_all = {name: first.pop(name) for name in names}
    checks = {f"{name}: first new byte after": at_most(value, 0.5, " s") for name, value in ours_all.items()}
    checks["read by the new daemon, one connection"] = at_most(read, round(size / 2 / MIB * 0.01 + 8, 1), " MiB")
    checks["bytes"] = check(next((r["why"] for r in mine if "why" in r), "right"), "right", all(r["ok"] for r in mine))
    return entry(ours_all["hfget"], 0.0, first, ratio(ours_all["hfget"], 0.5), checks, ours_all=ours_all, runs=results,
                 notes=["" if size == 10 * GIB else f"{size / GIB:.2f} GiB", "a peer's clock begins at the start of its command; the ratio is to the limit",
                        *(f"{name}: {r['why']}" for name in first for r in results[name] if "why" in r)])  # fmt: skip
