"""White box: killed before and after every file call of a pull, of a restart, of a checkpoint, of a replacement.

HFGET_CRASH_POINTS: how many in all (64; "all": every one). HFGET_CRASH_SEED repeats a choice."""

import json
import os
import random
import signal
import time

import pytest
from crash_world import CACHE, CHECKPOINT, IN_FLIGHT, LOCAL, LONG_CACHE, MIB, MODELSCOPE, REPLACED, Scenario, finish, served
from e2e_world import wait_for
from steps import Step, one_of_each_kind, steps_of

POINTS = os.environ.get("HFGET_CRASH_POINTS", "64")
SEED = int(os.environ.get("HFGET_CRASH_SEED", random.randrange(1 << 32)))


def chosen(steps: list[Step], share: float) -> list[Step]:
    """All, or `share` of HFGET_CRASH_POINTS, of as many kinds as there is room for."""
    if POINTS == "all":
        return steps
    print("HFGET_CRASH_SEED", SEED)
    rng = random.Random(SEED)
    some = one_of_each_kind(steps, rng)
    return rng.sample(some, min(len(some), max(1, round(int(POINTS) * share))))


def prepare(user, scenario: Scenario) -> None:
    user.wipe()
    if scenario.before:
        user.shim.clear()
        user.start_daemon()
        assert scenario.pull(user, arguments=scenario.before).returncode == 0
        assert user.stop_daemon() == 0


def attempt(user, scenario: Scenario, rules: list[str]) -> bool:
    """A daemon's life under `rules`. True: it died of them."""
    user.shim.set(*rules)
    user.start_daemon(may_die=True)
    if user.alive():
        scenario.pull(user)
    if not user.alive():
        assert user.process.returncode == -signal.SIGKILL, user.log()[-4000:]
    return not user.alive()


def enumerate_steps(user, scenario: Scenario) -> list[Step]:
    prepare(user, scenario)
    user.shim.forget()
    assert not attempt(user, scenario, [f"* {user.root} log"])
    scenario.check(user)
    user.kill_daemon()
    return steps_of(user.shim.calls(), str(user.root), str(user.state))


def slow(hub, bytes_per_s: int) -> None:
    for source in hub.sources:
        hub.rate(source, bytes_per_s, per="source")


def died_within(user, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while user.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not user.alive()


def try_all(user, name: str, steps: list[Step], one) -> None:
    """`one` for each step; all that went wrong is told together, at the end."""
    hit, failures, started = 0, [], time.monotonic()
    for step in steps:
        try:
            hit += one(step)
        except AssertionError as e:
            failures.append(f"{step}: {str(e).splitlines()[0]}")
            print("FAILED", failures[-1], flush=True)
        if user.alive():
            user.kill_daemon()
    report(name, steps, hit, started)
    assert not failures, f"seed {SEED}, look in {user.root}:\n" + "\n".join(failures)


def report(name: str, tried: list[Step], hit: int, started: float) -> None:
    figures = {"points": len(tried), "killed": hit, "kinds": len({s.kind for s in tried}), "seconds": round(time.monotonic() - started)}
    print(f"crash at {name}:", json.dumps(figures))
    assert hit >= len(tried) // 2, "most points were not reached: the enumeration is wrong"


SHARES = {CACHE: 0.3, LOCAL: 0.12, REPLACED: 0.12, MODELSCOPE: 0.12}


@pytest.mark.parametrize("scenario", SHARES, ids=lambda s: s.name.replace(" ", "-"))
def test_killed_at_every_step_of_a_pull(user, hub, scenario):

    def one(step: Step) -> bool:
        prepare(user, scenario)
        died = attempt(user, scenario, [step.rule()])
        finish(user, scenario)
        return died

    try_all(user, scenario.name, chosen(enumerate_steps(user, scenario), SHARES[scenario]), one)


def test_killed_at_every_step_of_a_start_with_an_unfinished_pull(user, hub):
    """One after another, on the way up: what one start has left behind is what the next one finds."""
    slow(hub, 2 * MIB)
    prepare(user, CACHE)
    user.shim.clear()
    user.start_daemon()
    CACHE.pull(user, "--detach")
    time.sleep(1)
    user.kill_daemon()
    user.shim.forget()
    user.shim.set(f"* {user.root} log")
    user.start_daemon()
    time.sleep(0.2)
    user.kill_daemon()

    def one(step: Step) -> bool:
        user.shim.set(step.rule())
        user.start_daemon(may_die=True)
        died = died_within(user, 0.5)
        if not died:
            user.kill_daemon()
        return died

    try_all(user, "start", chosen(steps_of(user.shim.calls(), str(user.root), str(user.state)), 0.14), one)
    slow(hub, 0)
    finish(user, CACHE)


def test_killed_at_every_step_of_a_stop(user, hub):
    """SIGTERM records what is there; a kill on the way loses no more than a kill without it."""

    def stop_under(*rules: str) -> bool:
        slow(hub, 3 * MIB)
        prepare(user, CACHE)
        user.shim.clear()
        user.start_daemon()
        CACHE.pull(user, "--detach")
        wait_for(lambda: user.pulls()[0]["done_bytes"] > 2 * MIB)
        user.shim.set(*rules)
        user.process.send_signal(signal.SIGTERM)
        return user.process.wait(20) == -signal.SIGKILL

    def one(step: Step) -> bool:
        died = stop_under(step.rule())
        slow(hub, 0)
        finish(user, CACHE)
        return died

    user.shim.forget()
    assert not stop_under(f"* {user.root} log")
    calls = [c for c in user.shim.calls() if c.name != "pwrite"]  # these go on meanwhile, as in a pull
    try_all(user, "stop", chosen(steps_of(calls, str(user.root), str(user.state)), 0.06), one)


def test_killed_at_every_step_of_a_checkpoint(user, hub):
    def one(step: Step) -> bool:
        prepare(user, LONG_CACHE)
        hub.reset()
        slow(hub, 16 * MIB)  # or more comes while a sync runs than between two
        died = attempt(user, LONG_CACHE, [step.rule()])
        slow(hub, 0)
        finish(user, LONG_CACHE)
        again = served(hub) - LONG_CACHE.size(hub)
        assert again <= CHECKPOINT + IN_FLIGHT, f"{again / MIB:.0f} MiB were fetched again"
        return died

    steps = enumerate_steps(user, LONG_CACHE)
    steps = [s for s in steps if s.call in ("fdatasync", "fsync", "write") and (".partial" in s.key or s.key in (".log", ".sst"))]
    try_all(user, "checkpoint", chosen(steps, 0.08), one)


def test_killed_at_every_step_while_wrong_bytes_are_replaced(user, hub):
    def flipped(step_rules: list[str]) -> bool:
        prepare(user, CACHE)
        hub.clear()
        hub.fault("tuna", "flip", where="data", match="model.safetensors", times=1)
        return attempt(user, CACHE, step_rules)

    def one(step: Step) -> bool:
        died = flipped([step.rule()])
        finish(user, CACHE)
        guilty = {s["name"] for s in json.loads(user.run("sources", "--json").stdout) if s["state"] == "quarantined"}
        assert guilty <= {"tuna"}, guilty
        return died

    user.shim.forget()
    assert not flipped([f"* {user.root} log"])
    user.kill_daemon()
    steps = steps_of(user.shim.calls(), str(user.root), str(user.state))
    steps = [s for s in steps if "SHA256" in s.kind or s.key == ".log"]
    try_all(user, "replacement", chosen(steps, 0.08), one)
