"""What the ModelScope of the demo holds: other names, other branches, the same weights for the most part."""

from demo_repos import MIB, config_file, lfs_file, text_file
from repos import Catalog, Repo


def _repo(repo_type: str, repo_id: str, **flags) -> Repo:
    return Repo(repo_type, repo_id, branch="master", **flags)


def _tiny_gpt2(there: Catalog) -> Repo:
    """demo/tiny-gpt2 by another name: one weight and the card differ, a vocabulary is missing, two files are its own."""
    repo = _repo("model", "demo-scope/tiny-gpt2.v3")
    theirs = there.get("model", "demo/tiny-gpt2")
    files = dict(theirs.commits[theirs.branches["main"]].files)
    del files["vocab.json"]
    changed = {
        "README.md": text_file("---\nlicense: MIT\n---\n# tiny-gpt2 at ModelScope\n"),
        "configuration.json": text_file('{"framework": "pytorch", "task": "text-generation"}\n'),
        "onnx/decoder/model.onnx": lfs_file("modelscope/onnx", files["onnx/decoder/model.onnx"].size),
        "tiny-gpt2.gguf": lfs_file("modelscope/gguf", MIB + 9),
    }
    repo.commit("Initial commit", files | {"README.md": text_file("# tiny-gpt2\n")})
    repo.commit("Make it ModelScope's own", changed)
    return repo


def _big(there: Catalog) -> Repo:
    """The same id and the same weights as at the Hugging Face hub."""
    repo = _repo("model", "demo/big")
    theirs = there.get("model", "demo/big")
    files = theirs.commits[theirs.branches["main"]].files
    repo.commit("Initial commit", files | {"README.md": text_file("# big, at ModelScope\n")})
    return repo


def _only_here() -> Repo:
    repo = _repo("model", "demo-scope/only-here")
    weights = {"model.safetensors": lfs_file("only-here/1", MIB + 77), "empty.txt": text_file("")}
    first = repo.commit("Initial commit", {"README.md": text_file("# only-here\n"), "config.json": config_file(1), **weights})
    repo.tags["v1.0"] = first
    nested = {"unet/deep/er/weights.bin": lfs_file("only-here/unet", MIB // 2 + 3), "unet/config.json": config_file(4)}
    repo.commit("Add the unet", {"config.json": config_file(2), **nested})
    repo.commit("Try it", {"dev-only.txt": text_file("dev\n")}, ref="dev")
    return repo


def _private() -> Repo:
    repo = _repo("model", "demo-scope/private", private=True)
    files = {"config.json": config_file(3), "model.safetensors": lfs_file("ms-private/1", MIB + 4097)}
    repo.commit("Initial commit", {"README.md": text_file("# private\n"), **files})
    return repo


def _odd_names(there: Catalog) -> Repo:
    repo = _repo("model", "demo-scope/odd-names")
    theirs = there.get("model", "demo/odd-names")
    repo.commit("Names that need quoting", theirs.commits[theirs.branches["main"]].files)
    return repo


def _datasets(there: Catalog) -> list[Repo]:
    tiny = _repo("dataset", "demo-scope/tiny-dataset")
    theirs = there.get("dataset", "demo/tiny-dataset")
    files = theirs.commits[theirs.branches["main"]].files
    tiny.commit("Initial commit", files | {"dataset_infos.json": text_file("{}\n"), "data/empty.csv": text_file("")})
    paged = _repo("dataset", "demo-scope/many-rows")
    paged.commit("240 small files", {f"part-{i // 60}/rows-{i:03d}.csv": text_file(f"id\n{i}\n") for i in range(240)})
    return [tiny, paged]


def fill(catalog: Catalog, there: Catalog) -> None:
    """`there`: the catalogue of the Hugging Face hub, filled."""
    for repo in [_tiny_gpt2(there), _big(there), _only_here(), _private(), _odd_names(there), *_datasets(there)]:
        catalog.add(repo)
