"""Bad input: one clear line with the next step, the right exit code, nothing left half-made."""

import os
import subprocess

import pytest
from e2e_world import BUILD


def fails(user, code, *arguments, says=(), **options):
    done = user.run(*arguments, **options)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines, "an error says something"
    for word in says:
        assert word in done.stderr, done.stderr
    assert "\x1b" not in done.stderr
    return done.stderr


def test_unknown_repo(user):
    fails(user, 3, "pull", "demo/no-such-repo", says=["demo/no-such-repo"])
    assert not user.cache.exists() or not list(user.cache.iterdir())


def test_unknown_revision(user):
    fails(user, 3, "pull", "demo/tiny-gpt2", "--revision", "nope", says=["nope"])


def test_unknown_file(user):
    fails(user, 3, "pull", "demo/tiny-gpt2", "nope.bin", says=["nope.bin"])


def test_no_file_matches(user):
    fails(user, 3, "pull", "demo/tiny-gpt2", "--include", "*.nope", says=["filters"])


@pytest.mark.parametrize("repo", ["a/b/c", "../etc", "org/", "-x/y", "org/na me", "hf://", "org/..", "x" * 200])
def test_bad_ids(user, repo):
    fails(user, 2, "pull", "--", repo)


@pytest.mark.parametrize("flags", [["--revision", "a..b"], ["--revision", ""], ["--include", ""], ["--type", "modle"], ["--nope"]])
def test_bad_flags(user, flags):
    fails(user, 2, "pull", "demo/tiny-gpt2", *flags)


def test_private_without_token(user):
    done = user.run("pull", "demo/private")
    assert done.returncode in (3, 4) and "token" in done.stderr.lower()


def test_private_with_a_strangers_token(user, hub):
    fails(user, 3, "pull", "demo/private", env={"HF_TOKEN": hub.tokens["bob"]})


def test_gated_without_and_with_access(user, hub):
    fails(user, 4, "pull", "demo/gated", says=["demo/gated"])
    fails(user, 4, "pull", "demo/gated", env={"HF_TOKEN": hub.tokens["bob"]}, says=["demo/gated"])
    user.pull("demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})


def test_invalid_token(user):
    says = fails(user, 4, "pull", "demo/private", env={"HF_TOKEN": "hf_neverIssuedNeverIssuedNeverIssued12"})
    assert "hf_neverIssued" not in says


def test_disabled_repo(user):
    fails(user, 3, "pull", "demo/disabled", says=["disabled"])


def test_no_source_reachable(world, hub):
    hub.fault("*", "refuse", where="any")
    user = world().start_daemon()
    fails(user, 5, "pull", "demo/tiny-gpt2", says=["official"])


def test_folder_that_cannot_be_made(user):
    fails(user, 6, "pull", "demo/tiny-gpt2", "--local-dir", "/dev/null/x", says=["/dev/null"])
    fails(user, 6, "pull", "demo/tiny-gpt2", "--cache-dir", "/proc/hfget", says=["/proc/hfget"])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_full_disk(user, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True).returncode != 0:
        pytest.skip("may not mount here")
    try:
        says = fails(user, 6, "pull", "demo/big", "--local-dir", small / "m", says=["MiB"])
        assert "full" in says or "free" in says
        assert not [p for p in small.rglob("*") if p.is_file() and p.stat().st_size > 4096]
    finally:
        subprocess.run(["umount", "-l", small])


def test_config_typo_names_line_and_key(world):
    user = world()
    user.config.write_text("cache_dir = '/tmp/x'\n[limits]\nmax_conections = 3\n")
    says = fails(user, 2, "pull", "demo/tiny-gpt2", says=["max_conections", "max_connections", "3"])
    assert len(says.strip().splitlines()) == 1


def test_second_daemon_on_the_socket(user):
    done = subprocess.run([BUILD / "hfgetd", "--socket", user.socket, "--state-dir", user.root / "other", "--config", user.config],
                          env=user.env, text=True, capture_output=True, timeout=20)  # fmt: skip
    assert done.returncode != 0
    assert str(user.process.pid) in done.stderr and str(user.socket) in done.stderr
    assert user.run("daemon", "status").returncode == 0


def test_unknown_pull_id(user):
    for command in ("watch", "cancel"):
        fails(user, 3, command, "deadbeef", says=["deadbeef"])
