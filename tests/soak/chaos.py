"""What happens to the daemon in a soak: its pulls, its sources' faults, its deaths, and the clients that come and go."""

import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time

from e2e_world import DemoHub, Hfget, assert_complete, listing

MIB = 1 << 20
AT_ONCE = 50
SIZES = [0, 900, 70_000, MIB - 1, MIB, 3 * MIB + 5, 11 * MIB, 40 * MIB]


def spec() -> dict:
    """Repos from one file to many, from nothing to tens of MiB a file; one has the same content under two paths."""
    repos = []
    for n in range(12):
        files = [{"path": f"d{i % 3}/f{i}.txt", "text": f"{n} {i}\n" * i} for i in range(4 * (n % 4))]
        files += [{"path": f"w{i}.bin", "lfs": True, "size": SIZES[(n + i) % len(SIZES)], "seed": f"soak/{n}/{i % 3}"} for i in range(1 + n % 4)]
        repos.append({"type": "model", "id": f"soak/r{n}", "files": files})
    return {"repos": repos}


REPOS = [f"soak/r{n}" for n in range(12)] + ["demo/tiny-gpt2", "demo/odd-names"]
# Kinds that damage bytes: their source may be convicted.
DAMAGE = ["flip", "garbage", "other-version", "bad-cache"]
FAULTS = [
    dict(kind="slow", bytes_per_s=50_000), dict(kind="stall", after_bytes=300_000), dict(kind="reset", after_bytes=200_000),
    dict(kind="close", after_bytes=500_000), dict(kind="refuse"), dict(kind="refuse", where="hub"), dict(kind="delay", delay_s=0.7),
    dict(kind="delay", delay_s=0.7, where="hub"), dict(kind="429", retry_after=1), dict(kind="429", retry_after=1, where="hub"),
    dict(kind="503"), dict(kind="500", where="hub"), dict(kind="404"), dict(kind="403"), dict(kind="401", where="hub"), dict(kind="html"),
    dict(kind="html", where="hub"), dict(kind="json"), dict(kind="redirect-loop"), dict(kind="status-200"),
    dict(kind="wrong-content-range"), dict(kind="wrong-total"), dict(kind="expired-link"), dict(kind="lag"),
    dict(kind="clock", shift_s=4000), dict(kind="stall", where="hub"), dict(kind="reset", where="hub", after_bytes=40),
    *[dict(kind=kind, times=2) for kind in DAMAGE],
]  # fmt: skip


class Wish:
    """One pull that somebody asked for, into a folder of its own."""

    def __init__(self, number: int, root: pathlib.Path, rng: random.Random):
        self.repo = rng.choice(REPOS)
        self.folder = root / f"pull{number}"
        self.local = rng.random() < 0.4
        self.id = ""
        self.cancelled = False
        self.failed = ""  # the id under which it failed last

    def arguments(self) -> list[str]:
        return ["pull", self.repo, "--local-dir" if self.local else "--cache-dir", str(self.folder)]

    def check(self, rows: dict) -> None:
        if self.local:
            return assert_complete(self.folder, rows)
        assert_complete(next((self.folder / f"models--{self.repo.replace('/', '--')}/snapshots").iterdir()), rows)


