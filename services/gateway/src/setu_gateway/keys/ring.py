"""The keys that are good now, in the memory of one gateway's process.

All of them are read again every two seconds, off the path of requests, so a request costs no trip to the database, and a key that is
revoked anywhere is refused everywhere within that time. A key that is not among them may have been made since: whoever brings it waits
until they have been read once more, and however many do, they are read four times a second at most.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from time import monotonic
from types import TracebackType
from typing import Final, LiteralString, Self

import structlog

from setu_common.db import Database
from setu_common.errors import SetuError, Unauthorized
from setu_common.web import Holder
from setu_gateway.keys.key import allowed_by, parts_of

log = structlog.get_logger(__name__)

LEAST_PAUSE_S: Final = 0.25
LONGEST_UNREAD_S: Final = 10.0
NOTE_EVERY_S: Final = 60.0
_GOOD: Final[LiteralString] = """
SELECT prefix, secret_sha256, tenant, scopes, extract(epoch FROM expires_at - now())::float8
FROM api_key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_NOTE: Final[LiteralString] = """
UPDATE api_key SET last_used_at = date_trunc('hour', now())
WHERE prefix = ANY(%(prefixes)s) AND (last_used_at IS NULL OR last_used_at < date_trunc('hour', now()))
"""
_UNKNOWN: Final = "This key is not known here, was revoked, or has expired. Ask whoever runs this gateway for another."


@dataclass(frozen=True)
class _Good:
    """A key that was good when the keys were read.

    Args:
        secret_sha256: of its secret.
        holder: whom it speaks for.
        until: when it expires, by the monotonic clock, seconds; None: never.
    """

    secret_sha256: bytes
    holder: Holder
    until: float | None


class KeyRing:
    """Tells whose key is whose, for as long as its block lasts.

    Args:
        database: the gateway's.
        every_s: how often the keys are read again, seconds.
    """

    def __init__(self, database: Database, every_s: float) -> None:
        self._database = database
        self._every_s = every_s
        self._good: dict[str, _Good] = {}
        self._as_of = -LONGEST_UNREAD_S  # when the keys were asked for that are here; at first none are
        self._reading = asyncio.Lock()
        self._used: set[str] = set()
        self._noted_at = monotonic()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to read; without insisting, since the database may come later."""
        with suppress(SetuError):
            await self._read_since(monotonic())
        self._task = asyncio.create_task(self._run(), name="key-ring")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, with a note of what was used."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        try:
            await self._note()
        except SetuError as away:
            log.warning("keys.use_not_noted", detail=away.detail)

    async def holder(self, key: str) -> Holder:
        """Whose key it is.

        Raises:
            Unauthorized: nobody's, or nobody's any more.
            DependencyUnavailable: that can't be known while the database is away.
        """
        asked_at = monotonic()
        parts = parts_of(key)
        if parts is None:
            raise Unauthorized(
                "A key looks like setu_, eight digits, _ and 64 digits. Send it whole: 'Authorization: Bearer KEY'."
            )
        if parts.prefix not in self._good or asked_at - self._as_of > LONGEST_UNREAD_S:
            await self._read_since(asked_at)
        good = self._good.get(parts.prefix)
        if good is None or not compare_digest(good.secret_sha256, parts.secret_sha256):
            raise Unauthorized(_UNKNOWN)
        if good.until is not None and asked_at >= good.until:
            raise Unauthorized(_UNKNOWN)
        self._used.add(parts.prefix)
        return good.holder

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._read_since(monotonic())
                if monotonic() - self._noted_at >= NOTE_EVERY_S:
                    await self._note()
            except SetuError as error:
                log.warning("keys.not_read", detail=error.detail)
            except Exception:
                log.exception("keys.not_read")  # what is too old is not believed, so this is seen

    async def _read_since(self, moment: float) -> None:
        """Return once the keys here were asked for at ``moment`` or later. One at a time asks, for all who wait."""
        async with self._reading:
            if self._as_of >= moment:
                return
            await asyncio.sleep(self._as_of + LEAST_PAUSE_S - monotonic())
            as_of = monotonic()
            async with self._database.statements() as connection:
                rows = await (await connection.execute(_GOOD)).fetchall()
            self._good = {
                prefix: _Good(
                    bytes(secret_sha256),
                    Holder(tenant, allowed_by(scopes)),
                    None if left_s is None else as_of + left_s,
                )
                for prefix, secret_sha256, tenant, scopes, left_s in rows
            }
            self._as_of = as_of

    async def _note(self) -> None:
        self._noted_at = monotonic()
        if self._used:
            used = sorted(self._used)
            async with self._database.statements() as connection:
                await connection.execute(_NOTE, {"prefixes": used})
            self._used.difference_update(used)
