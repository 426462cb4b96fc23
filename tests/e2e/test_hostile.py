"""Hubs that mean harm: one clear line, nothing written outside, little memory, little time; and an honest source beside them serves."""

import gzip
import itertools
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from e2e_world import BUILD, SANITIZER, Hfget, wait_for
from hostile_hub import COMMIT, CONTENT, HostileHub, Netns, answer, rows

MOST_MEMORY = 400 << 20  # of the daemon, whatever comes. A listing may have 64 MiB, and is parsed in memory.
figures: list[tuple[str, float, int, int]] = []  # case, seconds, VmHWM, bytes that the hub got rid of


class NoHub:
    sources: list[str] = []


def user_of(folder: pathlib.Path, *hubs: HostileHub, endpoints: list[str] = (), start: bool = True, prefix: list[str] = ()) -> Hfget:
    user = Hfget(folder, NoHub())
    all_endpoints = [hub.endpoint for hub in hubs] + list(endpoints)
    names = [f"s{i}" for i in range(len(all_endpoints))]
    lines = [f"sources = {json.dumps(names)}", 'probe_repo = "org/probe"']
    for name, endpoint in zip(names, all_endpoints):
        lines += [f"[source.{name}]", f'endpoint = "{endpoint}"', 'proxy = "none"']
    user.config.write_text("\n".join(lines) + "\n")
    decoy = user.cache / "models--victim--model/refs/main"
    decoy.parent.mkdir(parents=True)
    decoy.write_text("f" * 40)
    if start:
        start_daemon(user, prefix)
    return user


def start_daemon(user: Hfget, prefix: list[str]):
    with open(user.root / "hfgetd.log", "ab") as log:
        user.process = subprocess.Popen([*prefix, str(BUILD / "hfgetd"), "--socket", user.socket, "--state-dir", user.state, "--config", user.config],
                                        env=user.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
    wait_for(lambda: user.process.poll() is not None or user.run("daemon", "status").returncode == 0, what="the daemon")
    assert user.process.poll() is None, user.log()


def memory(user: Hfget) -> int:
    status = pathlib.Path(f"/proc/{user.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10


def snapshot(root: pathlib.Path) -> dict[str, tuple]:
    """Everything below that is not the target, the daemon's state, or its socket."""
    ours = {"home/.cache/huggingface/hub/models--org--model", "home/.cache/huggingface/hub/.locks", "state", "run", "hfgetd.log", "target"}
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.endswith("hub/CACHEDIR.TAG") or any(name == own or name.startswith(own + "/") for own in ours):
            continue
        info = path.lstat()
        found[name] = (info.st_mode, info.st_size, os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b"")
    return found


def assert_clear(text: str):
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines, "an error says something"
    assert len(lines[-1]) < 1500, lines[-1]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e]", text), repr(text)


def pull(case: str, user: Hfget, hub: HostileHub, code: int, says: str, *arguments) -> str:
    before, begin = snapshot(user.root), time.monotonic()
    done = user.run("pull", "org/model", *arguments, timeout=240)
    seconds, peak = time.monotonic() - begin, memory(user)
    figures.append((case, seconds, peak, hub.sent))
    print(f"{case}: exit {done.returncode}, {seconds:.1f} s, VmHWM {peak >> 20} MiB, {hub.sent >> 10} KiB sent, {len(hub.requests)} requests: {done.stderr.strip()[-300:]}")
    assert done.returncode == code, f"{done.returncode}: {done.stderr}\n{user.log()[-3000:]}"
    assert says in done.stderr, done.stderr
    if code:
        assert_clear(done.stderr)
    assert snapshot(user.root) == before
    assert SANITIZER or peak < MOST_MEMORY  # which keeps what was freed for a while
    if code == 0:
        folder = pathlib.Path(done.stdout.strip())
        assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".cache" not in p.parts[len(folder.parts):]} == CONTENT
    return done.stderr


def endless(head: bytes, piece: bytes):
    yield head
    while True:
        yield piece


def once(*pieces: bytes):
    return iter(pieces)


BIG_HEADERS = b"".join(b"X-%d: %s\r\n" % (i, b"x" * 1000) for i in range(10400))
OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"[" + b" " * 65535 + b"\r\n"
BOMB = gzip.compress(bytes(256 << 20), 9)


