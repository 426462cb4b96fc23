"""Rows of ModelScope's listings (mirrors §1.3, §1.4): files and folders, revisions, commits."""

import calendar
import hashlib
import time

from content import ContentStore
from repos import Commit, File, Repo

CAP = 3000  # repo/files says no more than that, without a word about the rest


def unix(date: str) -> int:
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%S.000Z"))


class Listing:
    def __init__(self, store: ContentStore):
        self.store = store
        self._rows: dict[tuple[str, str], list[dict]] = {}

    async def rows(self, repo: Repo, commit: Commit, root: str = "", recursive: bool = True) -> list[dict]:
        """Folders and files below `root`, by path."""
        key = (repo.internal_id, commit.id)
        if key not in self._rows:
            await self.store.prepare(file.content for file in commit.files.values() if file.lfs)
            self._rows[key] = self._all(repo, commit)
        root = root.strip("/")
        below = [row for row in self._rows[key] if not root or row["Path"].startswith(root + "/")]
        depth = root.count("/") + 1 if root else 0
        return below if recursive else [row for row in below if row["Path"].count("/") == depth]

    def sha256(self, file: File) -> str:
        return self.store.sha256(file.content) if file.lfs else hashlib.sha256(file.content.read()).hexdigest()

    def _all(self, repo: Repo, commit: Commit) -> list[dict]:
        changed = last_changes(repo, commit)
        rows = {}
        for path, file in commit.files.items():
            # IsLFS cannot be trusted: it is false on large files too.
            lfs = file.lfs and not path.endswith(".gguf")
            rows[path] = _row(path, "blob", file.size, self.sha256(file), lfs, changed[path])
            for folder in _parents(path):
                if folder not in rows or rows[folder]["CommittedDate"] < unix(changed[path].date):
                    rows[folder] = _row(folder, "tree", 0, "", False, changed[path])
        return [rows[path] for path in sorted(rows)]


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _row(path: str, kind: str, size: int, sha256: str, lfs: bool, commit: Commit) -> dict:
    return {
        "CommitMessage": commit.title,
        "CommittedDate": unix(commit.date),
        "CommitterName": "demo",
        "InCheck": False,
        "IsLFS": lfs,
        "Mode": "33188" if kind == "blob" else "16384",
        "Name": path.rsplit("/", 1)[-1],
        "Path": path,
        "Revision": commit.id,
        "Sha256": sha256,
        "Size": size,
        "Type": kind,
    }


def last_changes(repo: Repo, commit: Commit) -> dict[str, Commit]:
    """path -> the commit that last touched it."""
    changed = {path: commit for path in commit.files}
    settled: set[str] = set()
    line = repo.history(commit)
    for newer, older in zip(line, line[1:]):
        settled |= {path for path in changed if path not in settled and older.files.get(path) != newer.files[path]}
        changed |= {path: older for path in changed if path not in settled}
    return changed


def revisions(repo: Repo) -> dict:
    def rows(refs: dict[str, str]) -> list[dict]:
        return [{"Revision": name, "CreatedAt": unix(repo.commits[target].date)} for name, target in refs.items()]

    return {"RevisionMap": {"Branches": rows(repo.branches), "Tags": rows(repo.tags)}}


def commit_row(commit: Commit) -> dict:
    date = unix(commit.date)
    return {
        "Id": commit.id,
        "ShortId": commit.id[:8],
        "Title": commit.title,
        "Message": commit.title,
        "AuthorName": "demo",
        "CommitterName": "demo",
        "AuthoredDate": date,
        "CommittedDate": date,
        "ParentIds": [commit.parent] if commit.parent else [],
    }
