"""The API's door end to end: other users, TCP, what each may do, and that no secret leaves by it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest
from e2e_world import BUILD, Hfget, assert_complete, listing, wait_for

GUEST = 1  # "daemon" on every Debian
TOKEN = "the-api-token-of-this-test-0123456789abcdef"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def shared(shared_hub):
    """Like `world`, in a folder that other users can enter."""
    users = []
    root = pathlib.Path(tempfile.mkdtemp(prefix="hfget-door-", dir="/tmp"))
    root.chmod(0o755)

    def make(api: str, **env) -> Hfget:
        user = Hfget(root, shared_hub, config=f"[api]\n{api}\n" if api else "")
        (root / "run").chmod(0o755)
        user.env |= env
        users.append(user)
        return user

    yield make
    for user in users:
        user.close()
    shutil.rmtree(root)


def guest(user: Hfget, *arguments, env: dict | None = None, uid: int = GUEST) -> subprocess.CompletedProcess:
    """hfget, run by another user."""
    home = user.root / "guest"
    if not home.exists():
        home.mkdir()
        shutil.copy2(BUILD / "hfget", home / "hfget")
        os.chown(home, uid, uid)
    return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", home / "hfget", "--socket", user.socket, *arguments],
                          env={"HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1"} | (env or {}), text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=120, cwd="/")  # fmt: skip


def knock(path: pathlib.Path, times: int = 1) -> str:
    """As nobody: what comes back before the other side hangs up, all knocks together."""
    script = f"""
import socket
seen = b""
for _ in range({times}):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect({str(path)!r})
    try:
        s.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n")
        seen += s.recv(1000)
    except (BrokenPipeError, ConnectionResetError):
        pass
    s.close()
