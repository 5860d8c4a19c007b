"""Whether a queue has room for more: a service that has too much before it says so, and is not sent more than it can ever do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import text

from setu_common.contracts import OperationKind, Submission
from setu_common.db import Database
from setu_common.errors import TooManyRequests
from setu_common.operations.tally import LATELY_S, Count, Tally

MOST_ENDED: Final = 10_000
"""Ends are counted up to here."""
# Each is a look into a partial index that has the rows in question and no others, and goes no further than the limit.
_LOOK: Final = text("""
SELECT tenant, sum(open)::int AS open, sum(ended)::int AS ended FROM (
    SELECT tenant, count(*) AS open, 0 AS ended FROM (
        SELECT tenant FROM operation WHERE state = 'queued' AND NOT asleep AND queue = :queue
        LIMIT CAST(:most AS bigint)) waiting GROUP BY tenant
    UNION ALL
    SELECT tenant, count(*) AS open, 0 AS ended FROM (
        SELECT tenant FROM operation WHERE state = 'queued' AND asleep AND queue = :queue LIMIT CAST(:most AS bigint)) asleep GROUP BY tenant
    UNION ALL
    SELECT tenant, 0 AS open, count(*) AS ended FROM (
        SELECT tenant, queue FROM operation WHERE ended_at > now() - make_interval(secs => :lately_s)
        ORDER BY ended_at DESC LIMIT :most_ended) ended WHERE queue = :queue GROUP BY tenant
) counted GROUP BY tenant
""")
_KNOWN: Final = text("SELECT 1 FROM operation WHERE tenant = :tenant AND kind = :kind AND idempotency_key = :key")


class QueueFull(TooManyRequests):
    """As much waits in the queue as may."""

    code = "queue-full"
    title = "As much waits in this service's queue as may"


class Room:
    """Gives places in the queues of one service.

    Args:
        database: the service's.
        queues: those of its kinds.
        limit: how much may wait in each, of all tenants together, asleep or not; 0: however much.
        tenant_limit: how much of that may be one tenant's; 0: all of it.
    """

    def __init__(self, database: Database, queues: Sequence[str], limit: int, tenant_limit: int = 0) -> None:
        self._database = database
        self._limit = limit
        self._tenant_limit = tenant_limit
        self._tallies = {queue: Tally(partial(self._look, queue)) for queue in queues}

    # Any: kinds of all requests and results.
    @asynccontextmanager
    async def place(self, kind: OperationKind[Any, Any], submission: Submission) -> AsyncIterator[None]:
        """A place for a submission, which is made in the block. One whose key was taken before needs none.

        Raises:
            QueueFull: there is none.
        """
        if not self._limit and not self._tenant_limit:
            yield
            return
        tally = self._tallies[kind.queue]
        await tally.refresh()
        refusal = self._refusal(kind.queue, tally, submission.tenant)
        if refusal is not None and not await self._is_known(kind, submission):
            raise refusal
        with tally.place(submission.tenant) as come:
            yield
            come()

    def _refusal(self, queue: str, tally: Tally, tenant: str) -> QueueFull | None:
        own, own_limit = tally.count(tenant), self._tenant_limit
        if own_limit and own.open >= own_limit:
            return QueueFull(
                f"{own_limit} operations of this tenant wait in the queue {queue}, which is as many as one tenant may have there. "
                "Send it again once some have ended, with the same Idempotency-Key.",
                retry_after_s=own.room_in_s(own_limit),
                queue=queue,
                limit=own_limit,
                of="tenant",
            )
        total, limit = tally.total(), self._limit
        if limit and total.open >= limit:
            return QueueFull(
                f"{limit} operations wait in the queue {queue}, which is as many as it takes. Send it again later, "
                "with the same Idempotency-Key; more workers make it shorter.",
                retry_after_s=total.room_in_s(limit),
                queue=queue,
                limit=limit,
                of="all",
            )
        return None

    async def _look(self, queue: str) -> Mapping[str, Count]:
        values = {"queue": queue, "most": self._limit or None, "lately_s": LATELY_S, "most_ended": MOST_ENDED}
        async with self._database.reading() as connection:
            found = (await connection.execute(_LOOK, values)).all()
        return {row.tenant: Count(row.open, row.ended) for row in found}

    async def _is_known(self, kind: OperationKind[Any, Any], submission: Submission) -> bool:
        if submission.idempotency_key is None:
            return False
        values = {"tenant": submission.tenant, "kind": kind.name, "key": submission.idempotency_key}
        async with self._database.reading() as connection:
            return (await connection.execute(_KNOWN, values)).first() is not None
