"""The newest ModelScope SDK: (a) it downloads from the demo hub, which shows that the demo hub is faithful; (b) it accepts offline what is
laid out as tests/hub_server/MODELSCOPE.md says; (c) it accepts what hfget pulled; (d) what it downloaded, hfget does not download again."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from e2e_world import DemoHub, Hfget, assert_scope_complete, scope_listing, wait_for  # noqa: E402

MODEL = "demo-scope/tiny-gpt2.v3"
DATASET = "demo-scope/tiny-dataset"
MS = pathlib.Path(sys.executable).with_name("ms")
NOWHERE = "http://127.0.0.1:1"
PRELUDE = """
import json
from modelscope import dataset_snapshot_download, snapshot_download
from modelscope.hub.file_download import dataset_file_download, model_file_download
"""


@pytest.fixture(scope="module")
def running_hub(tmp_path_factory):
    with DemoHub(modelscope=True, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


@pytest.fixture
def hub(running_hub):
    running_hub.reset()
    yield running_hub
    running_hub.reset()


class User:
    """Somebody with a home of their own, who runs the real client."""

    def __init__(self, home: pathlib.Path, hub: DemoHub):
        self.home, self.hub, self.cache = home, hub, home / ".cache/modelscope"
        home.mkdir()
        self.env = {k: v for k, v in os.environ.items() if not re.match(r"MODELSCOPE_|XDG_|.*_proxy$", k, re.I)}
        self.env |= {"HOME": str(home), "MODELSCOPE_ENDPOINT": hub.endpoint("modelscope")}

    def run(self, code: str, **env) -> object:
        """The value of the expression `code`."""
        program = f"{PRELUDE}print(json.dumps({code}))"
        done = subprocess.run([sys.executable, "-c", program], env=self.env | env, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def error(self, code: str, **env) -> list[str]:
        """The names of the class, and of its bases, of what `code` raises; [] when it raises nothing."""
        program = f"{PRELUDE}try:\n  {code}; print('[]')\nexcept Exception as e: print(json.dumps([c.__name__ for c in type(e).__mro__]))"
        done = subprocess.run([sys.executable, "-c", program], env=self.env | env, text=True, capture_output=True, timeout=120)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def snapshot(self, repo: str, kind: str = "", **options) -> pathlib.Path:
        words = "".join(f", {name}={value!r}" for name, value in options.items())
        return pathlib.Path(self.run(f"{kind}snapshot_download({repo!r}{words})"))

    def offline(self, code: str) -> object:
        return self.run(code, MODELSCOPE_ENDPOINT=NOWHERE)

    def place(self, repo: str, kind: str = "models", revision: str = "master") -> pathlib.Path:
        return self.cache / kind / repo.replace("/", "--") / "snapshots" / revision


@pytest.fixture
def user(tmp_path, hub):
    return User(tmp_path / "home", hub)


def bodies(hub) -> list[str]:
    return [entry["path"] for entry in hub.requests() if entry["where"] == "data" or "/repo?" in entry["path"]]


# (a) the demo hub is faithful


@pytest.mark.parametrize("repo", [MODEL, "demo-scope/only-here", "demo-scope/odd-names"])
def test_models(user, hub, repo):
    folder = user.snapshot(repo)
    assert folder == user.place(repo)
    assert_scope_complete(folder, scope_listing(hub, repo))


@pytest.mark.parametrize("repo", [DATASET, "demo-scope/many-rows"])
def test_datasets(user, hub, repo):
    folder = user.snapshot(repo, "dataset_")
    assert folder == user.place(repo, "datasets")
    assert_scope_complete(folder, scope_listing(hub, repo, kind="datasets"))


@pytest.mark.parametrize("revision", ["v1.0", "dev", "a commit"])
def test_revisions(user, hub, revision):
    repo = "demo-scope/only-here"
    revision = hub.repo(repo, hub="modelscope")["commits"][0] if revision == "a commit" else revision
    folder = user.snapshot(repo, revision=revision)
    assert folder == user.place(repo, revision=revision)
    assert_scope_complete(folder, scope_listing(hub, repo, revision=revision))


def test_single_files(user, hub):
    """With no revision the newest tag older than the SDK's release is taken for a file, and master for a snapshot."""
    path = user.run("model_file_download('demo-scope/only-here', 'config.json')")
    assert pathlib.Path(path) == user.place("demo-scope/only-here", revision="v1.0") / "config.json"
    path = user.run(f"model_file_download({MODEL!r}, 'onnx/decoder/model.onnx')")
    want = scope_listing(hub, MODEL)["onnx/decoder/model.onnx"]["Sha256"]
    assert hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() == want
    path = user.run(f"dataset_file_download({DATASET!r}, 'data/train.jsonl')")
    assert len(pathlib.Path(path).read_text().splitlines()) == 500


