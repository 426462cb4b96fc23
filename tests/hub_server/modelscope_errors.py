"""ModelScope's envelope and its refusals (mirrors §1.4, §1.5). There is no 401 and no 403: what may not be seen is a 404."""

import json
import uuid

from aiohttp import web

from errors import HubError


def to_json(body: dict, status: int = 200, headers: dict | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)


def enveloped(data, headers: dict | None = None) -> web.Response:
    body = {"Code": 200, "Data": data, "Message": "success", "RequestId": str(uuid.uuid4()), "Success": True}
    return to_json(body, headers=headers)


class Refusal(HubError):
    def __init__(self, status: int, code: int, message: str):
        super().__init__(status, message, str(code))

    def reply(self) -> web.Response:
        body = {"Code": int(self.code), "Message": self.message, "RequestId": str(uuid.uuid4()), "Success": False}
        return to_json(body, self.status)


def repo_not_found() -> Refusal:
    return Refusal(404, 10010205001, "获取模型信息失败，信息：record not found")


def no_access() -> Refusal:
    """Private without a token, or with one that may not read it; gated without a grant."""
    return Refusal(404, 10010200001, "无权限访问")


def file_not_found(status: int) -> Refusal:
    return Refusal(status, 10990101007, "获取模型文件失败，文件内容为空")


def token_refused() -> Refusal:
    return Refusal(400, 10010103009, "AccessToken is invalid or expired")


def no_such_route() -> Refusal:
    return Refusal(404, 404, "page not found")