def body(text: bytes):
    return lambda request: once(answer("200 OK", text, "Content-Type: application/json"))


def one_row(**changes):
    return body(json.dumps([rows()[0] | changes]).encode())


def raw_row(text: str):
    return body(text.encode())


def redirect(to: str):
    return lambda request: once(answer("302 Found", b"", f"Location: {to}"))


ROW = '{"type":"file","oid":"' + "a" * 40 + '","path":"x","size":%s}'

LISTINGS = {
    "10 MiB of headers": (lambda r: once(OK + BIG_HEADERS + JSON + b"Content-Length: 2\r\n\r\n[]"), "256 KiB of headers"),
    "endless headers": (lambda r: endless(OK, b"X: y\r\n" * 1000), "headers"),
    "an endless header": (lambda r: endless(OK + b"X: ", b"y" * 10000), "header without end"),
    "an endless body": (lambda r: endless(OK + JSON + CHUNKED, CHUNK), "longer than 64 MiB"),
    "an endless body without length": (lambda r: endless(OK + JSON + b"\r\n", b"[" * 65536), "longer than 64 MiB"),
    "endless trailers": (lambda r: endless(OK + JSON + CHUNKED + b"2\r\n[]\r\n0\r\n", b"X: y\r\n" * 100), "headers"),
    "a gzip bomb": (lambda r: once(answer("200 OK", BOMB, "Content-Encoding: gzip")), "compressed"),
    "a gzip bomb for transfer": (lambda r: once(OK + b"Transfer-Encoding: gzip\r\n\r\n", BOMB), "compressed"),
    "a redirect loop": (lambda r: once(answer("302 Found", b"", f"Location: {r.target}")), "without end"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "neither http nor https"),
    "a redirect to gopher": (redirect("gopher://127.0.0.1:70/x"), "neither http nor https"),
    "a redirect to another host": (redirect("http://127.0.0.2:9/x"), "another hub"),
    "a redirect to the metadata service": (redirect("http://169.254.169.254/latest/meta-data"), "local network"),
    "HTML": (lambda r: once(answer("200 OK", b"<!DOCTYPE html><h1>Log in \x1b[31m</h1>", "Content-Type: text/html")), "not JSON"),
    "invalid UTF-8": (body(b'[{"type":"file","path":"\xff\xfe"}]'), "not JSON"),
    "JSON 100,000 deep": (body(b'[{"a":' + b"[" * 100000), "nests too deep"),
    "JSON with a string of 60 MiB": (body(b'["' + b"s" * (60 << 20) + b'"]'), "too long"),
    "JSON with a string of 100 MiB": (body(b'["' + b"s" * (100 << 20) + b'"]'), "longer than 64 MiB"),
    "JSON of 60 MiB of brackets": (body(b"[" + b"[]," * (20 << 20) + b"0]"), "row of the listing"),
    "JSON of 60 MiB of numbers": (body(b'[{"a":[' + b"1," * (30 << 20) + b"0]}]"), "no type"),
    "the size 1e999": (raw_row(f"[{ROW % '1e999'}]"), "not JSON"),
    "the size -1": (raw_row(f"[{ROW % '-1'}]"), "no valid size"),
    "the size 2^63": (raw_row(f"[{ROW % 2**63}]"), "no valid size"),
    "the size 2^53 + 1": (raw_row(f"[{ROW % (2**53 + 1)}]"), "no valid size"),
    "the size 8 PiB": (raw_row(f"[{ROW % 2**53}]"), "too full"),
    "a path that leads out": (one_row(path="../../../../etc/cron.d/x"), ".."),
    "an absolute path": (one_row(path="/etc/cron.d/x"), "absolute"),
    "a NUL": (one_row(path="a\0b"), "control character"),
    "an escape sequence": (one_row(path="a\x1b]0;pwned\x07"), "control character"),
    "a name of 300 bytes": (one_row(path="n" * 300), "255 bytes"),
    "a path of 2,000 folders": (one_row(path="d/" * 1999 + "x"), "100 folders"),
    "a file twice": (body(json.dumps(rows() + rows()[:1]).encode()), "listed twice"),
    "a file that is a folder": (body(json.dumps([*rows(), rows()[0] | {"path": "config.json/x"}]).encode()), "as a file and as a folder"),
    "a key twice": (raw_row('[{"type":"file","oid":"' + "a" * 40 + '","path":"x","size":1,"path":"../x"}]'), ".."),
    "a hash that is a path": (one_row(oid="../../../../etc/cron.d/" + "a" * 17), "no valid oid"),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTINGS)
