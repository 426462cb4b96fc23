"""cli/integrations, run as their users run them: a Slurm prolog, systemd's units, loaders that start together."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import pytest
from e2e_world import BUILD, ROOT, assert_complete, listing, wait_for

FOLDER = ROOT / "cli/integrations"


def tool(name: str) -> str:
    path = shutil.which(name)
    assert path, f"no {name}: is it in the test list of cli/packages?"
    return path


def script(user, name: str, text: str) -> pathlib.Path:
    path = user.root / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def wrapped(user) -> pathlib.Path:
    """hfget with this user's flags, for programs that call hfget by name."""
    if (user.root / "hfget-here").exists():  # it may be running
        return user.root / "hfget-here"
    return script(user, "hfget-here", f"#!/bin/sh\nexec {shlex.join(user.command())} \"$@\"\n")


# --- Slurm


def prolog(user, **env) -> subprocess.CompletedProcess:
    env = {"HFGET": str(BUILD / "hfget"), "HFGET_SOCKET": str(user.socket), "SLURM_JOB_ID": "7", **env}
    return subprocess.run([FOLDER / "slurm/prolog"], env=user.env | env, text=True, capture_output=True, timeout=60)


def test_the_prolog_is_clean_to_shellcheck():
    done = subprocess.run([tool("shellcheck"), "--severity=style", FOLDER / "slurm/prolog"], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_the_prolog_has_the_models_of_the_job_there_before_it_starts(user, hub):
    done = prolog(user, HFGET_MODELS="demo/tiny-gpt2, hf://datasets/demo/tiny-dataset\ndemo/tiny-gpt2@dev", HFGET_PROLOG_STRICT="1")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    paths = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())  # as Slurm reads a TaskProlog's
    assert list(paths) == ["HFGET_PATH_0", "HFGET_PATH_1", "HFGET_PATH_2"]
    assert_complete(pathlib.Path(paths["HFGET_PATH_0"]), listing(hub, "demo/tiny-gpt2"))
    assert_complete(pathlib.Path(paths["HFGET_PATH_1"]), listing(hub, "demo/tiny-dataset", kind="datasets"))
    assert_complete(pathlib.Path(paths["HFGET_PATH_2"]), listing(hub, "demo/tiny-gpt2", "dev"))


def test_the_prolog_reads_the_comment_of_the_job(user):
    done = prolog(user, SLURM_JOB_COMMENT="night run hfget:demo/tiny-gpt2,demo/tiny-gpt2@v1.0 account:x")
    assert done.returncode == 0 and done.stdout.count("export ") == 2, done.stderr
    assert prolog(user, SLURM_JOB_COMMENT="nothing of ours").stdout == ""


def test_a_missing_model_costs_no_node_unless_it_shall(user):
    for strict, code in (("0", 0), ("1", 1)):
        done = prolog(user, HFGET_MODELS="demo/no-such-model demo/tiny-gpt2", HFGET_PROLOG_STRICT=strict)
        assert done.returncode == code
        assert done.stdout.startswith("export HFGET_PATH_1=")
        assert re.match(r"hfget prolog: job 7: demo/no-such-model: exit 3: .*\n$", done.stderr), done.stderr


@pytest.mark.parametrize("name", ["--token-file=/etc/shadow", "$(touch /tmp/x)", "a;b", "-x", "../../etc", "org/model`id`", "a" * 400, "x\x1b[2J"])
def test_what_a_user_can_write_is_no_command_of_roots(user, name):
    done = prolog(user, SLURM_JOB_COMMENT=f"hfget:{name.replace(' ', '')}", HFGET_PROLOG_STRICT="1")
    assert done.returncode == 1 and "is no name of a model" in done.stderr and "\x1b" not in done.stderr
    assert user.pulls() == []


def test_too_many_models_are_refused(user):
    done = prolog(user, HFGET_MODELS=" ".join(["demo/tiny-gpt2"] * 33), HFGET_PROLOG_STRICT="1")
    assert done.returncode == 1 and "33 models" in done.stderr


def test_the_prolog_lets_the_job_start_when_time_is_up_and_the_pull_goes_on(user, hub):
    for source in hub.sources:
        hub.rate(source, 50_000)
    begin = time.monotonic()
    done = prolog(user, HFGET_MODELS="demo/tiny-gpt2", HFGET_PROLOG_TIMEOUT="2")
    assert time.monotonic() - begin < 20
    assert done.returncode == 0 and "is not there after 2 s; the pull goes on" in done.stderr, done.stderr
    assert user.pulls()[0]["state"] in ("listing", "fetching")
    for source in hub.sources:
        hub.rate(source, 0)
    assert prolog(user, HFGET_MODELS="demo/tiny-gpt2", HFGET_PROLOG_STRICT="1").returncode == 0


