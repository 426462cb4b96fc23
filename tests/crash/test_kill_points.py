"""White box: killed before and after every file call of a pull, of a restart, of a checkpoint, of a replacement.

HFGET_CRASH_POINTS: how many in all (64; "all": every one). HFGET_CRASH_SEED repeats a choice."""

import json
import os
import random
import signal
import time

import pytest
from crash_world import CACHE, LOCAL, LONG_CACHE, MIB, MODELSCOPE, REPLACED, Scenario, finish
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


def report(name: str, tried: list[Step], hit: int, started: float) -> None:
    figures = {"points": len(tried), "killed": hit, "kinds": len({s.kind for s in tried}), "seconds": round(time.monotonic() - started)}
    print(f"crash at {name}:", json.dumps(figures))
    assert hit >= len(tried) // 2, "most points were not reached: the enumeration is wrong"


SHARES = {CACHE: 0.4, LOCAL: 0.15, REPLACED: 0.15, MODELSCOPE: 0.15}


@pytest.mark.parametrize("scenario", SHARES, ids=lambda s: s.name.replace(" ", "-"))
def test_killed_at_every_step_of_a_pull(user, hub, scenario):
    steps, hit, started = chosen(enumerate_steps(user, scenario), SHARES[scenario]), 0, time.monotonic()
    failures = []
    for step in steps:
        prepare(user, scenario)
        hit += attempt(user, scenario, [step.rule()])
        try:
            finish(user, scenario)
        except AssertionError as e:
            failures.append(f"{step}: {str(e).splitlines()[0]}")
        user.kill_daemon()
    report(scenario.name, steps, hit, started)
    assert not failures, f"seed {SEED}, look in {user.root}:\n" + "\n".join(failures)
