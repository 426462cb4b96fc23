"""The default catalogue: one repo per thing a client can get wrong."""

import json

from content import Content
from repos import Catalog, File, Repo

_ATTRIBUTES = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.onnx filter=lfs diff=lfs merge=lfs -text\n"
MIB = 1 << 20


def _text(text: str) -> File:
    return File(Content.of(text))


def _lfs(seed, size: int) -> File:
    return File(Content(seed=seed, size=size), lfs=True)


def _config(layers: int) -> File:
    return _text(json.dumps({"model_type": "gpt2", "n_layer": layers, "vocab_size": 50257}, indent=2) + "\n")


def _tiny_gpt2() -> Repo:
    repo = Repo("model", "demo/tiny-gpt2")
    first = repo.commit(
        "Initial commit",
        {
            ".gitattributes": _text(_ATTRIBUTES),
            "README.md": _text("---\nlicense: mit\n---\n# tiny-gpt2\n\n" + "A small model for tests. " * 200 + "\n"),
            "config.json": _config(1),
            "model.safetensors": _lfs("tiny-gpt2/1", 2 * MIB + 77),
        },
    )
    repo.commit(
        "Add the tokenizer and the decoder",
        {
            "config.json": _config(2),
            "empty.txt": _text(""),
            "merges.txt": _text("#version: 0.2\n" + "".join(f"t{i} h{i}\n" for i in range(3000))),
            "onnx/decoder/model.onnx": _lfs("tiny-gpt2/onnx", 3 * MIB // 2),
            "tokenizer.json": _text(json.dumps({"version": "1.0", "vocab": {f"t{i}": i for i in range(5000)}})),
            "vocab.json": _text(json.dumps({f"v{i}": i for i in range(8000)})),
        },
    )
    repo.commit("Train longer", {"config.json": _config(12), "model.safetensors": _lfs("tiny-gpt2/3", 3_460_301)})
    repo.tags["v1.0"] = first
    repo.commit("Try eight layers", {"config.json": _config(8), "dev-only.txt": _text("dev\n")}, ref="dev")
    repo.commit("Fix the card", {"README.md": _text("# tiny-gpt2, fixed\n")}, ref="refs/pr/1")
    return repo


def _guarded(name: str, **flags) -> Repo:
    repo = Repo("model", f"demo/{name}", **flags)
    repo.commit(
        "Initial commit",
        {
            "README.md": _text(f"# {name}\n"),
            "config.json": _config(3),
            "model.safetensors": _lfs(f"{name}/1", MIB + 4097),
        },
    )
    return repo


def _many() -> Repo:
    repo = Repo("model", "demo/many")
    files = {
        f"part-{i // 250:02d}/sub-{i // 50 % 5}/file-{i:04d}.txt": _text(f"file {i}\n" + f"{i} " * (i % 97) + "\n")
        for i in range(2500)
    }
    repo.commit("2,500 small files", files)
    return repo


def _big() -> Repo:
    """Nothing of it is generated before somebody asks for it."""
    repo = Repo("model", "demo/big")
    files = {f"model-0000{i}-of-00002.safetensors": _lfs(f"big/{i}", 64 * MIB) for i in (1, 2)}
    repo.commit("Initial commit", {"README.md": _text("# big\n"), "config.json": _config(48), **files})
    return repo


def _odd_names() -> Repo:
    repo = Repo("model", "demo/odd-names")
    plain = ["with space.txt", "a+b.txt", "hash#tag.txt", "per%cent.txt", "what?.txt", "50%20off.txt", "ünï/码 файл.txt"]
    files = {name: _text(f"contents of {name}\n") for name in plain}
    files["dir with space/#1 + 100%?.bin"] = _lfs("odd/1", MIB + 1)
    repo.commit("Names that need quoting", files)
    return repo


def _other_types() -> list[Repo]:
    dataset = Repo("dataset", "demo/tiny-dataset")
    rows = "".join(json.dumps({"id": i, "text": f"row {i}"}) + "\n" for i in range(500))
    dataset.commit(
        "Initial commit",
        {
            "README.md": _text("# tiny-dataset\n"),
            "data/train.jsonl": _text(rows),
            "data/train-00000-of-00001.parquet": _lfs("dataset/1", MIB // 2 + 11),
        },
    )
    space = Repo("space", "demo/tiny-space")
    space.commit(
        "Initial commit",
        {
            "README.md": _text("---\nsdk: gradio\n---\n# tiny-space\n"),
            "app.py": _text("import gradio\n"),
            "weights.bin": _lfs("space/1", 300_001),
        },
    )
    return [dataset, space]


def fill(catalog: Catalog) -> None:
    repos = [
        _tiny_gpt2(),
        *_other_types(),
        _guarded("private", private=True),
        _guarded("gated", gated="manual"),
        _guarded("disabled", disabled=True),
        _many(),
        _big(),
        _odd_names(),
    ]
    for repo in repos:
        catalog.add(repo)
    catalog.aliases["model", "tiny-gpt2"] = "demo/tiny-gpt2"
