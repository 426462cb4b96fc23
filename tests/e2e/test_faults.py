"""A source that dies, stalls, lies or lags: the pull goes on with the others and the bytes are right."""

import json

import pytest
from e2e_world import assert_complete, listing

MIB = 1 << 20

MID_FILE = {
    "reset": dict(kind="reset", after_bytes=MIB),
    "close": dict(kind="close", after_bytes=MIB // 2),
    "stall": dict(kind="stall", after_bytes=MIB, times=4),
    "refuse": dict(kind="refuse"),
    "status-200": dict(kind="status-200"),
    "wrong-content-range": dict(kind="wrong-content-range"),
    "wrong-total": dict(kind="wrong-total"),
    "html": dict(kind="html"),
    "json": dict(kind="json"),
    "429": dict(kind="429", retry_after=2, times=5),
    "500": dict(kind="500"),
    "503": dict(kind="503", times=6),
    "404": dict(kind="404"),
    "403": dict(kind="403"),
    "expired-link": dict(kind="expired-link", times=3),
    "redirect-loop": dict(kind="redirect-loop"),
    "delay": dict(kind="delay", delay_s=1, times=3),
}


@pytest.mark.parametrize("name", MID_FILE)
def test_bad_data_host_of_one_source(user, hub, name):
    for source in hub.sources:
        hub.rate(source, 8 * MIB)
    hub.fault("tuna", where="data", **MID_FILE[name])
    assert_complete(user.pull("demo/big", timeout=100), listing(hub, "demo/big"))


@pytest.mark.parametrize("name", ["refuse", "500", "html", "404", "403", "429"])
def test_bad_hub_of_one_mirror(user, hub, name):
    hub.fault("pai", **(MID_FILE[name] | {"where": "hub"}))
    assert_complete(user.pull("demo/tiny-gpt2"), listing(hub, "demo/tiny-gpt2"))


@pytest.mark.parametrize("name", ["refuse", "500", "html"])
def test_listing_comes_from_a_mirror_when_the_official_hub_is_down(user, hub, name):
    rows = listing(hub, "demo/tiny-gpt2")
    hub.fault("official", **(MID_FILE[name] | {"where": "any"}))
    assert_complete(user.pull("demo/tiny-gpt2", timeout=100), rows)


def test_flipped_bit_is_found_and_the_sender_quarantined(user, hub):
    for source in hub.sources:
        hub.rate(source, 8 * MIB)
    hub.fault("tuna", "flip", where="data", times=1)
    assert_complete(user.pull("demo/big", timeout=100), listing(hub, "demo/big"))
    states = {s["name"]: s for s in json.loads(user.run("sources", "--json").stdout)}
    assert states["tuna"]["state"] == "quarantined", states
    assert [n for n, s in states.items() if s["state"] == "quarantined"] == ["tuna"]


def test_garbage_from_one_source(user, hub):
    hub.fault("hf-mirror", "garbage", where="any", match="model.safetensors|lfs|big", times=2)
    assert_complete(user.pull("demo/big", timeout=100), listing(hub, "demo/big"))


def test_only_source_sends_garbage_is_an_error_and_nothing_is_published(world, hub):
    hub.fault("official", "garbage", where="data")
    user = world(sources=["official"]).start_daemon()
    done = user.run("pull", "demo/tiny-gpt2")
    assert done.returncode == 1, done.stderr
    assert "hash" in done.stderr
    blobs = list((user.cache / "models--demo--tiny-gpt2/blobs").glob("*"))
    assert all(len(b.name) == 40 for b in blobs), "no large file was published"


def test_lagging_mirror_is_not_blamed(user, hub):
    hub.commit("demo/tiny-gpt2", [{"path": "new.txt", "text": "new\n"}])
    hub.fault("pai", "lag")
    assert_complete(user.pull("demo/tiny-gpt2"), listing(hub, "demo/tiny-gpt2"))


def test_source_falls_to_a_crawl_midway(user, hub):
    for source in hub.sources:
        hub.rate(source, 8 * MIB)
    hub.fault("official", "slow", where="data", after_bytes=2 * MIB, bytes_per_s=10_000)
    assert_complete(user.pull("demo/big", timeout=60), listing(hub, "demo/big"))


def test_redirect_to_another_host_carries_no_token(user, hub):
    user.pull("demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})
    leaked = [r for r in hub.requests() if r["authorization"] and (r["where"] == "data" or r["source"] != "official")]
    assert not leaked
