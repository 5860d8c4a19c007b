"""Work that is shared out: the operation at hand has parts made, parks, and looks at them once they wake it.

A part is an operation of its own, of the same queue: whoever is free does it, it is tried again alone, and what it takes counts as its
own. It is claimed as if it were hardly younger than its parent, so that what was begun is ended before the same tenant's next; it ends no later than its parent, and goes
with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from setu_common.contracts import Operation, OperationKind
from setu_common.contracts.operation import RequestT, ResultT
from setu_common.db import Database
from setu_common.errors import Conflict
from setu_common.operations.endings import operation_of
from setu_common.operations.hints import Hints
from setu_common.operations.payloads import Payloads
from setu_common.operations.work import Work
from setu_common.settings import OperationSettings
from setu_common.store import Store, unnoted

# What an earlier operation of the same job had done already, down to the last bit of the request, is done: its result is taken.
_INSERT: Final[LiteralString] = """
INSERT INTO operation (id, parent_id, tenant, kind, queue, priority, job_id, idempotency_key, request, request_sha256, max_attempts, timeout_s,
    begun_at, state, progress, result, objects, started_at, ended_at)
SELECT %(id)s, parent.id, parent.tenant, %(kind)s, %(queue)s, parent.priority, parent.job_id, %(key)s, %(request)s, %(sha256)s,
    %(max_attempts)s, %(timeout_s)s, parent.begun_at + %(number)s * interval '1 microsecond',
    CASE WHEN done.id IS NULL THEN 'queued' ELSE 'succeeded' END, CASE WHEN done.id IS NULL THEN 0 ELSE 1 END, done.result,
    %(objects)s::text[] || coalesce(done.objects, '{}'), done.started_at, CASE WHEN done.id IS NOT NULL THEN now() END
FROM operation parent LEFT JOIN LATERAL (
    SELECT id, result, objects, started_at FROM operation earlier
    WHERE earlier.job_id = parent.job_id AND earlier.tenant = parent.tenant AND earlier.kind = %(kind)s
        AND earlier.request_sha256 = %(sha256)s AND earlier.state = 'succeeded' AND earlier.parent_id <> parent.id
    ORDER BY ended_at DESC LIMIT 1) done ON true
WHERE parent.id = %(parent_id)s AND parent.state = 'running'
ON CONFLICT DO NOTHING
RETURNING state = 'queued' AS waits
"""
_THERE: Final[LiteralString] = """
SELECT request_sha256 FROM operation WHERE parent_id = %(parent_id)s AND kind = %(kind)s AND idempotency_key = %(key)s
"""
# Who looks how far they are reads no results: all together those are as large as the work.
_PARTS: Final[LiteralString] = """
SELECT id, kind, state, version, progress, note, attempts, created_at, started_at, ended_at, NULL AS result, problem, request,
    split_part(idempotency_key, '/', 2)::int AS number
FROM operation WHERE parent_id = %(parent_id)s ORDER BY number
"""
_RESULTS: Final[LiteralString] = "SELECT id, result FROM operation WHERE id = ANY(%(ids)s)"
# Their parent first, as whoever ends one of them does.
_LOCK: Final[LiteralString] = "SELECT FROM operation WHERE id = %(parent_id)s FOR UPDATE"
_CANCEL: Final[LiteralString] = """
UPDATE operation SET
    state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE 'cancelling' END,
    ended_at = CASE WHEN state = 'queued' THEN now() END,
    problem = NULL, version = version + 1
WHERE parent_id = %(parent_id)s AND state IN ('queued', 'running')
"""


@dataclass(frozen=True)
class Part:
    """A part as it stands, without its result; its request as it is stored, its number from 0 on."""

    number: int
    operation: Operation
    request: dict[str, Any]  # Any: JSON


class PartDiffers(Conflict):
    """A part of this number was made already, of another request: whoever made it would do the work otherwise."""

    code = "part-differs"
    title = "A part of this work was begun in another way"


class Parts:
    """The parts of operations.

    Args:
        database: the service's.
        store: the service's part of the object store.
        hints: how workers are told.
        settings: payload sizes.
    """

    def __init__(self, database: Database, store: Store, hints: Hints, settings: OperationSettings) -> None:
        self._database = database
        self._payloads = Payloads(store, settings.inline_bytes)
        self._hints = hints

    async def submit(self, work: Work, kind: OperationKind[Any, Any], number: int, request: BaseModel) -> None:
        """Have a part of the work at hand done. Once this returns that is certain; asking again changes nothing.

        Args:
            work: the parent.
            kind: of its queue.
            number: from 0 on, in the order in which they are to be done.
            request: the kind's.

        Raises:
            PartDiffers: the part of this number is another.
            Conflict: the parent is no longer at work.
        """
        with unnoted():  # it is the part's
            content, objects, digest = await self._payloads.pack(work.tenant, request)
        values = {
            "id": uuid4(),
            "parent_id": work.operation_id,
            "kind": kind.name,
            "queue": kind.queue,
            "key": f"{work.operation_id}/{number}",
            "number": number + 1,
            "request": Jsonb(content),
            "sha256": digest,
            "objects": objects,
            "max_attempts": kind.max_attempts,
            "timeout_s": kind.timeout_s,
        }
        async with self._database.transaction() as connection:
            made = (await connection.exec_driver_sql(_INSERT, values)).first()
            there = (await connection.exec_driver_sql(_THERE, values)).first() if made is None else None
        if made is not None and made.waits:
            self._hints.look(kind.queue)
        elif made is None and there is None:
            raise Conflict("The operation that this is a part of is no longer at work.")
        elif there is not None and there.request_sha256 != digest:
            raise PartDiffers("The parts that there are were made in another way.")

    async def of(self, parent_id: UUID) -> list[Part]:
        """The parts that were asked for, in their order."""
        async with self._database.reading() as connection:
            rows = (await connection.exec_driver_sql(_PARTS, {"parent_id": parent_id})).mappings().all()
        return [Part(row["number"], operation_of(row), row["request"]) for row in rows]

    async def requests(self, kind: OperationKind[RequestT, Any], parts: Sequence[Part]) -> list[RequestT]:
        """What parts were asked to do."""
        return [kind.request.model_validate(await self._payloads.unpack(part.request)) for part in parts]

    async def results(self, kind: OperationKind[Any, ResultT], parts: Sequence[Part]) -> list[ResultT]:
        """What parts that succeeded came to.

        Raises:
            ObjectMissing: a result was erased meanwhile.
        """
        ids = [part.operation.id for part in parts]
        async with self._database.reading() as connection:
            found = (await connection.exec_driver_sql(_RESULTS, {"ids": ids})).all()
        stored = {row.id: row.result for row in found}
        return [kind.result.model_validate(await self._payloads.unpack(stored[each] or {})) for each in ids]

    async def cancel(self, work: Work) -> None:
        """Have no part of the work at hand done any more: it goes on without them. Those that have ended stay as they are."""
        values = {"parent_id": work.operation_id}
        async with self._database.transaction() as connection:
            await connection.exec_driver_sql(_LOCK, values)
            await connection.exec_driver_sql(_CANCEL, values)