def test_a_folder_alone(user, hub):
    folder = user.snapshot("demo-scope/only-here", allow_patterns=["unet/*"])
    rows = scope_listing(hub, "demo-scope/only-here")
    assert_scope_complete(folder, {path: row for path, row in rows.items() if path.startswith("unet/")})
    assert [entry["path"].split("Root=")[1] for entry in hub.requests() if "Root=" in entry["path"]] == ["unet"]


def test_a_private_repo_wants_its_token(user, hub):
    alice, bob = hub.modelscope_tokens["alice"], hub.modelscope_tokens["bob"]
    ask = "snapshot_download('demo-scope/private')"
    assert "HTTPError" in user.error(ask)
    assert "HTTPError" in user.error(ask, MODELSCOPE_API_TOKEN=bob)
    assert "HTTPError" in user.error(ask, MODELSCOPE_API_TOKEN=hub.tokens["alice"])
    hub.reset()
    assert_scope_complete(pathlib.Path(user.run(ask, MODELSCOPE_API_TOKEN=alice)), scope_listing(hub, "demo-scope/private", token=alice))
    files = [entry for entry in hub.requests() if "/private/repo?" in entry["path"]]
    assert {(e["authorization"], e["cookie"]) for e in files} == {(f"Bearer {alice}", f"m_session_id={alice}")}
    data = [entry for entry in hub.requests() if entry["where"] == "data"]
    assert data and not [entry for entry in data if entry["authorization"]]


def test_what_is_not_there(user, hub):
    assert "HTTPError" in user.error("snapshot_download('demo-scope/nope')")
    assert "HTTPError" in user.error(f"model_file_download({MODEL!r}, 'nope.bin')")
    assert "HTTPError" in user.error(f"dataset_file_download({DATASET!r}, 'nope.bin')")


def test_a_revision_that_is_not_there_is_an_empty_success(user, hub):
    folder = user.snapshot(MODEL, revision="main")
    assert folder == user.place(MODEL, revision="main") and list(folder.iterdir()) == []


def test_an_absent_file_of_the_other_kind_is_saved_as_if_it_were_one(user, hub):
    """200 with JSON, as some routes of the hub answer: a client has to look into it."""
    hub.fault("modelscope", "json", "hub", match="FilePath=nope")
    path = user.run(f"model_file_download({MODEL!r}, 'nope.bin')")
    assert json.loads(pathlib.Path(path).read_text())["Success"] is False


def test_large_files_in_ranges(user, hub):
    """Above a threshold of megabytes the SDK asks for bounded ranges."""
    env = {"MODELSCOPE_DOWNLOAD_PARALLEL_THRESHOLD_MB": "1", "MODELSCOPE_DOWNLOAD_PARALLEL_WORKERS": "2", "MODELSCOPE_DOWNLOAD_PART_SIZE_MB": "1"}
    folder = pathlib.Path(user.run(f"snapshot_download({MODEL!r})", **env))
    assert_scope_complete(folder, scope_listing(hub, MODEL))
    assert {entry["status"] for entry in hub.requests() if entry["where"] == "data" and entry["range"]} == {206}


