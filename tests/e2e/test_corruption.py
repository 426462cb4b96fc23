"""Sources that send wrong bytes: the file is right, the guilty one is found by evidence, and no other is; and what it cost.

HFGET_CORRUPTION_MIB: the size of the file (256; the long label takes 1024)."""

import json
import os

import pytest
from e2e_world import DemoHub, assert_complete, listing

MIB = 1 << 20
SIZE = int(os.environ.get("HFGET_CORRUPTION_MIB", "256")) * MIB
REPO, PATH = "demo/corrupt", "weights/big.bin"
SPEC = {"repos": [{"type": "model", "id": REPO, "files": [{"path": PATH, "lfs": True, "size": SIZE, "seed": "corrupt"}]}]}
RATE = 24 * MIB  # of each source: none of them serves all


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory):
    with DemoHub(live=True, spec=SPEC, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


def data_requests(hub) -> list[dict]:
    return [r for r in hub.requests() if r["where"] == "data" and r["status"] in (200, 206) and r["bytes"]]


def pull_and_measure(user, hub, name: str) -> dict:
    """Pulls, checks every byte, prints the cost."""
    for source in hub.sources:
        hub.rate(source, RATE, per="source")
    assert_complete(user.pull(REPO, timeout=300), listing(hub, REPO))
    sent = {source: sum(r["bytes"] for r in data_requests(hub) if r["source"] == source) for source in hub.sources}
    again = max(0, sum(sent.values()) - SIZE)
    figures = {"file_mib": SIZE // MIB, "again_mib": round(again / MIB, 1), "again_share": round(again / SIZE, 3),
               "sent_mib": {s: round(b / MIB, 1) for s, b in sent.items()}}  # fmt: skip
    print(f"corruption, {name}:", json.dumps(figures))
    return figures | {"again": again, "sent": sent}


def quarantined(user) -> dict[str, dict]:
    return {s["name"]: s for s in json.loads(user.run("sources", "--json").stdout) if s["state"] == "quarantined"}


def assert_found(user, hub, guilty: str) -> str:
    """`guilty` and nobody else is quarantined, and the evidence is shown. Returns it."""
    assert set(quarantined(user)) == {guilty}
    explained = user.run("sources", "--explain", guilty).stdout
    sha256 = listing(hub, REPO)[PATH]["lfs"]["oid"]
    for word in ("conviction", PATH, "piece(s), MiB", sha256, "digest of MiB", "from another source it is", "Z: "):
        assert word in explained, f"{word!r} is not in\n{explained}"
    for other in set(hub.sources) - {guilty}:
        assert "wrong bytes" not in user.run("sources", "--explain", other).stdout
    return explained


KINDS = {
    "one flipped bit": dict(kind="flip", times=1),
    "another version": dict(kind="other-version"),
    "garbage in some ranges": dict(kind="garbage", share=0.1, seed=3),
    "a broken cache": dict(kind="bad-cache", bad_blocks=0.05, seed=5),
}


@pytest.mark.parametrize("name", KINDS)
def test_one_source_sends_wrong_bytes(user, hub, name):
    hub.fault("tuna", where="data", match=PATH, **KINDS[name])
    figures = pull_and_measure(user, hub, name)
    struck = [f["hits"] for f in hub.faults()]
    assert struck and struck[0] > 0, "the fault was never met: the test shows nothing"
    explained = assert_found(user, hub, "tuna")
    print([line for line in explained.splitlines() if "conviction" in line])
    # Whose bytes they were is found by fetching again what suspects have sent: never all, and each piece once a suspect.
    assert figures["again"] < 0.9 * SIZE, figures


# The most trusted is suspected last, when all others' bytes have been compared.
@pytest.mark.parametrize("guilty,most", [("hf-mirror", 0.9), ("official", 1.5)])
def test_the_guilty_one_is_found_whoever_it_is(user, hub, guilty, most):
    hub.fault(guilty, "flip", where="data", match=PATH, times=1)
    figures = pull_and_measure(user, hub, f"a flipped bit of {guilty}")
    assert_found(user, hub, guilty)
    assert figures["again"] < most * SIZE, figures


def test_who_was_convicted_is_asked_no_more(user, hub):
    hub.fault("tuna", "other-version", where="data", match=PATH)
    pull_and_measure(user, hub, "before the conviction")
    before = len([r for r in data_requests(hub) if r["source"] == "tuna"])
    user.pull(REPO, "--local-dir", user.root / "once-more", timeout=300)
    assert len([r for r in data_requests(hub) if r["source"] == "tuna"]) == before


def test_honest_sources_whose_connections_break_are_not_blamed(user, hub):
    """Pieces that two have sent together: one of them lied."""
    hub.fault("tuna", "garbage", where="data", match=PATH, share=0.2, seed=7)
    for honest in ("official", "pai", "hf-mirror"):
        hub.fault(honest, "reset", where="data", match=PATH, after_bytes=2 * MIB + 300_000, share=0.3, seed=11)
    pull_and_measure(user, hub, "garbage among broken connections")
    assert set(quarantined(user)) <= {"tuna"}
