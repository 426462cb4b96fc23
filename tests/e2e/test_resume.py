"""Death and return: nothing that was recorded is fetched again, and the bytes are right."""

import random
import shutil
import signal
import subprocess
import time

import pytest
from e2e_world import assert_complete, listing, wait_for

MIB = 1 << 20
CHECKPOINT = 64 * MIB


def test_kill_9_loop(world, hub):
    """25 rounds: killed at a random moment, started again, until the pull is through."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    user = world()
    rows = listing(hub, "demo/big")
    for round_number in range(25):
        for source in hub.sources:
            hub.rate(source, rng.choice([4, 16, 64]) * MIB)
        user.start_daemon()
        user.run("pull", "demo/big", "--detach")
        time.sleep(rng.uniform(0, 1.2))
        user.kill_daemon()
        blobs = user.cache / "models--demo--big/blobs"
        for blob in blobs.glob("*") if blobs.exists() else []:
            row = next(r for r in rows.values() if r.get("lfs", {}).get("oid", r["oid"]) == blob.name)
            assert blob.stat().st_size == row["size"], f"seed {seed}, round {round_number}: half a file is visible"
        if round_number % 5 == 4:  # now let it come through, and begin anew
            user.start_daemon()
            assert_complete(user.pull("demo/big"), rows)
            folder = user.cache / "models--demo--big"
            assert not list(folder.glob(".hfget/*")), "an orphan is left"
            user.kill_daemon()
            shutil.rmtree(folder)


def test_unfinished_pull_goes_on_by_itself_and_fetches_nothing_recorded_again(world, hub):
    for source in hub.sources:
        hub.rate(source, 6 * MIB)
    user = world().start_daemon()
    pull = user.run("pull", "demo/big", "--detach").stdout.strip()
    # 5 s is the checkpoint's interval: a bit more than one of them.
    fetched_at_kill = wait_for(lambda: (f := user.pulls()[0]["fetched_bytes"]) > 48 * MIB and f, 60)
    time.sleep(5.5) if fetched_at_kill < 100 * MIB else None
    state = user.pulls()[0]
    user.kill_daemon()
    for source in hub.sources:
        hub.rate(source, 0)
    before = len(hub.requests())
    user.start_daemon()
    done = user.run("watch", pull)
    assert done.returncode == 0, done.stderr
    rows = listing(hub, "demo/big")
    assert_complete(next((user.cache / "models--demo--big/snapshots").iterdir()), rows)
    again = sum(r["bytes"] for r in hub.requests()[before:] if r["status"] == 206)
    total = sum(r["size"] for r in rows.values())
    assert again <= total - state["done_bytes"] + CHECKPOINT + 16 * MIB, (again, state)


def test_sigterm_records_and_exits_0_within_5_s(world, hub):
    for source in hub.sources:
        hub.rate(source, 3 * MIB)
    user = world().start_daemon()
    pull = user.run("pull", "demo/big", "--detach").stdout.strip()
    wait_for(lambda: user.pulls()[0]["done_bytes"] > 10 * MIB, 60)
    done = user.pulls()[0]["done_bytes"]
    started = time.monotonic()
    assert user.stop_daemon() == 0
    assert time.monotonic() - started < 5
    assert not user.socket.exists()
    for source in hub.sources:
        hub.rate(source, 0)
    before = len(hub.requests())
    user.start_daemon()
    assert user.run("watch", pull).returncode == 0
    again = sum(r["bytes"] for r in hub.requests()[before:] if r["status"] == 206)
    assert again <= 128 * MIB + 64 * 1024 - done + 12 * MIB


def test_ctrl_c_detaches_and_the_daemon_goes_on(world, hub):
    for source in hub.sources:
        hub.rate(source, MIB)  # not done before the signal comes, however busy the machine is
    user = world().start_daemon()
    client = subprocess.Popen(user.command("pull", "demo/big"), env=user.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: user.pulls() and user.pulls()[0]["done_bytes"] > 0)
    client.send_signal(signal.SIGINT)
    out, err = client.communicate(timeout=10)
    assert client.returncode == 130 and out == ""
    pull = user.pulls()[0]["id"]
    assert f"hfget watch {pull}" in err and f"hfget cancel {pull}" in err
    for source in hub.sources:
        hub.rate(source, 0)
    assert user.run("watch", pull).returncode == 0


def test_cancel_keeps_the_partial_and_purge_does_not(world, hub):
    for source in hub.sources:
        hub.rate(source, 3 * MIB)
    user = world().start_daemon()
    partials = lambda: list((user.cache / "models--demo--big").glob(".hfget/*"))  # noqa: E731
    for purge in (False, True):
        pull = user.run("pull", "demo/big", "--detach").stdout.strip()
        wait_for(lambda: partials() and user.pulls()[0]["done_bytes"] > 4 * MIB, 40)
        assert user.run("cancel", pull, *(["--purge"] if purge else [])).returncode == 0
        if purge:
            wait_for(lambda: not partials(), what="the purge")
        else:
            assert partials()


def test_hf_download_beside_us_is_waited_for(user, hub):
    """The lock that huggingface_hub takes is honoured."""
    commit = hub.repo("demo/tiny-gpt2")["commit"]
    row = listing(hub, "demo/tiny-gpt2")["model.safetensors"]
    lock = user.cache / ".locks/models--demo--tiny-gpt2" / f"{row['lfs']['oid']}.lock"
    lock.parent.mkdir(parents=True)
    holder = subprocess.Popen(["flock", str(lock), "sleep", "3"])
    wait_for(lambda: subprocess.run(["flock", "-n", str(lock), "true"]).returncode != 0)
    started = time.monotonic()
    snapshot = user.pull("demo/tiny-gpt2")
    assert time.monotonic() - started > 1
    holder.wait()
    assert snapshot.name == commit
    assert_complete(snapshot, listing(hub, "demo/tiny-gpt2"))


def test_a_dead_daemons_socket_is_no_obstacle(world):
    user = world().start_daemon()
    user.kill_daemon()
    assert user.socket.exists()
    user.start_daemon()
    assert user.run("daemon", "status").returncode == 0


def test_cli_starts_the_daemon_by_itself(world, hub):
    user = world()
    assert user.run("daemon", "status").returncode == 3
    assert_complete(user.pull("demo/tiny-gpt2"), listing(hub, "demo/tiny-gpt2"))
    assert user.run("daemon", "status").returncode == 0
    assert user.run("daemon", "stop").returncode == 0
    assert user.run("daemon", "status").returncode == 3


def test_token_is_nowhere_on_disk(world, hub):
    user = world().start_daemon("--log-level", "trace")
    token = hub.tokens["alice"]
    user.pull("demo/private", "--token", token)
    user.stop_daemon()
    for path in user.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert token.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_idle_daemon_ends_at_once(world, signal_number):
    user = world().start_daemon()
    started = time.monotonic()
    user.process.send_signal(signal_number)
    assert user.process.wait(5) == 0
    assert time.monotonic() - started < 2
