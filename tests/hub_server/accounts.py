"""Who a token belongs to (reference §2.4: an invalid token is refused on every call, even for public repos)."""

import dataclasses

import errors

ALICE_TOKEN = "hf_demoAliceTokenWithAccess0000000001"
BOB_TOKEN = "hf_demoBobTokenWithoutAccess000000002"


@dataclasses.dataclass(frozen=True)
class Account:
    name: str
    id: str  # 24 hex, as in user_id= of signed links
    token: str


ALICE = Account("alice", "64a11ce0000000000000a11c", ALICE_TOKEN)
BOB = Account("bob", "64b0b00000000000000000b0", BOB_TOKEN)
_BY_TOKEN = {account.token: account for account in (ALICE, BOB)}
# ModelScope is a realm of its own: the same people, other tokens.
MODELSCOPE_BY_TOKEN = {
    "ms-a11ce000-0000-4000-8000-00000000a11c": dataclasses.replace(ALICE, token="ms-a11ce000-0000-4000-8000-00000000a11c"),
    "ms-b0b00000-0000-4000-8000-000000000b0b": dataclasses.replace(BOB, token="ms-b0b00000-0000-4000-8000-000000000b0b"),
}


def identify(authorization: str | None) -> Account | None:
    """None: anonymous. Raises 401 for anything that is not `Bearer <a known token>`."""
    if authorization is None:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    account = _BY_TOKEN.get(token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        raise errors.invalid_token()
    return account


def identify_modelscope(authorization: str | None, session: str | None) -> Account | None:
    """`Bearer <token>` or the cookie m_session_id. A token nobody has is not noticed (mirrors §1.6)."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return MODELSCOPE_BY_TOKEN.get(bearer) or MODELSCOPE_BY_TOKEN.get(session)


def whoami(account: Account) -> dict:
    """Body of /api/whoami-v2."""
    return {
        "type": "user",
        "id": account.id,
        "name": account.name,
        "fullname": account.name.title(),
        "email": f"{account.name}@example.invalid",
        "emailVerified": True,
        "canPay": False,
        "isPro": False,
        "periodEnd": None,
        "avatarUrl": "/avatars/0.svg",
        "orgs": [],
        "auth": {
            "type": "access_token",
            "accessToken": {"displayName": "demo", "role": "read", "createdAt": "2026-01-01T00:00:00.000Z"},
        },
    }
