"""Pulls that succeed: what arrives, where, and how it is said."""

import json
import os
import pathlib
import time

import pytest
from e2e_world import assert_complete, listing


def test_model_lands_in_the_cache_and_the_path_alone_is_on_stdout(user, hub):
    done = user.run("pull", "demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    snapshot = pathlib.Path(done.stdout.strip())
    commit = hub.repo("demo/tiny-gpt2")["commit"]
    assert snapshot == user.cache / "models--demo--tiny-gpt2/snapshots" / commit
    assert_complete(snapshot, listing(hub, "demo/tiny-gpt2"))
    assert (user.cache / "models--demo--tiny-gpt2/refs/main").read_text() == commit


@pytest.mark.parametrize("kind,repo", [("dataset", "demo/tiny-dataset"), ("space", "demo/tiny-space")])
def test_datasets_and_spaces(user, hub, kind, repo):
    snapshot = user.pull(repo, "--type", kind)
    assert f"{kind}s--demo--" in str(snapshot)
    assert_complete(snapshot, listing(hub, repo, kind=f"{kind}s"))


@pytest.mark.parametrize("revision", ["dev", "v1.0", "refs/pr/1", "short", "full"])
def test_revisions(user, hub, revision):
    commits = hub.repo("demo/tiny-gpt2")["commits"]
    asked = {"short": commits[0][:8], "full": commits[0]}.get(revision, revision)
    snapshot = user.pull("demo/tiny-gpt2", "--revision", asked)
    assert_complete(snapshot, listing(hub, "demo/tiny-gpt2", asked))


@pytest.mark.parametrize("spelling", ["hf://demo/tiny-gpt2@dev", "hf://models/demo/tiny-gpt2@refs%2Fpr%2F1"])
def test_hf_ids(user, hub, spelling):
    assert user.pull(spelling).name in hub.repo("demo/tiny-gpt2")["commits"]


def test_odd_names_arrive(user, hub):
    assert_complete(user.pull("demo/odd-names"), listing(hub, "demo/odd-names"))


def test_many_small_files_over_listing_pages(world, hub):
    user = world().start_daemon()
    assert_complete(user.pull("demo/many", timeout=300), listing(hub, "demo/many"))


def test_legacy_name_is_followed(user, hub):
    snapshot = user.pull("tiny-gpt2")
    assert "models--tiny-gpt2" in str(snapshot)
    assert_complete(snapshot, listing(hub, "demo/tiny-gpt2"))


def test_filters_follow_fnmatch(user, hub):
    snapshot = user.pull("demo/tiny-gpt2", "--include", "*.json", "--include", "*.onnx", "--exclude", "tok*")
    rows = listing(hub, "demo/tiny-gpt2")
    kept = {p: r for p, r in rows.items() if p.endswith((".json", ".onnx")) and not p.startswith("tok")}
    assert kept and len(kept) < len(rows)
    assert_complete(snapshot, kept)


def test_single_file_prints_the_file(user):
    path = user.pull("demo/tiny-gpt2", "config.json")
    assert path.name == "config.json" and json.loads(path.read_text())


def test_local_dir(user, hub, tmp_path):
    target = tmp_path / "model"
    assert user.pull("demo/tiny-gpt2", "--local-dir", target) == target
    assert_complete(target, listing(hub, "demo/tiny-gpt2"))
    assert (target / ".cache/huggingface/download/config.json.metadata").exists()
    assert not (target / ".hfget").exists()
    assert not (user.cache / "models--demo--tiny-gpt2/blobs").exists()


def test_relative_local_dir_is_the_callers(user, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert user.pull("demo/tiny-gpt2", "config.json", "--local-dir", "here") == tmp_path / "here/config.json"


def test_no_op_needs_no_network_and_under_50_ms(user, hub):
    commit = hub.repo("demo/tiny-gpt2")["commit"]
    user.pull("demo/tiny-gpt2", "--revision", commit)
    before = len(hub.requests())
    started = time.monotonic()
    user.pull("demo/tiny-gpt2", "--revision", commit)
    assert time.monotonic() - started < 2  # the figure itself is bench's; here only that nothing waits
    assert len(hub.requests()) == before


def test_dry_run_fetches_nothing(user, hub):
    done = user.run("pull", "demo/tiny-gpt2", "--dry-run")
    assert done.returncode == 0
    assert "[dry-run] Will download" in done.stdout and "model.safetensors" in done.stdout
    assert not list(user.home.rglob("blobs/*"))


def test_json_is_one_object(user):
    done = user.run("pull", "demo/tiny-gpt2", "--json")
    answer = json.loads(done.stdout)
    assert answer["state"] == "done" and os.path.isdir(answer["path"])


def test_quiet_says_nothing_but_the_path(user):
    done = user.run("pull", "demo/tiny-gpt2", "--quiet")
    assert done.stderr == "" and done.stdout.count("\n") == 1


def test_all_sources_take_part(world, hub):
    for source in hub.sources:
        hub.rate(source, 8 << 20)
    user = world().start_daemon()
    user.pull("demo/big")
    served = {r["source"] for r in hub.requests() if r["where"] == "data" and r["status"] == 206}
    direct = {r["source"] for r in hub.requests() if r["source"] == "hf-mirror" and r["status"] == 206}
    assert served | direct == set(hub.sources)


def test_equal_pulls_join(world, hub):
    for source in hub.sources:
        hub.rate(source, 2 << 20)
    user = world().start_daemon()
    first = user.run("pull", "demo/big", "--detach").stdout.strip()
    second = user.run("pull", "demo/big", "--detach").stdout.strip()
    assert first == second
    assert user.run("cancel", first).returncode == 0


def test_private_repo_with_token(user, hub):
    token = hub.tokens["alice"]
    snapshot = user.pull("demo/private", env={"HF_TOKEN": token})
    assert_complete(snapshot, listing(hub, "demo/private", token=token))
    for request in hub.requests():
        if request["authorization"]:
            assert request["source"] == "official" and request["where"] != "data", request


def test_second_commit_fetches_only_what_changed(user, hub):
    user.pull("demo/tiny-gpt2", "--revision", "v1.0")
    before = len(hub.requests())
    user.pull("demo/tiny-gpt2")
    fetched = [r for r in hub.requests()[before:] if r["status"] in (200, 206) and "resolve" in r["path"]]
    assert not [r for r in fetched if "README.md" in r["path"]]