class Chaos:
    def __init__(self, root: pathlib.Path, hub: DemoHub, rng: random.Random):
        self.hub, self.rng, self.faults_rng = hub, rng, random.Random(rng.random())
        self.user = Hfget(root, hub, config="[limits]\nmax_active_pulls = 50")
        self.user.isolate_command_line()
        self.pulls_root = root / "pulls"
        self.counts: collections.Counter = collections.Counter()
        self.wishes: list[Wish] = []
        self.watchers: list[tuple[float, subprocess.Popen]] = []
        self.lit: list[tuple[float, int]] = []  # until when, fault
        self.guilty: set[str] = set()
        self.problems: list[str] = []
        self.slowest: dict[str, float] = {}  # seconds, by command
        # A hub that lags names an older commit, and that one is then right.
        self.rows = {c: listing(hub, repo, c) for repo in REPOS for c in hub.repo(repo)["commits"]}

    def run(self, *arguments, **options) -> subprocess.CompletedProcess:
        began = time.monotonic()
        done = self.user.run(*arguments, **options)
        took = round(time.monotonic() - began, 1)
        self.slowest[arguments[0]] = max(took, self.slowest.get(arguments[0], 0))
        return done

    # --- the daemon

    def start(self) -> None:
        self.user.start_daemon()
        self.counts["starts"] += 1

    def alive(self) -> bool:
        return self.user.process.poll() is None

    def check_alive(self) -> None:
        if not self.alive():
            self.problems.append(f"the daemon died by itself: exit {self.user.process.returncode}\n{self.user.log()[-3000:]}")
            self.start()

    def restart(self) -> None:
        if self.rng.random() < 0.5:
            self.user.kill_daemon()
            self.counts["kills"] += 1
        else:
            code = self.user.process.send_signal(signal.SIGTERM) or self.user.process.wait(30)
            self.counts["stops"] += 1
            if code != 0:
                self.problems.append(f"SIGTERM: exit {code}")
        self.start()

    # --- pulls

    def wish(self) -> None:
        wish = Wish(self.counts["pulls"], self.pulls_root, self.rng)
        self.counts["pulls"] += 1
        done = self.run(*wish.arguments(), "--detach")
        wish.id = done.stdout.strip()
        if done.returncode == 0:
            self.wishes.append(wish)
        else:
            self.counts["refused"] += 1

    def look(self) -> int:
        """Checks and clears what has ended. How many go on."""
        answer = self.run("ps", "--all", "--json")
        if answer.returncode != 0:
            return len(self.wishes)
        states = {p["id"]: p for p in json.loads(answer.stdout)}
        for wish in list(self.wishes):
            pull = states.get(wish.id)
            if pull is None:
                self.problems.append(f"pull {wish.id} of {wish.repo} is forgotten")
                self.wishes.remove(wish)
            elif pull["state"].upper() in ("DONE", "FAILED", "CANCELLED"):
                self.end(wish, pull)
        return len(self.wishes)

    def end(self, wish: Wish, pull: dict) -> None:
        state = pull["state"].upper()
        if state == "DONE":
            try:
                wish.check(self.rows[pull["commit"]])
            except (AssertionError, OSError, StopIteration, KeyError) as e:
                self.problems.append(f"pull {wish.id} of {wish.repo} is DONE and wrong: {e!r}"[:2000])
        elif state == "FAILED" and not wish.cancelled:
            if wish.failed != wish.id:
                self.counts[f"failed: {pull['error']['cause'] if pull.get('error') else '?'}"] += 1
            wish.failed = wish.id
            return self.again(wish)
        self.counts[state.lower()] += 1
        shutil.rmtree(wish.folder, ignore_errors=True)
        self.wishes.remove(wish)

    def again(self, wish: Wish) -> None:
        """As a user would, whose pull failed for want of a good source; not at once."""
        if self.rng.random() < 0.8:
            return
        self.counts["pulled again"] += 1
        wish.id = self.run(*wish.arguments(), "--detach").stdout.strip() or wish.id

    def cancel(self) -> None:
        if not self.wishes:
            return
        wish = self.rng.choice(self.wishes)
        purge = ["--purge"] if self.rng.random() < 0.5 else []
        wish.cancelled |= self.run("cancel", wish.id, *purge).returncode == 0
        self.counts["cancels"] += 1

    # --- faults

    def torment(self, ended: threading.Event) -> None:
        """On a thread of its own, because the daemon's answers and the checks of the files take their time."""
        reset = time.monotonic() + 60
        while not ended.wait(self.faults_rng.uniform(0.3, 2)):
            self.put_out()
            if len(self.lit) < 6:
                self.fault()
            if time.monotonic() > reset:  # the hub's own memory: its log of requests
                reset = time.monotonic() + 60
                self.hub.reset()
                self.lit = []

    def fault(self) -> None:
        source = self.faults_rng.choice(list(self.hub.sources))
        fields = dict(self.faults_rng.choice(FAULTS))
        if fields["kind"] in DAMAGE:
            self.guilty.add(source)
        fields["share"] = self.faults_rng.choice([1.0, 0.3])
        fields["seed"] = self.faults_rng.randrange(1 << 20)
        self.lit.append((time.monotonic() + self.faults_rng.uniform(1, 8), self.hub.fault(source, **fields)))
        self.counts["faults"] += 1
        self.counts[f"fault {fields['kind']} {fields.get('where', 'data')}"] += 1

    def put_out(self) -> None:
        now = time.monotonic()
        for until, fault in self.lit:
            if until < now:
                self.hub.clear(fault)
        self.lit = [(until, fault) for until, fault in self.lit if until >= now]

    def pardon(self) -> None:
        """Convictions hold for ever, and the sources are to last for the whole run. No honest one may be among them."""
        answer = self.run("sources", "--json")
        for source in json.loads(answer.stdout) if answer.returncode == 0 else []:
            if source["state"] == "quarantined":
                self.counts["convictions"] += 1
                if source["name"] not in self.guilty:
                    self.problems.append(f"{source['name']} is convicted and had no fault: {source['reason']}")
                self.run("sources", "reset", source["name"])

    # --- clients

    def watch(self) -> None:
        for until, client in self.watchers:
            if until < time.monotonic() or client.poll() is not None:
                client.send_signal(self.rng.choice([signal.SIGKILL, signal.SIGINT])) if client.poll() is None else None
                client.wait()
        self.watchers = [(u, c) for u, c in self.watchers if c.poll() is None]
        if self.wishes and len(self.watchers) < 6:
            command = self.user.command("watch", self.rng.choice(self.wishes).id)
            client = subprocess.Popen(command, env=self.user.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            self.watchers.append((time.monotonic() + self.rng.uniform(0.1, 6), client))
            self.counts["watchers"] += 1

    # --- the end

    def settle(self, seconds: float) -> None:
        """No faults any more: all that was not cancelled comes through."""
        self.hub.clear()
        for source in self.hub.sources:
            self.hub.rate(source, 0)
            self.run("sources", "reset", source)
        self.run("sources", "probe", timeout=60)
        deadline = time.monotonic() + seconds
        while self.look() and time.monotonic() < deadline:
            time.sleep(0.5)
        left = [f"{w.repo} {w.id}" for w in self.wishes]
        if left:
            self.problems.append(f"{len(left)} pulls are not done {seconds:.0f} s after the last fault: {left[:5]}")

    def close(self) -> None:
        for _, client in self.watchers:
            client.kill()
            client.wait()
        if self.alive() and self.user.stop_daemon() != 0:
            self.problems.append("the last SIGTERM did not end with 0")
        self.user.close()