def test_without_a_daemon_the_prolog_starts_none(world):
    user = world()
    done = prolog(user, HFGET_MODELS="demo/tiny-gpt2")
    assert done.returncode == 0 and "no hfgetd answers at" in done.stderr
    assert not user.socket.exists()


def test_a_prolog_that_is_set_up_wrongly_says_so(user):
    assert prolog(user, HFGET_MODELS="demo/tiny-gpt2", HFGET_PROLOG_TIMEOUT="5m").returncode == 2
    assert prolog(user, HFGET="/nowhere/hfget").returncode == 2


# --- systemd's units


def units(tmp_path: pathlib.Path, kind: str) -> list[pathlib.Path]:
    """As installed, with our hfgetd in the place of the one in systemd's path."""
    out = []
    for unit in sorted((FOLDER / "systemd" / kind).glob("hfgetd.*")):
        out.append(tmp_path / unit.name)
        out[-1].write_text(unit.read_text().replace("ExecStart=hfgetd", f"ExecStart={BUILD}/hfgetd").replace("Documentation=man:hfgetd(1)\n", ""))
    return out


@pytest.mark.parametrize("kind", ["user", "system"])
def test_the_units_are_clean_to_systemd(tmp_path, kind):
    files = units(tmp_path, kind)
    assert [f.suffix for f in files] == [".service", ".socket"]
    env = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([tool("systemd-analyze"), "verify", f"--{kind}", "--recursive-errors=no", "--man=no", *files], env=env, text=True,
                          capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr


def test_a_mistake_in_a_unit_is_seen(tmp_path):
    files = units(tmp_path, "system")
    files[0].write_text(files[0].read_text().replace("WatchdogSec=60", "WatchdogSeconds=60"))
    done = subprocess.run([tool("systemd-analyze"), "verify", "--system", "--recursive-errors=no", "--man=no", files[0]], text=True, capture_output=True)
    assert "WatchdogSeconds" in done.stderr


def test_the_system_unit_leaves_little_exposed(tmp_path):
    """systemd's own measure, 0 (closed) to 10 (open): below 2.0 is "OK", and what is left is the network and a user's own files."""
    service = units(tmp_path, "system")[0]
    done = subprocess.run([tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", "--no-pager", service], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    print(done.stdout.strip().splitlines()[-1])


def directives(kind: str, name: str) -> dict[str, str]:
    text = (FOLDER / "systemd" / kind / name).read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]\w+=", line))


def test_the_units_run_the_daemon_that_they_describe(world, hub):
    """ExecStart with the words of the unit on the socket of its pair: no --socket, and the configuration that stands beside it."""
    user = world()
    service = directives("system", "hfgetd.service")
    assert directives("system", "hfgetd.socket")["ListenStream"] == "/run/hfget/hfgetd.sock"
    config = (FOLDER / "systemd/system/config.toml").read_text().replace("/var/cache/hfget/hub", str(user.root / "cache"))
    user.config.write_text(user.config.read_text().replace("[source", config.replace('"hfget"', '"users"') + "\n[source", 1))
    words = service["ExecStart"].replace("/etc/hfget/config.toml", str(user.config)).replace("/var/lib/hfget", str(user.state)).split()
    settings = [x for name, value in user.env.items() for x in ("-E", f"{name}={value}")]
    with open(user.root / "hfgetd.log", "ab") as log:
        user.process = subprocess.Popen([tool("systemd-socket-activate"), "-l", user.socket, *settings, BUILD / words[0], *words[1:]], env=user.env,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
    wait_for(user.socket.exists, what="the socket")
    env = {"HF_HUB_CACHE": str(user.root / "cache")}
    assert_complete(user.pull("demo/tiny-gpt2", env=env), listing(hub, "demo/tiny-gpt2"))


def test_the_users_socket_is_where_hfget_looks(world, hub):
    user = world()
    runtime = user.root / "run"
    listen = directives("user", "hfgetd.socket")["ListenStream"].replace("%t", str(runtime))
    pathlib.Path(listen).parent.mkdir(mode=int(directives("user", "hfgetd.socket")["DirectoryMode"], 8))
    words = directives("user", "hfgetd.service")["ExecStart"].split()
    settings = [x for name, value in user.env.items() for x in ("-E", f"{name}={value}")]
    config = user.home / ".config/hfget"
    config.mkdir(parents=True)
    shutil.copy(user.config, config / "config.toml")
    user.isolate_command_line()
    with open(user.root / "hfgetd.log", "ab") as log:
        user.process = subprocess.Popen([tool("systemd-socket-activate"), "-l", listen, *settings, BUILD / words[0], *words[1:]], env=user.env,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
    wait_for(pathlib.Path(listen).exists, what="the socket")
    done = subprocess.run([user.cli, "pull", "demo/tiny-gpt2"], env=user.env, text=True, capture_output=True, timeout=60)  # no flag at all
    assert done.returncode == 0, done.stderr
    assert_complete(pathlib.Path(done.stdout.strip()), listing(hub, "demo/tiny-gpt2"))
    assert user.stop_daemon() == 0


# --- loaders

LOADER = f"""
import sys; sys.path.insert(0, {str(FOLDER / "training")!r})
import hfget_model
"""


def python(user, code: str, *path: pathlib.Path) -> subprocess.Popen:
    env = user.env | {"HFGET": str(wrapped(user)), "PYTHONPATH": ":".join(map(str, path))}
    return subprocess.Popen([sys.executable, "-c", LOADER + code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_ask_at_once_are_one_pull(user, hub):
    for source in hub.sources:
        hub.rate(source, 1_000_000)  # so that all come while it runs
    started = [python(user, "print(hfget_model.ensure_model('demo/tiny-gpt2'))") for _ in range(8)]
    outputs = [process.communicate(timeout=60) for process in started]
    assert {p.returncode for p in started} == {0}, [err for _, err in outputs if err]
    assert len({out for out, _ in outputs}) == 1
    rows = listing(hub, "demo/tiny-gpt2")
    assert_complete(pathlib.Path(outputs[0][0].strip()), rows)
    [pull] = [p for p in user.pulls() if p["fetched_bytes"]]  # whoever came after its end found all there
    assert pull["fetched_bytes"] < 1.5 * sum(row["size"] for row in rows.values())


def test_a_loader_learns_why_there_is_no_model(user):
    code = "try: hfget_model.ensure_model('demo/no-such-model')\nexcept hfget_model.ModelError as e: print(e.code, e)"
    out, err = python(user, code).communicate(timeout=60)
    assert out.startswith("3 ") and "demo/no-such-model" in out, out + err
    out, err = python(user, "hfget_model.ensure_model('--help')").communicate(timeout=60)
    assert "ModelError" in err  # a name that looks like a flag is a name


def test_a_loader_does_not_wait_longer_than_it_was_told(user, hub):
    for source in hub.sources:
        hub.rate(source, 50_000)
    code = "try: hfget_model.ensure_model('demo/tiny-gpt2', seconds=1)\nexcept hfget_model.ModelError as e: print(e.code)"
    out, err = python(user, code).communicate(timeout=60)
    assert out.strip() == "124", out + err
    assert user.pulls()[0]["state"] in ("listing", "fetching")


TORCH = """
class IterableDataset: pass
class Info: id, num_workers = 0, 1
info = None
def get_worker_info(): return info
"""


def test_the_workers_of_a_data_loader_share_the_files_out(user, tmp_path):
    """With a stand-in for torch's two names, because torch itself is too large for a test."""
    package = tmp_path / "torch/utils"
    package.mkdir(parents=True)
    for init in (package.parent, package):
        (init / "__init__.py").touch()
    (package / "data.py").write_text(TORCH)
    code = """
import json, torch.utils.data as data
assert issubclass(hfget_model.ModelDataset, data.IterableDataset)
rows = hfget_model.ModelDataset("demo/tiny-gpt2", lambda f: [f.name])
everything, seen = list(rows), []
for data.Info.id in range(3):
    data.Info.num_workers, data.info = 3, data.Info
    mine = list(rows)
    assert mine
    seen += mine
print(json.dumps([sorted(everything), sorted(seen)]))
"""
    out, err = python(user, code, tmp_path).communicate(timeout=60)
    everything, seen = json.loads(out or "[0, 1]")
    assert everything == seen and "model.safetensors" in seen, err
