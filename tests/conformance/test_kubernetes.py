"""The manifests of cli/integrations/kubernetes: valid to Kubernetes' own schemas, of one mind with each other, and what they run works."""

import copy
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from e2e_world import BUILD, ROOT, Hfget, assert_complete, hub, listing, shared_hub, wait_for  # noqa: E402,F401

FOLDER = ROOT / "cli/integrations/kubernetes"
VERSIONS = ["1.25", kubernetes_validate.latest_version()]


def documents(name: str) -> dict[str, dict]:
    return {d["kind"]: d for d in yaml.safe_load_all((FOLDER / name).read_text())}


ALL = {name: documents(name) for name in ("daemonset.yaml", "init-container.yaml")}
DAEMON = ALL["daemonset.yaml"]["DaemonSet"]["spec"]["template"]["spec"]
JOB = ALL["init-container.yaml"]["Job"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALL)
def test_the_manifests_are_valid(name, version):
    for document in ALL[name].values():
        kubernetes_validate.validate(document, version, strict=True)


def test_a_mistake_in_a_manifest_is_seen():
    wrong = copy.deepcopy(ALL["daemonset.yaml"]["DaemonSet"])
    wrong["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("pod", [DAEMON, JOB], ids=["daemon", "job"])
def test_no_container_has_more_rights_than_it_needs(pod):
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"} and pod["automountServiceAccountToken"] is False
    for container in pod["initContainers"] + pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"] and context["capabilities"]["drop"] == ["ALL"]
        assert {"requests", "limits"} <= container["resources"].keys()
        if container["name"] != "folders":  # makes them the daemon's, as root, and ends
            assert "runAsUser" not in context and "add" not in context["capabilities"]


def test_the_pods_meet_at_one_socket_and_one_cache():
    path = {v["name"]: v["hostPath"]["path"] for v in DAEMON["volumes"] if "hostPath" in v}
    assert {v["name"]: v["hostPath"]["path"] for v in JOB["volumes"]} == {k: path[k] for k in ("socket", "cache")}
    for container in DAEMON["initContainers"] + DAEMON["containers"] + JOB["initContainers"] + JOB["containers"]:
        for mount in container["volumeMounts"]:  # the same inside, so that paths mean the same
            assert mount["mountPath"] == path.get(mount["name"], mount["mountPath"])
    env = {e["name"]: e["value"] for e in JOB["initContainers"][0]["env"]}
    words = DAEMON["containers"][0]["command"]
    assert env["HFGET_SOCKET"] == words[words.index("--socket") + 1] and env["HFGET_SOCKET"].startswith(path["socket"])
    assert env["HFGET_DAEMON_USER"] == str(DAEMON["securityContext"]["runAsUser"])
    assert JOB["securityContext"]["supplementalGroups"] == [DAEMON["securityContext"]["runAsGroup"]]
    assert f'"{DAEMON["securityContext"]["runAsGroup"]}"' in ALL["daemonset.yaml"]["ConfigMap"]["data"]["config.toml"]


class Node:
    """The hostPaths of a node, and containers as processes of the users that the manifests name."""

    def __init__(self, root: pathlib.Path, hub):
        self.root, self.hub = root, hub
        self.bin = root / "bin"
        self.bin.mkdir(mode=0o755)
        for program in ("hfget", "hfgetd"):
            shutil.copy2(BUILD / program, self.bin / program)
        (root / "etc/hfget").mkdir(parents=True)
        for folder in ("run", "var/cache", "var/lib"):
            (root / folder).mkdir(parents=True)
        text = self.here(ALL["daemonset.yaml"]["ConfigMap"]["data"]["config.toml"])
        sources = "".join(f'[source.{name}]\nendpoint = "{hub.endpoint(name)}"\nenabled = true\n' for name in hub.sources)
        (root / "etc/hfget/config.toml").write_text(f"sources = {sorted(hub.sources)}\n".replace("'", '"') + text + sources)

    def here(self, text: str) -> str:
        if str(self.root) in text:
            return text
        for folder in ("/run/hfget", "/var/cache/hfget", "/var/lib/hfget", "/etc/hfget"):
            text = text.replace(folder, f"{self.root}{folder}")
        return text

    def words(self, pod: dict, container: dict, command: list[str]) -> list[str]:
        context = pod["securityContext"] | container["securityContext"]
        groups = context.get("supplementalGroups") or pod["securityContext"].get("supplementalGroups")
        rights = ["--clear-groups"] if not groups else ["--groups", ",".join(map(str, groups))]
        return ["setpriv", f"--reuid={context['runAsUser']}", f"--regid={context['runAsGroup']}", *rights, "--no-new-privs", *map(self.here, command)]

    def env(self, container: dict) -> dict:
        return {"PATH": f"{self.bin}:/usr/bin:/bin"} | {e["name"]: self.here(e["value"]) for e in container.get("env", [])}

    def run(self, pod: dict, container: dict, command: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(pod, container, command), env=self.env(container), cwd="/", text=True, capture_output=True, timeout=60)


@pytest.fixture
def node(shared_hub):
    root = pathlib.Path(tempfile.mkdtemp(prefix="hfget-node-", dir="/tmp"))  # pytest's own folders are closed to others
    root.chmod(0o755)
    yield Node(root, shared_hub)
    shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become the users of the pods")
def test_what_the_manifests_run_works(node, shared_hub):
    [folders], [hfgetd], [model] = DAEMON["initContainers"], DAEMON["containers"], JOB["initContainers"]
    done = node.run(DAEMON, folders, folders["command"])
    assert done.returncode == 0, done.stderr
    probe = hfgetd["readinessProbe"]["exec"]["command"]
    assert node.run(DAEMON, hfgetd, probe).returncode != 0  # not yet
    with open(node.root / "log", "wb") as log:
        daemon = subprocess.Popen(node.words(DAEMON, hfgetd, hfgetd["command"]), env=node.env(hfgetd), cwd="/", stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log)  # fmt: skip
    try:
        wait_for(lambda: daemon.poll() is not None or node.run(DAEMON, hfgetd, probe).returncode == 0, what="the probe")
        assert daemon.poll() is None, (node.root / "log").read_text()
        command = [word.replace("org/model", "demo/tiny-gpt2") for word in model["command"]]
        done = node.run(JOB, model, command)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{node.root}/var/cache/hfget/hub/")
        assert_complete(pathlib.Path(done.stdout.strip()), listing(shared_hub, "demo/tiny-gpt2"))
        # The job reads what it was given, and a pod outside of the group is not let in.
        assert node.run(JOB, model, ["cat", f"{done.stdout.strip()}/config.json"]).returncode == 0
        stranger = copy.deepcopy(JOB)
        del stranger["securityContext"]["supplementalGroups"]
        assert node.run(stranger, model, command).returncode != 0
    finally:
        daemon.terminate()
        assert daemon.wait(DAEMON["terminationGracePeriodSeconds"]) == 0