def test_a_hostile_listing_is_refused_in_one_line(tmp_path, case):
    evil, says = LISTINGS[case]
    with HostileHub(lambda request: evil(request) if request.kind == "tree" else None) as hub:
        user = user_of(tmp_path, hub)
        try:
            code = 6 if says == "too full" else 1 if says in HOSTILE else 5
            pull(f"listing: {case}", user, hub, code, says)
            assert len(hub.requests) < 40
        finally:
            user.close()


HOSTILE = {"no valid size", "..", "absolute", "control character", "255 bytes", "100 folders", "listed twice", "as a file and as a folder", "no valid oid",
           "nests too deep", "too long", "not JSON", "row of the listing", "no type"}  # fmt: skip


def test_the_commit_is_read_as_warily(tmp_path):
    for i, (evil, says) in enumerate([(LISTINGS["an endless body"][0], "64 MiB"), (body(b'{"sha":"../../x"}'), "no commit"), (body(b"{" * 70000), "JSON"),
                                      (body(json.dumps({"sha": COMMIT, "id": "../../../x"}).encode()), "answer")]):  # fmt: skip
        with HostileHub(lambda request, evil=evil: evil(request) if request.kind == "info" else None) as hub:
            user = user_of(tmp_path / str(i), hub)
            try:
                pull(f"commit: {says}", user, hub, 5, says)
            finally:
                user.close()


def test_a_chain_of_pages_has_an_end(tmp_path):
    """Each page names a next one that nobody has seen; elsewhere, but only its query counts."""
    counter = itertools.count()

    def evil(request):
        if request.kind != "tree":
            return None
        n = next(counter)
        page = [rows()[0] | {"path": f"f{n}-{i}"} for i in range(3)]
        pieces = once(answer("200 OK", json.dumps(page).encode(), f'Link: <http://127.0.0.3:9{request.path}?cursor={n}>; rel="next"'))
        return Keep(pieces)

    with HostileHub(evil) as hub:
        user = user_of(tmp_path, hub)
        try:
            pull("listing: an endless chain of pages", user, hub, 5, "have no end", "--include", "nothing like this")
            assert len(hub.requests) < 20100
        finally:
            user.close()


class Keep:
    """An answer that has an end: the connection lives on."""

    keep = True

    def __init__(self, pieces):
        self._pieces = pieces

    def __iter__(self):
        return self._pieces


def part(request, more: bytes = b"", head: bytes = b"") -> bytes:
    data = CONTENT.get(request.path.partition(f"/resolve/{COMMIT}/")[2], b"")
    first, last = request.range(len(data))
    return b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n" % (first, last, len(data)) + head + b"\r\n" + data[first : last + 1] + more


