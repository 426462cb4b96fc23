"""`hf auth` of the newest huggingface_hub and `hfget auth` read and write the same files."""

import configparser
import json
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from e2e_world import hub, shared_hub, user, world  # noqa: E402,F401

HF = pathlib.Path(sys.executable).with_name("hf")


def environment(user, hub) -> dict:
    return user.env | {"HF_ENDPOINT": hub.endpoint(), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


def hf(user, hub, *words, code: int = 0) -> str:
    done = subprocess.run([str(HF), *words], env=environment(user, hub), text=True, capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def python(user, hub, code: str):
    program = "import json\nfrom huggingface_hub import *\nfrom huggingface_hub.utils import get_stored_tokens\n" + code
    done = subprocess.run([sys.executable, "-c", program], env=environment(user, hub), text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def login(user, token: str, *flags: str):
    done = subprocess.run(user.command("auth", "login", *flags), env=user.env, text=True, capture_output=True,
                          input=token + "\n", timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr


def stored(user) -> list[dict]:
    return json.loads(user.run("auth", "list", "--json").stdout)


@pytest.fixture(params=["default", "HF_HOME", "HF_TOKEN_PATH"])
def anywhere(request, user):
    """The files in each place that both know."""
    if request.param != "default":
        user.env[request.param] = str(user.root / "other" / ("t" if request.param == "HF_TOKEN_PATH" else ""))
    return user


def test_hf_takes_what_hfget_stored(anywhere, hub):
    login(anywhere, hub.tokens["alice"])
    assert python(anywhere, hub, "print(json.dumps([get_token(), get_stored_tokens(), whoami()['name']]))") == [
        hub.tokens["alice"], {"demo": hub.tokens["alice"]}, "alice"]  # fmt: skip
    assert "alice" in hf(anywhere, hub, "auth", "whoami")
    assert "demo" in hf(anywhere, hub, "auth", "list")
    hf(anywhere, hub, "auth", "logout")
    assert stored(anywhere) == []
    assert anywhere.run("auth", "whoami").returncode == 4


def test_hfget_takes_what_hf_stored(anywhere, hub):
    hf(anywhere, hub, "auth", "login", "--token", hub.tokens["alice"])
    assert "user:   alice" in anywhere.run("auth", "whoami").stdout
    assert stored(anywhere) == [{"name": "demo", "token": "hf_…" + hub.tokens["alice"][-4:], "active": True}]
    anywhere.pull("demo/gated")
    assert anywhere.run("auth", "logout").returncode == 0
    assert python(anywhere, hub, "print(json.dumps([get_token(), get_stored_tokens()]))") == [None, {}]


def test_both_keep_what_the_other_wrote(user, hub):
    """Names of any kind, logins by browser with what refreshes them, and the order of configparser."""
    save = "from huggingface_hub.utils._auth import _save_token\n"
    names = ["mein Läptop", "a]b", "x = y", "# 1", "oauth-bob"]
    for i, name in enumerate(names):
        more = ", refresh_token='r%t', expires_at=1999999999" if name.startswith("oauth") else ""
        python(user, hub, save + f"_save_token('hf_token{i}', {name!r}{more}); print(1)")
    login(user, hub.tokens["bob"])
    path = user.home / ".cache/huggingface/stored_tokens"
    read = configparser.ConfigParser(interpolation=None)
    read.read(path, encoding="utf-8")
    assert sorted(read.sections()) == sorted([*names, "demo"])
    assert dict(read["oauth-bob"]) == {"hf_token": "hf_token4", "refresh_token": "r%t", "expires_at": "1999999999"}
    assert python(user, hub, "print(json.dumps(get_stored_tokens()))")["demo"] == hub.tokens["bob"]
    by_hfget = path.read_text()
    python(user, hub, save + f"_save_token({hub.tokens['bob']!r}, 'demo'); print(1)")
    assert configparser_equal(by_hfget, path.read_text())
    assert user.run("auth", "logout", "--token-name", "a]b").returncode == 0
    assert "a]b" not in python(user, hub, "print(json.dumps(get_stored_tokens()))")
    hf(user, hub, "auth", "logout", "--token-name", "demo")
    assert {t["name"] for t in stored(user)} == {"mein Läptop", "x = y", "# 1", "oauth-bob"}
    assert user.run("auth", "whoami").returncode == 4, "the one in use was removed"


def configparser_equal(one: str, other: str) -> bool:
    parsed = []
    for text in (one, other):
        read = configparser.ConfigParser(interpolation=None)
        read.read_string(text)
        parsed.append({name: dict(read[name]) for name in read.sections()})
    return parsed[0] == parsed[1]


def test_the_environment_goes_first_for_both(user, hub):
    login(user, hub.tokens["alice"])
    user.env["HF_TOKEN"] = hub.tokens["bob"]
    assert python(user, hub, "print(json.dumps(whoami()['name']))") == "bob"
    assert "user:   bob" in user.run("auth", "whoami").stdout
