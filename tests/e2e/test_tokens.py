"""Tokens end to end: where they are found, who sees them, what is said when they are refused, and that they leak nowhere."""

import json
import os
import pathlib
import pty
import select
import subprocess
import time

import pytest
from e2e_world import assert_complete, listing, wait_for

STALE = "hf_wasIssuedLongAgoAndIsRevoked0000"


def hint(token: str) -> str:
    return f"hf_…{token[-4:]}"


def says(done, code: int, *words: str) -> str:
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


def tokens_seen(hub, source: str) -> set[str]:
    return {r["authorization"] for r in hub.requests() if r["source"] == source and r["authorization"]}


def login(user, token: str, *flags: str, code: int = 0) -> str:
    done = subprocess.run(user.command("auth", "login", *flags), env=user.env, text=True, capture_output=True,
                          input=token + "\n", timeout=60)  # fmt: skip
    return says(done, code)


# --- where a token is found


def test_the_callers_environment_counts_though_the_daemon_has_another(world, hub):
    user = world()
    user.env["HF_TOKEN"] = hub.tokens["bob"]  # the daemon's
    user.start_daemon()
    del user.env["HF_TOKEN"]
    says(user.run("pull", "demo/gated"), 4, "bob")
    folder = user.pull("demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})
    assert_complete(folder, listing(hub, "demo/gated"))


@pytest.mark.parametrize("where", [".cache/huggingface/token", ".huggingface/token"])
def test_a_token_file_is_found(user, hub, where):
    path = user.home / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(hub.tokens["alice"] + "\n")
    user.pull("demo/private")


def test_a_token_file_is_named(user, hub, tmp_path):
    path = tmp_path / "secret"
    path.write_text(hub.tokens["alice"] + "\n")
    user.pull("demo/private", "--token-file", path)
    says(user.run("pull", "demo/gated", "--token-file", tmp_path / "absent"), 2, "absent", "No such file")
    path.write_text("\n")
    says(user.run("pull", "demo/gated", "--token-file", path), 4, "is empty")
    piped = subprocess.run(user.command("pull", "demo/gated", "--token-file", "-"), env=user.env, text=True, capture_output=True,
                           input=hub.tokens["alice"] + "\n", timeout=60)  # fmt: skip
    assert piped.returncode == 0, piped.stderr


def test_implicit_tokens_can_be_switched_off(world, hub):
    user = world()
    user.env["HF_TOKEN"] = hub.tokens["alice"]
    user.start_daemon()
    hub.reset()
    off = {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    says(user.run("pull", "demo/gated", env=off), 4, "no token was sent")
    assert not tokens_seen(hub, "official"), "not even the daemon's own"
    user.pull("demo/gated", "--token", hub.tokens["alice"], env=off)


def mount(folder: pathlib.Path, version: int, token: str):
    """As the kubelet writes a secret: token -> ..data/token, and ..data is swapped by a rename."""
    data = folder / f"..v{version}"
    data.mkdir(parents=True)
    (data / "token").write_text(token + "\n")
    link = folder / "..data_tmp"
    link.symlink_to(data.name)
    link.rename(folder / "..data")
    if not (folder / "token").is_symlink():
        (folder / "token").symlink_to("..data/token")


@pytest.mark.parametrize("by", ["config", "flag"])
def test_a_mounted_secret_is_read_again_when_it_changes(world, hub, tmp_path, by):
    secret = tmp_path / "secrets"
    mount(secret, 1, hub.tokens["bob"])
    user = world(config=f'token_file = "{secret}/token"' if by == "config" else "")
    user.start_daemon(*(["--token-file", str(secret / "token")] if by == "flag" else []))
    says(user.run("pull", "demo/gated"), 4, 'the account "bob" has no access')
    assert "user:   bob" in user.run("auth", "whoami").stdout
    mount(secret, 2, hub.tokens["alice"])
    user.pull("demo/gated")
    (secret / "..v2/token").write_text("\n")
    says(user.run("pull", "demo/private"), 3, "or it is private")
    (secret / "..v2/token").unlink()
    says(user.run("pull", "demo/private"), 3)
    assert f"the token file {secret}/token is not there" in user.log()


# --- what is refused


def test_a_stale_token_of_the_environment_does_not_harm_a_public_repo(user, hub):
    done = user.run("pull", "demo/tiny-gpt2", env={"HF_TOKEN": STALE})
    text = says(done, 0, "refuses the token", hint(STALE), "hfget auth login")
    assert STALE not in text
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    assert tokens_seen(hub, "official") == {f"Bearer {STALE}"}
    # The listing is there by now: the first to refuse it is a file.
    again = user.run("pull", "demo/tiny-gpt2", "--local-dir", user.root / "d", env={"HF_TOKEN": STALE})
    assert again.returncode == 0, again.stderr


def test_a_stale_token_that_was_given_fails_the_pull(user, tmp_path):
    (tmp_path / "t").write_text(STALE)
    for flags in (["--token", STALE], ["--token-file", tmp_path / "t"]):
        done = user.run("pull", "demo/tiny-gpt2", *flags)
        assert STALE not in says(done, 4, "the hub refuses the token", "hfget auth login", "leave it out")


def test_a_stale_token_is_the_reason_for_what_stays_hidden(user):
    for repo in ("demo/private", "demo/gated"):
        assert STALE not in says(user.run("pull", repo, env={"HF_TOKEN": STALE}), 4, "refused", "hfget auth login")


def test_a_gated_repo_says_which_page_to_open_and_with_which_account(user, hub):
    page = f"{hub.endpoint()}/demo/gated"
    says(user.run("pull", "demo/gated"), 4, page, "no token was sent")
    says(user.run("pull", "demo/gated", env={"HF_TOKEN": hub.tokens["bob"]}), 4, page, 'the account "bob" has no access')


def test_a_token_goes_to_nobody_who_may_not_see_it(user, hub):
    for repo in ("demo/gated", "demo/private", "demo/tiny-gpt2"):
        user.pull(repo, env={"HF_TOKEN": hub.tokens["alice"]})
    user.run("auth", "whoami", env={"HF_TOKEN": hub.tokens["alice"]})
    for source in hub.sources:
        assert tokens_seen(hub, source) == ({f"Bearer {hub.tokens['alice']}"} if source == "official" else set()), source
    private = [r for r in hub.requests() if r["source"] != "official" and "demo/private" in r["path"] and r["where"] == "hub"]
    assert not private, "mirrors do not hear the name of a private repo"


# --- restarts


def slow_pull(user, hub, **options) -> str:
    hub.rate("official", 300_000)
    done = user.run("pull", "demo/gated", "--detach", **options)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: user.pulls()[0]["fetched_bytes"] > 100_000, what="the first bytes")
    user.kill_daemon()
    hub.rate("official", 0)
    return done.stdout.strip()


def test_after_a_restart_the_daemons_own_token_is_found_anew(world, hub):
    user = world()
    user.env["HF_TOKEN"] = hub.tokens["alice"]
    user.start_daemon()
    client = {"HF_TOKEN": ""}
    pull = slow_pull(user, hub, env=client)
    user.start_daemon()
    assert user.run("watch", pull, env=client).returncode == 0


def test_after_a_restart_the_token_of_a_request_is_waited_for(user, hub):
    token = {"HF_TOKEN": hub.tokens["alice"]}
    pull = slow_pull(user, hub, env=token)
    user.start_daemon()
    says(user.run("watch", pull), 4, "token")
    user.pull("demo/gated", env=token)
    assert [p["id"] for p in user.pulls()] == [pull], "the same pull went on"


# --- hfget auth


def test_login_whoami_list_logout(user, hub):
    alice = hub.tokens["alice"]
    text = login(user, alice)
    assert "logged in as alice" in text and hint(alice) in text and alice not in text
    token = user.home / ".cache/huggingface/token"
    assert token.read_text() == alice and token.stat().st_mode & 0o777 == 0o600
    assert (token.parent / "stored_tokens").stat().st_mode & 0o777 == 0o600
    who = user.run("auth", "whoami")
    assert who.returncode == 0 and "user:   alice" in who.stdout and str(token) in who.stdout and alice not in who.stdout
    assert json.loads(user.run("auth", "list", "--json").stdout) == [{"name": "demo", "token": hint(alice), "active": True}]
    user.pull("demo/gated")
    assert user.run("auth", "logout").returncode == 0
    assert not token.exists()
    says(user.run("auth", "whoami"), 4, "hfget auth login")
    says(user.run("pull", "demo/private"), 3)


def test_a_token_that_the_hub_refuses_is_not_stored(user):
    assert STALE not in login(user, STALE, code=4)
    assert not (user.home / ".cache/huggingface").exists()


def test_without_a_hub_a_login_wants_to_be_told(user, hub):
    hub.fault("*", "refuse", where="any")
    assert "--no-check" in login(user, hub.tokens["alice"], code=5)
    assert not (user.home / ".cache/huggingface/token").exists()
    login(user, hub.tokens["alice"], "--no-check")
    assert (user.home / ".cache/huggingface/token").read_text() == hub.tokens["alice"]


def test_a_terminal_does_not_show_what_is_typed(user, hub):
    alice = hub.tokens["alice"]
    master, slave = pty.openpty()
    process = subprocess.Popen(user.command("auth", "login"), env=user.env | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""

    def read_until(word: bytes):
        nonlocal seen
        deadline = time.monotonic() + 30
        while word not in seen and time.monotonic() < deadline:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                seen += os.read(master, 4096)
            except OSError:
                break
        assert word in seen, seen

    read_until(b"not shown")
    time.sleep(0.2)  # the echo is switched off right after the prompt
    os.write(master, alice.encode() + b"\r")
    read_until(b"is stored as")
    assert process.wait(30) == 0
    os.close(master)
    assert alice.encode() not in seen
    assert (user.home / ".cache/huggingface/token").read_text() == alice


# --- leaks


def test_a_token_is_nowhere_but_where_it_belongs(world, hub):
    alice = hub.tokens["alice"]
    user = world()
    (user.home / "t").write_text(alice)
    user.start_daemon("--log-level", "trace")
    hub.rate("official", 400_000)
    client = subprocess.Popen(user.command("pull", "demo/gated", "--token", alice), env=user.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    wait_for(lambda: user.pulls() and user.pulls()[0]["fetched_bytes"] > 100_000, what="the first bytes")
    title = pathlib.Path(f"/proc/{client.pid}/cmdline").read_bytes()
    assert b"--token" in title and alice.encode() not in title
    out, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    user.run("pull", "demo/private", env={"HF_TOKEN": alice})
    user.run("pull", "demo/gated", "--local-dir", user.root / "l", "--token-file", user.home / "t")
    user.run("auth", "whoami", env={"HF_TOKEN": alice})
    user.run("pull", "demo/tiny-gpt2", env={"HF_TOKEN": STALE})
    shown = out + err + user.log() + user.run("ps", "--all", "--json").stdout + user.run("sources", "--json").stdout
    daemon = pathlib.Path(f"/proc/{user.process.pid}")
    assert alice.encode() not in (daemon / "cmdline").read_bytes()
    user.stop_daemon()
    for token in (alice, STALE):
        assert token not in shown
        for path in [*user.state.rglob("*"), *user.cache.rglob("*"), *(user.root / "run").rglob("*")]:
            if path.is_file():
                assert token.encode() not in path.read_bytes(), path


def test_a_daemon_that_is_started_for_a_pull_has_no_token_in_its_arguments(world, hub):
    user = world()
    user.pull("demo/gated", "--token", hub.tokens["alice"])
    pid = int(user.run("daemon", "status").stdout.split("process ")[1].split()[0])
    assert hub.tokens["alice"].encode() not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    # No core dumps, and no reading by others of the same user.
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert limits.split("Max core file size")[1].split()[0] == "0"
