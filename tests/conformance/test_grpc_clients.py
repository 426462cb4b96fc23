"""The newest gRPC of Python against hfgetd: generated stubs (cli/integrations/python/pull.py), reflection without stubs (reflect.py), health."""

import json
import pathlib
import re
import signal
import subprocess
import sys

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from e2e_world import ROOT, assert_complete, hub, listing, shared_hub, user, wait_for, world  # noqa: E402,F401

FOLDER = ROOT / "cli/integrations/python"
ALL = ["hfget.v1.Hfget", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """As the README of cli/integrations makes them."""
    folder = tmp_path_factory.mktemp("stubs")
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}/proto", f"--python_out={folder}", f"--grpc_python_out={folder}",
                    "hfget/v1/hfget.proto"], check=True)  # fmt: skip
    return folder


def environment(user, stubs=""):
    return user.env | {"HFGET_SOCKET": str(user.socket), "PYTHONPATH": str(stubs)}


def pull(user, stubs, *words, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, FOLDER / "pull.py", *words], env=environment(user, stubs), text=True, capture_output=True, timeout=120, **options)


def reflect(user, *words, target: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, FOLDER / "reflect.py", target or f"unix:{user.socket}", *words], env=environment(user), text=True,
                          capture_output=True, timeout=60)  # fmt: skip


# --- generated stubs


def test_the_example_pulls_and_prints_the_path(user, hub, stubs):
    done = pull(user, stubs, "demo/tiny-gpt2", "job-1")
    assert done.returncode == 0, done.stderr
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    total = sum(row["size"] for row in listing(hub, "demo/tiny-gpt2").values())
    assert done.stderr.strip().splitlines()[-1] == f"PULL_STATE_DONE {total}/{total}"


def test_the_example_says_which_cause_an_error_has(user, stubs):
    done = pull(user, stubs, "demo/no-such-model")  # the pull fails
    assert done.returncode == 1 and done.stderr.strip().splitlines()[-1].startswith("ERROR_CAUSE_NOT_FOUND: "), done.stderr
    done = pull(user, stubs, "no repo id")  # the call fails
    assert done.returncode == 1 and "no repo id" in done.stderr.strip().splitlines()[-1], done.stderr


def test_the_typed_error_of_a_refused_call(user, stubs):
    done = pull(user, stubs, "no repo id")
    assert done.stderr.startswith("ERROR_CAUSE_INVALID: "), done.stderr


def test_a_request_id_stands_for_one_pull(user, stubs):
    for _ in range(3):
        assert pull(user, stubs, "demo/tiny-gpt2", "job-2").returncode == 0
    pulls = json.loads(reflect(user, "call", "hfget.v1.Hfget/ListPulls").stdout)["pulls"]
    assert [p.get("request_id") for p in pulls] == ["job-2"]


READ = """
import json, os, sys, grpc
from google.protobuf.json_format import MessageToDict
from hfget.v1 import hfget_pb2 as v1, hfget_pb2_grpc
stub = hfget_pb2_grpc.HfgetStub(grpc.insecure_channel("unix:" + os.environ["HFGET_SOCKET"]))
request = getattr(v1, sys.argv[1] + "Request")(pull=v1.PullRequest(repo=sys.argv[2]))
try:
    print(json.dumps([MessageToDict(m, preserving_proto_field_name=True) for m in getattr(stub, sys.argv[1])(request)]))
except grpc.RpcError as error:
    sys.exit(f"{error.code().name}: {error.details()}")
"""


