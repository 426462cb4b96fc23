"""Signed links to the data hosts, as the hub's 302 names them (reference §2.2, §7). nginx's secure_link checks them."""

import base64
import hashlib
import time
import urllib.parse

SECRET = "demo-hub-link-secret"
FOLDER = "/xet-bridge-us"


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


def sign(path: str, expires: int, user: str) -> str:
    digest = hashlib.md5(f"{expires}{path}{user} {SECRET}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
