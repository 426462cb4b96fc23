"""ModelScope's dialect, line by line.  Run: /usr/bin/python3 -m pytest tests/hub_server/selftest_modelscope.py"""

import hashlib
import json
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from client import DemoHub, expected
from selftest import BIG, follow, get

REPO = "demo-scope/tiny-gpt2.v3"
LFS = "model.safetensors"
SIZE = 3_460_301
FLAT = [{"path": f"d{i // 400}/f{i:04d}.txt", "text": str(i)} for i in range(3200)]
SPEC = {
    "repos": [
        {**BIG["repos"][0], "hub": "modelscope"},
        {"hub": "modelscope", "id": "demo-scope/gated", "gated": "manual", "files": [{"path": "a.txt", "text": "a"}]},
        {"hub": "modelscope", "id": "demo-scope/crowded", "files": FLAT},
    ]
}


@pytest.fixture(scope="module")
def direct():
    with DemoHub(spec=SPEC, modelscope=True) as hub:
        yield hub


@pytest.fixture(scope="module")
def live():
    with DemoHub(spec=SPEC, modelscope=True, live=True) as hub:
        yield hub


@pytest.fixture(params=["direct", "live"])
def hub(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def _clean(request):
    yield
    for name in ("direct", "live"):
        if name in request.fixturenames:
            request.getfixturevalue(name).reset()


def url(hub, tail, repo=REPO, kind="models", **query):
    asked = "?" + urllib.parse.urlencode(query) if query else ""
    return f"{hub.endpoint('modelscope')}/api/v1/{kind}/{repo}{tail}{asked}"


def listed(hub, repo=REPO, kind="models", tail="/repo/files", **query):
    """Data.Files, as it comes."""
    answer = get(url(hub, tail, repo, kind, **query))
    body = answer.json()
    assert (answer.status, body["Code"], body["Success"]) == (200, 200, True)
    return body["Data"]["Files"]


def by_path(rows):
    return {row["Path"]: row for row in rows}


def api_file(hub, path, repo=REPO, rev="master", kind="models"):
    return url(hub, "/repo", repo, kind, Revision=rev, FilePath=path)


def resolve(hub, path, repo=REPO, rev="master", prefix="models/"):
    return f"{hub.endpoint('modelscope')}/{prefix}{repo}/resolve/{rev}/{urllib.parse.quote(path)}"


FORMS = {"api": api_file, "web": resolve, "bare": lambda *a, **k: resolve(*a, **k, prefix="")}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def refusal(answer):
    body = answer.json()
    assert body["Success"] is False and body["RequestId"] and "Data" not in body
    return answer.status, body["Code"]


# Without the option there are four sources, as ever.


def test_it_is_off_unless_asked_for(tmp_path):
    with DemoHub(tmp_path) as hub:
        assert list(hub.sources) == ["official", "tuna", "pai", "hf-mirror"] and hub.info["modelscope"] is None


def test_it_is_described(direct):
    source = direct.sources["modelscope"]
    assert source["dialect"] == "modelscope" and source["cdn"] not in source["endpoint"]
    repos = {repo["id"]: repo for repo in direct.info["modelscope"]["repos"]}
    assert repos[REPO]["branches"] == {"master": repos[REPO]["commit"]} and repos["demo-scope/private"]["private"]
    assert direct.repo(REPO, hub="modelscope")["commit"] == repos[REPO]["commit"]


def test_contents_are_the_same_in_every_run(direct, live):
    def commits(hub):
        return [repo["commits"] for repo in hub.info["modelscope"]["repos"]]

    assert commits(direct) == commits(live)


# Listing, mirrors §1.3 and §1.4.


def test_rows(direct):
    rows = by_path(listed(direct, Revision="master", Recursive="True"))
    row = rows[LFS]
    assert row["Sha256"] == hashlib.sha256(expected("tiny-gpt2/3", 0, SIZE)).hexdigest()
    assert (row["Size"], row["Type"], row["IsLFS"], row["Name"], row["Mode"]) == (SIZE, "blob", True, LFS, "33188")
    assert re.fullmatch("[0-9a-f]{40}", row["Revision"]) and isinstance(row["CommittedDate"], int)
    small = follow(api_file(direct, "README.md")).body
    assert rows["README.md"]["Sha256"] == hashlib.sha256(small).hexdigest() and not rows["README.md"]["IsLFS"]
    assert rows["tiny-gpt2.gguf"]["IsLFS"] is False and rows["tiny-gpt2.gguf"]["Size"] > 1 << 20
    assert rows["empty.txt"]["Sha256"] == hashlib.sha256(b"").hexdigest()
    assert (rows["onnx"]["Type"], rows["onnx"]["Sha256"]) == ("tree", "")


def test_revision_of_a_row_is_the_commit_that_touched_it(direct):
    rows = by_path(listed(direct, Revision="master", Recursive="True"))
    first, second = direct.repo(REPO, hub="modelscope")["commits"]
    assert rows[LFS]["Revision"] == first and rows["README.md"]["Revision"] == rows["onnx"]["Revision"] == second
    assert "Revision" not in get(url(direct, "/repo/files")).json()["Data"]


def test_root_and_depth(direct):
    assert {"onnx", LFS} <= set(by_path(listed(direct))) and "onnx/decoder" not in by_path(listed(direct))
    assert set(by_path(listed(direct, Root="onnx"))) == {"onnx/decoder"}
    assert set(by_path(listed(direct, Root="onnx", Recursive="True"))) == {"onnx/decoder", "onnx/decoder/model.onnx"}
    assert listed(direct, Root="nowhere", Recursive="True") is None


def test_an_unknown_revision_is_a_success_without_files(direct):
    for revision in ("main", "nope", "0" * 40):
        assert listed(direct, Revision=revision, Recursive="True") is None
        assert get(url(direct, "/commits", Ref=revision)).json()["Data"]["Commit"] is None
    assert listed(direct) == listed(direct, Revision="master")


def test_a_commit_is_a_revision(direct):
    first = direct.repo(REPO, hub="modelscope")["commits"][0]
    assert "configuration.json" not in by_path(listed(direct, Revision=first))
    assert follow(api_file(direct, "README.md", rev=first)).body == b"# tiny-gpt2\n"
    assert get(url(direct, "/commits", Ref="master")).json()["Data"]["Commit"][1]["Id"] == first


def test_a_listing_is_cut_without_a_word(direct):
    repo = "demo-scope/crowded"
    assert len(listed(direct, repo, Recursive="True")) == 3000
    folders = [row["Path"] for row in listed(direct, repo)]
    assert sum(len(listed(direct, repo, Root=folder, Recursive="True")) for folder in folders) == 3200


def test_dataset_pages(direct):
    def page(number):
        return listed(direct, "demo-scope/many-rows", "datasets", "/repo/tree", Recursive="True", PageNumber=number, PageSize=200)

    first, second = page(1), page(2)
    assert (len(first), len(second), page(3)) == (200, 44, [])
    assert len(by_path(first + second)) == 244
    assert len(listed(direct, "demo-scope/many-rows", "datasets", Recursive="True")) == 244
    number = get(url(direct, "", "demo-scope/many-rows", "datasets")).json()["Data"]["Id"]
    assert listed(direct, str(number), "datasets", "/repo/tree", Recursive="True", PageSize=200) == first
    assert get(url(direct, "/repo/tree", "12", "datasets")).status == 404


def test_revisions(direct):
    refs = get(url(direct, "/revisions", "demo-scope/only-here")).json()["Data"]["RevisionMap"]
    assert [row["Revision"] for row in refs["Branches"]] == ["master", "dev"]
    assert refs["Tags"][0]["Revision"] == "v1.0" and refs["Tags"][0]["CreatedAt"] < time.time()
    assert "dev-only.txt" in by_path(listed(direct, "demo-scope/only-here", Revision="dev"))
    assert "unet" not in by_path(listed(direct, "demo-scope/only-here", Revision="v1.0"))


def test_what_both_hubs_have(direct):
    ours = by_path(listed(direct, Recursive="True"))
    theirs = get(f"{direct.endpoint()}/api/models/demo/tiny-gpt2/tree/main?recursive=true").json()
    theirs = {row["path"]: row for row in theirs if row["type"] == "file"}
    assert theirs[LFS]["lfs"]["oid"] == ours[LFS]["Sha256"]
    other = "onnx/decoder/model.onnx"
    assert theirs[other]["size"] == ours[other]["Size"] and theirs[other]["lfs"]["oid"] != ours[other]["Sha256"]
    assert "vocab.json" not in ours and "configuration.json" not in theirs and "tiny-gpt2.gguf" not in theirs


# Bytes, mirrors §1.5.


@each_form
def test_large_files_lead_to_a_path_that_spells_the_sha256(direct, form):
    answer = get(form(direct, LFS))
    target = urllib.parse.urlsplit(answer["Location"])
    sha256 = by_path(listed(direct))[LFS]["Sha256"]
    assert answer.status == 302 and answer["Location"].startswith(direct.sources["modelscope"]["cdn"])
    assert target.path == f"/prod/lfs-objects/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}"
    query = dict(urllib.parse.parse_qsl(target.query))
    assert (query["namespace"], query["repository"], query["tag"]) == ("demo-scope", "tiny-gpt2.v3", "model")
    assert abs(int(query["auth_key"].split("-")[0]) - time.time()) < 10
    part = get(answer["Location"], Range="bytes=1000000-1999999")
    assert (part.status, part["Content-Range"]) == (206, f"bytes 1000000-1999999/{SIZE}")
    assert part.body == expected("tiny-gpt2/3", 1_000_000, 1_000_000) and part["X-Linked-ETag"] == f'"{sha256}"'


def test_bad_and_expired_links_are_refused(direct):
    good = get(resolve(direct, LFS))["Location"]
    other = get(resolve(direct, "tiny-gpt2.gguf"))["Location"]
    forged = good[:-22] + ("A" if good[-22] != "A" else "B") + good[-21:]
    for bad in (forged, good.split("?")[0], good.split("?")[0] + "?" + other.split("?")[1]):
        assert get(bad).status == 403
    direct.fault("modelscope", "expired-link", times=1)
    assert get(get(resolve(direct, LFS))["Location"]).status == 403
    assert get(get(resolve(direct, LFS))["Location"]).status == 200


@each_form
def test_small_files_answer_200_with_a_range(direct, form):
    whole = get(form(direct, "config.json"))
    assert whole.status == 200 and whole["Content-Length"] == str(len(whole.body)) and not whole["Content-Range"]
    part = get(form(direct, "config.json"), Range="bytes=2-5")
    assert (part.status, part["Content-Range"], part["Content-Length"]) == (200, f"bytes 2-5/{len(whole.body)}", "4")
    assert part.body == whole.body[2:6]
    endless = get(form(direct, "config.json"), Range="bytes=2-")
    assert (endless.status, endless["Content-Range"], endless.body) == (200, None, whole.body)


@each_form
def test_odd_names_and_empty_files(direct, form):
    empty = get(form(direct, "empty.txt"))
    assert (empty.status, empty.body, empty["Content-Length"]) == (200, b"", "0")
    for row in listed(direct, "demo-scope/odd-names", Recursive="True"):
        if row["Type"] == "blob":
            got = follow(form(direct, row["Path"], "demo-scope/odd-names"))
            assert hashlib.sha256(got.body).hexdigest() == row["Sha256"], row["Path"]


def test_datasets_by_both_forms(direct):
    for form in (api_file(direct, "data/train.jsonl", "demo-scope/tiny-dataset", kind="datasets"),
                 resolve(direct, "data/train.jsonl", "demo-scope/tiny-dataset", prefix="datasets/")):  # fmt: skip
        assert len(follow(form).body.splitlines()) == 500
    assert refusal(get(resolve(direct, "data/train.jsonl", "demo-scope/tiny-dataset"))) == (404, 10010205001)


def test_head(direct):
    assert get(resolve(direct, LFS), "HEAD").status == 404
    answer = get(api_file(direct, LFS), "HEAD")
    assert (answer.status, answer["Content-Length"], answer["Location"]) == (200, str(SIZE), None)
    assert get(api_file(direct, "nope"), "HEAD").status == 404


# Refusals, mirrors §1.5 and §1.6.


def test_an_absent_file(direct):
    for rev in ("master", "nope"):
        for answer in (get(resolve(direct, "nope.bin", rev=rev)), get(resolve(direct, "nope.bin", rev=rev), Range="bytes=0-9")):
            assert refusal(answer) == (200, 10990101007) and 140 < len(answer.body) < 150 and "json" in answer["Content-Type"]
        assert refusal(get(api_file(direct, "nope.bin", rev=rev))) == (404, 10990101007)
    direct.fault("modelscope", "json", "hub", match="FilePath=nope")
    assert refusal(get(api_file(direct, "nope.bin"))) == (200, 10990101007)


def test_absent_repos_and_routes(direct):
    for asked in (url(direct, "/repo/files", "demo-scope/nope"), url(direct, "", "demo-scope/nope"), url(direct, "/revisions", "a/b"),
                  resolve(direct, LFS, "demo-scope/nope"), url(direct, "/repo/tree", "demo/tiny-gpt2", "datasets")):  # fmt: skip
        assert refusal(get(asked)) == (404, 10010205001)
    assert refusal(get(url(direct, "/download", FilePath="config.json")))[0] == 404
    assert get(direct.endpoint("modelscope") + "/anything").body.startswith(b"<!doctype html>")


NO_ACCESS = (404, 10010200001)


@pytest.mark.parametrize("who,cookie,want", [(None, 0, NO_ACCESS), ("bob", 0, NO_ACCESS), ("wrong", 0, NO_ACCESS), ("hf", 0, NO_ACCESS),
                                             ("alice", 0, 302), ("alice", 1, 302), ("bob", 1, NO_ACCESS)])  # fmt: skip
@pytest.mark.parametrize("form", [api_file, resolve])
def test_a_private_repo(direct, form, who, cookie, want):
    tokens = {**direct.modelscope_tokens, "wrong": "ms-never-issued", "hf": direct.tokens["alice"], None: None}
    headers = {"Cookie": f"m_session_id={tokens[who]}"} if cookie else {}
    token = None if cookie else tokens[who]
    answer = get(form(direct, LFS, "demo-scope/private"), token=token, **headers)
    assert answer.status == want if want == 302 else refusal(answer) == want
    rows = get(url(direct, "/repo/files", "demo-scope/private"), token=token, **headers)
    assert rows.status == (200 if want == 302 else 404)


def test_a_gated_repo_looks_private_and_a_wrong_token_is_not_noticed(direct):
    assert refusal(get(url(direct, "/repo/files", "demo-scope/gated"))) == NO_ACCESS
    assert get(url(direct, "/repo/files", "demo-scope/gated"), token=direct.modelscope_tokens["alice"]).status == 200
    assert get(url(direct, "/repo/files"), token="ms-never-issued").status == 200
    assert get(direct.endpoint() + "/api/models/demo/tiny-gpt2", token=direct.modelscope_tokens["alice"]).status == 401


def test_login_and_whoami(direct):
    base, token = direct.endpoint("modelscope"), direct.modelscope_tokens["alice"]
    body = json.dumps({"AccessToken": token}).encode()
    answer = get(base + "/api/v1/login", "POST", body, Content_Type="application/json")
    assert answer.json()["Data"]["Username"] == "alice" and f"m_session_id={token}" in answer["Set-Cookie"]
    assert refusal(get(base + "/api/v1/login", "POST", b'{"AccessToken": "x"}')) == (400, 10010103009)
    assert get(base + "/openapi/v1/users/me", token=token).json()["data"]["username"] == "alice"
    assert get(base + "/openapi/v1/users/me", token="x").status == 401


# The log, new commits, faults.


def test_requests_show_tokens_and_cookies(hub):
    token = hub.modelscope_tokens["alice"]
    link = get(api_file(hub, LFS), token=token, Cookie=f"m_session_id={token}", Range="bytes=0-9")["Location"]
    get(link, Range="bytes=0-9")
    first, second = hub.requests()
    assert (first["source"], first["where"], first["status"], first["range"]) == ("modelscope", "hub", 302, "bytes=0-9")
    assert (first["authorization"], first["cookie"]) == (f"Bearer {token}", f"m_session_id={token}")
    assert (second["source"], second["where"], second["status"], second["bytes"]) == ("modelscope", "data", 206, 10)
    assert (second["authorization"], second["cookie"]) == (None, None)


def test_a_commit_is_seen_and_can_lag(direct):
    new = direct.commit("demo-scope/gated", [{"path": "b.txt", "text": "b"}], hub="modelscope")
    token = direct.modelscope_tokens["alice"]

    def paths():
        return [row["Path"] for row in get(url(direct, "/repo/files", "demo-scope/gated"), token=token).json()["Data"]["Files"]]

    assert direct.repo("demo-scope/gated", hub="modelscope")["commit"] == new and paths() == ["a.txt", "b.txt"]
    direct.fault("modelscope", "lag", "hub")
    assert paths() == ["a.txt"]


def piece(hub, first=0, count=1 << 20):
    return follow(resolve(hub, "model.bin", "bench/one"), Range=f"bytes={first}-{first + count - 1}")


@pytest.mark.parametrize(
    "kind,fields,check",
    [
        ("429", {"retry_after": 3}, lambda a: a.status == 429 and a["Retry-After"] == "3"),
        ("403", {}, lambda a: a.status == 403),
        ("html", {}, lambda a: a.status == 200 and a.body.startswith(b"<!DOCTYPE")),
        ("status-200", {}, lambda a: a.status == 200 and len(a.body) == (8 << 20) + 3),
        ("wrong-total", {}, lambda a: a["Content-Range"] == "bytes 0-1048575/8388612"),
        ("flip", {"offset": 5}, lambda a: a.status == 206 and a.body != expected(7, 0, 1 << 20)),
    ],
)
def test_replies_of_a_bad_data_host(hub, kind, fields, check):
    hub.fault("modelscope", kind, times=1, match="bench/one/model.bin", **fields)
    assert check(piece(hub))
    assert piece(hub).body == expected(7, 0, 1 << 20)


def test_cuts_and_rates(hub):
    hub.fault("modelscope", "close", after_bytes=300_000, times=1)
    with pytest.raises(Exception) as raised:
        piece(hub)
    assert len(raised.value.partial) == 300_000
    hub.rate("modelscope", 2 << 20)
    start = time.monotonic()
    assert piece(hub).status == 206
    hub.rate("modelscope", 0)
    assert 0.25 < time.monotonic() - start < 2


def test_hub_replies_can_be_wrong_too(hub):
    hub.fault("modelscope", "503", "hub", times=1)
    assert get(url(hub, "/repo/files")).status == 503
    right = get(api_file(hub, "config.json")).body
    hub.fault("modelscope", "flip", "hub", match="config.json", offset=3, times=1)
    assert sum(a != b for a, b in zip(get(api_file(hub, "config.json")).body, right)) == 1
    hub.fault("modelscope", "wrong-content-range", "hub", times=1)
    assert get(api_file(hub, "config.json"), Range="bytes=2-5")["Content-Range"].startswith("bytes 3-6/")
    assert get(f"{hub.endpoint()}/api/models/demo/tiny-gpt2").status == 200


def test_it_can_be_down_alone(live):
    live.fault("modelscope", "refuse", "any")
    with pytest.raises(urllib.error.URLError, match="refused"):
        get(url(live, ""))
    assert get(f"{live.endpoint()}/api/models/demo/tiny-gpt2").status == 200
    live.clear()
    assert piece(live).status == 206


def test_tls_leads_to_tls_only(tmp_path):
    with DemoHub(tmp_path, modelscope=True, arguments=["--tls"]) as hub:
        trust = ssl.create_default_context(cafile=hub.info["ca"])
        asked = f"{hub.sources['modelscope']['tls_endpoint']}/models/{REPO}/resolve/master/{LFS}"
        with urllib.request.urlopen(asked, context=trust) as answer:
            assert answer.url.startswith("https://") and len(answer.read()) == SIZE
        assert [(r["source"], r["where"]) for r in hub.requests()] == [("modelscope", "hub"), ("modelscope", "data")]
