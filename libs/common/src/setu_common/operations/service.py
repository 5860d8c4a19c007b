"""Operations as a service's API uses them: submit, look, wait, cancel, erase."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final, LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from pydantic import BaseModel
from sqlalchemy import case, delete, func, literal, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import Operation, OperationKind, OperationState, Submission
from setu_common.db import Database
from setu_common.errors import Conflict, IdempotencyConflict, InvalidRequest, NotFound
from setu_common.observability import tracing
from setu_common.operations.asides import Aside, write_aside_in
from setu_common.operations.endings import Ending, Settled, Statement, ending_of, operation_of
from setu_common.operations.hints import Hints
from setu_common.operations.lineage import CANCEL_PARTS
from setu_common.operations.payloads import Payloads
from setu_common.operations.table import OperationRow
from setu_common.operations.watcher import VersionWatcher
from setu_common.settings import OperationSettings
from setu_common.store import Store, unnoted

# Who may be woken when an operation ends: queues whose workers take wake-ups.
REPLIES: Final = frozenset({"pipeline"})

_ROW: Final = OperationRow.__table__.c  # type: ignore[attr-defined]  # SQLModel adds it to table classes
# Written out and not built: this is on the path of every request that asks for work.
_SUBMIT: Final[LiteralString] = """
INSERT INTO operation (id, tenant, kind, queue, priority, job_id, idempotency_key, request, request_sha256, objects, reply_to,
                       max_attempts, timeout_s, begun_at)
VALUES (%(id)s, %(tenant)s, %(kind)s, %(queue)s, %(priority)s, %(job_id)s, %(idempotency_key)s, %(request)s, %(request_sha256)s,
        %(objects)s, %(reply_to)s, %(max_attempts)s, %(timeout_s)s,
        coalesce((SELECT min(least(begun_at, created_at)) FROM operation WHERE job_id = %(job_id)s AND tenant = %(tenant)s), now()))
