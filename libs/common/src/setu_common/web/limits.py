"""How many requests a tenant may make: counted in Redis for all processes, or by each for itself while Redis is away.

The only module here that imports ``limits``. A moving window holds a tenant's requests of the last minute. A process takes permissions for some
requests at once (a fiftieth of the limit, twenty at most) and hands them out itself, so that few requests wait for Redis; so a tenant may
exceed its limit by as much for each process, and may be short by it.

Source: draft-ietf-httpapi-ratelimit-headers-11 for ``RateLimit-Policy`` (``q``: how many, ``w``: in how many seconds) and ``RateLimit``
(``r``: how many are left, ``t``: in how many seconds there are more).
"""

import asyncio
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from setu_common.contracts import headers
from setu_common.errors import TooManyRequests
from setu_common.settings import RedisSettings
from setu_common.web.hosts import RawHeaders

log = structlog.get_logger(__name__)

ANSWER_HEADERS: Final = "answer_headers"
WINDOW_S: Final = 60
REQUESTS: Final = "requests"
FOLLOWING: Final = "following"
ASK_LIMIT_S: Final = 0.5
AWAY_S: Final = 2.0
CLOSED_S: Final = 1.0
MOST_AT_ONCE: Final = 20
PARTS: Final = 50
_TENANT: Final = headers.TENANT.lower().encode()
_WAITS: Final = re.compile(r"/v1/operations/[^/]+|/jobs/[^/]+/media\.mkv")  # the paths that take ``wait``


class RateLimited(TooManyRequests):
    """The tenant has made as many requests as it may."""

    code = "rate-limited"
    title = "This tenant has made as many requests as it may"


@dataclass(frozen=True)
class Taken:
    """What became of one request.

    Args:
        allowed: whether it may be served.
        policy: under which name it was counted.
        limit: how many there may be in a window.
        window_s: the window, seconds.
        left: how many more there may be now.
        more_in_s: when there will be more, seconds.
    """

    allowed: bool
    policy: str
    limit: int
    window_s: int
    left: int
    more_in_s: float

    @property
    def headers(self) -> RawHeaders:
        """As the answer says it."""
        policy = f'"{self.policy}";q={self.limit};w={self.window_s}'
        now = f'"{self.policy}";r={self.left};t={math.ceil(self.more_in_s)}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())]


