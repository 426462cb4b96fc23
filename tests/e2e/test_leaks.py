"""The leak test: whatever is pulled, through whatever servers, the real token is seen only where it was proven and allowed."""

import contextlib
import json

import pytest
from e2e_world import DemoHub, assert_complete, listing
from odd_mirror import OddMirror

@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory):
    """With ModelScope among the sources: another realm, which has some of the same files under the same names."""
    with DemoHub(live=True, modelscope=True, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


PROVEN = {"pai", "hf-mirror"}  # pass Authorization on; trusted by the configuration below


@pytest.fixture
def net(world, hub):
    """A user whose configuration trusts every mirror, odd ones included, except tuna, which it does not trust."""
    with contextlib.ExitStack() as stack:
        elsewhere = stack.enter_context(OddMirror(hub.endpoint(), "plain"))
        odd = {kind: stack.enter_context(OddMirror(hub.endpoint(), kind, elsewhere.endpoint))
               for kind in ("own-401", "forger", "elsewhere")}  # fmt: skip
        user = world(config='[modelscope.ids]\n"demo/tiny-gpt2" = "demo-scope/tiny-gpt2.v3"\n')
        user.env["MODELSCOPE_API_TOKEN"] = hub.modelscope_tokens["alice"]
        text = user.config.read_text().replace('sources = ["official"', 'sources = ["own-401", "forger", "elsewhere", "official"')
        for name in PROVEN:
            text = text.replace(f"[source.{name}]", f'[source.{name}]\ntoken = "if-proven"')
        for name, mirror in odd.items():
            text += f'[source.{name}]\nendpoint = "{mirror.endpoint}"\ntoken = "if-proven"\n'
        user.config.write_text(text)
        yield user.start_daemon(), odd | {"the other host": elsewhere}


def bearer(hub, name: str = "alice") -> str:
    return f"Bearer {hub.tokens[name]}"


def saw(hub, token: str) -> set[tuple[str, str]]:
    """(source, where) of the requests that carried the token. What a mirror passes on to the hub is the mirror's doing."""
    return {(r["source"], r["where"]) for r in hub.requests()
            if token.removeprefix("Bearer ") in f"{r['authorization']} {r['cookie']}"
            and (r["server"] == "nginx" or r["source"] in ("official", "modelscope"))}  # fmt: skip


def assert_no_leak(hub, odd, allowed: set[str]):
    for name, mirror in odd.items():
        assert bearer(hub) not in mirror.tokens(), name
    for source, where in saw(hub, bearer(hub)):
        assert source in allowed, f"{source} saw the token"
        assert where != "data", f"the data host of {source} saw the token"
    assert saw(hub, hub.modelscope_tokens["alice"]) <= {("modelscope", "hub")}, "a realm of its own"


@pytest.mark.parametrize("repo", ["demo/tiny-gpt2", "demo/gated", "demo/private"])
def test_the_token_is_seen_only_where_it_was_proven_and_allowed(net, hub, repo):
    user, odd = net
    folder = user.pull("--token", hub.tokens["alice"], repo)
    assert_complete(folder, listing(hub, repo, token=hub.tokens["alice"]))
    assert_no_leak(hub, odd, {"official"} | PROVEN)


def test_a_public_repo_shows_it_to_the_hub_alone(net, hub):
    user, odd = net
    user.pull("--token", hub.tokens["alice"], "demo/tiny-gpt2")
    assert {source for source, _ in saw(hub, bearer(hub))} <= {"official"}


def test_with_the_official_hub_blocked(net, hub):
    user, odd = net
    user.run("sources", "probe")
    hub.fault("official", kind="refuse", where="any")
    folder = user.pull("--token", hub.tokens["alice"], "demo/private")
    hub.reset()
    assert_complete(folder, listing(hub, "demo/private", token=hub.tokens["alice"]))
    assert all(bearer(hub) not in mirror.tokens() for mirror in odd.values())


def test_a_probe_uses_a_token_that_was_never_issued(net, hub):
    user, odd = net
    user.env["HF_TOKEN"] = hub.tokens["alice"]
    sources = {s["name"]: s for s in json.loads(user.run("sources", "probe", "--json").stdout)}
    assert {n for n, s in sources.items() if s["token_verdict"] == "forwards"} == PROVEN
    assert sources["tuna"]["token_verdict"] == "not-seen-to-forward"
    assert {sources[name]["token_verdict"] for name in ("own-401", "forger", "elsewhere")} == {"unknown"}
    assert not saw(hub, bearer(hub))
    assert all(bearer(hub) not in mirror.tokens() for mirror in odd.values())


def test_a_revoked_proof_is_shown_and_remembered(net, hub):
    user, _ = net
    user.run("sources", "probe", "pai")
    user.stop_daemon()
    user.start_daemon()
    explained = user.run("sources", "--explain", "pai").stdout
    assert "forwards" in explained and "never issued" in explained
    assert hub.tokens["alice"] not in explained


def test_a_pull_from_modelscope_shows_its_token_there_alone(net, hub):
    user, odd = net
    user.pull("modelscope://demo-scope/private", env={"HF_TOKEN": hub.tokens["alice"]})
    assert saw(hub, hub.modelscope_tokens["alice"]) == {("modelscope", "hub")}
    assert_no_leak(hub, odd, set())
    for name, mirror in odd.items():
        assert not any(hub.modelscope_tokens["alice"] in token for token in mirror.tokens()), name
