"""hfget doctor: what keeps a pull from working, reproduced, and named with its cause and what mends it."""

import json
import os
import pathlib
import socket
import subprocess
import threading

import pytest
from e2e_world import Hfget, wait_for

from client import DemoHub

STALE = "hf_wasIssuedLongAgoAndIsRevoked0000"


class Diagnosis:
    """What doctor said, by --json."""

    def __init__(self, done: subprocess.CompletedProcess):
        assert "\x1b" not in done.stdout
        self.done, self.code = done, done.returncode
        self.report = json.loads(done.stdout)
        assert self.report["works"] == (self.code == 0), done.stdout

    def find(self, cause: str, subject: str | None = None) -> dict | None:
        for finding in self.report["findings"]:
            if finding["check"] != "pull" and finding["cause"] == cause and subject in (None, finding["subject"]):
                return finding
        return None

    def __getitem__(self, cause_and_subject) -> dict:
        cause, subject = cause_and_subject if isinstance(cause_and_subject, tuple) else (cause_and_subject, None)
        found = self.find(cause, subject)
        assert found, f"no {cause} of {subject}: {json.dumps(self.report, indent=1)}"
        return found

    @property
    def verdict(self) -> dict:
        last = self.report["findings"][-1]
        assert last["check"] == "pull"
        return last

    def problems(self) -> set[str]:
        return {f["cause"] for f in self.report["findings"] if f["severity"] == "problem"}


def doctor(user: Hfget, *arguments, **options) -> Diagnosis:
    return Diagnosis(user.run("doctor", "--json", *arguments, **options))


def one_source(world, name: str, endpoint: str, extra: str = "", **options) -> Hfget:
    """A user with one source that is not the hub's own description of it."""
    user = world(sources=[name], **options)
    text = user.config.read_text().replace(f'endpoint = "{user.hub.endpoint(name)}"', f'endpoint = "{endpoint}"\n{extra}')
    user.config.write_text(text)
    return user


def origin(endpoint: str) -> str:
    return "/".join(endpoint.split("/")[:3])


def tokens_seen(hub, source: str) -> set[str]:
    return {r["authorization"] for r in hub.requests() if r["source"] == source and r["authorization"]}


# --- nothing is wrong


def test_all_is_well(user, hub):
    said = doctor(user, "demo/tiny-gpt2", env={"HF_TOKEN": hub.tokens["alice"]})
    assert said.code == 0 and not said.problems()
    assert said.verdict["message"] == "a pull of demo/tiny-gpt2 would work, from " + ", ".join(hub.sources)
    for source in hub.sources:
        assert said["reachable", source]["severity"] == "ok"
        assert said["bytes-come", source]["severity"] == "ok"
    assert "alice" in said["token-valid"]["message"]
    assert said["clock-right"]["severity"] == "ok"
    assert said["repo-found"]["subject"] == "demo/tiny-gpt2"
    assert not user.cache.exists(), "nothing is left behind"
    user.pull("demo/tiny-gpt2")


def test_without_a_repo_it_says_what_holds_for_all(user):
    said = doctor(user)
    assert said.code == 0 and said.verdict["message"].startswith("a pull would work, from official")
    assert said["no-token"]["severity"] == "note"


def test_people_get_marks_and_the_fix_below(user):
    done = user.run("doctor", "demo/gated")
    assert done.returncode == 4 and "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert "official" in lines and "tuna" in lines
    assert any(line.startswith("  ✓ a hub answers") for line in lines)
    problem = next(i for i, line in enumerate(lines) if line.startswith("  ✗ ") and "gated" in line)
    assert lines[problem + 2].strip().startswith("fix:")
    assert any(line.startswith("✗ a pull of demo/gated would fail") for line in lines)
    assert done.stderr == ""


# --- the four rows of the table of failed log-ins


