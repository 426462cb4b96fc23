"""The hub's error replies: status, X-Error-Code, X-Error-Message, JSON body (reference §2.3, §2.4)."""

import json

from aiohttp import web


class HubError(Exception):
    def __init__(self, status: int, message: str, code: str | None = None, headers: dict | None = None):
        super().__init__(f"{status} {code or ''} {message}")
        self.status, self.message, self.code = status, message, code
        self.headers = headers or {}

    def reply(self) -> web.Response:
        headers = {"X-Error-Message": self.message, **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return web.Response(
            status=self.status,
            headers=headers,
            body=json.dumps({"error": self.message}).encode(),
            content_type="application/json",
            charset="utf-8",
        )


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Authentication required", charset="UTF-8"'}


def invalid_token() -> HubError:
    return HubError(401, "Invalid credentials in Authorization header", headers=_CHALLENGE)


def login_required() -> HubError:
    """Absent or private repo, or whoami, asked without a token: no code, on purpose."""
    return HubError(401, "Invalid username or password.", headers=_CHALLENGE)


def repo_not_found() -> HubError:
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}".encode("ascii", "replace").decode(), "RevisionNotFound")


def entry_not_found(commit: str) -> HubError:
    return HubError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": commit})


def gated(repo, logged_in: bool) -> HubError:
    if logged_in:
        return HubError(
            403,
            f"Access to {repo.type} {repo.id} is restricted and you are not in the authorized list. "
            f"Visit https://huggingface.co/{repo.id} to ask for access.",
            "GatedRepo",
        )
    return HubError(
        401,
        f"Access to {repo.type} {repo.id} is restricted. You must have access to it and be authenticated "
        "to access it. Please log in.",
        "GatedRepo",
    )


def disabled() -> HubError:
    return HubError(403, "Access to this resource is disabled.")


def bad_request(message: str) -> HubError:
    return HubError(400, message)


def no_such_page() -> HubError:
    return HubError(404, "Sorry, we can't find the page you are looking for.")


def rate_limited(bucket: str, quota: int, window: int) -> HubError:
    return HubError(
        429, f"We had to rate limit you: {quota} {bucket} requests per {window} seconds. Please log in or wait."
    )
