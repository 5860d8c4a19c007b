"""What a worker does to rows: claim one, keep it, end it. The database's clock is the only one that counts.

Every change of a running row names the claim's token. A worker whose lease was given to another changes nothing and gets LeaseLost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from setu_common.contracts import OperationState, Problem
from setu_common.operations.asides import Aside, write_aside
from setu_common.operations.connection import Connection, HealingConnection
from setu_common.operations.endings import Ending, Settled, ending_of
from setu_common.operations.lineage import WITH_PARTS, wake_parent
from setu_common.settings import OperationSettings


class LeaseLost(Exception):
    """The row is no longer this worker's: its lease ran out, or the operation was purged."""


@dataclass(frozen=True)
class Claim:
    """A row that this worker holds. ``request`` is JSON as stored: inline, or a reference to it (see payloads)."""

    id: UUID
    tenant: str
    kind: str
    queue: str
    job_id: UUID | None
    parent_id: UUID | None
    reply_to: str | None
    request: dict[str, Any]  # Any: JSON
    attempt: int
    max_attempts: int
    timeout_s: float
    token: int
    wakes: int
    queue_wait_s: float = 0.0


# The next row of a queue: highest priority first; among those, the tenant whose turn it is; then what belongs to the work begun first, so that
# what was begun is ended before the same tenant's next.
# A tenant's turn comes the sooner, the longer ago its last claim is; one of weight 3 is judged by its third last, so that it has three turns
# while others have one, however long the work takes. What a weight is beyond a whole number, or short of one, makes the wait count for more
# or less. Who has had no turn yet is first.
# Claims of the same moment don't see each other, and may all be of one tenant: weights are then kept to nearly, and no worker waits.
# The recursion steps from tenant to tenant through the partial index (a "loose index scan"), so its cost grows with the number of
# tenants that wait, but neither with the rows that could be claimed nor with those asleep, which the index leaves out. A few rows a
# tenant are offered, for the first may be locked by another worker. They are looked up by their ids, as an array: a join with what is
# offered looks the same, and was planned as a scan of the whole queue while the table's statistics were old.
_CLAIM: Final[LiteralString] = """
WITH RECURSIVE waiting AS (
    (SELECT tenant FROM operation WHERE state = 'queued' AND NOT asleep AND queue = %(queue)s ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT o.tenant FROM operation o
            WHERE o.state = 'queued' AND NOT o.asleep AND o.queue = %(queue)s AND o.tenant > w.tenant ORDER BY o.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
), turn AS MATERIALIZED (
    SELECT tenant, weight * extract(epoch FROM now() - had.since) / had.turns AS due,
        ARRAY(SELECT id FROM operation o
              WHERE o.state = 'queued' AND NOT o.asleep AND o.queue = %(queue)s AND o.tenant = w.tenant
              ORDER BY priority DESC, begun_at, created_at, id LIMIT 16) AS offered
    FROM waiting w
    CROSS JOIN LATERAL (SELECT coalesce((%(weights)s::jsonb ->> w.tenant)::float8, 1) AS weight) given
    CROSS JOIN LATERAL (
        SELECT min(claimed_at) AS since, count(*) AS turns
        FROM (SELECT claimed_at FROM operation o
              WHERE o.queue = %(queue)s AND o.tenant = w.tenant AND claimed_at IS NOT NULL
              ORDER BY claimed_at DESC LIMIT ceil(weight)::bigint) latest) had
    WHERE tenant IS NOT NULL
), chosen AS (
    SELECT o.id FROM operation o JOIN turn ON turn.tenant = o.tenant
    WHERE o.id = ANY (ARRAY(SELECT unnest(offered) FROM turn)) AND o.state = 'queued' AND NOT o.asleep
    ORDER BY o.priority DESC, turn.due DESC NULLS FIRST, o.begun_at, o.created_at, o.id
    LIMIT 1 FOR UPDATE OF o SKIP LOCKED
)
UPDATE operation o SET
    state = 'running', version = version + 1, token = token + 1, worker = %(worker)s, pid = %(pid)s,
    claimed_at = now(), started_at = coalesce(started_at, now()),
    lease_until = now() + make_interval(secs => %(lease_s)s), deadline_at = now() + make_interval(secs => timeout_s)
FROM chosen WHERE o.id = chosen.id
RETURNING o.id, o.tenant, o.kind, o.queue, o.job_id, o.parent_id, o.reply_to, o.request, o.attempts + 1 AS attempt, o.max_attempts, o.timeout_s, o.token, o.wakes,
    greatest(0, extract(epoch FROM now() - greatest(o.created_at, o.not_before)))::float AS queue_wait_s
"""

