"""The steps of a run, as its file calls: which there are, and how the shim is told to kill at one of them."""

import random
import re
import typing

from fault_shim import Call

# What a file of RocksDB is called differs from run to run; its kind does not.
STORE_KINDS = ["MANIFEST-", "OPTIONS-", ".dbtmp", ".sst", ".log", "CURRENT", "IDENTITY", "SEAL", "LOCK", "LOG"]
# Neither changes nothing on the disk; a kill there is one at the next call.
SKIPPED = {"read", "pread", "statvfs", "sync_file_range", "flock"}


class Step(typing.NamedTuple):
    kind: str  # steps of one kind do the same thing
    call: str
    key: str  # the part of the path that the rule names
    nth: int  # among the calls that this rule matches
    when: str  # "before" or "after"

    def rule(self) -> str:
        return f"{self.call} {self.key} kill-{self.when} nth={self.nth} count=1"


def _key(call: Call, root: str, state: str) -> str:
    """A part of the path that is the same in the next run."""
    path = call.other if call.name == "rename" and call.other.startswith(root) else call.path
    if path.startswith(state + "/store/"):
        name = path[len(state) :]
        return next((kind for kind in STORE_KINDS if kind in name), path)
    return re.sub(r"(\.hfget-)[0-9a-f]+-\d+\.tmp$", r"\1", path)


def _kind(call: Call, key: str, root: str) -> str:
    text = key.replace(root, "")
    text = re.sub(r"[0-9a-f]{64}", "SHA256", text)
    return f"{call.name} {re.sub(r'[0-9a-f]{40}', 'SHA1', re.sub(r'[0-9a-f]{16}', 'HASH16', text))}"


def steps_of(calls: list[Call], root: str, state: str) -> list[Step]:
    """First, middle and last call of every kind, before and after it. Opening to read is not told from opening to write: both stay."""
    calls = [c for c in calls if c.name not in SKIPPED]
    keys = [_key(c, root, state) for c in calls]
    kinds: dict[str, list[int]] = {}
    for i, call in enumerate(calls):
        kinds.setdefault(_kind(call, keys[i], root), []).append(i)
    steps = []
    for kind, at in kinds.items():
        for i in sorted({at[0], at[len(at) // 2], at[-1]}):
            nth = sum(c.name == calls[i].name and (keys[i] in c.path or keys[i] in c.other) for c in calls[: i + 1])
            steps += [Step(kind, calls[i].name, keys[i], nth, when) for when in ("before", "after")]
    return steps


def one_of_each_kind(steps: list[Step], rng: random.Random) -> list[Step]:
    kinds: dict[str, list[Step]] = {}
    for step in steps:
        kinds.setdefault(step.kind, []).append(step)
    return [rng.choice(of_kind) for of_kind in kinds.values()]