print(seen)
"""
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", script], text=True,
                          capture_output=True, timeout=120, cwd="/")  # fmt: skip
    return done.stdout.strip() + done.stderr.strip()


def descriptors(user: Hfget) -> int:
    return len(os.listdir(f"/proc/{user.process.pid}/fd"))


# --- other users


@as_root
def test_nobody_else_is_served_even_when_the_file_is_open(shared):
    user = shared("").start_daemon()
    assert "PermissionError" in knock(user.socket)  # the first lock: the file's mode
    user.socket.chmod(0o666)
    assert knock(user.socket) == "b''"  # the second: who connects
    before = descriptors(user)
    assert knock(user.socket, times=300) == "b''"
    wait_for(lambda: descriptors(user) <= before, what="no descriptor is left behind")
    assert user.run("daemon", "status").returncode == 0
    assert user.log().count("user 65534 may not use this daemon") <= 3  # a stranger does not fill the log


@as_root
def test_a_guest_pulls_into_the_daemons_cache_and_nowhere_else(shared, shared_hub):
    user = shared('allow_users = ["daemon"]').start_daemon()
    done = guest(user, "pull", "demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr
    assert_complete(pathlib.Path(done.stdout.strip()), listing(shared_hub, "demo/tiny-gpt2"))
    assert done.stdout.startswith(str(user.cache))
    for flag, folder in (("--local-dir", "/etc/hfget-test"), ("--cache-dir", user.home / "elsewhere"), ("--local-dir", user.cache / "../../../x")):
        done = guest(user, "pull", "demo/tiny-gpt2", flag, folder)
        assert done.returncode == 1 and "is outside of the folders" in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert not pathlib.Path("/etc/hfget-test").exists()
    assert "is outside" in guest(user, "doctor", "--local-dir", "/etc/hfget-test").stderr
    # A link that a guest could have laid does not lead out.
    trap = user.root / "trap"
    os.symlink("/etc", trap)
    assert "is outside" in guest(user, "pull", "demo/tiny-gpt2", "--local-dir", trap).stderr


@as_root
def test_an_allow_list_lets_guests_in_where_nobody_else_can_lay_links(shared, tmp_path):
    user = shared("")
    models, open_ = user.root / "models", user.root / "open"
    models.mkdir(mode=0o755), open_.mkdir()
    open_.chmod(0o777)
    user.config.write_text(user.config.read_text() + f'[api]\nallow_users = ["{GUEST}"]\nallowed_targets = ["{models}", "{open_}"]\n')
    user.start_daemon()
    assert guest(user, "pull", "demo/tiny-gpt2", "--local-dir", models / "a").returncode == 0
    refused = guest(user, "pull", "demo/tiny-gpt2", "--local-dir", open_ / "a")
    assert refused.returncode == 1 and "others than the daemon's user can change" in refused.stderr
    assert "is outside" in guest(user, "pull", "demo/tiny-gpt2").stderr  # the default cache is not in the list
    assert "is outside" in user.run("pull", "demo/tiny-gpt2").stderr  # for nobody
    assert user.run("pull", "demo/tiny-gpt2", "--local-dir", open_ / "b").returncode == 0  # the daemon's own user lays no traps


@as_root
def test_what_others_pull_is_not_shown_and_cannot_be_ended(shared, shared_hub):
    user = shared('allow_users = ["daemon"]').start_daemon()
    user.pull("demo/private", env={"HF_TOKEN": shared_hub.tokens["alice"]})
    assert guest(user, "pull", "demo/tiny-gpt2").returncode == 0
    own = [p for p in user.pulls() if p["repo"] == "demo/private"][0]
    seen = guest(user, "ps", "--all", "--json").stdout
    assert "demo/tiny-gpt2" in seen and "private" not in seen and own["id"] not in seen
    for words in (("watch", own["id"]), ("cancel", own["id"])):
        done = guest(user, *words)
        assert done.returncode == 3 and "no pull has the id" in done.stderr, done.stderr
    assert len(user.pulls()) == 2  # the daemon's user sees both
    user.stop_daemon()
    user.start_daemon()
    assert "private" not in guest(user, "ps", "--all", "--json").stdout  # whose it is outlives a restart
    for words in (("sources", "disable", "tuna"), ("sources", "probe"), ("auth", "whoami")):
        done = guest(user, *words)
        assert done.returncode != 0, done.stdout


@as_root
@pytest.mark.parametrize("shares", [False, True])
def test_a_guest_has_the_daemons_token_only_when_it_is_shared(shared, shared_hub, shares):
    token = shared_hub.tokens["alice"]
    user = shared(f'allow_users = ["daemon"]\nshare_token = {str(shares).lower()}', HF_TOKEN=token).start_daemon()
    done = guest(user, "pull", "demo/private")
    assert (done.returncode == 0) == shares, done.stderr
    said = done.stdout + done.stderr + guest(user, "ps", "--all", "--json").stdout + guest(user, "doctor", "demo/private").stdout
    assert token not in said and token[-4:] not in said
    # A file that only the daemon could read is the caller's to open.
    secret = user.root / "secret"
    secret.write_text(token)
    secret.chmod(0o600)
    done = guest(user, "pull", "demo/gated", "--token-file", secret)
    assert done.returncode == 2 and "secret" in done.stderr, done.stderr
    assert token not in user.log()


@as_root
def test_a_guests_pull_does_not_take_the_daemons_token_after_a_restart(shared, shared_hub):
    """A pull whose token came with the request finds it gone; the daemon's own must not take its place."""
    tokens = shared_hub.tokens
    user = shared('allow_users = ["daemon"]', HF_TOKEN=tokens["alice"])
    user.config.write_text(user.config.read_text() + '[limits]\nrate = "300KB"\n')
    user.start_daemon()
    done = guest(user, "pull", "demo/private", "--detach", env={"HF_TOKEN": tokens["alice"]})
    assert done.returncode == 0, done.stderr
    user.kill_daemon()
    user.start_daemon()
    pull = wait_for(lambda: [p for p in user.pulls() if p["state"] not in ("queued", "listing", "fetching")], what="an end")[0]
    assert pull["state"] in ("needs_token", "needs token", "done"), pull
    if pull["state"] == "done":
        pytest.skip("it was through before the kill")


# --- TCP


def tcp(user: Hfget, port: int, *arguments, token: str | None = None, flags: tuple = ()) -> subprocess.CompletedProcess:
    words = [BUILD / "hfget", "--address", f"127.0.0.1:{port}", *flags]
    if token is not None:
        file = user.root / "client-token"
        file.write_text(token)
        words += ["--api-token-file", file]
    return subprocess.run([*words, *arguments], env=user.env, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


def with_token(user: Hfget, text: str = TOKEN, mode: int = 0o600) -> pathlib.Path:
    path = user.root / "api-token"
    path.write_text(text + "\n")
    path.chmod(mode)
    user.config.write_text(user.config.read_text() + f'[api]\ntoken_file = "{path}"\n')
    return path


def start_fails(user: Hfget, *flags) -> tuple[int, str]:
    done = subprocess.run([BUILD / "hfgetd", "--socket", user.socket, "--state-dir", user.state, "--config", user.config, *flags],
                          env=user.env, text=True, capture_output=True, timeout=30)  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("hfgetd: ")]
    assert len(lines) == 1, done.stderr
    return done.returncode, lines[0]


