"""Signed links to the data hosts, as the hub's 302 names them (reference §2.2, §7). nginx's secure_link checks them."""

import base64
import hashlib
import secrets
import time
import urllib.parse

SECRET = "demo-hub-link-secret"
FOLDER = "/xet-bridge-us"
LFS_FOLDER = "/prod/lfs-objects"  # ModelScope's


class Links:
    def __init__(self, life: float):
        self.life = life
        self._labels: dict[str, set[str]] = {}

    def labels(self, path: str) -> list[str]:
        """The repo files (`demo/tiny-gpt2/model.safetensors`) that a data path was handed out for."""
        return sorted(self._labels.get(path, ()))

    def make(self, base: str, repo, sha256: str, path: str, account, expired: bool = False) -> str:
        target = f"{FOLDER}/{repo.internal_id}/{sha256}"
        self._labels.setdefault(target, set()).add(f"{repo.id}/{path}")
        expires = int(time.time() + (-60 if expired else self.life))
        user = account.id if account else "public"
        name = path.rsplit("/", 1)[-1]
        disposition = f"inline; filename*=UTF-8''{urllib.parse.quote(name)}; filename=\"{name}\";"
        query = urllib.parse.urlencode(
            {
                "response-content-disposition": disposition,
                "user_id": user,
                "Expires": expires,
                "Signature": sign(target, expires, user),
                "Key-Pair-Id": "DEMO",
            },
            quote_via=urllib.parse.quote,
        )
        return f"{base}{target}?{query}"

    def make_lfs(self, base: str, repo, sha256: str, path: str, revision: str, expired: bool = False) -> str:
        """As ModelScope's 302 names it (mirrors §1.5): the sha256 spelled in the path, issue time and signature in auth_key.

        Here the first ten digits of its random part are the end of the link's life, so that nginx can tell.
        """
        target = f"{LFS_FOLDER}/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}"
        self._labels.setdefault(target, set()).add(f"{repo.id}/{path}")
        now = int(time.time())
        expires = int(now + (-60 if expired else self.life))
        key = f"{now}-{expires:010d}{secrets.token_hex(11)}-0-{sign(target, expires, '')}"
        owner, name = repo.id.split("/")
        fields = {"filename": path.rsplit("/", 1)[-1], "namespace": owner, "repository": name, "revision": revision,
                  "tag": repo.type, "auth_key": key}  # fmt: skip
        return f"{base}{target}?{urllib.parse.urlencode(fields)}"


def sign(path: str, expires: int, user: str) -> str:
    digest = hashlib.md5(f"{expires}{path}{user} {SECRET}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
