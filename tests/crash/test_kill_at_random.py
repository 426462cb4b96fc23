"""Black box: `kill -9` at random moments. HFGET_CRASH_ROUNDS rounds (50), HFGET_CRASH_SEED to repeat one run."""

import json
import os
import random
import time

from crash_world import CACHE, CHECKPOINT, IN_FLIGHT, LOCAL, LONG_CACHE, MIB, MODELSCOPE, REPLACED, finish, served

ROUNDS = int(os.environ.get("HFGET_CRASH_ROUNDS", "50"))
SEED = int(os.environ.get("HFGET_CRASH_SEED", random.randrange(1 << 32)))


def one_round(user, hub, scenario, rng) -> dict:
    """The figures of one pull that is killed one to three times, each time anywhere between the start and the expected end."""
    user.wipe(state=rng.random() < 0.3)  # else the state of earlier rounds stays
    if scenario.before:
        user.start_daemon()
        assert scenario.pull(user, arguments=scenario.before).returncode == 0
        user.kill_daemon()
    hub.reset()
    total = 0
    for source in hub.sources:
        rate = rng.choice([8, 14, 20] if scenario is LONG_CACHE else [4, 10, 30]) * MIB
        total += rate if not scenario.scope or source == "modelscope" else 0
        hub.rate(source, rate, per="source")
    kills = rng.choice([1, 1, 2, 3])
    for _ in range(kills):
        user.start_daemon()
        scenario.pull(user, "--detach")
        time.sleep(rng.uniform(0, 1.1) * scenario.size(hub) / total)
        user.kill_daemon()
    for source in hub.sources:
        hub.rate(source, 0)
    finish(user, scenario)
    user.kill_daemon()
    again = served(hub) - scenario.size(hub)
    # 5 s of work may be lost at any rate, and 64 MiB at a high one.
    assert again <= kills * (min(CHECKPOINT, 5 * total) + IN_FLIGHT), f"{again / MIB:.0f} MiB again after {kills} kills"
    return {"kills": kills, "again": max(0, again)}


def test_kill_9_at_random_moments(user, hub):
    print("HFGET_CRASH_SEED", SEED)
    rng = random.Random(SEED)
    figures, started = [], time.monotonic()
    for number in range(ROUNDS):
        scenario = LONG_CACHE if number % 10 == 9 else rng.choice([CACHE, CACHE, LOCAL, REPLACED, MODELSCOPE])
        try:
            figures.append(one_round(user, hub, scenario, rng) | {"scenario": scenario.name})
        except AssertionError as e:
            raise AssertionError(f"seed {SEED}, round {number} ({scenario.name}); look in {user.root}: {e}") from e
    kills = sum(f["kills"] for f in figures)
    again = [f["again"] / f["kills"] / MIB for f in figures]
    summary = {"rounds": ROUNDS, "kills": kills, "seconds": round(time.monotonic() - started), "again_mib_a_kill":
               {"mean": round(sum(again) / len(again), 1), "max": round(max(again), 1)}, "lost_files": 0, "orphans": 0}  # fmt: skip
    print("crash:", json.dumps(summary))
