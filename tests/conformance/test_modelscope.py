"""The newest ModelScope SDK: (a) it downloads from the demo hub, which shows that the demo hub is faithful; (b) it accepts offline what is
laid out as tests/hub_server/MODELSCOPE.md says."""

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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hub_server"))
from client import DemoHub  # noqa: E402

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


def listing(hub, repo, kind="models", revision="master", token=None) -> dict[str, dict]:
    """path -> row, in two pages at most."""
    call = "repo/tree" if kind == "datasets" else "repo/files"
    rows = []
    for page in (1, 2) if kind == "datasets" else (1,):
        query = urllib.parse.urlencode({"Revision": revision, "Recursive": "True", "PageNumber": page, "PageSize": 200})
        request = urllib.request.Request(f"{hub.endpoint('modelscope')}/api/v1/{kind}/{repo}/{call}?{query}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            rows += json.load(answer)["Data"]["Files"]
    return {row["Path"]: row for row in rows if row["Type"] == "blob"}


def assert_complete(folder: pathlib.Path, rows: dict[str, dict]):
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == set(rows) and rows
    for path, row in rows.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == row["Sha256"], path


def bodies(hub) -> list[str]:
    return [entry["path"] for entry in hub.requests() if entry["where"] == "data" or "/repo?" in entry["path"]]


# (a) the demo hub is faithful


@pytest.mark.parametrize("repo", [MODEL, "demo-scope/only-here", "demo-scope/odd-names"])
def test_models(user, hub, repo):
    folder = user.snapshot(repo)
    assert folder == user.place(repo)
    assert_complete(folder, listing(hub, repo))


@pytest.mark.parametrize("repo", [DATASET, "demo-scope/many-rows"])
def test_datasets(user, hub, repo):
    folder = user.snapshot(repo, "dataset_")
    assert folder == user.place(repo, "datasets")
    assert_complete(folder, listing(hub, repo, "datasets"))


@pytest.mark.parametrize("revision", ["v1.0", "dev", "a commit"])
def test_revisions(user, hub, revision):
    repo = "demo-scope/only-here"
    revision = hub.repo(repo, hub="modelscope")["commits"][0] if revision == "a commit" else revision
    folder = user.snapshot(repo, revision=revision)
    assert folder == user.place(repo, revision=revision)
    assert_complete(folder, listing(hub, repo, revision=revision))


def test_single_files(user, hub):
    """With no revision the newest tag older than the SDK's release is taken for a file, and master for a snapshot."""
    path = user.run("model_file_download('demo-scope/only-here', 'config.json')")
    assert pathlib.Path(path) == user.place("demo-scope/only-here", revision="v1.0") / "config.json"
    path = user.run(f"model_file_download({MODEL!r}, 'onnx/decoder/model.onnx')")
    want = listing(hub, MODEL)["onnx/decoder/model.onnx"]["Sha256"]
    assert hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() == want
    path = user.run(f"dataset_file_download({DATASET!r}, 'data/train.jsonl')")
    assert len(pathlib.Path(path).read_text().splitlines()) == 500


def test_a_folder_alone(user, hub):
    folder = user.snapshot("demo-scope/only-here", allow_patterns=["unet/*"])
    rows = listing(hub, "demo-scope/only-here")
    assert_complete(folder, {path: row for path, row in rows.items() if path.startswith("unet/")})
    assert [entry["path"].split("Root=")[1] for entry in hub.requests() if "Root=" in entry["path"]] == ["unet"]


def test_a_private_repo_wants_its_token(user, hub):
    alice, bob = hub.modelscope_tokens["alice"], hub.modelscope_tokens["bob"]
    ask = "snapshot_download('demo-scope/private')"
    assert "HTTPError" in user.error(ask)
    assert "HTTPError" in user.error(ask, MODELSCOPE_API_TOKEN=bob)
    assert "HTTPError" in user.error(ask, MODELSCOPE_API_TOKEN=hub.tokens["alice"])
    hub.reset()
    assert_complete(pathlib.Path(user.run(ask, MODELSCOPE_API_TOKEN=alice)), listing(hub, "demo-scope/private", token=alice))
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
    assert_complete(folder, listing(hub, MODEL))
    assert {entry["status"] for entry in hub.requests() if entry["where"] == "data" and entry["range"]} == {206}


def test_wrong_bytes_are_refused(user, hub):
    hub.fault("modelscope", "flip", offset=77, match="model.safetensors")
    assert "FileDownloadError" in user.error(f"snapshot_download({MODEL!r}, allow_patterns='model.safetensors')")
    assert not (user.place(MODEL) / "model.safetensors").exists()


# (b) the layout of MODELSCOPE.md


def write(hub, folder: pathlib.Path, blobs: pathlib.Path | None = None, repo: str = MODEL, kind: str = "models"):
    """Files as hfget may lay them out: plain, or links to blobs."""
    for path in listing(hub, repo, kind):
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
    assert_complete(tmp_path / "here", listing(hub, MODEL))


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
    assert_complete(user.place(MODEL), listing(hub, MODEL))


def test_a_part_is_gone_on_with(user, hub):
    rows = listing(hub, MODEL)
    write(hub, user.place(MODEL))
    whole = user.place(MODEL) / "model.safetensors"
    part = whole.with_name("model.safetensors.incomplete")
    part.write_bytes(whole.read_bytes()[:1_000_000])
    whole.unlink()
    user.snapshot(MODEL)
    assert [e["range"] for e in hub.requests() if e["where"] == "data"] == ["bytes=1000000-"] and not part.exists()
    assert_complete(user.place(MODEL), rows)


def test_nothing_there_is_said(user):
    assert "CacheNotFound" in user.error(f"snapshot_download({MODEL!r}, local_files_only=True)", MODELSCOPE_ENDPOINT=NOWHERE)


def test_the_cache_command_verifies_the_layout(user, hub):
    write(hub, user.place(MODEL))
    done = subprocess.run([MS, "cache", "verify", MODEL, "--fail-on-extra-files"], env=user.env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    scan = subprocess.run([MS, "cache", "scan"], env=user.env, text=True, capture_output=True, timeout=60).stdout
    assert re.search(rf"{re.escape(MODEL)}\s+model\s+master\s+{len(listing(hub, MODEL))}\s", scan)