ON CONFLICT DO NOTHING
RETURNING id, kind, state, version, progress, note, attempts, created_at, started_at, ended_at, result, problem
"""
# The row that a submission's key conflicts with may be erased before it is read; then the key is free.
_TRIES: Final = 3
_ENDED: Final = [state.value for state in OperationState if state.ended]


class Operations:
    """The operations of one service.

    Args:
        database: in the service's schema.
        store: the service's part of the object store.
        hints: how workers are told.
        settings: payload sizes.
        settled: as given to the service's worker.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        hints: Hints,
        settings: OperationSettings,
        settled: Mapping[str, Settled] | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._hints = hints
        self._payloads = Payloads(store, settings.inline_bytes)
        self._settled = settled or {}
        self._watcher = VersionWatcher(database, "operation")

    async def submit(self, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission) -> Operation:
        """Accept an operation: once this returns it is durable, and it will be done, or fail with a problem.

        Raises:
            IdempotencyConflict: the submission's key came with another request before.
            InvalidRequest: ``reply_to`` names nobody who can be woken.
        """
        async with self._database.transaction() as connection:
            operation = await self.submit_in(connection, kind, request, submission)
        self.hint(kind)
        if submission.job_id is None:  # of a job's trace this is not the first step
            tracing.tracing().begin(
                operation.id,
                f"submit {kind.name}",
                {tracing.OPERATION_ID: str(operation.id), tracing.TENANT: submission.tenant, tracing.STAGE: kind.name},
            )
        return await self._with_result(operation)

    async def submit_in(
        self, connection: AsyncConnection, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission
    ) -> Operation:
        """Accept an operation in the caller's own transaction; ``hint`` is to be called once that is committed."""
        statement, values = await self.insertion(kind, request, submission)
        for _ in range(_TRIES):
            row = (await connection.exec_driver_sql(statement, dict(values))).mappings().first()
            row = row or await self._earlier(connection, kind, values["request_sha256"], submission)
            if row is not None:
                return operation_of(row)
        raise Conflict("The operation of this idempotency key is being erased; send the request again.")

    async def insertion(self, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission) -> Statement:
        """The statement that accepts an operation, for callers who make it a part (a CTE) of one that writes rows of their own.

        It returns no row where the submission's key was used before. ``hint`` is to be called once it is committed.

        Raises:
            InvalidRequest: ``reply_to`` names nobody who can be woken.
        """
        if submission.reply_to is not None and submission.reply_to not in REPLIES:
            raise InvalidRequest(f"reply_to can name one of these: {', '.join(sorted(REPLIES))}.")
        with unnoted():  # it is the new operation's, also where the work at hand submits it
            content, objects, digest = await self._payloads.pack(submission.tenant, request)
        return _SUBMIT, {
            "id": uuid4(),
            "tenant": submission.tenant,
            "kind": kind.name,
            "queue": kind.queue,
            "priority": submission.priority,
            "job_id": submission.job_id,
            "idempotency_key": submission.idempotency_key,
            "request": Jsonb(content),
            "request_sha256": digest,
            "objects": objects,
            "reply_to": submission.reply_to,
            "max_attempts": kind.max_attempts,
            "timeout_s": kind.timeout_s,
        }

    def hint(self, kind: OperationKind[Any, Any]) -> None:
        """Tell the kind's workers that there is work, off the caller's path."""
        self._hints.look(kind.queue)

    async def get(self, tenant: str, operation_id: UUID, wait_s: float = 0, give_up: asyncio.Event | None = None) -> Operation:
        """The operation as it stands, or as it stands once it has ended, if that comes within ``wait_s`` seconds.

        ``give_up`` ends the wait early.

        Raises:
            NotFound: no such operation of this tenant.
        """
        give_up_at = time.monotonic() + wait_s
        while True:
            row = await self._row(tenant, operation_id)
            operation = operation_of(row)
            left_s = give_up_at - time.monotonic()
            if operation.state.ended or left_s <= 0 or (give_up is not None and give_up.is_set()):
                return await self._with_result(operation)
            if not await self._watcher.changed(operation_id, operation.version, left_s, give_up):
                return await self._with_result(operation)

    async def changed(self, tenant: str, operation_id: UUID, version: int, timeout_s: float) -> Operation | None:
        """The operation once its version is another than ``version``; None if it stays for ``timeout_s`` seconds."""
        if not await self._watcher.changed(operation_id, version, timeout_s):
            return None
        return await self.get(tenant, operation_id)

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """Ask for a cancellation: at once where the operation waits, within seconds where it runs, without effect where it ended.

        Raises:
            NotFound: no such operation of this tenant.
        """
        queued = _ROW.state == OperationState.QUEUED
        statement = (
            update(OperationRow)
            .where(_ROW.id == operation_id, _ROW.tenant == tenant, _ROW.state.in_(["queued", "running"]))
            .values(
                state=case((queued, "cancelled"), else_="cancelling"),
                ended_at=case((queued, func.now()), else_=None),
                problem=None,
                version=_ROW.version + 1,
            )
            .returning(*_ROW, literal(value=False).label("due"))
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(statement)).mappings().first()
            ending = ending_of(row) if row is not None else None
            if ending is not None and ending.operation.state.ended:
                await connection.exec_driver_sql(CANCEL_PARTS, {"id": operation_id})
                await self._settle(connection, ending)
        if ending is None:
            return await self.get(tenant, operation_id)
        if ending.operation.state.ended and ending.reply_to is not None and ending.job_id is not None:
            self._hints.wake(ending.reply_to, ending.job_id)
        return ending.operation

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """Erase an ended operation with its parts, and what they wrote to the store. Erasing what is not there succeeds.

        The rows go last: whatever is interrupted leaves them, and can be asked for again.

        Raises:
            Conflict: it has not ended, or one of its parts is about to; cancel it first.
        """
        async with self._database.transaction() as connection:
            await connection.execute(select(_ROW.id).where(_ROW.id == operation_id, _ROW.tenant == tenant).with_for_update())
            of_it = select(_ROW.id, _ROW.state, _ROW.objects).where(
                or_(_ROW.id == operation_id, _ROW.parent_id == operation_id), _ROW.tenant == tenant
            )
            rows = (await connection.execute(of_it.with_for_update())).all()
            if any(row.state not in _ENDED for row in rows):
                raise Conflict("The operation has not ended. Cancel it, wait until it has ended, then erase it.")
            await connection.execute(delete(OperationRow).where(_ROW.id.in_([row.id for row in rows])))
            await self._store.delete(*(uri for row in rows for uri in row.objects))

    async def close(self) -> None:
        """Let those who wait go."""
        await self._watcher.close()

    async def _earlier(
        self, connection: AsyncConnection, kind: OperationKind[Any, Any], digest: str, submission: Submission
    ) -> RowMapping | None:
        statement = select(*_ROW).where(
            _ROW.tenant == submission.tenant, _ROW.kind == kind.name, _ROW.idempotency_key == submission.idempotency_key
        )
        row = (await connection.execute(statement)).mappings().first()
        if row is not None and row["request_sha256"] != digest:
            raise IdempotencyConflict(
                "Send the same request with this key, or another key with this request.", operation_id=str(row["id"])
            )
        return row

    async def _row(self, tenant: str, operation_id: UUID) -> RowMapping:
        async with self._database.transaction() as connection:
            statement = select(*_ROW).where(_ROW.id == operation_id, _ROW.tenant == tenant)
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            raise NotFound("There is no operation with this id; ended ones are kept for a while and then removed.")
        return row

    async def _with_result(self, operation: Operation) -> Operation:
        if operation.result is None:
            return operation
        return operation.model_copy(update={"result": await self._payloads.unpack(operation.result)})

    async def _settle(self, connection: AsyncConnection, ending: Ending) -> None:
        settled = self._settled.get(ending.operation.kind)
        for each in settled(ending) if settled is not None else ():
            if isinstance(each, Aside):
                await write_aside_in(connection, each)
            else:
                statement, values = each
                await connection.exec_driver_sql(statement, dict(values))
