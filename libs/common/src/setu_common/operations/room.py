"""Whether a queue has room for more: a service that has too much before it says so, and is not sent more than it can ever do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
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
SELECT asked.queue, waiting.count + asleep.count AS open, coalesce(ended.count, 0) AS ended
FROM unnest(CAST(:queues AS text[])) AS asked (queue)
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM (
        SELECT FROM operation WHERE state = 'queued' AND NOT asleep AND queue = asked.queue LIMIT :most) found) waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM (
        SELECT FROM operation WHERE state = 'queued' AND asleep AND queue = asked.queue LIMIT :most) found) asleep
LEFT JOIN (
    SELECT queue, count(*) AS count FROM (
        SELECT queue FROM operation WHERE ended_at > now() - make_interval(secs => :lately_s) ORDER BY ended_at DESC LIMIT :most_ended) found
    GROUP BY queue) ended ON ended.queue = asked.queue
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
        limit: how much may wait in each, asleep or not; 0: however much.
    """

    def __init__(self, database: Database, queues: Sequence[str], limit: int) -> None:
        self._database = database
        self._queues = list(dict.fromkeys(queues))
        self._limit = limit
        self._tally = Tally(self._look)

    # Any: kinds of all requests and results.
    @asynccontextmanager
    async def place(self, kind: OperationKind[Any, Any], submission: Submission) -> AsyncIterator[None]:
        """A place for a submission, which is made in the block. One whose key was taken before needs none.

        Raises:
            QueueFull: there is none.
        """
        if not self._limit:
            yield
            return
        await self._tally.refresh()
        count = self._tally.count(kind.queue)
        if count.open >= self._limit and not await self._is_known(kind, submission):
            raise QueueFull(
                f"{self._limit} operations wait in the queue {kind.queue}, which is as many as it takes. Send it again later, "
                "with the same Idempotency-Key; more workers make it shorter.",
                retry_after_s=count.room_in_s(self._limit),
                queue=kind.queue,
                limit=self._limit,
            )
        with self._tally.place(kind.queue) as come:
            yield
            come()

    async def _look(self) -> Mapping[str, Count]:
        values = {"queues": self._queues, "most": self._limit, "lately_s": LATELY_S, "most_ended": MOST_ENDED}
        async with self._database.reading() as connection:
            found = (await connection.execute(_LOOK, values)).all()
        return {row.queue: Count(row.open, row.ended) for row in found}

    async def _is_known(self, kind: OperationKind[Any, Any], submission: Submission) -> bool:
        if submission.idempotency_key is None:
            return False
        values = {"tenant": submission.tenant, "kind": kind.name, "key": submission.idempotency_key}
        async with self._database.reading() as connection:
            return (await connection.execute(_KNOWN, values)).first() is not None
