"""What a worker's parent does to rows: its own children's deaths, and the losses of whole workers.

A child that died under a living parent is an attempt (three make a clear failure: a poisonous input can't loop for ever). A lease
that ran out with nobody to say why is the loss of a worker or a machine, and counts on a larger cap of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb

from setu_common.contracts.cost import StageMetrics
from setu_common.errors import DependencyUnavailable, WorkerDied
from setu_common.operations.claims import settle
from setu_common.operations.connection import Connection, HealingConnection
from setu_common.operations.endings import Ending, Settled
from setu_common.operations.lineage import WITH_PARTS, wake_parent
from setu_common.operations.measuring import buried, write_buried
from setu_common.settings import OperationSettings

log = structlog.get_logger()


@dataclass(frozen=True)
class Held:
    """A row that a child of this worker holds."""

    id: UUID
    kind: str
    token: int
    pid: int
    lease_left_s: float
    deadline_left_s: float


@dataclass(frozen=True)
class _Cause:
    """Why a row is taken from who held it: what that counts, what it is called, and what its callers read."""

    outcome: str
    attempts: int
    losses: int
    tried_again: WorkerDied
    given_up: WorkerDied


_DIED: Final = _Cause(
    outcome="died",
    attempts=1,
    losses=0,
    tried_again=WorkerDied("The process that worked on this died. It is tried again."),
    given_up=WorkerDied(
        "The process that worked on this died, and it was tried as often as it may be. Check that the file plays elsewhere."
    ),
)
_LOST: Final = _Cause(
    outcome="lost",
    attempts=0,
    losses=1,
    tried_again=WorkerDied("The worker that held this was lost. Another takes it on."),
    given_up=WorkerDied(
        "The worker that held this was lost, too many times over. See that the workers stay up, then submit it again."
    ),
)

_HELD: Final[LiteralString] = """
SELECT id, kind, token, pid, extract(epoch FROM lease_until - now())::float8 AS lease_left_s,
       extract(epoch FROM deadline_at - now())::float8 AS deadline_left_s
FROM operation WHERE worker = %(worker)s AND state IN ('running', 'cancelling')
"""

_GIVEN_UP: Final[LiteralString] = "(attempts + %(attempts)s >= max_attempts OR losses + %(losses)s >= %(max_losses)s)"

# The attempt as it stood: it was heard of when its lease was last extended.
_ATTEMPT: Final[LiteralString] = """
SELECT id, tenant, kind, job_id, request, attempts + 1 AS attempt,
    greatest(0, extract(epoch FROM least(now(), lease_until - make_interval(secs => %(lease_s)s)) - claimed_at))::float8 AS wall_s,
    CASE WHEN parent_id IS NULL THEN greatest(0, extract(epoch FROM claimed_at - greatest(created_at, not_before))) ELSE 0 END::float8 AS queue_wait_s
FROM operation WHERE id = %(id)s AND token = %(token)s AND state IN ('running', 'cancelling') FOR UPDATE
"""

# A cancelled row is cancelled, a given-up one fails, the rest are queued again.
_BURY: Final[LiteralString] = f"""
WITH ended AS (UPDATE operation SET
    state = CASE WHEN state = 'cancelling' THEN 'cancelled' WHEN {_GIVEN_UP} THEN 'failed' ELSE 'queued' END,
    ended_at = CASE WHEN state = 'cancelling' OR {_GIVEN_UP} THEN now() END,
    problem = CASE WHEN state = 'cancelling' THEN NULL WHEN {_GIVEN_UP} THEN %(given_up)s::jsonb ELSE %(tried_again)s::jsonb END,
    attempts = attempts + %(attempts)s, losses = losses + %(losses)s, not_before = now(),
    version = version + 1, worker = NULL, pid = NULL, lease_until = NULL, deadline_at = NULL
WHERE id = %(id)s AND token = %(token)s AND state IN ('running', 'cancelling') RETURNING *), {WITH_PARTS}
SELECT *, state = 'queued' AS due FROM ended
"""  # noqa: S608 (constants alone)

_EXPIRED: Final[LiteralString] = """
SELECT id, kind, token FROM operation WHERE state IN ('running', 'cancelling') AND lease_until < now()
ORDER BY lease_until LIMIT 200 FOR UPDATE SKIP LOCKED
"""

# Some thousands at a time, so that a great many that come due together hold no claim up for long.
_WAKE_DUE: Final[LiteralString] = """
UPDATE operation SET asleep = false WHERE id IN (
    SELECT id FROM operation WHERE state = 'queued' AND asleep AND queue = ANY(%(queues)s) AND not_before <= now()
    LIMIT 5000 FOR UPDATE SKIP LOCKED)
"""

_WAITING: Final[LiteralString] = """
SELECT asked.queue, counted.waiting, counted.oldest_s
FROM unnest(%(queues)s::text[]) AS asked (queue) CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, extract(epoch FROM now() - min(greatest(not_before, created_at)))::float8 AS oldest_s
    FROM (SELECT not_before, created_at FROM operation
          WHERE state = 'queued' AND NOT asleep AND queue = asked.queue LIMIT 10000) eligible) counted
