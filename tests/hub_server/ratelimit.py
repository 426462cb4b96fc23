"""Fixed windows per bucket and principal, and their two headers on every reply (reference §3)."""

import time

BUCKETS = ("api", "resolvers", "pages", "whoami")
GENEROUS = {"api": 1_000_000, "resolvers": 1_000_000, "pages": 100_000, "whoami": 10_000}


def bucket_of(segments: list[str]) -> str:
    if segments[:2] == ["api", "whoami-v2"]:
        return "whoami"
    if "resolve" in segments[1:4] or segments[:2] == ["api", "resolve-cache"]:
        return "resolvers"
    return "api" if segments[:1] == ["api"] else "pages"


class RateLimits:
    """Principals are tokens, or "anonymous" at one source: a mirror asks the hub from its own address."""

    def __init__(self):
        self.quotas = {"anonymous": dict(GENEROUS), "token": dict(GENEROUS)}
        self.window = 300
        self._used: dict[tuple[str, str], tuple[float, int]] = {}

    def set(self, limits: dict) -> None:
        """{"api": 5, "resolvers": 9, "pages":…, "whoami":…, "window": 300, "who": "anonymous"|"token"|"all"}"""
        who = limits.get("who", "all")
        for name in ("anonymous", "token") if who == "all" else (who,):
            self.quotas[name].update({bucket: int(limits[bucket]) for bucket in BUCKETS if bucket in limits})
        self.window = int(limits.get("window", self.window))

    def reset(self) -> None:
        self._used.clear()

    def take(self, bucket: str, token: str | None, source: str, count: bool = True):
        """Counts one request. Returns (allowed, quota, headers)."""
        principal = token or f"anonymous@{source}"
        quota = self.quotas["token" if token else "anonymous"][bucket]
        now = time.monotonic()
        began, used = self._used.get((bucket, principal), (now, 0))
        if now - began >= self.window:
            began, used = now, 0
        allowed = used < quota or not count
        if count:
            used = min(used + 1, quota)
        self._used[bucket, principal] = (began, used)
        left = max(1, int(self.window - (now - began) + 0.999))
        headers = {
            "RateLimit": f'"{bucket}";r={max(0, quota - used)};t={left}',
            "RateLimit-Policy": f'"fixed window";"{bucket}";q={quota};w={self.window}',
        }
        return allowed, quota, headers
