"""The default catalogue: one repo per thing a client can get wrong."""

import json

from content import Content
from repos import Catalog, File, Repo

_ATTRIBUTES = "*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.onnx filter=lfs diff=lfs merge=lfs -text\n"
MIB = 1 << 20


def text_file(text: str) -> File:
    return File(Content.of(text))


def lfs_file(seed, size: int) -> File:
    return File(Content(seed=seed, size=size), lfs=True)


def config_file(layers: int) -> File:
    return text_file(json.dumps({"model_type": "gpt2", "n_layer": layers, "vocab_size": 50257}, indent=2) + "\n")


def _tiny_gpt2() -> Repo:
    repo = Repo("model", "demo/tiny-gpt2")
    first = repo.commit(
        "Initial commit",
        {
            ".gitattributes": text_file(_ATTRIBUTES),
            "README.md": text_file("---\nlicense: mit\n---\n# tiny-gpt2\n\n" + "A small model for tests. " * 200 + "\n"),
            "config.json": config_file(1),
            "model.safetensors": lfs_file("tiny-gpt2/1", 2 * MIB + 77),
        },
    )
    repo.commit(
        "Add the tokenizer and the decoder",
        {
            "config.json": config_file(2),
            "empty.txt": text_file(""),
            "merges.txt": text_file("#version: 0.2\n" + "".join(f"t{i} h{i}\n" for i in range(3000))),
            "onnx/decoder/model.onnx": lfs_file("tiny-gpt2/onnx", 3 * MIB // 2),
            "tokenizer.json": text_file(json.dumps({"version": "1.0", "vocab": {f"t{i}": i for i in range(5000)}})),
            "vocab.json": text_file(json.dumps({f"v{i}": i for i in range(8000)})),
        },
    )
    repo.commit("Train longer", {"config.json": config_file(12), "model.safetensors": lfs_file("tiny-gpt2/3", 3_460_301)})
    repo.tags["v1.0"] = first
    repo.commit("Try eight layers", {"config.json": config_file(8), "dev-only.txt": text_file("dev\n")}, ref="dev")
    repo.commit("Fix the card", {"README.md": text_file("# tiny-gpt2, fixed\n")}, ref="refs/pr/1")
    return repo


def _guarded(name: str, **flags) -> Repo:
    repo = Repo("model", f"demo/{name}", **flags)
    repo.commit(
        "Initial commit",
        {
            "README.md": text_file(f"# {name}\n"),
            "config.json": config_file(3),
            "model.safetensors": lfs_file(f"{name}/1", MIB + 4097),
        },
    )
    return repo


def _many() -> Repo:
    repo = Repo("model", "demo/many")
    files = {
        f"part-{i // 250:02d}/sub-{i // 50 % 5}/file-{i:04d}.txt": text_file(f"file {i}\n" + f"{i} " * (i % 97) + "\n")
        for i in range(2500)
    }
    repo.commit("2,500 small files", files)
    return repo


def _big() -> Repo:
    """Nothing of it is generated before somebody asks for it."""
    repo = Repo("model", "demo/big")
    files = {f"model-0000{i}-of-00002.safetensors": lfs_file(f"big/{i}", 64 * MIB) for i in (1, 2)}
    repo.commit("Initial commit", {"README.md": text_file("# big\n"), "config.json": config_file(48), **files})
    return repo


def _odd_names() -> Repo:
    repo = Repo("model", "demo/odd-names")
    plain = ["with space.txt", "a+b.txt", "hash#tag.txt", "per%cent.txt", "what?.txt", "50%20off.txt", "ünï/码 файл.txt"]
    files = {name: text_file(f"contents of {name}\n") for name in plain}
    files["dir with space/#1 + 100%?.bin"] = lfs_file("odd/1", MIB + 1)
    repo.commit("Names that need quoting", files)
    return repo


def _other_types() -> list[Repo]:
    dataset = Repo("dataset", "demo/tiny-dataset")
    rows = "".join(json.dumps({"id": i, "text": f"row {i}"}) + "\n" for i in range(500))
    dataset.commit(
        "Initial commit",
        {
            "README.md": text_file("# tiny-dataset\n"),
            "data/train.jsonl": text_file(rows),
            "data/train-00000-of-00001.parquet": lfs_file("dataset/1", MIB // 2 + 11),
        },
    )
    space = Repo("space", "demo/tiny-space")
    space.commit(
        "Initial commit",
        {
            "README.md": text_file("---\nsdk: gradio\n---\n# tiny-space\n"),
            "app.py": text_file("import gradio\n"),
            "weights.bin": lfs_file("space/1", 300_001),
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