def test_wrong_bytes_are_refused(user, hub):
    hub.fault("modelscope", "flip", offset=77, match="model.safetensors")
    assert "FileDownloadError" in user.error(f"snapshot_download({MODEL!r}, allow_patterns='model.safetensors')")
    assert not (user.place(MODEL) / "model.safetensors").exists()


# (b) the layout of MODELSCOPE.md


def write(hub, folder: pathlib.Path, blobs: pathlib.Path | None = None, repo: str = MODEL, kind: str = "models"):
    """Files as hfget may lay them out: plain, or links to blobs."""
    for path in scope_listing(hub, repo, kind=kind):
        url = f"{hub.endpoint('modelscope')}/{kind}/{repo}/resolve/master/{urllib.parse.quote(path)}"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
            data = answer.read()
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if blobs:
            blobs.mkdir(exist_ok=True)
            blob = blobs / hashlib.sha256(data).hexdigest()
            blob.write_bytes(data)
            target.symlink_to(os.path.relpath(blob, target.parent))
        else:
            target.write_bytes(data)
    hub.reset()


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("repo,kind,call", [(MODEL, "models", "model_"), (DATASET, "datasets", "dataset_")])
def test_the_layout_is_accepted_offline_and_online(user, hub, tmp_path, repo, kind, call, linked):
    place = user.place(repo, kind)
    write(hub, place, tmp_path / "blobs" if linked else None, repo, kind)
    whole = f"snapshot_download({repo!r}, repo_type={kind[:-1]!r}, local_files_only=True)"
    assert user.offline(whole) == str(place)
    one = f"{call}file_download({repo!r}, 'README.md', revision='master', local_files_only=True)"
    assert user.offline(one) == str(place / "README.md")
    assert user.snapshot(repo, repo_type=kind[:-1]) == place and bodies(hub) == []
    assert all(path.is_symlink() == linked for path in place.rglob("*") if not path.is_dir())


def test_a_linked_snapshot_folder_is_accepted(user, hub, tmp_path):
    write(hub, tmp_path / "elsewhere")
    place = user.place(MODEL)
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere")
    assert user.offline(f"snapshot_download({MODEL!r}, local_files_only=True)") == str(place)
    assert user.snapshot(MODEL) == place and bodies(hub) == []


def test_a_local_dir_is_accepted(user, hub, tmp_path):
    write(hub, tmp_path / "here")
    call = f"snapshot_download({MODEL!r}, local_dir={str(tmp_path / 'here')!r}"
    assert user.offline(call + ", local_files_only=True)") == str(tmp_path / "here")
    assert user.run(call + ")") == str(tmp_path / "here") and bodies(hub) == []
    assert_scope_complete(tmp_path / "here", scope_listing(hub, MODEL))


def test_the_old_layout_goes_before_the_new_one(user, hub):
    old = user.cache / "hub/models/demo-scope/tiny-gpt2___v3"
    write(hub, old)
    write(hub, user.place(MODEL))
    assert user.offline(f"snapshot_download({MODEL!r}, local_files_only=True)") == str(old)
    assert user.snapshot(MODEL) == old and bodies(hub) == []


@pytest.mark.parametrize("linked", [False, True])
def test_a_spoilt_file_is_fetched_again_alone(user, hub, tmp_path, linked):
    write(hub, user.place(MODEL), tmp_path / "blobs" if linked else None)
    spoilt = user.place(MODEL) / "config.json"
    blob, wrong = spoilt.resolve(), b"x" * spoilt.stat().st_size
    blob.write_bytes(wrong)
    user.snapshot(MODEL)
    assert not spoilt.is_symlink() and (blob.read_bytes() == wrong) == linked
    assert [path for path in bodies(hub) if "config.json" not in path] == [] and len(bodies(hub)) == 1
    assert_scope_complete(user.place(MODEL), scope_listing(hub, MODEL))