_BEAT: Final[LiteralString] = """
UPDATE operation SET
    lease_until = now() + make_interval(secs => %(lease_s)s),
    version = version + CASE WHEN progress = %(progress)s AND note = %(note)s THEN 0 ELSE 1 END,
    progress = %(progress)s, note = %(note)s
WHERE id = %(id)s AND token = %(token)s AND state IN ('running', 'cancelling')
RETURNING state, deadline_at <= now() AS overdue
"""

_RELEASED: Final[LiteralString] = "version = version + 1, worker = NULL, pid = NULL, lease_until = NULL, deadline_at = NULL"

_END: Final[LiteralString] = f"""
WITH ended AS (UPDATE operation SET {_RELEASED},
    state = CASE WHEN state = 'cancelling' THEN 'cancelled' ELSE %(state)s END,
    result = CASE WHEN state = 'cancelling' THEN NULL ELSE %(result)s::jsonb END,
    problem = CASE WHEN state = 'cancelling' THEN NULL ELSE %(problem)s::jsonb END,
    objects = CASE WHEN state = 'cancelling' THEN objects ELSE objects || %(objects)s::text[] END,
    progress = CASE WHEN state = 'running' AND %(state)s = 'succeeded' THEN 1 ELSE progress END,
    attempts = attempts + %(attempts)s, ended_at = now()
WHERE id = %(id)s AND token = %(token)s AND state IN ('running', 'cancelling') RETURNING *), {WITH_PARTS}
SELECT *, false AS due FROM ended
"""  # noqa: S608 (constants alone)

# What only looked at its parts took none of its tenant's turns, and what was said of how far it is stands while it is parked.
_AGAIN: Final[LiteralString] = f"""
WITH ended AS (UPDATE operation SET {_RELEASED},
    state = CASE WHEN state = 'cancelling' THEN 'cancelled' ELSE 'queued' END,
    ended_at = CASE WHEN state = 'cancelling' THEN now() END,
    attempts = CASE WHEN %(parked)s AND state = 'running' THEN 0 ELSE attempts + %(attempts)s END,
    problem = CASE WHEN state = 'cancelling' THEN NULL ELSE %(problem)s::jsonb END,
    not_before = CASE WHEN wakes > %(wakes)s THEN now() ELSE now() + make_interval(secs => %(after_s)s) END,
    asleep = state = 'running' AND wakes <= %(wakes)s AND %(after_s)s > 0,
    progress = coalesce(%(progress)s, progress), note = coalesce(%(note)s, note),
    claimed_at = CASE WHEN %(parked)s AND NOT %(worked)s AND EXISTS (SELECT FROM operation part WHERE part.parent_id = operation.id) THEN NULL ELSE claimed_at END
WHERE id = %(id)s AND token = %(token)s AND state IN ('running', 'cancelling') RETURNING *), {WITH_PARTS}
SELECT *, state = 'queued' AND NOT asleep AS due FROM ended
"""  # noqa: S608 (constants alone)

_OPEN: Final[LiteralString] = "SELECT FROM operation WHERE id = %(id)s AND ended_at IS NULL"

_AFTERWARDS: Final[LiteralString] = """
SELECT *, state = 'queued' AND NOT asleep AS due FROM operation
WHERE id = %(id)s AND token = %(token)s AND state IN (%(state)s, 'cancelled')
"""