def test_row_1_the_mirror_drops_authorization(world, hub):
    user = world(per_source="").start_daemon()
    hub.reset()
    said = doctor(user, "demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})
    dropped = said["mirror-drops-authorization", "tuna"]
    assert "official hub" in dropped["evidence"] or "never issued" in dropped["evidence"]
    assert said["forwards-authorization", "pai"] and said["forwards-authorization", "hf-mirror"]
    assert said.code == 0, "official takes the token"
    for source in ("tuna", "pai", "hf-mirror"):
        assert not any(hub.tokens["alice"] in seen for seen in tokens_seen(hub, source)), "no real token to who is not trusted"


def test_row_1_and_it_is_the_only_source(world, hub):
    user = world(sources=["tuna"], per_source='token = "if-proven"').start_daemon()
    said = doctor(user, "demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})
    assert said.code == 4
    assert said["mirror-drops-authorization", "tuna"]["severity"] == "warning"
    assert said["token-not-sent"]
    assert not any(hub.tokens["alice"] in seen for seen in tokens_seen(hub, "tuna"))


# A bare host of pai's is taken with its prefix, so it is given another mirror's.
@pytest.mark.parametrize(("source", "prefix"), [("tuna", ""), ("pai", "/hugging-face")])
def test_row_2_the_endpoint_has_not_its_prefix(world, hub, source, prefix):
    user = one_source(world, source, origin(hub.endpoint(source)) + prefix).start_daemon()
    said = doctor(user)
    assert said.code == 5
    wrong = said["wrong-prefix", source]
    assert wrong["severity"] == "problem"
    assert f'endpoint = "{hub.endpoint(source)}"' in wrong["fix"], wrong


def test_row_2_another_mirrors_prefix(world, hub):
    user = one_source(world, "hf-mirror", hub.endpoint("hf-mirror") + "/hugging-face").start_daemon()
    assert hub.endpoint("hf-mirror") + '"' in doctor(user)["wrong-prefix"]["fix"]


def test_row_2_hf_endpoint(world, hub):
    user = world(sources=["official"])
    user.env["HF_ENDPOINT"] = origin(hub.endpoint("pai"))
    user.start_daemon()
    said = doctor(user)
    assert said.code == 0, "official works"
    assert said["wrong-prefix", "env"]["severity"] == "warning"
    assert f"HF_ENDPOINT={hub.endpoint('pai')}" in said["wrong-prefix", "env"]["fix"]


def test_row_3_no_token(user, hub):
    said = doctor(user, "demo/gated")
    assert said.code == 4 and said.verdict["cause"] == "no-token"
    assert f"{hub.endpoint()}/demo/gated" in said["no-token", "official"]["fix"], "the page to open"
    assert doctor(user, "demo/private")["no-token", "demo/private"]["severity"] == "problem"


@pytest.fixture(scope="module")
def tls_hub(tmp_path_factory):
    with DemoHub(arguments=["--tls"], content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


class TlsWorld:
    """Users of the https endpoints."""

    def __init__(self, hub, root: pathlib.Path):
        self.hub, self.root, self.made = hub, root, []
        hub.reset()

    def __call__(self, extra: str = "", env: dict | None = None) -> Hfget:
        user = Hfget(self.root / f"user{len(self.made)}", self.hub, sources=["official"], per_source=extra)
        source = self.hub.sources["official"]
        user.config.write_text(user.config.read_text().replace(source["endpoint"], source["tls_endpoint"]))
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            user.env.pop(name, None)  # the machine's own
        user.env |= env or {}
        self.made.append(user)
        return user.start_daemon()


@pytest.fixture
def tls_world(tls_hub, tmp_path):
    world = TlsWorld(tls_hub, tmp_path)
    yield world
    for user in world.made:
        user.close()


def test_row_4_an_authority_that_is_not_trusted(tls_world):
    said = doctor(tls_world())
    assert said.code == 5
    refused = said["tls-unknown-ca", "official"]
    assert "demo hub authority" in refused["message"], "the issuer"
    assert "ca_bundle" in refused["fix"] and "SSL_CERT_FILE" in refused["fix"]


@pytest.mark.parametrize("variable", ["ca_bundle", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_row_4_and_each_way_to_trust_it(tls_world, tls_hub, tmp_path, variable):
    ca = tls_hub.info["ca"]
    if variable == "SSL_CERT_DIR":
        folder = tmp_path / "hashed"
        folder.mkdir()
        (folder / "ca.pem").write_bytes(pathlib.Path(ca).read_bytes())
        subprocess.run(["openssl", "rehash", folder], check=True)
        ca = folder
    user = tls_world(f'ca_bundle = "{ca}"') if variable == "ca_bundle" else tls_world(env={variable: str(ca)})
    said = doctor(user, "demo/tiny-gpt2")
    assert said.code == 0, said.report
    assert said["bytes-come"]
    user.pull("demo/gated", env={"HF_TOKEN": tls_hub.tokens["alice"]})


def test_row_4_another_authoritys_bundle(tls_world, tmp_path):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
               "-subj", "/CN=somebody else", "-keyout", tmp_path / "k.pem", "-out", tmp_path / "other.pem"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    said = doctor(tls_world(f'ca_bundle = "{tmp_path}/other.pem"'))
    assert "other.pem" in said["tls-unknown-ca"]["evidence"]
    (tmp_path / "other.pem").write_text("this is no certificate\n")
    assert doctor(tls_world(f'ca_bundle = "{tmp_path}/other.pem"'))["tls-ca-bundle"]


# --- tokens


@pytest.mark.parametrize("text, cause, code", [
    ("{}\n", "token-newline", 0), ("'{}'", "token-quotes", 0), (" {}", "token-space", 0), ("{} and more", "token-space", 4), ("", "token-empty", 0),
])  # fmt: skip
def test_a_token_as_it_is_written(user, hub, text, cause, code):
    said = doctor(user, "demo/tiny-gpt2", env={"HF_TOKEN": text.format(hub.tokens["alice"])})
    assert said[cause, "HF_TOKEN"]["fix"]
    assert said.code == code
    assert hub.tokens["alice"] not in said.done.stdout + said.done.stderr + user.log()


def test_a_token_that_is_refused(user, hub):
    found = doctor(user, "demo/tiny-gpt2", env={"HF_TOKEN": STALE})
    assert found.code == 0 and found["token-refused", "HF_TOKEN"]["severity"] == "warning"
    assert "unset HF_TOKEN" in found["token-refused"]["fix"]
    given = doctor(user, "demo/tiny-gpt2", "--token", STALE)
    assert given.code == 4 and given["token-refused", "--token"]["severity"] == "problem"
    for done in (found.done, given.done):
        assert STALE not in done.stdout + done.stderr + user.log()


def test_an_account_without_access(user, hub):
    said = doctor(user, "demo/gated", env={"HF_TOKEN": hub.tokens["bob"]})
    assert said.code == 4
    gated = said["gated", "official"]
    assert "bob" in gated["message"] and f"{hub.endpoint()}/demo/gated" in gated["fix"]
    private = doctor(user, "demo/private", env={"HF_TOKEN": hub.tokens["bob"]})
    assert private.code == 3 and "bob" in private["repo-not-found"]["message"]


def test_a_token_without_the_scope(user, hub):
    hub.fault("official", "403", where="hub", match="/resolve/")
    said = doctor(user, "demo/gated", env={"HF_TOKEN": hub.tokens["alice"]})
    assert "fine-grained" in said["token-lacks-scope", "official"]["fix"]


def test_a_repo_or_revision_that_is_not_there(user, hub):
    env = {"HF_TOKEN": hub.tokens["alice"]}
    said = doctor(user, "demo/no-such-repo", env=env)
    assert said.code == 3 and said["repo-not-found"]
    said = doctor(user, "demo/tiny-gpt2", "--revision", "nope", env=env)
    assert said.code == 3 and "nope" in said["revision-not-found"]["message"]
    done = user.run("doctor", "a/b/c", "--json")
    assert done.returncode == 2


# --- routes


def test_a_blocked_source_is_a_warning_while_another_works(user, hub):
    hub.fault("tuna", "hub-down")
    said = doctor(user, "demo/tiny-gpt2")
    assert said.code == 0 and not said.problems()
    blocked = [f for f in said.report["findings"] if f["subject"] == "tuna" and f["severity"] == "warning"]
    assert blocked and blocked[0]["cause"] in ("connect-refused", "connection-reset")
    assert "tuna" not in said.verdict["message"]


def test_all_sources_are_blocked(user, hub):
    hub.fault("*", "hub-down")
    said = doctor(user, "demo/tiny-gpt2")
    assert said.code == 5
    assert len([f for f in said.report["findings"] if f["severity"] == "problem" and f["check"] == "route"]) == len(hub.sources)


def test_a_name_that_is_not_resolved(world):
    user = one_source(world, "tuna", "http://hub.invalid/hugging-face").start_daemon()
    said = doctor(user)
    assert said.code == 5 and "getent hosts hub.invalid" in said["name-not-resolved", "tuna"]["fix"]


def test_a_port_where_nobody_listens(world):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        user = one_source(world, "tuna", f"http://127.0.0.1:{free.getsockname()[1]}").start_daemon()
        assert doctor(user)["connect-refused", "tuna"]


def test_a_proxy_that_is_not_there(world, hub):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{free.getsockname()[1]}"
        user = one_source(world, "tuna", hub.endpoint("tuna"), f'proxy = "{proxy}"').start_daemon()
        said = doctor(user)
        assert said.code == 5
        assert proxy in said["proxy-unreachable", "tuna"]["message"]
        user = world(sources=["official"])
        user.env |= {"http_proxy": proxy.replace("://", "://user:secret@"), "NO_PROXY": "elsewhere.example"}
        user.start_daemon()
        said = doctor(user)
        assert "$http_proxy" in said["proxy-unreachable", "official"]["message"]
        assert "secret" not in said.done.stdout


def serve_once_for_all(answer: bytes) -> socket.socket:
    """Gives every connection the same answer."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listening


@pytest.mark.parametrize("answer, cause", [(b"HTTP/1.1 407 Log in\r\n", "proxy-login"), (b"HTTP/1.1 403 No\r\n", "proxy-refuses")])
def test_a_proxy_that_refuses(tls_world, answer, cause):
    with serve_once_for_all(answer + b"Content-Length: 0\r\nConnection: close\r\n\r\n") as proxy:
        user = tls_world(env={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}"})
        said = doctor(user)
        assert said.code == 5 and "HTTPS_PROXY" in said[cause, "official"]["message"]


def test_a_page_of_somebody_elses(world):
    page = b"<html>Please log in to the network</html>"
    with serve_once_for_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(page) + page) as portal:
        user = one_source(world, "tuna", f"http://127.0.0.1:{portal.getsockname()[1]}").start_daemon()
        assert doctor(user)["not-a-hub", "tuna"]


def test_the_data_host_is_blocked_while_the_hub_answers(world, hub):
    user = world(sources=["tuna"]).start_daemon()
    hub.fault("tuna", "refuse", where="data")
    said = doctor(user, "demo/tiny-gpt2")
    assert said.code == 5 and said["reachable", "tuna"]
    blocked = said["data-host-blocked", "tuna"]
    assert "HF_ENDPOINT" in blocked["message"] and blocked["severity"] == "problem"
    everybody = world().start_daemon()
    said = doctor(everybody, "demo/tiny-gpt2")
    assert said.code == 0 and said["data-host-blocked", "tuna"]["severity"] == "warning"


def test_a_mirror_of_another_region(user, hub):
    hub.fault("hf-mirror", "redirect-to", where="hub", location="https://huggingface.co/elsewhere", redirect_status=308)
    said = doctor(user)
    assert said.code == 0 and "huggingface.co" in said["wrong-region", "hf-mirror"]["message"]


def test_a_mirror_that_lags(user, hub):
    hub.commit("demo/tiny-gpt2", [{"path": "new.txt", "text": "new\n"}])
    hub.fault("tuna", "lag")
    said = doctor(user, "demo/tiny-gpt2")
    assert said.code == 0 and said["lagging-mirror", "tuna"]["severity"] == "warning"
    assert not said.find("lagging-mirror", "pai")


def test_rate_limits(user, hub):
    hub.fault("pai", "429", where="hub", retry_after=90)
    said = doctor(user)
    assert "1m30s" in said["rate-limited", "pai"]["fix"] and said.code == 0
    hub.reset()
    hub.limits(api=1, window=300, who="all")
    try:
        assert doctor(user).find("rate-limit-used-up") or doctor(user).find("rate-limited")
    finally:
        hub.limits(api=100000, window=300, who="all")
        hub.reset()


def test_a_clock_that_is_wrong(world, hub):
    user = world(sources=["official"]).start_daemon()
    hub.fault("official", "clock", where="hub", shift_s=8 * 3600)
    said = doctor(user)
    assert said.code == 0
    assert "8h slow" in said["clock-skew"]["message"] and "timedatectl" in said["clock-skew"]["fix"]


# --- this machine


def test_a_cache_that_cannot_be_written(user, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = doctor(user, "--cache-dir", tmp_path / "file/hub")
    assert said.code == 6 and said["not-writable", str(tmp_path / "file/hub")]["severity"] == "problem"
    said = doctor(user, "--local-dir", tmp_path / "file/there")
    assert said.code == 6 and "--local-dir" in said["not-writable"]["fix"]
    assert doctor(user, "--local-dir", tmp_path / "new").code == 0
    assert not (tmp_path / "new").exists()


def test_what_the_shell_says_and_the_daemon_has_not_heard(user):
    said = doctor(user, env={"HF_ENDPOINT": "https://hf-mirror.com", "HTTPS_PROXY": "http://u:secret@127.0.0.1:7890"})
    assert said.code == 0
    assert "hfget daemon stop" in said["daemon-environment", "HF_ENDPOINT"]["fix"]
    assert said["daemon-environment", "HTTPS_PROXY"] and "secret" not in said.done.stdout


def test_sources_that_are_off(user):
    for source in user.hub.sources:
        assert user.run("sources", "disable", source).returncode == 0
    said = doctor(user)
    assert said.code == 5 and "enable" in said["no-source"]["fix"]


def test_the_daemon_ends_while_a_diagnosis_waits(user, hub):
    hub.fault("*", "delay", where="hub", delay_s=60)
    running = subprocess.Popen(user.command("doctor"), env=user.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: hub.requests(), what="a question")
    assert user.stop_daemon() == 0
    _, err = running.communicate(timeout=20)
    assert running.returncode == 1 and "daemon" in err
