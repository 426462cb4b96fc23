"""On what terms pulls are wanted, on the command line: names, priorities, deadlines, labels; and pulls that are paused, resumed, begun again, forgotten."""

import json
import time

import pytest
from e2e_world import assert_complete, listing, wait_for

MIB = 1 << 20


@pytest.fixture
def slow(hub):
    """Every source, so that a pull of demo/big takes a while."""
    for source in hub.sources:
        hub.rate(source, 4 * MIB)
    yield hub
    for source in hub.sources:
        hub.rate(source, 0)


def start(user, *arguments) -> str:
    done = user.run("pull", *arguments, "--detach")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def state(user, pull: str) -> str:
    return next(p["state"] for p in json.loads(user.run("ps", "--all", "--json").stdout) if p["id"] == pull)


def fetched(user, pull: str) -> int:
    return next(p["fetched_bytes"] for p in json.loads(user.run("ps", "--all", "--json").stdout) if p["id"] == pull)


def test_a_paused_pull_stands_still_over_a_restart_and_goes_on_when_resumed(world, slow):
    user = world().start_daemon()
    pull = start(user, "demo/big")
    wait_for(lambda: fetched(user, pull) > 8 * MIB, 60)
    done = user.run("pause", pull[:4])
    assert done.returncode == 0 and f"hfget resume {pull}" in done.stderr
    assert state(user, pull) == "paused"
    user.stop_daemon()
    user.start_daemon()
    before = len(slow.requests())
    time.sleep(1.5)
    assert state(user, pull) == "paused" and len(slow.requests()) == before
    assert "paused" in user.run("ps").stdout
    for source in slow.sources:
        slow.rate(source, 0)
    assert "goes on" in user.run("resume", pull).stderr
    done = user.run("watch", pull)
    assert done.returncode == 0, done.stderr
    assert_complete(next((user.cache / "models--demo--big/snapshots").iterdir()), listing(slow, "demo/big"))
    done = user.run("pause", pull)
    assert done.returncode == 1 and "there is nothing to pause" in done.stderr


def test_a_cancelled_pull_is_begun_again_and_then_forgotten(world, slow):
    user = world().start_daemon()
    pull = start(user, "demo/big")
    wait_for(lambda: fetched(user, pull) > 8 * MIB, 60)
    done = user.run("rm", pull)
    assert done.returncode == 1 and "cancel it first" in done.stderr
    user.run("cancel", pull)
    for source in slow.sources:
        slow.rate(source, 0)
    done = user.run("retry", pull)
    assert done.returncode == 0 and f"hfget watch {pull}" in done.stderr
    assert user.run("watch", pull).returncode == 0
    done = user.run("rm", pull, "nope")
    assert done.returncode == 3 and "its files stay" in done.stderr and "nope" in done.stderr
    assert json.loads(user.run("ps", "--all", "--json").stdout) == []
    assert_complete(next((user.cache / "models--demo--big/snapshots").iterdir()), listing(slow, "demo/big"))


def test_a_name_is_one_pull_and_labels_find_it(world, slow):
    user = world().start_daemon()
    pull = start(user, "demo/big", "--request-id", "job-1", "--label", "team=nlp", "--label", "job=1")
    assert start(user, "demo/big", "--request-id", "job-1") == pull
    user.run("cancel", pull)
    user.stop_daemon()
    user.start_daemon()
    assert start(user, "demo/big", "--request-id", "job-1") == pull and state(user, pull) == "cancelled"
    done = user.run("pull", "demo/tiny-gpt2", "--request-id", "job-1")
    assert done.returncode == 1 and "stands for the pull" in done.stderr, done.stderr
    other = start(user, "demo/tiny-gpt2", "--label", "team=cv")
    found = lambda *labels: [p["id"] for p in json.loads(user.run("ps", "--all", "--json", *labels).stdout)]  # noqa: E731
    assert found("--label", "team=nlp") == [pull]
    assert sorted(found("--label", "team")) == sorted([pull, other])
    assert found("--label", "team=nlp", "--label", "job=2") == []


def test_an_urgent_pull_comes_before_a_large_one(world, slow):
    user = world().start_daemon()
    large = start(user, "demo/big")
    wait_for(lambda: fetched(user, large) > 8 * MIB, 60)
    begin = time.monotonic()
    done = user.run("pull", "demo/tiny-gpt2", "--priority", "10")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begin < 10
    assert state(user, large) == "fetching"


def test_a_deadline_that_passes_fails_the_pull_and_keeps_what_came(world, slow):
    user = world().start_daemon()
    done = user.run("pull", "demo/big", "--limit-rate", "10MB", "--deadline", "3s")
    assert done.returncode == 1 and "it was to be done by" in done.stderr, done.stderr
    for source in slow.sources:
        slow.rate(source, 0)
    kept = json.loads(user.run("ps", "--all", "--json").stdout)[0]["fetched_bytes"]
    assert kept > 0
    assert_complete(user.pull("demo/big"), listing(slow, "demo/big"))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--priority", "101"], "--priority"),
        (["--deadline", "soon"], "is no deadline"),
        (["--deadline", "2001-01-01T00:00:00Z"], "has passed"),
        (["--deadline", "-5s"], "above 0"),
        (["--label", "=x"], "is no label"),
        (["--label", "team"], "is no label"),
        (["--label", "a=1", "--label", "a=2"], "given twice"),
        (["--label", "a b=1"], "A-Z a-z"),
        (["--request-id", "a b"], "request id"),
    ],
)
def test_what_cannot_be_is_one_clear_line(world, hub, arguments, words):
    user = world().start_daemon()
    done = user.run("pull", "demo/tiny-gpt2", *arguments)
    assert done.returncode == 2 and words in done.stderr and done.stderr.strip().count("\n") == 0, done.stderr
    assert json.loads(user.run("ps", "--all", "--json").stdout) == []
