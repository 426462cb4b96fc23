"""hfget verify: what is on the disk against the hub's hashes, and its repair."""

import json
import os
import pathlib

from e2e_world import assert_complete, listing


def spoil(path: pathlib.Path):
    """One bit in the middle, with the time of change as it was: as a disk does it."""
    target = path.resolve()
    before = target.stat()
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.chmod(0o644)
    target.write_bytes(data)


    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def snapshot(user, repo: str = "demo--tiny-gpt2") -> pathlib.Path:
    return next((user.cache / f"models--{repo}/snapshots").iterdir())


def test_one_bit_in_the_cache_is_found_and_mended(world, hub):
    user = world().start_daemon()
    user.pull("demo/tiny-gpt2")
    done = user.run("verify", "demo/tiny-gpt2")
    assert done.returncode == 0 and done.stdout == "" and "are as listed" in done.stderr
    spoil(snapshot(user) / "model.safetensors")
    assert user.run("pull", "demo/tiny-gpt2").returncode == 0  # which believes names, as every client of the cache does
    done = user.run("verify", "demo/tiny-gpt2")
    assert done.returncode == 1 and done.stdout.startswith("corrupt     model.safetensors: its content is not what is listed")
    assert "--repair" in done.stderr
    done = user.run("verify", "demo/tiny-gpt2", "--repair")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(snapshot(user))
    assert_complete(snapshot(user), listing(hub, "demo/tiny-gpt2"))
    assert user.run("verify", "demo/tiny-gpt2").returncode == 0


def test_a_local_folder_too_and_only_the_files_that_are_named(world, hub, tmp_path):
    user = world().start_daemon()
    folder = tmp_path / "model"
    user.run("pull", "demo/tiny-gpt2", "--local-dir", folder)
    spoil(folder / "model.safetensors")
    (folder / "config.json").unlink()
    done = user.run("verify", "demo/tiny-gpt2", "--local-dir", folder, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert {f["path"]: f["verdict"] for f in report["files"]} == {"model.safetensors": "corrupt", "config.json": "missing"}
    assert report["bad_files"] == 2 and report["path"] == str(folder)
    named = user.run("verify", "demo/tiny-gpt2", "README.md", "--local-dir", folder)
    assert named.returncode == 0, named.stdout + named.stderr
    done = user.run("verify", "demo/tiny-gpt2", "--local-dir", folder, "--repair", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["repair"]["state"] == "done"
    assert_complete(folder, listing(hub, "demo/tiny-gpt2"))


def test_without_a_hub_what_was_pulled_is_still_verified(world, hub):
    user = world().start_daemon()
    user.pull("demo/tiny-gpt2")
    before = len(hub.requests())
    assert user.run("verify", "demo/tiny-gpt2").returncode == 0
    assert len(hub.requests()) == before


def test_wrong_input_gets_one_line(world, hub):
    user = world().start_daemon()
    for arguments, code, words in [
        (["demo/nowhere"], 3, "demo/nowhere"),
        (["demo/tiny-gpt2", "nope.bin"], 3, 'has no file "nope.bin"'),
        (["demo/tiny-gpt2", "--revision", "nope"], 3, "nope"),
        (["a b"], 2, "a b"),
        ([], 2, "repo is required"),
    ]:
        done = user.run("verify", *arguments)
        assert done.returncode == code and words in done.stderr and done.stderr.count("\n") == 1, (arguments, done.stderr)
