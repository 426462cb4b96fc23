"""Repositories as the hub knows them: refs, commits, files, who may read; and their git objects."""

import base64
import dataclasses
import datetime
import hashlib
import re

import content as content_module
import errors
from content import Content, ContentStore

_EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
TYPES = ("model", "dataset", "space")


@dataclasses.dataclass(frozen=True)
class File:
    content: Content
    lfs: bool = False

    @property
    def size(self) -> int:
        return self.content.size


def file_from_json(spec: dict) -> File:
    """{"text": …} | {"base64": …} | {"size": N, "seed": S}, and "lfs": bool."""
    if "text" in spec:
        made = Content.of(spec["text"])
    elif "base64" in spec:
        made = Content.of(base64.b64decode(spec["base64"]))
    else:
        made = Content(seed=spec.get("seed", spec["path"]), size=int(spec["size"]))
    return File(made, bool(spec.get("lfs", False)))


@dataclasses.dataclass
class Commit:
    id: str
    parent: str | None
    title: str
    date: str
    files: dict[str, File]


class Repo:
    def __init__(self, repo_type: str, repo_id: str, private=False, gated=False, disabled=False, branch="main"):
        self.type, self.id = repo_type, repo_id
        self.branch = branch  # the default one: "master" at ModelScope
        self.private, self.gated, self.disabled = private, gated, disabled
        self.readers = {"alice"}  # of a private repo, and granted on a gated one
        self._salt = f"{repo_type}/{repo_id}" if branch == "main" else f"{branch}/{repo_type}/{repo_id}"
        self.internal_id = hashlib.sha1(self._salt.encode()).hexdigest()[:24]
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.pull_requests: dict[str, str] = {}

    def commit(self, title: str, files: dict[str, File], ref: str | None = None, delete=(), parent=None) -> str:
        """Adds a commit whose tree is the parent's with `files` put and `delete` taken. Returns its id."""
        ref = ref or self.branch
        parent = parent or self._ref(ref) or self.branches.get(self.branch)
        tree = dict(self.commits[parent].files) if parent else {}
        tree.update(files)
        for path in delete:
            tree.pop(path, None)
        date = (_EPOCH + datetime.timedelta(hours=len(self.commits))).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        name = hashlib.sha1(f"{self._salt}\n{parent}\n{title}\n{date}\n".encode())
        for path in sorted(tree):
            name.update(f"{path}\0{tree[path].content.key}\0{tree[path].lfs}\n".encode())
        made = Commit(name.hexdigest(), parent, title, date, tree)
        self.commits[made.id] = made
        (self.pull_requests if ref.startswith("refs/pr/") else self.branches)[ref] = made.id
        return made.id

    def _ref(self, ref: str) -> str | None:
        if ref.startswith("refs/heads/"):
            ref = ref[len("refs/heads/") :]
        return self.branches.get(ref) or self.tags.get(ref) or self.pull_requests.get(ref)

    def lookup(self, revision: str, hidden=frozenset()) -> Commit:
        """A branch, a tag, refs/pr/N, a full or a short commit. `hidden` commits are not there (a lagging mirror)."""
        found = self._ref(revision)
        while found and found in hidden:
            found = self.commits[found].parent
        if not found and re.fullmatch(r"[0-9a-fA-F]{4,40}", revision):
            fits = [c for c in self.commits if c.startswith(revision.lower()) and c not in hidden]
            found = fits[0] if len(fits) == 1 else None
        if not found:
            raise errors.revision_not_found(revision)
        return self.commits[found]

    def history(self, commit: Commit) -> list[Commit]:
        line = [commit]
        while line[-1].parent:
            line.append(self.commits[line[-1].parent])
        return line

    def newer_than(self, commit_id: str | None) -> frozenset:
        """The commits made after `commit_id`; the newest of the default branch when None."""
        ids = list(self.commits)
        if commit_id is None:
            return frozenset([self.branches[self.branch]])
        if commit_id not in self.commits:
            return frozenset()
        return frozenset(ids[ids.index(commit_id) + 1 :])

    def readable_by(self, account) -> bool:
        return not self.private or (account is not None and account.name in self.readers)

    def granted_to(self, account) -> bool:
        return not self.gated or (account is not None and account.name in self.readers)


