"""The newest huggingface_hub: (a) it downloads from the demo hub, which shows that the demo hub is faithful; (b) offline it accepts what
hfget pulled; (c) what it downloaded, hfget does not download again."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from e2e_world import assert_complete, hub, listing, shared_hub, user, wait_for, world  # noqa: E402,F401

HF = pathlib.Path(sys.executable).with_name("hf")


def client(user, code: str, offline: bool, endpoint: str = "", token: str = ""):
    """Runs Python with the real client in this user's world; the last expression printed as JSON."""
    env = user.env | {"HF_HUB_CACHE": str(user.cache), "HF_HOME": str(user.cache.parent), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    env |= {"HF_HUB_OFFLINE": "1"} if offline else {"HF_ENDPOINT": endpoint}
    env |= {"HF_TOKEN": token} if token else {}
    program = "import json\nfrom huggingface_hub import *\nfrom huggingface_hub.errors import *\n" + code
    done = subprocess.run([sys.executable, "-c", program], env=env, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def snapshot_download(user, repo, offline=True, endpoint="", token="", **options):
    words = "".join(f", {k}={v!r}" for k, v in options.items())
    return pathlib.Path(client(user, f"print(json.dumps(snapshot_download({repo!r}{words})))", offline, endpoint, token))


# (a) the demo hub is faithful


@pytest.mark.parametrize("source", ["official", "tuna", "pai", "hf-mirror"])
def test_the_client_downloads_from_every_source(world, hub, source):
    user = world()
    folder = snapshot_download(user, "demo/tiny-gpt2", offline=False, endpoint=hub.endpoint(source))
    assert_complete(folder, listing(hub, "demo/tiny-gpt2"))


def test_the_client_raises_what_it_raises_at_the_real_hub(world, hub):
    user = world()
    for repo, extra, error in [
        ("demo/tiny-gpt2", ", revision='nope'", "RevisionNotFoundError"),
        ("demo/gated", "", "GatedRepoError"),
    ]:
        code = f"try:\n  snapshot_download({repo!r}{extra}); print('null')\nexcept Exception as e: print(json.dumps([c.__name__ for c in type(e).__mro__]))"
        assert error in client(user, code, False, hub.endpoint()), repo


# (b) what hfget pulled is accepted offline


CASES = {
    "model": ("demo/tiny-gpt2", "model", "main"),
    "dataset": ("demo/tiny-dataset", "dataset", "main"),
    "branch": ("demo/tiny-gpt2", "model", "dev"),
    "tag": ("demo/tiny-gpt2", "model", "v1.0"),
    "pr": ("demo/tiny-gpt2", "model", "refs/pr/1"),
}


@pytest.mark.parametrize("case", CASES)
def test_cache_is_accepted_offline(user, hub, case):
    repo, kind, revision = CASES[case]
    ours = user.pull(repo, "--type", kind, "--revision", revision)
    assert snapshot_download(user, repo, repo_type=kind, revision=revision) == ours
    for path in listing(hub, repo, revision, kind + "s"):
        code = f"print(json.dumps(hf_hub_download({repo!r}, {path!r}, repo_type={kind!r}, revision={revision!r})))"
        if path in ("config.json", "README.md") or "/" in path:
            assert client(user, code, True) == str(ours / path)
    scan = client(user, "i = scan_cache_dir()\nprint(json.dumps([[str(w) for w in i.warnings], [[r.repo_id, r.nb_files] for r in i.repos]]))", True)
    assert scan[0] == []
    assert [repo, len(listing(hub, repo, revision, kind + "s"))] in scan[1]


def verify(user, hub, repo, *flags):
    env = user.env | {"HF_HUB_CACHE": str(user.cache), "HF_HOME": str(user.cache.parent), "HF_ENDPOINT": hub.endpoint()}
    return subprocess.run([HF, "cache", "verify", repo, *flags], env=env, text=True, capture_output=True, timeout=120)


def test_cache_verify_accepts(user, hub):
    user.pull("demo/tiny-gpt2")
    done = verify(user, hub, "demo/tiny-gpt2", "--fail-on-missing-files", "--fail-on-extra-files")
    assert done.returncode == 0, done.stdout + done.stderr


def test_local_dir_is_accepted_offline(user, hub, tmp_path):
    target = tmp_path / "model"
    user.pull("demo/tiny-gpt2", "--local-dir", target)
    assert snapshot_download(user, "demo/tiny-gpt2", local_dir=str(target)) == target
    done = verify(user, hub, "demo/tiny-gpt2", "--local-dir", str(target))
    assert done.returncode == 0, done.stdout + done.stderr
    # Online with the pinned commit it asks for nothing again either.
    commit = hub.repo("demo/tiny-gpt2")["commit"]
    before = {p: p.stat().st_mtime_ns for p in target.rglob("*") if p.is_file()}
    snapshot_download(user, "demo/tiny-gpt2", offline=False, endpoint=hub.endpoint(), local_dir=str(target), revision=commit)
    after = {p: p.stat().st_mtime_ns for p in target.rglob("*") if p.is_file() and p in before}
    assert {p for p in before if ".cache" not in p.parts and before[p] != after.get(p)} == set()


def test_client_online_downloads_nothing_again(user, hub):
    user.pull("demo/tiny-gpt2")
    before = len(hub.requests())
    snapshot_download(user, "demo/tiny-gpt2", offline=False, endpoint=hub.endpoint())
    bodies = [r for r in hub.requests()[before:] if r["method"] == "GET" and r["where"] == "data"]
    assert bodies == []


def test_partial_pull_is_not_taken_for_a_whole_one(user, hub):
    user.pull("demo/tiny-gpt2", "config.json")
    code = "print(json.dumps(hf_hub_download('demo/tiny-gpt2', 'config.json')))"
    assert client(user, code, True).endswith("config.json")
    code = "try:\n  hf_hub_download('demo/tiny-gpt2', 'model.safetensors'); print('null')\nexcept Exception as e: print(json.dumps(type(e).__name__))"
    assert client(user, code, True) == "LocalEntryNotFoundError"


# (c) what the client downloaded, hfget does not download again


def test_what_the_client_downloaded_is_not_fetched_again(user, hub):
    theirs = snapshot_download(user, "demo/tiny-gpt2", offline=False, endpoint=hub.endpoint())
    before = len(hub.requests())
    assert user.pull("demo/tiny-gpt2") == theirs
    later = hub.requests()[before:]
    assert [r for r in later if r["where"] == "data" or "/resolve" in r["path"]] == []


def test_what_the_client_put_into_a_local_dir_is_not_fetched_again(user, hub, tmp_path):
    target = tmp_path / "model"
    snapshot_download(user, "demo/tiny-gpt2", offline=False, endpoint=hub.endpoint(), local_dir=str(target))
    before = len(hub.requests())
    assert user.pull("demo/tiny-gpt2", "--local-dir", target) == target
    assert [r for r in hub.requests()[before:] if r["where"] == "data" or "/resolve" in r["path"]] == []


def test_cache_prune_beside_a_running_pull_loses_nothing(world, hub):
    """prune takes a snapshot that no ref names for a forgotten one; the pull must still end whole."""
    user = world().start_daemon()
    user.pull("demo/big", "--include", "*.json", "--revision", "main")  # a ref: the repo itself is no candidate
    for source in hub.sources:
        hub.rate(source, 4 << 20)
    pull = user.run("pull", "demo/big", "--detach").stdout.strip()
    partials = lambda: set((user.cache / "models--demo--big").glob(".hfget/*"))  # noqa: E731
    wait_for(lambda: len(partials()) > 1)
    there = {p for p in partials() if p.stat().st_size > 1 << 20}
    env = user.env | {"HF_HUB_CACHE": str(user.cache), "HF_HOME": str(user.cache.parent), "HF_HUB_OFFLINE": "1"}
    subprocess.run([HF, "cache", "prune", "--yes"], env=env, capture_output=True, text=True, timeout=60)
    assert there <= partials()
    assert user.run("watch", pull).returncode == 0
    assert_complete(user.cache / "models--demo--big/snapshots" / hub.repo("demo/big")["commit"], listing(hub, "demo/big"))


def test_files_pruned_during_a_pull_are_fetched_again(world, hub):
    for source in hub.sources:
        hub.rate(source, 6 << 20)
    user = world().start_daemon()
    pull = user.run("pull", "demo/big", "--detach").stdout.strip()
    snapshots = user.cache / "models--demo--big/snapshots"
    wait_for(lambda: snapshots.exists() and list(snapshots.glob("*/*")))
    victim = next(snapshots.glob("*/*"))
    victim.resolve().unlink()
    victim.unlink()
    assert user.run("watch", pull).returncode == 0
    assert_complete(next(snapshots.iterdir()), listing(hub, "demo/big"))