FILES = {
    "10 MiB of headers": lambda r: once(OK + BIG_HEADERS + b"Content-Length: 2\r\n\r\n[]"),
    "an endless header": lambda r: endless(OK + b"X: ", b"y" * 10000),
    "200 with an endless body": lambda r: endless(OK + b"\r\n", bytes(65536)),
    "206 with an endless body": lambda r: endless(part(r), bytes(65536)),
    "206 with an endless body in chunks": lambda r: endless(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-204799/204800\r\n" + CHUNKED, CHUNK),
    "206 longer than asked": lambda r: once(part(r, bytes(300000), b"Content-Length: 504800\r\n")),
    "an endless error": lambda r: endless(b"HTTP/1.1 500 No\r\n\r\n", b"e" * 65536),
    "an endless redirect": lambda r: endless(b"HTTP/1.1 302 Found\r\nLocation: " + r.target.encode() + b"\r\n\r\n", b"e" * 65536),
    "a gzip bomb": lambda r: once(part(r, BOMB, b"Content-Encoding: gzip\r\n")),
    "a gzip bomb for transfer": lambda r: once(part(r, BOMB, b"Transfer-Encoding: gzip\r\n")),
    "a redirect loop": lambda r: once(answer("302 Found", b"", f"Location: {r.target}")),
    "a redirect to a file": redirect("file:///etc/passwd"),
    "a redirect to gopher": redirect("gopher://127.0.0.1:70/x"),
    "HTML": lambda r: once(answer("200 OK", b"<html>", "Content-Type: text/html")),
    "metadata that is garbage": lambda r: once(part(r, b"", b"X-Linked-Size: -99999999999999999999\r\nETag: \"\x1b[31m\xff\r\nX-Linked-ETag: ../../x\r\nX-Repo-Commit: \xff\x00\x07\r\n")),
    "the commit of another": lambda r: once(part(r, b"", b"X-Repo-Commit: " + b"b" * 40 + b"\r\n")),
    "a size of another": lambda r: once(part(r, b"", b"X-Linked-Size: 9223372036854775808\r\nX-Linked-Size: 5\r\n")),
    "wrong bytes": lambda r: once(answer("206 Partial Content", bytes(r.range(204800)[1] - r.range(204800)[0] + 1), "Content-Range: bytes %d-%d/204800" % r.range(204800))),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_an_honest_source_serves_beside_a_hostile_one(tmp_path, case):
    evil = FILES[case]
    strikes = lambda request: evil(request) if request.kind == "file" and request.path.endswith("model.bin") else None  # noqa: E731
    with HostileHub(strikes) as hub, HostileHub() as office:
        user = user_of(tmp_path, hub, office)
        try:
            pull(f"file: {case}", user, hub, 0, "")
            assert hub.sent < 64 << 20
        finally:
            user.close()


# ---- Whose network ----


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net").mkdir()
    try:
        world = Netns(tmp_path / "net")
    except PermissionError as error:
        pytest.skip(str(error))
    yield world
    world.close()


INWARDS = ["10.9.8.7", "127.0.0.1", "169.254.169.254", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "2130706433", "127.1", "0", "0.0.0.0",
           "localhost", "[::1]", "[::]", "[fd00::7]", "rebind.example", "meta.example", "loop.example", "six.example"]  # fmt: skip


def test_a_public_hub_leads_nobody_inwards(net, tmp_path):
    """Not one connection is made, whatever the address is spelled like, or whatever name leads there."""
    with HostileHub(address="0.0.0.0", world=net) as victim:
        port = victim.port
        targets = iter(itertools.cycle(INWARDS))
        tried = set()

        def evil(request):
            if request.kind != "file":
                return None
            to = next(targets)
            tried.add(to)
            return once(answer("302 Found", b"", f"Location: http://{to}:{port}/org/model/resolve/{COMMIT}/model.bin"))

        with HostileHub(evil, address=net.PUBLIC, world=net) as hub, HostileHub(address=net.PUBLIC, world=net) as honest:
            for i, endpoint in zip(range(16), itertools.cycle([hub.endpoint, f"http://hub.example:{hub.port}"])):
                if tried == set(INWARDS):
                    break
                user = user_of(tmp_path / f"u{i}", endpoints=[endpoint, honest.endpoint], prefix=net.command())
                try:
                    pull(f"redirects inwards, {endpoint.split(':')[1]}", user, hub, 0, "")
                finally:
                    user.close()
        assert tried == set(INWARDS)
        assert victim.connections == 0, victim.requests


@pytest.mark.parametrize("hub_at, data_at, allowed", [("10.9.8.7", "10.4.5.6", True), ("office.example", "10.4.5.6", True), ("127.0.0.1", "10.9.8.7", True), ("10.9.8.7", "127.0.0.1", False),
                                                      ("office.example", "loop.example", False), ("127.0.0.1", "meta.example", False), ("hub.example", "cdn.example", True)])  # fmt: skip
def test_an_office_mirror_leads_within_its_network(net, tmp_path, hub_at, data_at, allowed):
    with HostileHub(address="0.0.0.0", world=net) as data:
        to = f"http://{data_at}:{data.port}"
        with HostileHub(lambda r: once(answer("302 Found", b"", f"Location: {to}{r.target}")) if r.kind == "file" else None, address="0.0.0.0", world=net) as hub, \
             HostileHub(address=net.PUBLIC, world=net) as other:  # fmt: skip
            user = user_of(tmp_path / "u", endpoints=[f"http://{hub_at}:{hub.port}", other.endpoint], prefix=net.command())
            try:
                pull(f"{hub_at} leads to {data_at}", user, hub, 0, "")
                assert (data.connections > 0) == allowed
            finally:
                user.close()


# ---- Links that somebody has prepared ----


@pytest.fixture
def honest_user(tmp_path):
    with HostileHub() as hub:
        user = user_of(tmp_path, hub)
        yield user, hub
        user.close()


@pytest.mark.parametrize("link", ["sub", ".cache", ".cache/huggingface", ".cache/huggingface/.hfget", ".cache/huggingface/download", ".cache/huggingface/trees", ".cache/huggingface/download/sub"])
def test_no_link_below_the_folder_is_followed(honest_user, link):
    user, hub = honest_user
    outside = user.root / "outside"
    outside.mkdir()
    (outside / "notes.txt").write_text("mine")
    (outside / "notes.txt.metadata").write_text("mine")
    place = user.root / "target" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    says = pull(f"link at {link}", user, hub, 6, "a symbolic link is in the way", "--local-dir", user.root / "target")
    assert str(place) in says
    assert sorted(p.name for p in outside.iterdir()) == ["notes.txt", "notes.txt.metadata"]


def test_a_link_in_a_files_place_is_replaced_and_not_written_through(honest_user):
    user, hub = honest_user
    outside = user.root / "precious"
    outside.write_text("mine")
    target = user.root / "target"
    (target / ".cache/huggingface/download").mkdir(parents=True)
    (target / "model.bin").symlink_to(outside)
    (target / "config.json").symlink_to(user.root / "not there")
    for name in ("model.bin.metadata", "model.bin.lock"):
        (target / ".cache/huggingface/download" / name).symlink_to(outside)
    done = user.run("pull", "org/model", "--local-dir", target)
    assert outside.read_text() == "mine" and not (user.root / "not there").exists()
    if done.returncode == 0:
        assert (target / "model.bin").read_bytes() == CONTENT["model.bin"] and not (target / "model.bin").is_symlink()
    else:
        assert_clear(done.stderr)
    (target / ".cache/huggingface/download/model.bin.lock").unlink()
    pull("links in the place of files", user, hub, 0, "", "--local-dir", target)
    assert not (target / "model.bin").is_symlink() and outside.read_text() == "mine"


def test_the_folder_itself_may_be_a_link(honest_user):
    user, hub = honest_user
    (user.root / "target").mkdir()
    (user.root / "link").symlink_to(user.root / "target")
    done = user.run("pull", "org/model", "--local-dir", user.root / "link")
    assert done.returncode == 0, done.stderr
    assert (user.root / "target/model.bin").read_bytes() == CONTENT["model.bin"]


@pytest.mark.parametrize("link", ["blobs", "snapshots", f"snapshots/{COMMIT}", f"snapshots/{COMMIT}/sub", ".hfget", "trees", "refs"])
def test_no_link_below_a_repos_folder_of_the_cache_is_followed(honest_user, link):
    user, hub = honest_user
    outside = user.root / "outside"
    outside.mkdir()
    place = user.cache / "models--org--model" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    pull(f"link at {link} of the cache", user, hub, 6, "a symbolic link is in the way")
    assert not list(outside.iterdir())


def test_a_fifo_in_a_files_place_holds_nobody_up(honest_user):
    user, hub = honest_user
    target = user.root / "target"
    for name in ("config.json", "model.bin", ".cache/huggingface/download/model.bin.metadata", f".cache/huggingface/trees/{COMMIT}.json"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(target / name)
    pull("FIFOs", user, hub, 0, "", "--local-dir", target)


def test_figures(capsys):
    """The last one: what it took at most, for the record."""
    if not figures:
        pytest.skip("nothing was pulled")
    slowest = max(figures, key=lambda f: f[1])
    largest = max(figures, key=lambda f: f[2])
    with capsys.disabled():
        print(f"\nhostile hubs: {len(figures)} pulls; slowest {slowest[1]:.1f} s ({slowest[0]}); most memory {largest[2] >> 20} MiB ({largest[0]})")