def test_a_port_that_would_be_open_is_not_opened(world):
    user = world()
    code, line = start_fails(user, "--listen", "127.0.0.1:0")
    assert code == 2 and "would let everybody in" in line
    with_token(user)
    code, line = start_fails(user, "--listen", "0.0.0.0:0")
    assert code == 2 and "would show the token to the network" in line
    (user.root / "api-token").chmod(0o644)
    code, line = start_fails(user, "--listen", "127.0.0.1:0")
    assert code == 1 and "chmod 600" in line and TOKEN not in line
    assert not user.socket.exists()


def test_the_right_token_pulls_and_a_wrong_one_does_not(world, hub):
    user = world()
    with_token(user)
    port = free_port()
    user.start_daemon("--listen", f"127.0.0.1:{port}", "--log-level", "debug")
    done = tcp(user, port, "pull", "demo/tiny-gpt2", token=TOKEN)
    assert done.returncode == 0, done.stderr
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    assert [p["repo"] for p in json.loads(tcp(user, port, "ps", "--all", "--json", token=TOKEN).stdout)] == ["demo/tiny-gpt2"]
    for token, words in ((None, "wants its API token"), ("x" * 40, "not the right one"), (TOKEN[:-1], "not the right one")):
        done = tcp(user, port, "pull", "demo/tiny-gpt2", token=token)
        assert done.returncode == 4 and words in done.stderr and TOKEN[:-1] not in done.stderr, done.stderr
    assert "outside" in tcp(user, port, "pull", "demo/tiny-gpt2", "--local-dir", "/etc/x", token=TOKEN).stderr
    assert tcp(user, port, "daemon", "stop", token=TOKEN).returncode != 0
    command_line = pathlib.Path(f"/proc/{user.process.pid}/cmdline").read_bytes().decode()
    stored = b"".join(f.read_bytes() for f in user.state.rglob("*") if f.is_file()).decode(errors="replace")
    for place in (user.log(), command_line, stored):
        assert TOKEN not in place


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True)


def certificates(folder: pathlib.Path, name: str):
    """name-ca.pem, and name.pem with name.key signed by it, for 127.0.0.1."""
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name} CA", "-keyout",
            f"{name}-ca.key", "-out", f"{name}-ca.pem", cwd=folder)  # fmt: skip
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", cwd=folder)  # fmt: skip
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-days", "1", "-extfile",
            "san", "-out", f"{name}.pem", cwd=folder)  # fmt: skip
    (folder / f"{name}.key").chmod(0o600)


def test_mutual_tls_lets_in_who_has_a_certificate(world, tmp_path):
    user = world()
    keys = tmp_path / "keys"
    keys.mkdir()
    certificates(keys, "ours")
    certificates(keys, "theirs")
    port = free_port()
    user.config.write_text(user.config.read_text() + f"""[api]
listen = "127.0.0.1:{port}"
tls_cert = "{keys}/ours.pem"
tls_key = "{keys}/ours.key"
client_ca = "{keys}/ours-ca.pem"
""")
    user.start_daemon()
    ours = ("--ca", keys / "ours-ca.pem", "--cert", keys / "ours.pem", "--key", keys / "ours.key")
    done = tcp(user, port, "pull", "demo/tiny-gpt2", flags=ours)
    assert done.returncode == 0, done.stderr
    strange = ("--ca", keys / "ours-ca.pem", "--cert", keys / "theirs.pem", "--key", keys / "theirs.key")
    for flags in (strange, ("--ca", keys / "ours-ca.pem"), (), ("--ca", keys / "theirs-ca.pem", *ours[2:])):
        done = tcp(user, port, "ps", flags=flags)
        assert done.returncode == 1 and "is not available" in done.stderr, done.stderr
    assert user.pulls()[0]["repo"] == "demo/tiny-gpt2"