def read(user, stubs, method: str, repo: str) -> list[dict]:
    done = subprocess.run([sys.executable, "-c", READ, method, repo], env=environment(user, stubs), text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_manifest_is_the_listing_of_the_hub(user, hub, stubs):
    header, *parts = read(user, stubs, "GetManifest", "demo/many")
    rows = listing(hub, "demo/many")
    assert int(header["manifest"]["total_files"]) == len(rows) and header["manifest"]["listing_source"] == "official"
    files = {file["path"]: file for part in parts for file in part["files"]}
    assert max(len(part["files"]) for part in parts) <= 1000 and files.keys() == rows.keys()
    for path, row in rows.items():
        sha256 = row.get("lfs", {}).get("oid")
        assert files[path]["hash"] == (sha256 or row["oid"]) and int(files[path].get("size_bytes", 0)) == row["size"]
    assert not user.cache.exists() or not any(user.cache.glob("models--*")), "nothing was fetched or written"


def test_a_manifest_that_cannot_be_had_says_why(user, stubs):
    with pytest.raises(AssertionError, match="NOT_FOUND: .*no-such-model"):
        read(user, stubs, "GetManifest", "demo/no-such-model")


def test_a_verification_compares_what_was_pulled(user, hub, stubs):
    user.pull("demo/tiny-gpt2")
    header, *rest = read(user, stubs, "VerifyRepo", "demo/tiny-gpt2")
    verdicts = [verdict for message in rest for verdict in message.get("verdicts", [])]
    assert {verdict["path"] for verdict in verdicts} == listing(hub, "demo/tiny-gpt2").keys()
    assert {verdict["verdict"] for verdict in verdicts} == {"VERDICT_GOOD"}
    assert int(rest[-1]["summary"]["good_files"]) == int(header["manifest"]["total_files"])


def test_the_example_outlives_a_restart_of_the_daemon(user, hub, stubs):
    for source in hub.sources:
        hub.rate(source, 400_000)
    user.isolate_command_line()
    with subprocess.Popen([sys.executable, FOLDER / "pull.py", "demo/tiny-gpt2", "job-3"], env=environment(user, stubs), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:  # fmt: skip
        assert any("PULL_STATE_FETCHING" in line for line in iter(client.stderr.readline, ""))
        assert user.stop_daemon() == 0
        user.start_daemon()
        for source in hub.sources:
            hub.rate(source, 0)
        out, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    assert_complete(pathlib.Path(out.strip()), listing(hub, "demo/tiny-gpt2"))


# --- reflection


def test_services_are_listed_and_described_without_stubs(user):
    assert reflect(user, "list").stdout.split() == sorted(ALL)
    methods = reflect(user, "describe", "hfget.v1.Hfget").stdout
    rpcs = re.findall(r"^  rpc (\w+)\(", (ROOT / "proto/hfget/v1/hfget.proto").read_text(), re.M)
    assert re.findall(r"^\w+", methods, re.M) == rpcs
    assert reflect(user, "describe", "grpc.health.v1.Health").stdout.startswith("Check(grpc.health.v1.HealthCheckRequest) -> ")
    assert "WatchPull(hfget.v1.WatchPullRequest) -> stream hfget.v1.WatchPullResponse" in methods


def test_methods_are_called_without_stubs(user):
    version = json.loads(reflect(user, "call", "hfget.v1.Hfget/GetVersion").stdout)
    assert version["socket"] == str(user.socket) and int(version["pid"]) == user.process.pid
    for service, status in (("", "SERVING"), ("hfget.v1.Hfget", "SERVING")):
        assert json.loads(reflect(user, "call", "grpc.health.v1.Health/Check", json.dumps({"service": service})).stdout) == {"status": status}
    started = json.loads(reflect(user, "call", "hfget.v1.Hfget/Pull", '{"repo": "demo/tiny-gpt2"}').stdout)
    snapshots = reflect(user, "call", "hfget.v1.Hfget/WatchPull", json.dumps({"id": started["pull"]["id"]})).stdout.splitlines()
    assert json.loads(snapshots[-1])["pull"]["state"] == "PULL_STATE_DONE"
    failed = reflect(user, "call", "hfget.v1.Hfget/GetPull", '{"id": "nope"}')
    assert failed.returncode == 1 and failed.stderr.startswith("NOT_FOUND: no pull has the id"), failed.stderr
    assert reflect(user, "call", "hfget.v1.Hfget/Pull", '{"repos": 1}').stderr.startswith("Message type")


def test_reflection_and_health_by_tcp_want_the_token(world, tmp_path):
    user = world()
    token = tmp_path / "token"
    token.write_text("the-api-token-of-this-test-0123456789abcdef\n")
    token.chmod(0o600)
    user.config.write_text(user.config.read_text() + f'[api]\nlisten = "127.0.0.1:0"\ntoken_file = "{token}"\n')
    user.start_daemon()
    port = wait_for(lambda: re.search(r"listening on .*\(port (\d+)\)", user.log()), what="the port").group(1)
    done = reflect(user, "list", target=f"127.0.0.1:{port}")
    assert done.returncode == 1 and done.stderr.startswith("UNAUTHENTICATED"), done.stderr
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        with pytest.raises(grpc.RpcError) as refused:
            check(b"")
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert check(b"", metadata=[("authorization", f"Bearer {token.read_text().strip()}")]) == SERVING


# --- health and the drain

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


def test_health_is_per_service_and_says_not_serving_before_the_daemon_ends(user, hub):
    for source in hub.sources:
        hub.rate(source, 100_000)
    with grpc.insecure_channel(f"unix:{user.socket}") as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        named = lambda name: b"\x0a" + bytes([len(name)]) + name.encode()  # noqa: E731  HealthCheckRequest{service}
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"") == check(named("hfget.v1.Hfget")) == SERVING
        with pytest.raises(grpc.RpcError) as unknown:
            check(named("hfget.v1.Other"))
        assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
        watches = [channel.unary_stream("/grpc.health.v1.Health/Watch")(named(name), timeout=60) for name in ("", "hfget.v1.Hfget")]
        assert [next(w) for w in watches] == [SERVING] * 2
        messages = {m: GetMessageClass(pool.FindMessageTypeByName(f"hfget.v1.{m}")) for m in ("PullRequest", "PullResponse", "WatchPullRequest")}
        started = messages["PullResponse"].FromString(
            channel.unary_unary("/hfget.v1.Hfget/Pull")(messages["PullRequest"](repo="demo/tiny-gpt2").SerializeToString()))  # fmt: skip
        pull = channel.unary_stream("/hfget.v1.Hfget/WatchPull")(messages["WatchPullRequest"](id=started.pull.id).SerializeToString(), timeout=60)
        next(pull)
        user.process.send_signal(signal.SIGTERM)
        assert [next(w) for w in watches] == [NOT_SERVING] * 2
        with pytest.raises(grpc.RpcError) as ended:
            list(pull)
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE and "shutting down" in ended.value.details()
        assert user.process.wait(6) == 0
