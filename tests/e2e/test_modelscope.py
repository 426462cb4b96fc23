"""ModelScope end to end: a second source of the same bytes for a Hugging Face repo, and a hub of its own for modelscope://."""

import hashlib
import http.server
import json
import pathlib
import subprocess
import threading
import urllib.parse

import pytest
from e2e_world import DemoHub, Hfget, assert_complete, assert_scope_complete, listing, scope_listing, wait_for

MIB = 1 << 20
HERE, THERE = "demo/tiny-gpt2", "demo-scope/tiny-gpt2.v3"
BIG = "demo/big"
ONLY = "demo-scope/only-here"
HF_SHAPED = ["official", "tuna", "pai", "hf-mirror"]
# Another text, and the same size with other bytes.
LOOK_ALIKE = {"README.md", "onnx/decoder/model.onnx"}



def many(count: int, folders: int) -> list[dict]:
    return [{"path": f"part-{i % folders}/f{i}.txt" if folders else f"f{i}.txt", "text": f"{i}\n"} for i in range(count)]


def lfs(path: str, size: int, seed: str) -> dict:
    return {"path": path, "lfs": True, "size": size, "seed": seed}


def there(repo: str, *files: dict, **fields) -> dict:
    return {"id": repo, "hub": "modelscope", "files": [*files], **fields}


MORE_REPOS = {
    "repos": [
        {"id": "demo/told", "files": [lfs("model.safetensors", 48 * MIB, "told")]},
        there("demo-scope/other-name", lfs("model.safetensors", 48 * MIB, "told")),
        # Equal weights, and a text of the same size that says something else.
        {"id": "demo/twin", "files": [lfs("model.safetensors", MIB, "twin"), {"path": "notes.txt", "text": "aaaa\n"}]},
        there("demo/twin", lfs("model.safetensors", MIB, "twin"), {"path": "notes.txt", "text": "bbbb\n"}),
        # More than one listing says.
        there("demo-scope/folders", *many(3050, 3)),
        there("demo-scope/flat", *many(3050, 0)),
        there("demo-scope/flat-rows", *many(3050, 0), type="dataset"),
        {"id": "zai-org/renamed", "files": [lfs("model.safetensors", 8 * MIB, "renamed")]},
        there("ZhipuAI/renamed", lfs("model.safetensors", 8 * MIB, "renamed")),
        there("demo-scope/moves", lfs("stays.bin", MIB, "stays"), {"path": "changes.txt", "text": "old\n"}, {"path": "goes.txt", "text": "gone\n"}),
        there("demo-scope/moves-meanwhile", {"path": "stays.txt", "text": "1\n"}, {"path": "changes.txt", "text": "old\n"}),
    ]
}


