"""How many jobs may be open at once: what comes beyond that is refused before its body is read, and told when to come again.

Each process looks at most once a second and counts what it lets in itself. So with one process there are never more than the limit says; with more,
each may let in what it can within a second, and what it is receiving just then, before it sees the others'.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text

from setu_common.db import Database
from setu_common.errors import TooManyRequests
from setu_common.operations.tally import LATELY_S, Count, Tally
from setu_gateway.settings import BacklogSettings

MOST_ENDED: Final = 10_000
"""Ends are counted up to here."""
# Each is a look into a partial index that has the rows in question and no others; the first goes no further than the limit.
_LOOK: Final = text("""
SELECT tenant, sum(open)::int AS open, sum(ended)::int AS ended FROM (
    SELECT tenant, count(*) AS open, 0 AS ended FROM (
        SELECT tenant FROM job WHERE ended_at IS NULL ORDER BY tenant LIMIT CAST(:most AS bigint)) found GROUP BY tenant
    UNION ALL
    SELECT tenant, 0 AS open, count(*) AS ended FROM (
        SELECT tenant FROM job WHERE ended_at > now() - make_interval(secs => :lately_s)
        ORDER BY ended_at DESC LIMIT :most_ended) found GROUP BY tenant
) counted GROUP BY tenant
""")
_KNOWN: Final = text("SELECT 1 FROM job WHERE tenant = :tenant AND idempotency_key = :key")


class TooManyOpenJobs(TooManyRequests):
    """As many of the tenant's jobs are open as may be."""

    code = "too-many-open-jobs"
    title = "This tenant has as many jobs queued or under way as it may"


class TooManyOpenJobsInAll(TooManyRequests):
    """As many jobs are open as may be."""

    code = "too-many-open-jobs-in-all"
    title = "As many jobs are queued or under way as are taken"


class Backlog:
    """Gives places to jobs.

    Args:
        database: the gateway's.
        settings: how many there are.
    """

    def __init__(self, database: Database, settings: BacklogSettings) -> None:
        self._database = database
        self._settings = settings
        self._tally = Tally(self._look)

    @asynccontextmanager
    async def place(self, tenant: str, idempotency_key: str | None = None) -> AsyncIterator[Callable[[], None]]:
        """A place for a job, which is received and made in the block; what is given is called once it is made.

        A request whose key was taken before gets its job's answer, and needs no room.

        Raises:
            TooManyOpenJobs, TooManyOpenJobsInAll: there is none.
        """
        if self._settings.max_open_jobs or self._settings.max_open_jobs_all:
            await self._tally.refresh()
            refusal = self._refusal(tenant)
            if refusal is not None and not await self._is_known(tenant, idempotency_key):
                raise refusal
        with self._tally.place(tenant) as come:
            yield come

    def _refusal(self, tenant: str) -> TooManyOpenJobs | TooManyOpenJobsInAll | None:
        own, own_limit = self._tally.count(tenant), self._settings.max_open_jobs
        if own_limit and own.open >= own_limit:
            return TooManyOpenJobs(
                f"{own.open} jobs of this tenant are queued or under way, which is as many as it may have. Send the recording again "
                "once some have ended, with the same Idempotency-Key; GET /jobs?state=queued lists those that wait.",
                retry_after_s=own.room_in_s(own_limit),
                limit=own_limit,
            )
        total, limit = self._tally.total(), self._settings.max_open_jobs_all
        if limit and total.open >= limit:
            return TooManyOpenJobsInAll(
                "As many jobs are queued or under way as this gateway takes. Send the recording again later, with the same "
                "Idempotency-Key.",
                retry_after_s=total.room_in_s(limit),
                limit=limit,
            )
        return None

    async def _look(self) -> Mapping[str, Count]:
        values = {"most": self._settings.max_open_jobs_all or None, "lately_s": LATELY_S, "most_ended": MOST_ENDED}
        async with self._database.reading() as connection:
            found = (await connection.execute(_LOOK, values)).all()
        return {row.tenant: Count(row.open, row.ended) for row in found}

    async def _is_known(self, tenant: str, idempotency_key: str | None) -> bool:
        if idempotency_key is None:
            return False
        async with self._database.reading() as connection:
            return (await connection.execute(_KNOWN, {"tenant": tenant, "key": idempotency_key})).first() is not None