def test_a_part_is_gone_on_with(user, hub):
    rows = scope_listing(hub, MODEL)
    write(hub, user.place(MODEL))
    whole = user.place(MODEL) / "model.safetensors"
    part = whole.with_name("model.safetensors.incomplete")
    part.write_bytes(whole.read_bytes()[:1_000_000])
    whole.unlink()
    user.snapshot(MODEL)
    assert [e["range"] for e in hub.requests() if e["where"] == "data"] == ["bytes=1000000-"] and not part.exists()
    assert_scope_complete(user.place(MODEL), rows)


def test_nothing_there_is_said(user):
    assert "CacheNotFound" in user.error(f"snapshot_download({MODEL!r}, local_files_only=True)", MODELSCOPE_ENDPOINT=NOWHERE)


def test_the_cache_command_verifies_the_layout(user, hub):
    write(hub, user.place(MODEL))
    done = subprocess.run([MS, "cache", "verify", MODEL, "--fail-on-extra-files"], env=user.env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    scan = subprocess.run([MS, "cache", "scan"], env=user.env, text=True, capture_output=True, timeout=60).stdout
    assert re.search(rf"{re.escape(MODEL)}\s+model\s+master\s+{len(scope_listing(hub, MODEL))}\s", scan)


# (c) what hfget pulled


@pytest.fixture
def hfget(user, hub):
    """hfget in the same home, with ModelScope as its one source."""
    world = Hfget(user.home.parent, hub, sources=["modelscope"])
    yield world.start_daemon()
    world.close()


REPOS = {
    "model": (f"modelscope://{MODEL}", MODEL, "model", {}),
    "odd names": ("modelscope://demo-scope/odd-names", "demo-scope/odd-names", "model", {}),
    "branch": ("modelscope://demo-scope/only-here@dev", "demo-scope/only-here", "model", {"revision": "dev"}),
    "tag": ("modelscope://demo-scope/only-here@v1.0", "demo-scope/only-here", "model", {"revision": "v1.0"}),
    "dataset": (f"modelscope://datasets/{DATASET}", DATASET, "dataset", {}),
    "pages": ("modelscope://datasets/demo-scope/many-rows", "demo-scope/many-rows", "dataset", {}),
}


@pytest.mark.parametrize("case", REPOS)
def test_the_sdk_finds_offline_what_hfget_pulled(user, hfget, hub, case):
    asked, repo, kind, words = REPOS[case]
    ours = hfget.pull(asked)
    assert ours == user.place(repo, f"{kind}s", words.get("revision", "master"))
    call = "".join(f", {name}={value!r}" for name, value in words.items())
    assert user.offline(f"snapshot_download({repo!r}, repo_type={kind!r}, local_files_only=True{call})") == str(ours)
    rows = scope_listing(hub, repo, words.get("revision", "master"), f"{kind}s")
    one = next(path for path in sorted(rows, reverse=True) if rows[path]["Size"])
    revision = words.get("revision", "master")
    found = user.offline(f"{kind}_file_download({repo!r}, {one!r}, revision={revision!r}, local_files_only=True)")
    assert found == str(ours / one)


@pytest.mark.parametrize("case", REPOS)
def test_the_sdk_fetches_nothing_that_hfget_pulled(user, hfget, hub, case):
    asked, repo, kind, words = REPOS[case]
    ours = hfget.pull(asked)
    hub.reset()
    assert user.snapshot(repo, repo_type=kind, **words) == ours
    assert bodies(hub) == []
    assert_scope_complete(ours, scope_listing(hub, repo, words.get("revision", "master"), f"{kind}s"))


def test_the_sdk_fetches_nothing_of_a_local_dir(user, hfget, hub, tmp_path):
    hfget.pull(f"modelscope://{MODEL}", "--local-dir", tmp_path / "here")
    hub.reset()
    assert user.run(f"snapshot_download({MODEL!r}, local_dir={str(tmp_path / 'here')!r})") == str(tmp_path / "here")
    assert bodies(hub) == []


def test_the_cache_command_verifies_what_hfget_pulled(user, hfget):
    hfget.pull(f"modelscope://{MODEL}")
    done = subprocess.run([MS, "cache", "verify", MODEL, "--fail-on-extra-files"], env=user.env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sdk_adds_what_hfget_left_out(user, hfget, hub):
    ours = hfget.pull(f"modelscope://{MODEL}", "--exclude", "*.gguf")
    hub.reset()
    assert user.snapshot(MODEL) == ours
    assert bodies(hub) and not [path for path in bodies(hub) if "tiny-gpt2.gguf" not in path]


# (d) what the SDK downloaded


@pytest.mark.parametrize("case", REPOS)
def test_hfget_fetches_nothing_that_the_sdk_downloaded(user, hfget, hub, case):
    asked, repo, kind, words = REPOS[case]
    theirs = user.snapshot(repo, repo_type=kind, **words)
    hub.reset()
    done = hfget.run("pull", asked, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["path"] == str(theirs) and answer["fetched_bytes"] == 0
    assert bodies(hub) == [] and not [entry for entry in hub.requests() if "/resolve/" in entry["path"]]
    assert_scope_complete(theirs, scope_listing(hub, repo, words.get("revision", "master"), f"{kind}s"))


def test_hfget_replaces_a_file_of_the_sdk_that_is_spoilt(user, hfget, hub):
    theirs = user.snapshot(MODEL)
    spoilt = theirs / "config.json"
    spoilt.write_bytes(b"x" * spoilt.stat().st_size)
    assert hfget.pull(f"modelscope://{MODEL}") == theirs
    assert_scope_complete(theirs, scope_listing(hub, MODEL))


WEIGHTS = "model.safetensors"


def stalled(hub) -> int:
    """From now on the first transfer of the weights stands still half way, until this fault is cleared."""
    return hub.fault("modelscope", "stall", after_bytes=1_000_000, times=1, match=WEIGHTS)


def test_hfget_waits_for_the_sdk_that_has_the_same_file_under_way(user, hfget, hub):
    fault = stalled(hub)
    program = f"{PRELUDE}snapshot_download({MODEL!r}, allow_patterns={WEIGHTS!r})"
    sdk = subprocess.Popen([sys.executable, "-c", program], env=user.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = user.place(MODEL) / f"{WEIGHTS}.incomplete"
    wait_for(lambda: part.exists() and part.stat().st_size, 60, "the SDK's part")
    pull = hfget.run("pull", f"modelscope://{MODEL}", WEIGHTS, "--detach").stdout.strip()
    wait_for(lambda: [file for file in hfget.pulls()[0]["files"] if file["state"] == "locked"], what="the lock")
    assert part.exists() and sdk.poll() is None
    hub.clear(fault)
    assert sdk.wait(100) == 0
    done = hfget.run("watch", pull)
    assert done.returncode == 0, done.stderr
    assert hfget.pulls()[0]["fetched_bytes"] == 0, "it was there"
    rows = scope_listing(hub, MODEL)
    assert_scope_complete(user.place(MODEL), {WEIGHTS: rows[WEIGHTS]})


def test_the_sdk_waits_for_hfget_that_has_the_same_file_under_way(user, hfget, hub):
    hub.rate("modelscope", 300_000)
    hfget.run("pull", f"modelscope://{MODEL}", WEIGHTS, "--detach")
    wait_for(lambda: hfget.pulls()[0]["fetched_bytes"] > 100_000, 60, "the first bytes")
    try:
        assert user.snapshot(MODEL, allow_patterns=WEIGHTS) == user.place(MODEL)
        assert {entry["user_agent"].split("/")[0] for entry in hub.requests() if entry["where"] == "data"} == {"hfget"}
    finally:
        hub.rate("modelscope", 0)
    wait_for(lambda: hfget.pulls()[0]["state"] == "done", what="the pull")
    assert_scope_complete(user.place(MODEL), {WEIGHTS: scope_listing(hub, MODEL)[WEIGHTS]})