WHERE counted.waiting > 0
"""


class Reaping:
    """The rows of one service, seen from a worker's parent.

    Args:
        connection: that only the calling thread uses.
        settings: durations and limits.
        service: whose rows they are.
        settled: what is written with the end of a kind's operation.
        counted: told of each attempt that is buried.
    """

    def __init__(
        self,
        connection: HealingConnection,
        settings: OperationSettings,
        service: str,
        settled: Mapping[str, Settled],
        counted: Callable[[StageMetrics], None] = lambda _metrics: None,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._service = service
        self._lock_key = f"setu.reaper.{service}"
        self._settled = settled
        self._counted = counted
        self._uncounted: list[StageMetrics] = []
        self._awaited: list[UUID] = []
        self._led_in: int | None = None

    @property
    def generation(self) -> int:
        """Grows each time that the database had to be connected to."""
        return self._connection.generation

    def lead(self) -> bool:
        """Whether this process is the one that reaps. Held as long as the connection lives, so taken over when it dies."""
        if self._led_in == self._connection.generation:
            return True
        with self._connection.transaction() as db:
            row = db.execute(
                "SELECT pg_try_advisory_lock(hashtextextended(%(key)s, 0)) AS leads", {"key": self._lock_key}
            ).fetchone()
        leads = bool(row and row["leads"])
        self._led_in = self._connection.generation if leads else None
        return leads

    def held_by(self, worker: str) -> list[Held]:
        """The rows that a worker's children hold."""
        with self._connection.transaction() as db:
            return [Held(**row) for row in db.execute(_HELD, {"worker": worker})]

    def child_died(self, held: Held) -> Ending | None:
        """Count the death of the child that held a row; None if the row had been ended meanwhile."""
        with self._burying() as db:
            return self._bury(db, held.id, held.kind, held.token, _DIED)

    def lost(self, held: Held) -> Ending | None:
        """Count the loss of the child that held a row, of causes unknown; None if the row had been ended meanwhile."""
        with self._burying() as db:
            return self._bury(db, held.id, held.kind, held.token, _LOST)

    def expire(self) -> list[Ending]:
        """Give back the rows whose lease ran out."""
        with self._burying() as db:
            expired = db.execute(_EXPIRED).fetchall()
            endings = [self._bury(db, row["id"], row["kind"], row["token"], _LOST) for row in expired]
        return [ending for ending in endings if ending is not None]

    def wake_due(self, queues: Sequence[str]) -> None:
        """Let the rows be claimed whose pause is over."""
        with self._connection.transaction() as db:
            db.execute(_WAKE_DUE, {"queues": list(queues)})

    def waiting(self, queues: Sequence[str]) -> dict[str, tuple[int, float]]:
        """How many rows of each queue could be claimed now (counted up to 10,000), and for how long the oldest could, seconds."""
        with self._connection.transaction() as db:
            return {row["queue"]: (row["waiting"], row["oldest_s"]) for row in db.execute(_WAITING, {"queues": list(queues)})}

    @contextmanager
    def _burying(self) -> Iterator[Connection]:
        """A transaction; what is buried in it is counted once that is certain, since what comes to nothing is buried again."""
        self._uncounted.clear()
        self._awaited.clear()
        with self._connection.transaction() as db:
            yield db
        for metrics in self._uncounted:
            self._counted(metrics)
        self._wake_parents()

    def _wake_parents(self) -> None:
        """Those whose parts were buried, in a transaction of its own: here the parts' rows would be locked before their parents'."""
        if not self._awaited:
            return
        try:
            with self._connection.transaction() as db:
                for parent_id in sorted(set(self._awaited)):
                    wake_parent(db, parent_id)
        except DependencyUnavailable:
            log.warning("wake.lost", parents=len(self._awaited))  # they come up by themselves when their pause is over

    def _bury(
        self,
        db: Connection,
        operation_id: UUID,
        kind: str,
        token: int,
        cause: _Cause,
    ) -> Ending | None:
        values = {
            "id": operation_id,
            "token": token,
            "attempts": cause.attempts,
            "losses": cause.losses,
            "max_losses": self._settings.max_losses,
            "lease_s": self._settings.lease_s,
            "tried_again": Jsonb(cause.tried_again.problem().model_dump(mode="json")),
            "given_up": Jsonb(cause.given_up.problem().model_dump(mode="json")),
        }
        attempt = db.execute(_ATTEMPT, values).fetchone()
        if attempt is None:
            return None
        metrics = buried(attempt, self._service, cause.outcome)
        write_buried(db, metrics)
        self._uncounted.append(metrics)
        try:
            with db.transaction():
                row = db.execute(_BURY, values).fetchone()
                return self._settle(db, row, self._settled.get(kind)) if row is not None else None
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:
            # What is to be settled with this one row must neither keep the watch from all others nor the row from its end.
            log.exception("operation.unsettled", operation_id=str(operation_id), kind=kind)
            row = db.execute(_BURY, values).fetchone()
            return self._settle(db, row, None) if row is not None else None

    def _settle(self, db: Connection, row: Mapping[str, Any], settled: Settled | None) -> Ending:
        ending = settle(db, row, settled)
        if ending.parent_id is not None and ending.operation.state.ended:
            self._awaited.append(ending.parent_id)
        return ending
