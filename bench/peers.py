"""The peers: how they are installed (Debian, PyPI) and called. A peer that cannot be had is left out, and the report says so."""

import functools
import os
import pathlib
import shutil
import subprocess

from world import OUT, clean_env, say

DEBIAN = {"curl": "curl", "wget": "wget", "aria2c": "aria2", "axel": "axel", "openssl": "openssl"}
VENV = OUT / "venv"


@functools.cache
def install() -> None:
    """Installs what is missing, as far as this user may."""
    missing = [package for program, package in DEBIAN.items() if not shutil.which(program)]
    if missing and os.geteuid() == 0:
        say(f"installing {' '.join(missing)}")
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, capture_output=True)
    if not hf_program().exists():
        say("installing huggingface_hub and hf_xet into build/bench/venv")
        OUT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", VENV], capture_output=True)
        done = subprocess.run([VENV / "bin/pip", "install", "-q", "huggingface_hub[hf_xet]"], capture_output=True, text=True)
        if done.returncode != 0:
            say("pip: " + " ".join(done.stderr.strip().splitlines()[-1:]))


def missing() -> list[str]:
    """The peers that are not to be had, for the report."""
    return [program for program in DEBIAN if not shutil.which(program)] + ([] if hf_program().exists() else ["hf"])


def hf_program() -> pathlib.Path:
    return VENV / "bin/hf"


def versions() -> dict[str, str]:
    """Name -> version, for the report."""
    found = {}
    for program in DEBIAN:
        if shutil.which(program):
            argument = "version" if program == "openssl" else "--version"
            found[program] = subprocess.run([program, argument], capture_output=True, text=True).stdout.splitlines()[0]
    if hf_program().exists():
        code = "import importlib.metadata as m; print('huggingface_hub', m.version('huggingface_hub'), 'hf_xet', m.version('hf_xet'))"
        found["hf"] = subprocess.run([VENV / "bin/python", "-c", code], capture_output=True, text=True).stdout.strip()
    return found


def has(name: str) -> bool:
    install()
    return hf_program().exists() if name == "hf" else bool(shutil.which(name))


def curl(url: str, out: pathlib.Path, *flags) -> list:
    return ["curl", "-sSf", *flags, "-o", out, url]


def wget(url: str, out: pathlib.Path) -> list:
    return ["wget", "-q", "-O", out, url]


def aria2(urls: list[str], out: pathlib.Path, connections: int = 12, per_server: int = 4, *flags) -> list:
    """One file over several mirrors; 1 MiB is the least piece it splits at."""
    return ["aria2c", "-q", "--no-conf", f"-s{connections}", f"-x{per_server}", "-k1M", "--file-allocation=none", "--auto-file-renaming=false",
            *flags, "-d", out.parent, "-o", out.name, *urls]  # fmt: skip


def aria2_list(files: dict[str, list[str]], folder: pathlib.Path, at_once: int = 16, *flags) -> list:
    """Many files, each with its mirrors, from an input file."""
    lists = folder.with_name(folder.name + ".aria2")
    lists.write_text("".join("\t".join(urls) + f"\n out={path}\n" for path, urls in files.items()))
    return ["aria2c", "-q", "--no-conf", f"-j{at_once}", "--file-allocation=none", "--auto-file-renaming=false", *flags, "-i", lists, "-d", folder]


def axel(urls: list[str], out: pathlib.Path, connections: int = 12) -> list:
    return ["axel", "-q", "-n", connections, "-o", out, *urls]


def hf(repo: str, revision: str, folder: pathlib.Path, workers: int = 8) -> list:
    return [hf_program(), "download", repo, "--revision", revision, "--local-dir", folder, "--max-workers", workers]


def hf_env(endpoint: str, home: pathlib.Path, xet: bool) -> dict[str, str]:
    """hf's world: nobody's token, no other endpoint. Without Xet is what its own switch makes of it."""
    home.mkdir(parents=True, exist_ok=True)
    env = clean_env(home) | {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                             "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_UPDATE_CHECK": "1"}  # fmt: skip
    return env if xet else env | {"HF_HUB_DISABLE_XET": "1"}