@dataclass
class _Account:
    """What a process has of a tenant's permissions.

    Args:
        left: permissions that it holds.
        until: by when they must be used, monotonic seconds.
        beyond: how many there were for all when it took them.
        more_at: when there will be more, monotonic seconds.
        closed_until: that there are none before is known, monotonic seconds.
        asking: one request asks, for all who wait.
    """

    left: int = 0
    until: float = 0.0
    beyond: int = 0
    more_at: float = 0.0
    closed_until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimits:
    """Counts requests for as long as its block lasts.

    Args:
        redis: where all processes count together.
        limit_of: how many requests a tenant may make in a window; 0: as many as it likes.
        window_s: the window, seconds.
    """

    def __init__(self, redis: RedisSettings, limit_of: Callable[[str], int], window_s: int = WINDOW_S) -> None:
        self._settings = redis
        self._limit_of = limit_of
        self._window_s = window_s
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        self._away: tuple[type[Exception], ...] = (OSError, TimeoutError)
        self._away_until = 0.0

    async def __aenter__(self) -> Self:
        """Begin; nothing is connected before the first request."""
        # No socket_timeout: with one, the client sends through asyncio.wait_for, which loses a cancellation now and then (Python 3.11).
        storage = RedisStorage(
            f"async+{self._settings.url}",
            implementation="redispy",
            key_prefix=f"{self._settings.key_prefix}limits",
            socket_connect_timeout=ASK_LIMIT_S,
        )
        told = storage.base_exceptions
        self._away = (OSError, TimeoutError, *(told if isinstance(told, tuple) else (told,)))
        self._shared = MovingWindowRateLimiter(storage)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._shared is not None:
            # The library does not close what it opens, nor type it.
            client: Any = self._shared.storage.bridge.get_connection()  # type: ignore[attr-defined]
            with suppress(*self._away):
                await client.aclose()
        self._shared = None

    async def take(self, tenant: str, policy: str) -> Taken | None:
        """Count one request of a tenant's; None if it has no limit."""
        limit = self._limit_of(tenant)
        if limit == 0:
            return None
        account = self._accounts.setdefault((tenant, policy), _Account())
        if not self._is_known(account):
            async with account.asking:
                if not self._is_known(account):
                    await self._ask(account, RateLimitItemPerSecond(limit, self._window_s), (policy, tenant))
        now = time.monotonic()
        allowed = account.left > 0
        account.left -= allowed
        return Taken(
            allowed=allowed,
            policy=policy,
            limit=limit,
            window_s=self._window_s,
            left=account.left + account.beyond,
            more_in_s=max(0.0, account.more_at - now),
        )

    @staticmethod
    def _is_known(account: _Account) -> bool:
        now = time.monotonic()
        return now < account.closed_until or (account.left > 0 and now < account.until)

    async def _ask(self, account: _Account, rate: RateLimitItemPerSecond, who: tuple[str, str]) -> None:
        account.left = 0
        got, beyond, more_in_s = await self._counted(rate, who)
        now = time.monotonic()
        account.left, account.beyond = got, beyond
        account.until = now + self._window_s
        account.more_at = now + more_in_s
        if got == 0:
            account.closed_until = now + min(more_in_s, CLOSED_S)

    async def _counted(self, rate: RateLimitItemPerSecond, who: tuple[str, str]) -> tuple[int, int, float]:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(ASK_LIMIT_S):
                    return await _count(self._shared, rate, who)
            except self._away as error:
                self._away_until = time.monotonic() + AWAY_S
                log.warning("limits.redis_away", reason=type(error).__name__)
        return await _count(self._own, rate, who)


async def _count(
    limiter: MovingWindowRateLimiter, rate: RateLimitItemPerSecond, who: tuple[str, str]
) -> tuple[int, int, float]:
    """Take permissions for some requests, or for one if there are not so many: how many, how many are left, when there are more."""
    some = max(1, min(MOST_AT_ONCE, rate.amount // PARTS))
    got = 0
    for wanted in dict.fromkeys((some, 1)):
        if await limiter.hit(rate, *who, cost=wanted):
            got = wanted
            break
    window = await limiter.get_window_stats(rate, *who)
    return got, window.remaining, max(0.0, window.reset_time - time.time())


class LimitMiddleware:
    """Refuses requests of tenants that make too many, before anything of them is read; answers say how many more there may be.

    What is followed (event streams, and what takes ``wait`` and is asked with it) is counted by itself, so that who has used up its requests can
    still follow what it has begun. It stands behind ``RequestMiddleware``, which says whose a request is.

    Args:
        app: the rest of the app.
        limits: count.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            RateLimited: its tenant has made too many.
        """
        tenant = _tenant(scope["headers"]) if scope["type"] == "http" else None
        taken = None if tenant is None else await self._limits.take(tenant, _policy(scope))
        if taken is not None:
            scope.setdefault("state", {})[ANSWER_HEADERS] = taken.headers
            if not taken.allowed:
                raise RateLimited(
                    f"This tenant may make {taken.limit} requests in {taken.window_s} seconds, and has made them. Wait, then go on.",
                    retry_after_s=max(1, math.ceil(taken.more_in_s)),
                    limit=taken.limit,
                    window_s=taken.window_s,
                )
        await self._app(scope, receive, send)


def _tenant(raw_headers: RawHeaders) -> str | None:
    return next((value.decode("latin-1") for name, value in raw_headers if name == _TENANT), None)


def _policy(scope: Scope) -> str:
    path, query = scope["path"], scope["query_string"]
    waits = _WAITS.fullmatch(path) is not None and (query.startswith(b"wait=") or b"&wait=" in query)
    return FOLLOWING if scope["method"] == "GET" and (waits or path.endswith("/events")) else REQUESTS
