"""A model or data set on this node before anybody reads it: for PyTorch's DataLoader workers, Ray actors, or any processes that start
together. However many of them ask, on however many ranks of the node: the daemon joins equal pulls, so that there is one download and no lock
file. Needs hfget in $PATH and nothing else; torch is imported by ModelDataset alone.

    path = ensure_model("org/model")                                        # in every process; the same answer in each

    loader = DataLoader(ModelDataset("org/data", read_rows, kind="dataset"), num_workers=8)

    @ray.remote
    class Trainer:
        def __init__(self): self.model = AutoModel.from_pretrained(ensure_model("org/model"))
"""

import os
import pathlib
import subprocess


class ModelError(RuntimeError):
    """hfget's one line, and its exit code in `code`: 3 not found, 4 not authorised, 5 no usable source, 6 disk; 124: not in time."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


def ensure_model(repo: str, *patterns: str, kind: str = "model", revision: str | None = None, seconds: float | None = None) -> pathlib.Path:
    """The folder, complete and verified. `patterns`: files to keep. Raises ModelError; after `seconds` too, and then the pull goes on."""
    command = [os.environ.get("HFGET", "hfget"), "pull", "--quiet", "--type", kind]
    command += ["--revision", revision] if revision else []
    try:
        done = subprocess.run([*command, "--", repo, *patterns], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ModelError(f"{repo} is not there after {seconds} s", 124) from None
    if done.returncode != 0:
        raise ModelError((done.stderr.strip().splitlines() or [f"hfget ended with {done.returncode}"])[-1], done.returncode)
    return pathlib.Path(done.stdout.strip())


try:
    from torch.utils.data import IterableDataset, get_worker_info
except ImportError:  # a Ray actor or a script without torch
    IterableDataset = object

    def get_worker_info():
        return None


class ModelDataset(IterableDataset):
    """read(file) of every file of a repo that matches `pattern`, shared out among the loader's workers. The first worker to come pulls."""

    def __init__(self, repo: str, read, pattern: str = "**/*", **options):
        self.repo, self.read, self.pattern, self.options = repo, read, pattern, options

    def __iter__(self):
        worker = get_worker_info()  # None: the loader's own process reads
        files = sorted(p for p in ensure_model(self.repo, **self.options).glob(self.pattern) if p.is_file())
        for file in files[worker.id :: worker.num_workers] if worker else files:
            yield from self.read(file)