class Catalog:
    """All repos, found by type and id; wrong case and legacy names lead to the right id."""

    def __init__(self, store: ContentStore, hub: str = "huggingface", branch: str = "main"):
        self.store, self.hub, self.branch = store, hub, branch
        self.repos: dict[tuple[str, str], Repo] = {}
        self.aliases: dict[tuple[str, str], str] = {}

    def add(self, repo: Repo) -> Repo:
        self.repos[repo.type, repo.id] = repo
        return repo

    def get(self, repo_type: str, repo_id: str) -> Repo | None:
        return self.repos.get((repo_type, repo_id))

    def canonical(self, repo_type: str, repo_id: str) -> str | None:
        """The id to redirect to, when `repo_id` is a legacy or a wrongly cased one."""
        alias = self.aliases.get((repo_type, repo_id.lower()))
        if alias:
            return alias
        for kind, known in self.repos:
            if kind == repo_type and known.lower() == repo_id.lower() and known != repo_id:
                return known
        return None

    def add_spec(self, spec: dict) -> list[Repo]:
        """The repos of a --spec file that are for this hub."""
        added = []
        for item in spec.get("repos", []):
            if item.get("hub", "huggingface") != self.hub:
                continue
            repo = Repo(
                item.get("type", "model"),
                item["id"],
                item.get("private", False),
                item.get("gated", False),
                item.get("disabled", False),
                self.branch,
            )
            repo.commit("Initial commit", {f["path"]: file_from_json(f) for f in item.get("files", [])})
            for step in item.get("commits", []):
                files = {f["path"]: file_from_json(f) for f in step.get("files", [])}
                repo.commit(step.get("title", "Update"), files, step.get("ref"), step.get("delete", ()))
            for tag, revision in item.get("tags", {}).items():
                repo.tags[tag] = repo.lookup(revision).id
            added.append(self.add(repo))
        return added


def xet_hash(sha256: str) -> str:
    """A stand-in for the Xet hash: not the sha256, yet nginx can derive it from the object's path."""
    return sha256[32:] + sha256[:32]


def pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


class Tree:
    """The git view of one commit: object ids of blobs (of the pointer, for LFS) and of directories."""

    def __init__(self, commit: Commit, store: ContentStore):
        self.files = commit.files
        self.oids: dict[str, str] = {}
        self.sha256: dict[str, str] = {}
        self.pointer_sizes: dict[str, int] = {}
        self.directories: dict[str, str] = {}
        for path, file in self.files.items():
            if file.lfs:
                self.sha256[path] = store.sha256(file.content)
                text = pointer(self.sha256[path], file.size)
                self.pointer_sizes[path] = len(text)
            else:
                text = file.content.read()
            self.oids[path] = content_module.git_blob_sha1(text)
        self.root = self._write_trees()

    def _write_trees(self) -> str:
        children: dict[str, dict[str, str | None]] = {"": {}}
        for path in self.files:
            parts = path.split("/")
            for depth in range(len(parts) - 1):
                folder = "/".join(parts[: depth + 1])
                children.setdefault(folder, {})
                children["/".join(parts[:depth])][parts[depth]] = None
            children["/".join(parts[:-1])][parts[-1]] = self.oids[path]
        for folder in sorted(children, key=lambda name: -(name.count("/") + bool(name))):
            entries = []
            for name, oid in children[folder].items():
                full = f"{folder}/{name}" if folder else name
                is_folder = oid is None
                oid = self.directories[full] if is_folder else oid
                key = (name + "/" if is_folder else name).encode()
                entries.append((key, (b"40000 " if is_folder else b"100644 ") + name.encode(), bytes.fromhex(oid)))
            body = b"".join(mode + b"\0" + raw for _, mode, raw in sorted(entries))
            self.directories[folder] = hashlib.sha1(b"tree %d\0" % len(body) + body).hexdigest()
        return self.directories.pop("")