class Claims:
    """One thread's hold on the rows of a service."""

    def __init__(self, connection: HealingConnection, settings: OperationSettings, worker: str, pid: int) -> None:
        self._connection = connection
        self._settings = settings
        self._worker = worker
        self._pid = pid
        self._weights = Jsonb(settings.weight_by_tenant)

    def next(self, queue: str) -> Claim | None:
        """Claim the next eligible row of a queue, or none if there is none."""
        row = self._connection.row(
            _CLAIM,
            {
                "queue": queue,
                "worker": self._worker,
                "pid": self._pid,
                "lease_s": self._settings.lease_s,
                "weights": self._weights,
            },
        )
        return Claim(**row) if row else None

    def beat(self, claim: Claim, progress: float, note: str) -> tuple[bool, bool]:
        """Extend the lease.

        Returns:
            Whether a cancellation was asked for, and whether the deadline has passed.

        Raises:
            LeaseLost: the row is another's by now.
        """
        told, said = _told(progress, note)
        row = self._connection.row(
            _BEAT,
            {
                "id": claim.id,
                "token": claim.token,
                "lease_s": self._settings.lease_s,
                "progress": told,
                "note": said,
            },
        )
        if row is None:
            raise LeaseLost
        return row["state"] == "cancelling", bool(row["overdue"])

    def wanted(self, claim: Claim) -> bool:
        """Whether anybody waits for it: of a part its parent, which may have ended since."""
        return claim.parent_id is None or self._connection.row(_OPEN, {"id": claim.parent_id}) is not None

    def succeed(self, claim: Claim, result: dict[str, Any], objects: Sequence[str], settled: Settled | None) -> Ending:
        """End with a result; a cancellation asked for meanwhile wins and the result is dropped."""
        return self._end(claim, OperationState.SUCCEEDED, settled, result=result, objects=objects)

    def fail(self, claim: Claim, problem: Problem, settled: Settled | None) -> Ending:
        """End with a problem, for good. Counts the attempt."""
        return self._end(claim, OperationState.FAILED, settled, problem=problem, attempts=1)

    def cancel(self, claim: Claim, settled: Settled | None) -> Ending:
        """End as cancelled."""
        return self._end(claim, OperationState.CANCELLED, settled)

    def retry(self, claim: Claim, problem: Problem, after_s: float, settled: Settled | None) -> Ending:
        """Put back after a failed attempt, which counts; the problem stays visible meanwhile."""
        return self._again(claim, settled, after_s=after_s, attempts=1, problem=problem)

    def park(
        self,
        claim: Claim,
        after_s: float,
        settled: Settled | None,
        said: tuple[float, str] | None = None,
        *,
        worked: bool = False,
    ) -> Ending:
        """Put back until ``after_s`` seconds from now or a wake-up. It came one step further: attempts are counted anew.

        ``said`` is how far it is and a note, if it said so. Who has parts and only looked at them has not ``worked``, and took no turn.
        """
        return self._again(claim, settled, after_s=after_s, parked=True, said=said, worked=worked)

    def hand_back(self, claim: Claim, settled: Settled | None) -> Ending:
        """Put back at once, at shutdown; counts nothing."""
        return self._again(claim, settled, after_s=0)

    def _end(
        self,
        claim: Claim,
        state: OperationState,
        settled: Settled | None,
        *,
        result: dict[str, Any] | None = None,
        problem: Problem | None = None,
        objects: Sequence[str] = (),
        attempts: int = 0,
    ) -> Ending:
        return self._change(
            _END,
            claim,
            state,
            settled,
            {
                "state": state.value,
                "result": Jsonb(result) if result is not None else None,
                "problem": _json(problem),
                "objects": list(objects),
                "attempts": attempts,
            },
        )

    def _again(
        self,
        claim: Claim,
        settled: Settled | None,
        *,
        after_s: float,
        attempts: int = 0,
        problem: Problem | None = None,
        parked: bool = False,
        said: tuple[float, str] | None = None,
        worked: bool = False,
    ) -> Ending:
        progress, note = _told(*said) if said is not None else (None, None)
        values = {"after_s": after_s, "attempts": attempts, "parked": parked, "wakes": claim.wakes, "problem": _json(problem)}
        return self._change(
            _AGAIN, claim, OperationState.QUEUED, settled, {**values, "progress": progress, "note": note, "worked": worked}
        )

    def _change(
        self, statement: LiteralString, claim: Claim, meant: OperationState, settled: Settled | None, values: dict[str, Any]
    ) -> Ending:
        key = {"id": claim.id, "token": claim.token}
        awaited = claim.parent_id if meant.ended else None
        if settled is None and awaited is None:
            row = self._connection.row(statement, {**key, **values})
        else:
            with self._connection.transaction() as db:
                if awaited is not None:
                    wake_parent(db, awaited)
                row = db.execute(statement, {**key, **values}).fetchone()
                if row is not None:
                    settle(db, row, settled)
        # A commit whose answer was lost with the connection: the row is then as we meant it, or cancelled, under our token.
        row = row or self._connection.row(_AFTERWARDS, {**key, "state": meant.value})
        if row is None:
            raise LeaseLost
        return ending_of(row)


def settle(db: Connection, row: Mapping[str, Any], settled: Settled | None) -> Ending:
    """Make the ending of a row; write, in the same transaction, what must be true once it has ended."""
    ending = ending_of(row)
    if settled is not None and ending.operation.state.ended:
        for each in settled(ending):
            if isinstance(each, Aside):
                write_aside(db, each)
            else:
                db.execute(*each)
    return ending


def _told(progress: float, note: str) -> tuple[float, str]:
    """How far work is, as a row may hold it."""
    return min(1.0, max(0.0, progress)), storable(note[:500])


def _json(problem: Problem | None) -> Jsonb | None:
    return Jsonb(_storable_json(problem.model_dump(mode="json"))) if problem is not None else None


def storable(text: str) -> str:
    """What Postgres can store of a text: it takes no NUL and no half of a character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _storable_json(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable_json(key): _storable_json(item) for key, item in value.items()}
    return [_storable_json(item) for item in value] if isinstance(value, list) else value