def config_ids(there: str) -> str:
    return f'[modelscope.ids]\n"{HERE}" = "{there}"\n'


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory):
    with DemoHub(live=True, modelscope=True, spec=MORE_REPOS, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


@pytest.fixture
def pair(world):
    """Makes users with the official hub and ModelScope alone."""
    return lambda **options: world(sources=["official", "modelscope"], **options).start_daemon()


@pytest.fixture
def scope_user(world):
    """A user who has no source but ModelScope."""
    return world(sources=["modelscope"]).start_daemon()


def says(done: subprocess.CompletedProcess, code: int, *words: str) -> str:
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


def line_with(text: str, *words: str) -> str:
    lines = [line for line in text.splitlines() if all(word in line for word in words)]
    assert lines, f"no line has {words}: {text}"
    return lines[0]


def path_of(request: dict) -> str:
    """The file that a request to ModelScope is for; "" for a listing and the like."""
    url = urllib.parse.urlsplit(request["path"])
    query = urllib.parse.parse_qs(url.query)
    if request["where"] == "data":
        return query.get("filename", [""])[0]
    if "/resolve/" in url.path:
        return urllib.parse.unquote(url.path.split("/resolve/")[1].split("/", 1)[1])
    return query.get("FilePath", [""])[0]


def asked_files(hub, since: int = 0) -> set[str]:
    """The files whose bytes ModelScope was asked for, by path; those of its data host by name."""
    return {path for r in hub.requests(since) if r["source"] == "modelscope" and (path := path_of(r))}


def last_seq(hub) -> int:
    return max((r["seq"] for r in hub.requests()), default=0)


def sent(hub, source: str, since: int = 0) -> int:
    """Bytes of files that a source sent."""
    return sum(r["bytes"] or 0 for r in hub.requests(since) if r["source"] == source and r["status"] in (200, 206) and
               (r["where"] == "data" or "/resolve/" in r["path"] or "FilePath=" in r["path"]))  # fmt: skip


def pull_json(user, *arguments, **options) -> dict:
    done = user.run("pull", "--json", *arguments, **options)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{user.log()[-4000:]}"
    return json.loads(done.stdout)


def shares(answer: dict) -> dict[str, int]:
    return {share["name"]: share["bytes"] for share in answer["sources"]}


def assert_blameless(user, name: str = "modelscope"):
    source = next(s for s in json.loads(user.run("sources", "--json").stdout) if s["name"] == name)
    assert source["convictions"] == 0 and source["state"] not in ("quarantined", "ejected"), source


def place(user, repo: str, kind: str = "models", revision: str = "master") -> pathlib.Path:
    return user.scope_cache / kind / repo.replace("/", "--") / "snapshots" / revision


# --- a source beside the others


@pytest.mark.parametrize("by", ["option", "config"])
def test_equal_files_come_from_the_counterpart_and_look_alikes_never(pair, hub, by):
    hub.rate("official", 300_000, per="source")
    user = pair(config=config_ids(THERE) if by == "config" else "")
    answer = pull_json(user, HERE, *(["--modelscope-id", THERE] if by == "option" else []))
    assert_complete(pathlib.Path(answer["path"]), listing(hub, HERE))
    assert shares(answer)["modelscope"] > 0
    served = {path_of(r) for r in hub.requests() if r["source"] == "modelscope" and r["where"] == "data" and r["status"] == 206}
    assert served == {"model.safetensors"}
    assert not asked_files(hub) & (LOOK_ALIKE | {"model.onnx"})
    assert_blameless(user)


def test_the_config_table_is_overruled_by_the_option(pair, hub):
    hub.rate("official", 300_000, per="source")
    answer = pull_json(pair(config=config_ids("demo-scope/nope")), HERE, "--modelscope-id", THERE)
    assert shares(answer)["modelscope"] > 0


@pytest.mark.parametrize("repo", ["zai-org/renamed", BIG])
def test_known_names_are_found_without_being_told(pair, hub, repo):
    """The same id, or the name that the organisation has at ModelScope."""
    hub.rate("official", 2 * MIB if repo == BIG else 300_000, per="source")
    answer = pull_json(pair(), repo)
    assert_complete(pathlib.Path(answer["path"]), listing(hub, repo))
    assert shares(answer)["modelscope"] > answer["total_bytes"] / 2
    assert sent(hub, "official") > 0 and sent(hub, "modelscope") > answer["total_bytes"] / 2


def test_all_five_race(world, hub):
    for source in hub.sources:
        hub.rate(source, 4 * MIB)
    answer = pull_json(world().start_daemon(), BIG)
    assert_complete(pathlib.Path(answer["path"]), listing(hub, BIG))
    assert {name for name, count in shares(answer).items() if count} == set(hub.sources)


WRONG = {"another repo": ONLY, "no repo": "demo-scope/nope", "a private repo": "demo-scope/private"}


@pytest.mark.parametrize("by", ["option", "config"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_id_costs_nothing(pair, hub, name, by):
    user = pair(config=config_ids(WRONG[name]) if by == "config" else "")
    folder = user.pull(HERE, *(["--modelscope-id", WRONG[name]] if by == "option" else []))
    assert_complete(folder, listing(hub, HERE))
    assert sent(hub, "modelscope") == 0 and asked_files(hub) == set()
    assert_blameless(user)


@pytest.mark.parametrize("bad", ["nonsense", "a/b/c", "../etc", "org/"])
def test_an_id_that_is_none_is_a_usage_error(user, bad):
    says(user.run("pull", HERE, "--modelscope-id", bad), 2, bad)


BROKEN_HUB = {
    "refuse": dict(kind="refuse", where="any"),
    "html": dict(kind="html", where="any"),
    "json": dict(kind="json", where="any"),
    "429": dict(kind="429", where="any", retry_after=300),
    "500": dict(kind="500", where="any"),
    "404": dict(kind="404", where="any"),
    "slow listing": dict(kind="delay", where="hub", delay_s=200),
    "silent listing": dict(kind="stall", where="hub"),
}


@pytest.mark.parametrize("name", BROKEN_HUB)
@pytest.mark.parametrize("repo", [HERE, BIG])
def test_a_broken_modelscope_does_not_hold_a_pull_up(world, hub, name, repo):
    hub.fault("modelscope", **BROKEN_HUB[name])
    user = world(config=config_ids(THERE)).start_daemon()
    assert_complete(user.pull(repo, timeout=60), listing(hub, repo))
    assert hub.faults()[0]["hits"] or name == "refuse"


@pytest.mark.parametrize("kind", ["403", "404", "html"])
def test_a_large_file_that_the_others_lost_comes_from_modelscope(world, hub, kind):
    rows = listing(hub, BIG)
    lost = "model-00001-of-00002.safetensors"
    for source in HF_SHAPED:
        hub.fault(source, kind, where="any", match=lost)
    user = world().start_daemon()
    assert_complete(user.pull(BIG), rows)
    data = [r for r in hub.requests() if r["source"] == "modelscope" and r["where"] == "data" and path_of(r) == lost]
    assert sum(r["bytes"] or 0 for r in data) >= rows[lost]["size"]


DATA_FAULTS = {
    "reset": dict(kind="reset", after_bytes=MIB),
    "stall": dict(kind="stall", after_bytes=MIB, times=4),
    "status-200": dict(kind="status-200"),
    "wrong-content-range": dict(kind="wrong-content-range"),
    "html": dict(kind="html"),
    "json": dict(kind="json"),
    "403": dict(kind="403"),
    "429": dict(kind="429", retry_after=2, times=5),
    "expired-link": dict(kind="expired-link", times=3),
    "redirect-loop": dict(kind="redirect-loop", where="hub", match="safetensors"),
}


@pytest.mark.parametrize("name", DATA_FAULTS)
def test_a_bad_data_host_of_modelscope(pair, hub, name):
    for source in ("official", "modelscope"):
        hub.rate(source, 8 * MIB)
    hub.fault("modelscope", **DATA_FAULTS[name])
    assert_complete(pair().pull(BIG, timeout=100), listing(hub, BIG))
    assert hub.faults()[0]["hits"]


def test_json_in_the_place_of_a_file_is_never_the_file(pair, hub):
    """What ModelScope answers, with 200, for a file that is not there."""
    hub.rate("official", 8 * MIB)
    hub.fault("modelscope", "json", "hub", match="safetensors")
    user = pair()
    assert_complete(user.pull(BIG), listing(hub, BIG))
    assert sent(hub, "modelscope") < 64 * 1024
    assert json.loads(user.run("sources", "--json").stdout)[1]["convictions"] == 0


def test_wrong_bytes_of_modelscope_are_found_and_it_alone_is_blamed(pair, hub):
    for source in ("official", "modelscope"):
        hub.rate(source, 8 * MIB)
    hub.fault("modelscope", "flip", times=1)
    user = pair()
    assert_complete(user.pull(BIG, timeout=100), listing(hub, BIG))
    states = {s["name"]: s["state"] for s in json.loads(user.run("sources", "--json").stdout)}
    assert states["modelscope"] == "quarantined" and states["official"] != "quarantined", states


def test_a_link_that_expires_under_way_is_renewed(tmp_path):
    with DemoHub(directory=tmp_path / "hub", live=True, modelscope=True, link_life=2) as hub:
        hub.rate("modelscope", 12 * MIB, per="source")
        user = Hfget(tmp_path / "user", hub, sources=["modelscope"])
        try:
            user.start_daemon()
            assert_scope_complete(user.pull(f"modelscope://{BIG}"), scope_listing(hub, BIG))
            resolves = [path_of(r) for r in hub.requests() if r["where"] == "hub" and path_of(r).endswith(".safetensors")]
            assert len(resolves) > len(set(resolves)), "a link was renewed"
            assert_blameless(user)
        finally:
            user.close()


def test_a_pull_that_was_killed_goes_on_with_the_counterpart(pair, hub):
    for source in ("official", "modelscope"):
        hub.rate(source, 4 * MIB, per="source")
    user = pair()
    pull = user.run("pull", "demo/told", "--modelscope-id", "demo-scope/other-name", "--detach").stdout.strip()
    wait_for(lambda: user.pulls()[0]["done_bytes"] > 8 * MIB, 60, "8 MiB")
    user.kill_daemon()
    hub.rate("modelscope", 0)
    hub.rate("official", 300_000, per="source")
    seen = last_seq(hub)
    user.start_daemon()
    assert user.run("watch", pull).returncode == 0
    assert sent(hub, "modelscope", seen) > 16 * MIB
    assert_complete(next((user.cache / "models--demo--told/snapshots").iterdir()), listing(hub, "demo/told"))


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "merges.txt"])
def test_a_small_file_that_the_others_refuse_comes_from_modelscope_by_its_git_hash(world, hub, name):
    for source in HF_SHAPED:
        hub.fault(source, "403", where="any", match=name)
    user = world(config=config_ids(THERE)).start_daemon()
    assert_complete(user.pull(HERE), listing(hub, HERE))
    assert name in asked_files(hub)
    assert_blameless(user)


@pytest.mark.parametrize("repo,name", [(HERE, "README.md"), ("demo/twin", "notes.txt")], ids=["size", "bytes"])
def test_a_small_file_that_is_another_there_fails_the_pull_and_blames_nobody(world, hub, repo, name):
    for source in HF_SHAPED:
        hub.fault(source, "403", where="any", match=name)
    user = world(config=config_ids(THERE)).start_daemon()
    done = user.run("pull", repo)
    assert done.returncode not in (0, 2, 130) and done.stdout == ""
    line_with(done.stderr, name)
    assert not [p for p in user.cache.rglob(name)]
    sources = json.loads(user.run("sources", "--json").stdout)
    assert [s["name"] for s in sources if s["convictions"] or s["state"] == "quarantined"] == []


# --- modelscope://


REPOS = {
    "model": ("modelscope://demo-scope/only-here", ONLY, "models"),
    "dots": (f"modelscope://{THERE}", THERE, "models"),
    "odd names": ("modelscope://demo-scope/odd-names", "demo-scope/odd-names", "models"),
    "dataset": ("modelscope://datasets/demo-scope/tiny-dataset", "demo-scope/tiny-dataset", "datasets"),
    "pages": ("modelscope://datasets/demo-scope/many-rows", "demo-scope/many-rows", "datasets"),
}


@pytest.mark.parametrize("sources", [["modelscope"], None], ids=["alone", "all sources"])
@pytest.mark.parametrize("name", REPOS)
def test_a_repo_lands_where_the_sdk_looks_and_the_path_alone_is_on_stdout(world, hub, name, sources):
    asked, repo, kind = REPOS[name]
    user = world(sources=sources).start_daemon()
    done = user.run("pull", asked)
    assert done.returncode == 0, f"{done.stderr}\n{user.log()[-4000:]}"
    assert done.stdout == f"{place(user, repo, kind)}\n"
    assert_scope_complete(place(user, repo, kind), scope_listing(hub, repo, kind=kind))
    assert not [path for path in place(user, repo, kind).rglob("*") if path.is_symlink()]
    assert not user.cache.exists()
    assert {r["source"] for r in hub.requests() if repo in urllib.parse.unquote(r["path"])} == {"modelscope"}
    assert_blameless(user)


@pytest.mark.parametrize("spelling", ["modelscope://datasets/demo-scope/tiny-dataset", "modelscope://demo-scope/tiny-dataset --type dataset",
                                      "https://modelscope.cn/datasets/demo-scope/tiny-dataset"])  # fmt: skip
def test_spellings_of_a_dataset(scope_user, hub, spelling):
    assert scope_user.pull(*spelling.split()) == place(scope_user, "demo-scope/tiny-dataset", "datasets")


@pytest.mark.parametrize("revision", ["dev", "v1.0", "master", "a commit"])
@pytest.mark.parametrize("spelling", ["flag", "at"])
def test_revisions(scope_user, hub, revision, spelling):
    name = hub.repo(ONLY, hub="modelscope")["commits"][0] if revision == "a commit" else revision
    folder = scope_user.pull(f"modelscope://{ONLY}@{name}") if spelling == "at" else scope_user.pull(f"modelscope://{ONLY}", "--revision", name)
    assert folder == place(scope_user, ONLY, revision=name)
    assert_scope_complete(folder, scope_listing(hub, ONLY, name))


def test_files_and_patterns(scope_user, hub):
    path = scope_user.pull(f"modelscope://{ONLY}", "config.json")
    assert path == place(scope_user, ONLY) / "config.json" and json.loads(path.read_text())
    folder = scope_user.pull(f"modelscope://{ONLY}", "unet/*", "empty.txt")
    rows = scope_listing(hub, ONLY)
    assert_scope_complete(folder, {p: r for p, r in rows.items() if p.startswith("unet/") or p in ("empty.txt", "config.json")})
    assert scope_user.pull(f"modelscope://{ONLY}/unet/config.json") == place(scope_user, ONLY) / "unet/config.json"


def test_local_dir(scope_user, hub, tmp_path):
    target = tmp_path / "model"
    assert scope_user.pull(f"modelscope://{ONLY}", "--local-dir", target) == target
    rows = scope_listing(hub, ONLY)
    assert {str(p.relative_to(target)) for p in target.rglob("*") if p.is_file() and not p.relative_to(target).parts[0].startswith(".cache")} == set(rows)
    assert not list(scope_user.scope_cache.glob("models/*/snapshots"))
    seen = last_seq(hub)
    scope_user.pull(f"modelscope://{ONLY}", "--local-dir", target)
    assert asked_files(hub, seen) == set()


@pytest.mark.parametrize("by", ["MODELSCOPE_CACHE", "--cache-dir"])
def test_the_cache_is_the_callers(scope_user, hub, tmp_path, by):
    flags, env = (["--cache-dir", tmp_path / "c"], {}) if by == "--cache-dir" else ([], {by: str(tmp_path / "c")})
    folder = scope_user.pull(f"modelscope://{ONLY}", *flags, env=env)
    assert folder == tmp_path / "c/models/demo-scope--only-here/snapshots/master"
    assert_scope_complete(folder, scope_listing(hub, ONLY))
    assert not scope_user.scope_cache.exists()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_second_pull_fetches_nothing(scope_user, hub, restarted):
    scope_user.pull(f"modelscope://{ONLY}")
    if restarted:
        scope_user.stop_daemon()
        scope_user.start_daemon()
    seen = last_seq(hub)
    assert pull_json(scope_user, f"modelscope://{ONLY}")["fetched_bytes"] == 0
    assert asked_files(hub, seen) == set()


def test_a_file_that_was_spoilt_is_fetched_again_alone(scope_user, hub):
    folder = scope_user.pull(f"modelscope://{ONLY}")
    (folder / "config.json").write_text("{}")
    (folder / "unet/config.json").unlink()
    seen = last_seq(hub)
    scope_user.pull(f"modelscope://{ONLY}")
    assert asked_files(hub, seen) == {"config.json", "unet/config.json"}
    assert_scope_complete(folder, scope_listing(hub, ONLY))


def test_dry_run_fetches_nothing(scope_user, hub):
    done = scope_user.run("pull", f"modelscope://{ONLY}", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "model.safetensors" in done.stdout and "unet/deep/er/weights.bin" in done.stdout
    assert asked_files(hub) == set() and not list(scope_user.scope_cache.rglob("snapshots/*/*"))


def test_a_pull_that_was_killed_goes_on_where_it_was(scope_user, hub):
    hub.rate("modelscope", 16 * MIB, per="source")
    pull = scope_user.run("pull", f"modelscope://{BIG}", "--detach").stdout.strip()
    # More than one file, so that one is recorded whole whatever the moment of the kill.
    wait_for(lambda: scope_user.pulls()[0]["done_bytes"] > 100 * MIB, 60, "100 MiB")
    assert scope_user.pulls()[0]["state"] != "done"
    kept = len(list(place(scope_user, BIG).glob("*.safetensors"))) * 64 * MIB
    scope_user.kill_daemon()
    hub.rate("modelscope", 0)
    seen = last_seq(hub)
    scope_user.start_daemon()
    assert scope_user.run("watch", pull).returncode == 0
    assert_scope_complete(place(scope_user, BIG), scope_listing(hub, BIG))
    again = sum(r["bytes"] or 0 for r in hub.requests(seen) if r["where"] == "data" and r["status"] == 206)
    assert again <= 128 * MIB - max(kept, 32 * MIB) + 16 * MIB, (again, kept)


def test_the_moved_master_is_taken_and_what_stayed_is_not_fetched(scope_user, hub):
    repo = "demo-scope/moves"
    folder = scope_user.pull(f"modelscope://{repo}")
    assert_scope_complete(folder, scope_listing(hub, repo))
    hub.commit(repo, [{"path": "changes.txt", "text": "new\n"}, {"path": "comes.txt", "text": "new\n"}], hub="modelscope", delete=["goes.txt"])
    seen = last_seq(hub)
    assert scope_user.pull(f"modelscope://{repo}") == folder
    assert (folder / "changes.txt").read_text() == "new\n" and (folder / "comes.txt").read_text() == "new\n"
    assert asked_files(hub, seen) == {"changes.txt", "comes.txt"}


def test_a_master_that_moves_under_a_pull_convicts_nobody(scope_user, hub):
    repo, text = "demo-scope/moves-meanwhile", "changes.txt"
    fault = hub.fault("modelscope", "503", "hub", match=text)
    pull = scope_user.run("pull", f"modelscope://{repo}", "--detach").stdout.strip()
    wait_for(lambda: text in asked_files(hub), what="the first request")
    hub.commit(repo, [{"path": text, "text": "new\n"}], hub="modelscope")
    hub.clear(fault)
    done = scope_user.run("watch", pull)
    assert done.returncode == 0 or text in done.stderr, done.stderr
    assert_blameless(scope_user)
    assert_scope_complete(scope_user.pull(f"modelscope://{repo}"), scope_listing(hub, repo))


@pytest.mark.parametrize("repo", ["demo-scope/folders", "datasets/demo-scope/flat-rows"])
def test_a_listing_that_is_cut_is_gone_on_with(scope_user, repo):
    assert pull_json(scope_user, f"modelscope://{repo}", "--dry-run")["repo_files"] == 3050


def test_a_listing_that_is_cut_and_cannot_be_gone_on_with_is_not_taken_for_whole(scope_user):
    done = scope_user.run("pull", "modelscope://demo-scope/flat", "--dry-run")
    assert done.returncode not in (0, 2, 130) and "3" in done.stderr, done.stdout[-500:] + done.stderr


def listed(rows) -> str:
    return json.dumps({"Code": 200, "Data": rows, "Message": "success", "RequestId": "x", "Success": True})


def row(path: str, text: str = "x", **fields) -> dict:
    return {"Path": path, "Name": path.rsplit("/", 1)[-1], "Type": "blob", "Size": len(text), "Sha256": hashlib.sha256(text.encode()).hexdigest(),
            "Revision": "0" * 40, "CommittedDate": 1767225600, "IsLFS": False, "Mode": "33188"} | fields  # fmt: skip


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil", ".hfget/evil", "a\0b", "a//b", "."])
def test_a_listing_that_would_leave_the_folder_is_refused(scope_user, hub, path):
    hub.fault("modelscope", "json", "hub", match="repo/files", body=listed({"Files": [row("fine.txt"), row(path)]}))
    done = scope_user.run("pull", f"modelscope://{ONLY}")
    assert done.returncode not in (0, 2, 130) and done.stderr.strip()
    assert not list(scope_user.root.rglob("evil"))


@pytest.mark.parametrize("fields", [{"Sha256": "zz"}, {"Sha256": ""}, {"Size": -1}, {"Size": "many"}, {"Size": 1 << 62}, {"Path": 7}, {"Type": None}],
                         ids=lambda fields: str(fields))  # fmt: skip
def test_a_row_that_makes_no_sense_ends_in_one_line_and_not_in_a_file(scope_user, hub, fields):
    hub.fault("modelscope", "json", "hub", match="repo/files", body=listed({"Files": [row("config.json", **fields)]}))
    done = scope_user.run("pull", f"modelscope://{ONLY}")
    assert done.returncode not in (0, 2, 130) and done.stderr.strip()
    assert scope_user.process.poll() is None
    assert not list(scope_user.scope_cache.rglob("snapshots/*/*"))


def test_rows_that_are_not_below_files_are_understood(scope_user, hub):
    """As the live hub answers at times."""
    rows = scope_listing(hub, ONLY)
    hub.fault("modelscope", "json", "hub", match="repo/files", body=listed([*rows.values()]))
    assert_scope_complete(scope_user.pull(f"modelscope://{ONLY}"), rows)


def test_equal_pulls_join_and_a_purge_leaves_no_partial(scope_user, hub):
    hub.rate("modelscope", 4 * MIB, per="source")
    first, second = (scope_user.run("pull", f"modelscope://{BIG}", "--detach").stdout.strip() for _ in range(2))
    assert first == second
    wait_for(lambda: scope_user.pulls()[0]["done_bytes"] > 4 * MIB, 40, "4 MiB")
    assert not list(scope_user.scope_cache.rglob("snapshots/*/*.safetensors"))
    assert list(scope_user.scope_cache.rglob("*.partial"))
    assert scope_user.run("cancel", first, "--purge").returncode == 0
    wait_for(lambda: not list(scope_user.scope_cache.rglob("*.partial")), what="the purge")


def test_ps_says_which_hub(scope_user):
    scope_user.pull(f"modelscope://{ONLY}")
    pull = scope_user.pulls()[0]
    assert (pull["repo"], pull["type"], pull["state"]) == (f"modelscope://{ONLY}", "model", "done")
    assert f"modelscope://{ONLY}" in scope_user.run("ps", "--all").stdout


def test_equal_names_of_two_hubs_are_two_pulls(world, hub):
    """demo/big there is not demo/big here."""
    user = world().start_daemon()
    ours, theirs = user.pull(BIG, "README.md"), user.pull(f"modelscope://{BIG}", "README.md")
    assert ours.read_text() != theirs.read_text()
    assert len({p["id"] for p in user.pulls()}) == 2


@pytest.mark.parametrize("sources", [["modelscope"], None], ids=["alone", "all sources"])
def test_what_is_not_there_is_said(world, hub, sources):
    user = world(sources=sources).start_daemon()
    line_with(says(user.run("pull", f"modelscope://{ONLY}", "--revision", "main"), 3), "main", "master")
    says(user.run("pull", f"modelscope://{ONLY}@nope"), 3, "nope", "master")
    says(user.run("pull", "modelscope://demo-scope/nope"), 3, "demo-scope/nope")
    says(user.run("pull", "modelscope://datasets/demo-scope/only-here"), 3, "demo-scope/only-here")
    says(user.run("pull", f"modelscope://{ONLY}", "nope.bin"), 3, "nope.bin")
    says(user.run("pull", f"modelscope://{ONLY}", "--include", "*.nope"), 3)
    assert not list(user.scope_cache.rglob("snapshots/*/*"))
    assert_blameless(user)


@pytest.mark.parametrize("arguments", [
    ["modelscope://", ],
    ["modelscope://only-here"],
    ["modelscope://a/b/../c"],
    ["modelscope://spaces/a/b"],
    [f"modelscope://{ONLY}", "--modelscope-id", THERE],
    [f"modelscope://{ONLY}", "--type", "space"],
    [f"modelscope://{ONLY}@dev", "--revision", "v1.0"],
])  # fmt: skip
def test_usage_errors(user, hub, arguments):
    assert says(user.run("pull", *arguments), 2).strip()
    assert not [r for r in hub.requests() if "only-here" in r["path"]]


def test_without_a_source_that_has_modelscope(world):
    user = world(sources=["official"]).start_daemon()
    says(user.run("pull", f"modelscope://{ONLY}"), 5, "modelscope")


def test_json_in_the_place_of_the_only_answer_is_never_the_file(scope_user, hub):
    fault = hub.fault("modelscope", "json", "hub", match="config.json")
    pull = scope_user.run("pull", f"modelscope://{ONLY}", "--detach").stdout.strip()
    wait_for(lambda: asked_files(hub) >= set(scope_listing(hub, ONLY)) - {"empty.txt", "unet/deep/er/weights.bin"}, what="a request for each file")
    assert scope_user.pulls()[0]["state"] != "done"
    assert not list(place(scope_user, ONLY).rglob("config.json"))
    hub.clear(fault)
    done = scope_user.run("watch", pull)
    assert done.returncode == 0, done.stderr
    assert_scope_complete(place(scope_user, ONLY), scope_listing(hub, ONLY))
    assert_blameless(scope_user)


def test_passing_troubles_are_waited_out(scope_user, hub):
    for fault in (dict(kind="503"), dict(kind="html", match="repo")):
        hub.fault("modelscope", where="hub", times=1, **fault)
    assert_scope_complete(scope_user.pull(f"modelscope://{ONLY}", timeout=100), scope_listing(hub, ONLY))


def test_the_only_sender_of_wrong_bytes_publishes_nothing(scope_user, hub):
    hub.fault("modelscope", "garbage", match="model.safetensors")
    done = scope_user.run("pull", f"modelscope://{ONLY}", "model.safetensors")
    assert done.returncode == 1 and "hash" in done.stderr, done.stderr
    assert not (place(scope_user, ONLY) / "model.safetensors").exists()


# --- tokens of two realms


PRIVATE = "modelscope://demo-scope/private"


def carriers(hub, token: str) -> set[tuple[str, str]]:
    """(source, where) of the requests that carried the token, as Authorization or as a cookie."""
    return {(r["source"], r["where"]) for r in hub.requests() if token in f"{r['authorization']} {r['cookie']}"}


@pytest.mark.parametrize("sources", [["modelscope"], None], ids=["alone", "all sources"])
def test_a_private_repo_wants_the_token_of_its_realm(world, hub, sources):
    user = world(sources=sources).start_daemon()
    ours, strangers, theirs = hub.modelscope_tokens["alice"], hub.modelscope_tokens["bob"], hub.tokens["alice"]
    line_with(says(user.run("pull", PRIVATE), 3), "demo-scope/private", "MODELSCOPE_API_TOKEN")
    says(user.run("pull", PRIVATE, env={"HF_TOKEN": theirs}), 3, "MODELSCOPE_API_TOKEN")
    says(user.run("pull", PRIVATE, env={"MODELSCOPE_API_TOKEN": strangers}), 3, "demo-scope/private")
    assert carriers(hub, theirs) == set()
    folder = user.pull(PRIVATE, env={"MODELSCOPE_API_TOKEN": ours, "HF_TOKEN": theirs})
    assert_scope_complete(folder, scope_listing(hub, "demo-scope/private", token=ours))
    assert carriers(hub, ours) == {("modelscope", "hub")} and carriers(hub, theirs) == set()


@pytest.mark.parametrize("where", ["--token", "--token-file", "the daemon's environment", "the config"])
def test_places_of_the_token(world, hub, tmp_path, where):
    ours = hub.modelscope_tokens["alice"]
    (tmp_path / "t").write_text(ours + "\n")
    user = world(config=f'[modelscope]\ntoken_file = "{tmp_path}/t"\n' if where == "the config" else "")
    if where == "the daemon's environment":
        user.env["MODELSCOPE_API_TOKEN"] = ours
    user.start_daemon()
    user.env.pop("MODELSCOPE_API_TOKEN", None)
    flags = {"--token": ["--token", ours], "--token-file": ["--token-file", tmp_path / "t"]}.get(where, [])
    hub.reset()
    folder = user.pull(PRIVATE, *flags)
    assert carriers(hub, ours) == {("modelscope", "hub")}
    assert_scope_complete(folder, scope_listing(hub, "demo-scope/private", token=ours))


def test_after_a_restart_the_token_of_a_request_is_waited_for(scope_user, hub):
    token = {"MODELSCOPE_API_TOKEN": hub.modelscope_tokens["alice"]}
    hub.rate("modelscope", 200_000)
    pull = scope_user.run("pull", PRIVATE, "--detach", env=token).stdout.strip()
    wait_for(lambda: scope_user.pulls()[0]["fetched_bytes"] > 100_000, what="the first bytes")
    scope_user.kill_daemon()
    hub.rate("modelscope", 0)
    scope_user.start_daemon()
    says(scope_user.run("watch", pull, timeout=60), 4, "token")
    scope_user.pull(PRIVATE, env=token)
    assert [p["id"] for p in scope_user.pulls()] == [pull], "the same pull went on"


def test_the_warning_of_a_token_that_can_be_seen_names_the_realms_own_variable(scope_user, hub):
    done = scope_user.run("pull", PRIVATE, "--token", hub.modelscope_tokens["alice"])
    assert done.returncode == 0 and "--token can be seen" in done.stderr
    assert "MODELSCOPE_API_TOKEN" in done.stderr and "HF_TOKEN" not in done.stderr, done.stderr


def test_a_pull_from_hugging_face_keeps_the_realms_apart(world, hub):
    """Both tokens are there, both hubs take part."""
    user = world(config=config_ids(THERE)).start_daemon()
    ours, theirs = hub.modelscope_tokens["alice"], hub.tokens["alice"]
    for source in HF_SHAPED:
        hub.rate(source, 300_000, per="source")
    answer = pull_json(user, HERE, env={"HF_TOKEN": theirs, "MODELSCOPE_API_TOKEN": ours})
    assert shares(answer)["modelscope"] > 0
    assert carriers(hub, ours) <= {("modelscope", "hub")}
    assert carriers(hub, theirs) <= {("official", "hub")}


def test_a_token_given_to_a_pull_from_hugging_face_is_not_for_modelscope(world, hub):
    user = world(config=config_ids(THERE)).start_daemon()
    for repo in ("demo/gated", "demo/private", HERE):
        user.pull(repo, "--token", hub.tokens["alice"])
    assert {source for source, _ in carriers(hub, hub.tokens["alice"])} == {"official"}
    private = [r["path"] for r in hub.requests() if r["source"] == "modelscope" and "demo/private" in urllib.parse.unquote(r["path"])]
    assert not private, "ModelScope does not hear the name of a private repo"


def test_the_token_is_nowhere_on_disk_or_in_what_is_shown(world, hub):
    user = world().start_daemon("--log-level", "trace")
    ours = hub.modelscope_tokens["alice"]
    user.pull(PRIVATE, env={"MODELSCOPE_API_TOKEN": ours})
    user.pull(PRIVATE, "--token", ours, "--local-dir", user.root / "l")
    shown = user.log() + user.run("ps", "--all", "--json").stdout + user.run("sources", "--json").stdout
    assert ours not in shown
    assert ours.encode() not in pathlib.Path(f"/proc/{user.process.pid}/cmdline").read_bytes()
    user.stop_daemon()
    for path in user.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert ours.encode() not in path.read_bytes(), path


def test_a_redirect_elsewhere_carries_no_token(scope_user, hub):
    ours = hub.modelscope_tokens["alice"]
    hub.fault("modelscope", "redirect-to", "hub", match="safetensors", location=hub.endpoint() + "/elsewhere/model.safetensors", times=2)
    scope_user.run("pull", PRIVATE, "--token", ours, timeout=100)
    assert carriers(hub, ours) == {("modelscope", "hub")}
    assert [r for r in hub.requests() if "/elsewhere/" in r["path"]], "it was followed"


# --- probes


def probe(user, name: str) -> dict:
    done = user.run("sources", "probe", name, "--json")
    return next(s for s in json.loads(done.stdout) if s["name"] == name)


def test_a_probe_verifies_modelscope(scope_user, hub):
    source = probe(scope_user, "modelscope")
    assert (source["dialect"], source["state"]) == ("modelscope", "ok"), source
    assert [r for r in hub.requests() if r["source"] == "modelscope"]


class WebServer(http.server.BaseHTTPRequestHandler):
    """One page for every address."""

    def do_GET(self):
        page = b"<!doctype html><title>Welcome</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture
def web_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("asked,dialect", [("a web server", "modelscope"), ("official", "modelscope"), ("modelscope", "huggingface")])
def test_a_probe_of_what_speaks_otherwise_says_so(world, hub, web_server, asked, dialect):
    endpoint = web_server if asked == "a web server" else hub.endpoint(asked)
    user = world(sources=["official", "modelscope"])
    user.config.write_text(user.config.read_text().replace("sources = [", 'sources = ["wrong", ') +
                           f'[source.wrong]\nendpoint = "{endpoint}"\ndialect = "{dialect}"\n')  # fmt: skip
    user.start_daemon()
    source = probe(user, "wrong")
    assert source["dialect"] == dialect and source["state"] != "ok" and source["reason"], source
    # And it is no obstacle.
    assert_complete(user.pull(HERE), listing(hub, HERE))
    assert_scope_complete(user.pull(f"modelscope://{ONLY}"), scope_listing(hub, ONLY))
