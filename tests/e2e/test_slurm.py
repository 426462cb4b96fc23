"""cli/integrations/slurm/prolog as the Prolog and the TaskProlog of a real Slurm of one node."""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from e2e_world import BUILD, ROOT, assert_complete, listing, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="slurmd needs root")

CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
SlurmctldPort={ctld}
SlurmdPort={d}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerType=sched/builtin
MpiDefault=none
ReturnToService=2
PrologFlags=Alloc
PrologEpilogTimeout=120
Prolog={root}/prolog
TaskProlog={root}/prolog
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES State=UP
"""
START = """
munged --force --foreground --key-file="$S/key" --socket="$S/munge.socket" --pid-file="$S/munge.pid" --log-file="$S/munge.log" --seed-file="$S/seed" &
until [ -S "$S/munge.socket" ]; do sleep 0.1; done
slurmctld -D &
slurmd -D &
wait
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Slurm:
    """Owns: munged, slurmctld and slurmd, in a pid namespace that ends with it."""

    def __init__(self, user, root: pathlib.Path, **settings):
        for program in ("munged", "slurmctld", "slurmd", "srun"):
            assert shutil.which(program), f"no {program}: is it in the test list of cli/packages?"
        for folder in ("state", "spool"):
            (root / folder).mkdir()
        (root / "key").write_bytes(os.urandom(1024))
        (root / "key").chmod(0o600)
        ports = free_ports(2)
        (root / "slurm.conf").write_text(CONF.format(root=root, host=socket.gethostname().split(".")[0], ctld=ports[0], d=ports[1]))
        # Slurm gives a prolog an environment of its own.
        names = {"HFGET": BUILD / "hfget", "HFGET_SOCKET": user.socket, "HF_HUB_CACHE": user.cache, "HFGET_PROLOG_TIMEOUT": 60} | settings
        exports = "".join(f"export {name}={value}\n" for name, value in names.items())
        (root / "prolog").write_text(f"#!/bin/bash\n{exports}exec {ROOT}/cli/integrations/slurm/prolog 2>>{root}/prolog.log\n")
        (root / "prolog").chmod(0o755)
        self.env = user.env | {"SLURM_CONF": str(root / "slurm.conf"), "S": str(root), "HF_HUB_CACHE": str(user.cache)}
        self.root = root
        self.process = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", START], env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=open(root / "out", "wb"), stderr=subprocess.STDOUT)  # fmt: skip

    def state(self) -> str:
        return subprocess.run(["sinfo", "--noheader", "--format=%T"], env=self.env, text=True, capture_output=True).stdout.strip()

    def srun(self, *words, **env) -> subprocess.CompletedProcess:
        return subprocess.run(["srun", *words], env=self.env | env, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=100)

    def said(self) -> str:
        return (self.root / "prolog.log").read_text() if (self.root / "prolog.log").exists() else ""

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def slurm(user, tmp_path):
    clusters = []

    def make(**settings) -> Slurm:
        root = tmp_path / f"s{len(clusters)}"
        root.mkdir()
        clusters.append(Slurm(user, root, **settings))
        wait_for(lambda: clusters[-1].state() == "idle", seconds=60, what="the node")
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.close()


def test_a_model_of_the_comment_is_on_the_node_before_the_job_starts(user, slurm, hub):
    cluster = slurm()
    done = cluster.srun("--comment", "night hfget:demo/tiny-gpt2", "sh", "-c", f"ls {user.cache}/models--demo--tiny-gpt2/snapshots/*/config.json")
    assert done.returncode == 0 and done.stdout.strip().endswith("config.json"), done.stderr + cluster.said()
    assert user.pulls()[0]["state"] == "done"
    assert cluster.srun("true").returncode == 0 and len(user.pulls()) == 1  # a job that names none waits for none


def test_the_task_is_told_where_its_models_are(slurm, hub):
    done = slurm().srun("sh", "-c", 'echo "$HFGET_PATH_0"; echo "$HFGET_PATH_1"', HFGET_MODELS="demo/tiny-gpt2@dev demo/tiny-gpt2")
    assert done.returncode == 0, done.stderr
    dev, main = map(pathlib.Path, done.stdout.split())
    assert_complete(dev, listing(hub, "demo/tiny-gpt2", "dev"))
    assert_complete(main, listing(hub, "demo/tiny-gpt2"))


def test_a_wrong_name_costs_no_node(slurm):
    cluster = slurm()
    done = cluster.srun("--comment", "hfget:demo/no-such-model", "echo", "ran")
    assert done.returncode == 0 and done.stdout.strip() == "ran"
    assert "demo/no-such-model: exit 3" in cluster.said()
    wait_for(lambda: cluster.state() == "idle", what="the node")


def test_time_that_is_up_costs_no_node(slurm, hub):
    for source in hub.sources:
        hub.rate(source, 50_000)
    cluster = slurm(HFGET_PROLOG_TIMEOUT=2)
    done = cluster.srun("--comment", "hfget:demo/tiny-gpt2", "echo", "ran")
    assert done.stdout.strip() == "ran" and "not there after 2 s; the pull goes on" in cluster.said()
    wait_for(lambda: cluster.state() == "idle", what="the node")
