"""The protocol table of the demo hub, line by line.  Run: /usr/bin/python3 -m pytest tests/hub_server/selftest.py"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from client import PYTHON, DemoHub, expected

REPO = "demo/tiny-gpt2"
LFS = "model.safetensors"
BIG = {"repos": [{"id": "bench/one", "files": [{"path": "model.bin", "size": (8 << 20) + 3, "lfs": True, "seed": 7}]}]}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.json = lambda: json.loads(body)

    def __getitem__(self, name):
        return self.headers.get(name)


def get(url, method="GET", data=None, token=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, method=method, headers=headers, data=data)
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def follow(url, **headers):
    """Redirects to the end, as a client without a token does."""
    for _ in range(5):
        answer = get(url, **headers)
        if answer.status not in (301, 302, 307, 308):
            return answer
        url = urllib.parse.urljoin(url, answer["Location"])
    raise AssertionError("too many redirects")


@pytest.fixture(scope="module")
def direct():
    with DemoHub(spec=BIG, page_size=400) as hub:
        yield hub


@pytest.fixture(scope="module")
def live():
    with DemoHub(spec=BIG, live=True) as hub:
        yield hub


@pytest.fixture(autouse=True)
def _clean(request):
    yield
    for name in ("direct", "live"):
        if name in request.fixturenames:
            hub = request.getfixturevalue(name)
            hub.reset()
            hub.limits(api=10**6, resolvers=10**6, pages=10**6, window=300)


SOURCES = ("official", "tuna", "pai", "hf-mirror")
each_source = pytest.mark.parametrize("source", SOURCES)


def resolve(hub, source="official", path=LFS, repo=REPO, rev="main", prefix=""):
    quoted = urllib.parse.quote(rev, safe="")
    return f"{hub.endpoint(source)}/{prefix}{repo}/resolve/{quoted}/{urllib.parse.quote(path)}"


def api(hub, tail, source="official", repo=REPO, kind="models"):
    return f"{hub.endpoint(source)}/api/{kind}/{repo}{tail}"


# Listing, reference §1.


@each_source
def test_info_pins_the_commit(direct, source):
    info = get(api(direct, "/revision/main", source)).json()
    assert info["sha"] == direct.repo(REPO)["commit"] and info["gated"] is False and info["private"] is False
    assert {"rfilename": "config.json"} in info["siblings"]


def test_info_with_blobs_names_lfs_sha256(direct):
    rows = {row["rfilename"]: row for row in get(api(direct, "?blobs=true")).json()["siblings"]}
    assert rows[LFS]["size"] == 3_460_301 == rows[LFS]["lfs"]["size"]
    assert rows[LFS]["lfs"]["sha256"] == hashlib.sha256(expected("tiny-gpt2/3", 0, 3_460_301)).hexdigest()
    assert rows["empty.txt"]["size"] == 0 and rows["empty.txt"]["blobId"] == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_tree_rows(direct):
    rows = {row["path"]: row for row in get(api(direct, "/tree/main?recursive=true&expand=false")).json()}
    assert rows["onnx"]["type"] == rows["onnx/decoder"]["type"] == "directory"
    lfs = rows["onnx/decoder/model.onnx"]
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{lfs['lfs']['oid']}\nsize {lfs['size']}\n"
    assert lfs["lfs"]["pointerSize"] == len(text) and "xetHash" not in lfs
    assert lfs["oid"] == hashlib.sha1(f"blob {len(text)}\0{text}".encode()).hexdigest()
    flat = {row["path"] for row in get(api(direct, "/tree/main")).json()}
    assert "onnx" in flat and "onnx/decoder" not in flat
    assert [row["path"] for row in get(api(direct, "/tree/main/onnx%2Fdecoder")).json()] == ["onnx/decoder/model.onnx"]


@each_source
def test_pages_are_linked_on_the_official_base(direct, source):
    seen, url = [], api(direct, "/tree/main?recursive=true", source, "demo/many")
    for count in range(1, 20):
        answer = get(url)
        seen += [row["path"] for row in answer.json()]
        if not answer["Link"]:
            break
        url = answer["Link"].split(">")[0].lstrip("<")
        assert url.startswith(direct.endpoint("official") + "/api/models/demo/many/tree/main?")
        assert 'rel="next"' in answer["Link"]
    assert len(seen) == len(set(seen)) == 2500 + 10 + 50 and count == 7


def test_paths_info_refs_commits(direct):
    form = b"paths=config.json&paths=nope&paths=onnx&expand=false"
    rows = get(api(direct, "/paths-info/main"), "POST", form).json()
    assert [row["path"] for row in rows] == ["config.json", "onnx"]
    body = json.dumps({"paths": ["README.md"], "expand": True}).encode()
    assert get(api(direct, "/paths-info/main"), "POST", body, Content_Type="application/json").json()[0]["lastCommit"]
    refs = get(api(direct, "/refs?include_prs=1")).json()
    assert {row["ref"] for row in refs["branches"]} == {"refs/heads/main", "refs/heads/dev"}
    assert refs["tags"][0]["name"] == "v1.0" and refs["pullRequests"][0]["ref"] == "refs/pr/1"
    assert "pullRequests" not in get(api(direct, "/refs")).json()
    assert len(get(api(direct, "/commits/main")).json()) == 3


@each_source
@pytest.mark.parametrize("rev", ["main", "dev", "v1.0", "refs/pr/1"])
def test_revisions(direct, source, rev):
    state = direct.repo(REPO)
    want = {**state["branches"], **state["tags"], **state["pull_requests"]}[rev]
    for name in (rev, want, want[:8]):
        assert get(api(direct, f"/revision/{urllib.parse.quote(name, safe='')}", source)).json()["sha"] == want
        assert get(resolve(direct, source, rev=name), "HEAD")["X-Repo-Commit"] == want


@each_source
def test_legacy_and_wrong_case_ids_move_relatively(direct, source):
    prefix = urllib.parse.urlsplit(direct.endpoint(source)).path
    for name in ("tiny-gpt2", "Demo/Tiny-GPT2"):
        answer = get(api(direct, "/revision/refs%2Fpr%2F1?blobs=true", source, name))
        assert (answer.status, answer["Location"]) == (307, f"{prefix}/api/models/{REPO}/revision/refs%2Fpr%2F1?blobs=true")
        answer = get(resolve(direct, source, "config.json", name))
        assert (answer.status, answer["Location"]) == (307, f"{prefix}/{REPO}/resolve/main/config.json")


@pytest.mark.parametrize("kind,prefix,path", [("dataset", "datasets/", "data/train.jsonl"), ("space", "spaces/", "app.py")])
def test_other_types(direct, kind, prefix, path):
    assert get(api(direct, "", repo=f"demo/tiny-{kind}", kind=kind + "s")).json()["sha"]
    assert follow(resolve(direct, path=path, repo=f"demo/tiny-{kind}", prefix=prefix)).status == 200


# Resolve, reference §2.2 and §7.


@pytest.mark.parametrize("source", SOURCES[:3])
def test_lfs_is_a_302_to_the_sources_own_data_host(direct, source):
    for method in ("GET", "HEAD"):
        answer = get(resolve(direct, source), method)
        assert answer.status == 302 and answer["Location"].startswith(direct.sources[source]["cdn"] + "/xet-bridge-us/")
        assert answer["X-Linked-Size"] == "3460301" and answer["Cache-Control"] == "no-store"
        assert answer["X-Linked-Etag"].strip('"') in answer["Location"] and "user_id=public" in answer["Location"]
        assert 0 < int(answer["Content-Length"]) < 2000 and answer["X-Repo-Commit"] and not answer["X-Xet-Hash"]


def test_data_host_ranges_and_conditions(direct):
    url = get(resolve(direct))["Location"]
    whole = get(url)
    sha256 = hashlib.sha256(whole.body).hexdigest()
    assert whole.status == 200 and sha256 in url and whole["Accept-Ranges"] == "bytes"
    assert whole["ETag"].strip('"') == sha256[32:] + sha256[:32]
    part = get(url, Range="bytes=1000000-1999999")
    assert (part.status, part["Content-Range"]) == (206, "bytes 1000000-1999999/3460301")
    assert part.body == expected("tiny-gpt2/3", 1_000_000, 1_000_000)
    assert get(url, Range="bytes=9999999-").status == 416
    assert get(url, Range="bytes=0-9", If_Range=whole["ETag"]).status == 206
    assert get(url, Range="bytes=0-9", If_Range='"other"').status == 200


def test_data_host_refuses_bad_and_expired_links(direct):
    url = get(resolve(direct))["Location"]
    for bad in (url.replace("Signature=", "Signature=x"), url.replace("Expires=1", "Expires=2"),
                url.replace("user_id=public", "user_id=someone"), url.split("?")[0]):  # fmt: skip
        answer = get(bad)
        assert answer.status == 403 and b"AccessDenied" in answer.body
    direct.fault("official", "expired-link", times=1)
    assert get(get(resolve(direct))["Location"]).status == 403
    assert get(get(resolve(direct))["Location"]).status == 200


def test_link_names_the_account(direct):
    assert "user_id=64a11ce0000000000000a11c" in get(resolve(direct), token=direct.tokens["alice"])["Location"]


def test_hf_mirror_serves_lfs_itself(direct):
    answer = get(resolve(direct, "hf-mirror"), Range="bytes=5-14")
    assert answer.status == 206 and answer.body == expected("tiny-gpt2/3", 5, 10) and not answer["Location"]
    assert answer["X-Linked-Size"] == "3460301" and answer["X-Repo-Commit"] and answer["X-Linked-Etag"]
    assert get(resolve(direct, "hf-mirror"), "HEAD")["Content-Length"] == "3460301"


@each_source
def test_regular_file_is_a_relative_307(direct, source):
    first = get(resolve(direct, source, "config.json"))
    prefix = urllib.parse.urlsplit(direct.endpoint(source)).path
    assert first.status == 307 and first["Location"].startswith(f"{prefix}/api/resolve-cache/models/{REPO}/")
    url = urllib.parse.urljoin(resolve(direct, source), first["Location"])
    second = get(url, Accept_Encoding="identity")
    oid = hashlib.sha1(b"blob %d\0" % len(second.body) + second.body).hexdigest()
    assert second["ETag"] == f'"{oid}"' and f"%22{oid}%22" in url and second["X-Repo-Commit"]
    assert second["Content-Length"] == str(len(second.body)) and second["Accept-Ranges"] == "bytes"
    assert get(url, If_None_Match=f'"{oid}"').status == 304
    part = get(url, Range="bytes=2-5", Accept_Encoding="gzip")
    assert part.status == 206 and part.body == second.body[2:6] and not part["Content-Encoding"]
    zipped = get(url, Accept_Encoding="gzip, deflate")
    assert zipped["Content-Encoding"] == "gzip" and zipped["Content-Length"] is None
    assert get(url, "HEAD", Accept_Encoding="identity")["Content-Length"] == str(len(second.body))


@each_source
def test_odd_names_and_empty_files(direct, source):
    empty = follow(resolve(direct, source, "empty.txt"))
    assert (empty.status, empty.body, empty["Content-Length"]) == (200, b"", "0")
    for row in get(api(direct, "/tree/main?recursive=true", source, "demo/odd-names")).json():
        if row["type"] == "file":
            got = follow(resolve(direct, source, row["path"], "demo/odd-names"))
            assert got.status == 200 and len(got.body) == row["size"], row["path"]


# Errors, reference §2.3 and §2.4.


def refusal(answer):
    assert answer.json()["error"] == answer["X-Error-Message"] and answer["X-Request-Id"]
    return answer.status, answer["X-Error-Code"], answer["X-Error-Message"].split(" is restricted")[0]


LOGIN = (401, None, "Invalid username or password.")
INVALID = (401, None, "Invalid credentials in Authorization header")
NO_REPO = (404, "RepoNotFound", "Repository not found")
GATED = "GatedRepo", "Access to model demo/gated"
NO_ENTRY = (404, "EntryNotFound", "Entry not found")
TABLE = [
    ("demo/nope", "config.json", None, LOGIN),
    ("demo/nope", "config.json", "bob", NO_REPO),
    ("demo/nope", "config.json", "wrong", INVALID),
    (REPO, "nope.bin", None, NO_ENTRY),
    (REPO, "nope.bin", "bob", NO_ENTRY),
    (REPO, "nope.bin", "wrong", INVALID),
    (REPO, LFS, "wrong", INVALID),
    (REPO, LFS, "", INVALID),
    ("demo/private", LFS, None, LOGIN),
    ("demo/private", LFS, "bob", NO_REPO),
    ("demo/gated", LFS, None, (401, *GATED)),
    ("demo/gated", LFS, "bob", (403, *GATED)),
    ("demo/disabled", LFS, "alice", (403, None, "Access to this resource is disabled.")),
]


@pytest.mark.parametrize("repo,path,who,want", TABLE)
@pytest.mark.parametrize("source", ["official", "pai", "hf-mirror"])
def test_refusals_of_resolve(direct, source, repo, path, who, want):
    token = direct.tokens.get(who, "hf_neverIssued") if who else who
    answer = get(resolve(direct, source, path, repo), token=token)
    assert refusal(answer) == want
    assert bool(answer["X-Repo-Commit"]) == (want == NO_ENTRY or "GatedRepo" in want)


def test_revision_absent(direct):
    for url in (resolve(direct, rev="nope"), api(direct, "/tree/nope"), api(direct, "/revision/nope")):
        assert refusal(get(url)) == (404, "RevisionNotFound", "Invalid rev id: nope")


def test_gated_info_and_tree_are_public_and_the_granted_may_read(direct):
    assert get(api(direct, "", repo="demo/gated")).json()["gated"] == "manual"
    assert get(api(direct, "/tree/main", repo="demo/gated")).status == 200
    alice, bob = direct.tokens["alice"], direct.tokens["bob"]
    assert get(resolve(direct, repo="demo/gated"), token=alice).status == 302
    assert get(resolve(direct, repo="demo/private"), token=alice).status == 302
    assert get(api(direct, "/auth-check", repo="demo/gated"), token=alice).status == 200
    assert get(api(direct, "/auth-check", repo="demo/gated"), token=bob).status == 403


@pytest.mark.parametrize("tail", ["", "/tree/main", "/revision/main", "/refs"])
def test_an_invalid_token_is_refused_on_public_listings(direct, tail):
    assert refusal(get(api(direct, tail), token="hf_neverIssued")) == INVALID


def test_whoami(direct):
    url = direct.endpoint() + "/api/whoami-v2"
    assert get(url, token=direct.tokens["bob"]).json()["name"] == "bob"
    assert refusal(get(url)) == LOGIN and refusal(get(url, token="x")) == INVALID


def test_tuna_drops_the_token(direct):
    """The canary: where the hub says 401, a mirror that strips says 200."""
    assert get(api(direct, "", "tuna"), token="hf_neverIssued").status == 200
    assert get(resolve(direct, "tuna"), token="hf_neverIssued").status == 302
    assert refusal(get(resolve(direct, "tuna", repo="demo/gated"), token=direct.tokens["alice"])) == (401, *GATED)


# Rate limits, reference §3.


def test_rate_limit_headers_count(direct):
    first, second = get(resolve(direct)), get(resolve(direct, rev="nope"))
    assert first["RateLimit-Policy"] == '"fixed window";"resolvers";q=1000000;w=300'
    left = [int(answer["RateLimit"].split("r=")[1].split(";")[0]) for answer in (first, second)]
    assert left[0] - left[1] == 1 and first["RateLimit"].startswith('"resolvers";r=')


def test_rate_limits_by_bucket_and_principal(direct):
    direct.limits(api=2, window=60, who="anonymous")
    assert [get(api(direct, "")).status for _ in range(3)] == [200, 200, 429]
    refused = get(api(direct, ""))
    assert refused["RateLimit"].startswith('"api";r=0;t=') and not refused["Retry-After"]
    assert get(resolve(direct)).status == 302
    assert get(api(direct, ""), token=direct.tokens["bob"]).status == 200
    assert get(api(direct, "", "tuna")).status == 200


# The control API.


def test_requests_show_where_a_token_went(direct):
    before = max([entry["seq"] for entry in direct.requests()], default=0)
    alice = direct.tokens["alice"]
    for source in SOURCES:
        get(resolve(direct, source), token=alice, Range="bytes=0-9")
    get(get(resolve(direct, "pai"))["Location"])
    seen = direct.requests(before)
    sent = {entry["source"] for entry in seen if entry["authorization"] == f"Bearer {alice}"}
    assert sent == set(SOURCES) and {e["range"] for e in seen if e["authorization"]} == {"bytes=0-9"}
    data = [(e["source"], e["status"], e["bytes"]) for e in seen if e["where"] == "data" and not e["authorization"]]
    assert data == [("pai", 200, 3460301)]
    inner = [e for e in direct.requests(before, edge=False) if e["via"] == "tuna"]
    assert inner and not any(e["authorization"] for e in inner)


def test_a_commit_is_seen_and_a_lagging_mirror_lacks_it(direct):
    old = direct.repo("demo/gated")["commit"]
    new = direct.commit("demo/gated", [{"path": "new.txt", "text": "new"}])
    direct.fault("tuna", "lag", "hub", commit=old)
    assert get(api(direct, "/revision/main", repo="demo/gated")).json()["sha"] == new
    assert get(api(direct, "/revision/main", "tuna", "demo/gated")).json()["sha"] == old
    assert refusal(get(api(direct, f"/revision/{new}", "tuna", "demo/gated")))[:2] == (404, "RevisionNotFound")
    assert get(api(direct, f"/revision/{new}", "pai", "demo/gated")).status == 200


def timed(call):
    start = time.monotonic()
    result = call()
    return time.monotonic() - start, result


def test_rate_is_per_connection_and_holds_over_its_requests(hub):
    """Ten short ranges on one kept connection are as slow as one long range."""
    hub.rate("tuna", 4 << 20)
    url = urllib.parse.urlsplit(get(resolve(hub, "tuna", "model.bin", "bench/one"))["Location"])
    connection = http.client.HTTPConnection(url.netloc)

    def ten():
        for i in range(10):
            span = f"bytes={i * 400_000}-{i * 400_000 + 399_999}"
            connection.request("GET", f"{url.path}?{url.query}", headers={"Range": span})
            assert connection.getresponse().read() == expected(7, i * 400_000, 400_000)

    took, _ = timed(ten)
    assert 0.6 < took < 2
    hub.rate("tuna", 0)
    connection.close()
    assert timed(ten)[0] < 0.4


def test_mistakes_are_explained(direct):
    for fields in ({"kind": "nonsense"}, {"kind": "stall", "bogus": 1}, {"kind": "stall", "where": "hub"}):
        with pytest.raises(ValueError):
            direct.fault("tuna", **fields)
    with pytest.raises(ValueError):
        direct.fault("nobody", "stall")


# Faults. In both modes for data; at the hub those that replace a reply.


@pytest.fixture(params=["direct", "live"])
def hub(request):
    return request.getfixturevalue(request.param)


def piece(hub, source="tuna", first=0, count=1 << 20):
    return follow(resolve(hub, source, "model.bin", "bench/one"), Range=f"bytes={first}-{first + count - 1}")


@pytest.mark.parametrize("source", ["tuna", "hf-mirror"])
@pytest.mark.parametrize(
    "kind,fields,check",
    [
        ("429", {"retry_after": 3}, lambda a: a.status == 429 and a["Retry-After"] == "3"),
        ("503", {}, lambda a: a.status == 503),
        ("403", {}, lambda a: a.status == 403),
        ("html", {}, lambda a: a.status == 200 and a.body.startswith(b"<!DOCTYPE") and "html" in a["Content-Type"]),
        ("json", {}, lambda a: a.status == 200 and a.json()["Success"] is False),
        ("status-200", {}, lambda a: a.status == 200 and len(a.body) == (8 << 20) + 3),
        ("wrong-content-range", {"shift": 512}, lambda a: a["Content-Range"] == "bytes 512-1049087/8388611"),
        ("wrong-total", {}, lambda a: a["Content-Range"] == "bytes 0-1048575/8388612"),
        ("garbage", {}, lambda a: a.status == 206 and len(a.body) == 1 << 20 and a.body[:99] != expected(7, 0, 99)),
    ],
)
def test_replies_of_a_bad_data_host(hub, source, kind, fields, check):
    hub.fault(source, kind, times=1, match="bench/one/model.bin", **fields)
    assert check(piece(hub, source))
    assert piece(hub, source).body == expected(7, 0, 1 << 20)
    assert follow(resolve(hub, source)).status == 200


@pytest.mark.parametrize("source", ["official", "hf-mirror"])
def test_flip_changes_one_bit_at_the_offset(hub, source):
    hub.fault(source, "flip", offset=1_500_000, bit=3)
    assert piece(hub, source).body == expected(7, 0, 1 << 20)
    got, want = piece(hub, source, 1 << 20).body, expected(7, 1 << 20, 1 << 20)
    assert [i for i in range(1 << 20) if got[i] != want[i]] == [1_500_000 - (1 << 20)]
    assert got[1_500_000 - (1 << 20)] == want[1_500_000 - (1 << 20)] ^ 8


@pytest.mark.parametrize("kind", ["reset", "close"])
def test_cuts_come_after_the_bytes_asked_for(hub, kind):
    hub.fault("pai", kind, after_bytes=300_000, times=1)
    with pytest.raises((ConnectionResetError, Exception)) as raised:
        piece(hub, "pai")
    if kind == "close":
        assert len(raised.value.partial) == 300_000
    assert piece(hub, "pai").status == 206


def test_slow_and_delay(hub):
    hub.fault("tuna", "slow", bytes_per_s=1 << 20)
    took, answer = timed(lambda: piece(hub, count=1 << 19))
    assert 0.3 < took < 2 and answer.body == expected(7, 0, 1 << 19)
    hub.clear()
    hub.fault("tuna", "delay", delay_s=0.4)
    assert timed(lambda: piece(hub))[0] > 0.4
    hub.clear()
    hub.fault("official", "delay", "hub", delay_s=0.4)
    assert timed(lambda: get(api(hub, "")))[0] > 0.4


def test_redirect_faults(hub):
    hub.fault("tuna", "redirect-to", "hub", location="http://127.0.0.1:1/x", redirect_status=308, times=1)
    answer = get(resolve(hub, "tuna"))
    assert (answer.status, answer["Location"]) == (308, "http://127.0.0.1:1/x")
    hub.fault("tuna", "redirect-loop", "hub")
    assert get(resolve(hub, "tuna"))["Location"] == urllib.parse.urlsplit(resolve(hub, "tuna")).path
    hub.clear()
    hub.fault("tuna", "redirect-loop")
    with pytest.raises(AssertionError):
        piece(hub)


def test_hub_files_can_be_wrong_too(hub):
    right = follow(resolve(hub, "pai", "README.md"), Accept_Encoding="identity")
    hub.fault("pai", "flip", "hub", match="README", offset=3)
    wrong = follow(resolve(hub, "pai", "README.md"), Accept_Encoding="identity")
    assert wrong.status == 200 and len(wrong.body) == len(right.body)
    assert sum(a != b for a, b in zip(wrong.body, right.body)) == 1
    hub.clear()
    hub.fault("pai", "html", "hub")
    assert get(api(hub, "", "pai")).body.startswith(b"<!DOCTYPE")
    assert get(api(hub, "", "official")).status == 200


def test_share_and_skip(hub):
    hub.fault("tuna", "503", share=0.5, seed=1)
    broken = [piece(hub, count=10).status for _ in range(30)].count(503)
    assert 5 < broken < 25
    hub.clear()
    hub.fault("tuna", "503", skip=2, times=1)
    assert [piece(hub, count=10).status for _ in range(4)] == [206, 206, 503, 206]


# What only the wires can do: strike a transfer that is already running.


def running(hub, source="tuna"):
    """A transfer slowed so that it can be struck in the middle."""
    url = resolve(hub, source, "model.bin", "bench/one")
    hub.rate(source, 2 << 20)
    if source != "hf-mirror":
        url = get(url)["Location"]
    answer = urllib.request.urlopen(url, timeout=10)
    assert answer.read(100_000) == expected(7, 0, 100_000)
    return answer


@pytest.mark.parametrize("source", ["official", "hf-mirror"])
def test_a_running_transfer_stalls_and_goes_on_when_cleared(live, source):
    answer = running(live, source)
    fault = live.fault(source, "stall")
    time.sleep(0.3)
    before = live.requests()[-1]["bytes"]
    time.sleep(0.3)
    assert live.requests()[-1]["bytes"] == before < (8 << 20)
    live.rate(source, 0)
    live.clear(fault)
    assert answer.read() == expected(7, 100_000, (8 << 20) + 3 - 100_000)


def test_a_running_transfer_is_reset(live):
    answer = running(live)
    live.fault("tuna", "reset")
    live.rate("tuna", 0)
    with pytest.raises(ConnectionResetError):
        answer.read()


def test_refuse_closes_the_port_and_running_transfers(live):
    answer = running(live)
    live.fault("tuna", "refuse", "any")
    with pytest.raises(ConnectionResetError):
        answer.read()
    live.rate("tuna", 0)
    for url in (live.endpoint("tuna"), live.sources["tuna"]["cdn"]):
        with pytest.raises(urllib.error.URLError, match="refused"):
            get(url)
    assert get(api(live, "", "official")).status == 200
    live.clear()
    assert piece(live).status == 206
    live.fault("official", "hub-down")
    with pytest.raises(urllib.error.URLError, match="refused"):
        get(api(live, ""))
    assert piece(live).status == 206


def test_rate_of_a_whole_source(live):
    live.rate("pai", 4 << 20, per="source")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        took, _ = timed(lambda: list(pool.map(lambda i: piece(live, "pai", i << 20), range(4))))
    live.rate("pai", 0)
    assert 0.7 < took < 2.5


# The same by https.


def test_tls_leads_to_tls_only(tmp_path):
    with DemoHub(tmp_path, page_size=1000, arguments=["--tls"]) as hub:
        trust = ssl.create_default_context(cafile=hub.info["ca"])
        for source in hub.sources.values():
            url = f"{source['tls_endpoint']}/{REPO}/resolve/main/{LFS}"
            with urllib.request.urlopen(url, context=trust) as answer:
                assert answer.url.startswith("https://") and len(answer.read()) == 3_460_301
            tree = f"{source['tls_endpoint']}/api/models/demo/many/tree/main?recursive=true"
            with urllib.request.urlopen(tree, context=trust) as answer:
                assert f"<{hub.sources['official']['tls_endpoint']}/api" in answer.headers["Link"]
        assert len(hub.requests()) == 4 * 2 + 3
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            get(url)


# The server itself.


def test_starts_quickly_and_takes_nginx_with_it(tmp_path):
    for number in (signal.SIGTERM, signal.SIGKILL):
        took, hub = timed(lambda: DemoHub(tmp_path / str(number)).start())
        assert took < 2
        nginx = int((tmp_path / str(number) / "nginx.pid").read_text())
        hub.process.send_signal(number)
        hub.process.wait(10)
        for _ in range(200):
            if not os.path.exists(f"/proc/{nginx}"):
                break
            time.sleep(0.01)
        assert not os.path.exists(f"/proc/{nginx}")


def test_dies_with_its_parent(tmp_path):
    script = f"import sys,os,signal; sys.path.insert(0, {os.path.dirname(__file__)!r}); from client import DemoHub; " \
             f"h = DemoHub({str(tmp_path)!r}).start(); print(h.process.pid, flush=True); os.kill(os.getpid(), 9)"  # fmt: skip
    pid = int(subprocess.run([PYTHON, "-c", script], capture_output=True, text=True).stdout)
    for _ in range(300):
        if not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split()[2] == "Z":
            return
        time.sleep(0.01)
    raise AssertionError("the hub outlived its parent")


def test_content_cache_is_linked(tmp_path):
    for run in ("a", "b"):
        with DemoHub(tmp_path / run, spec=BIG, content_cache=tmp_path / "cache"):
            linked = [path for path in (tmp_path / run / "lfs").iterdir() if path.stat().st_nlink > 1]
            assert len(linked) == 1 and linked[0].stat().st_size == (8 << 20) + 3
            inode = linked[0].stat().st_ino if run == "a" else inode
            assert linked[0].stat().st_ino == inode


def test_pages_of_content_differ():
    pieces = {expected(1, i << 20, 64) for i in range(4096)} | {expected(2, i << 20, 64) for i in range(4096)}
    assert len(pieces) == 8192
    assert expected(1, (1 << 20) - 7, 20) == expected(1, 0, 2 << 20)[(1 << 20) - 7 :][:20]


@pytest.mark.parametrize("source", ["tuna", "hf-mirror"])
def test_another_version_and_a_bad_cache_are_the_same_at_every_request(hub, source):
    good = expected(7, 0, 1 << 20)
    hub.fault(source, "other-version")
    assert piece(hub, source).body == piece(hub, source).body == bytes((b + 1) % 256 for b in good)
    hub.clear()
    hub.fault(source, "bad-cache", block=100_000, bad_blocks=0.4, seed=1)
    got = piece(hub, source).body
    bad = {i // 100_000 for i in range(1 << 20) if got[i] != good[i]}
    assert got == piece(hub, source).body and len(got) == 1 << 20
    assert 0 < len(bad) < 11
    assert all(got[i] != good[i] for i in range(1 << 20) if i // 100_000 in bad), "a block is wrong as a whole"
