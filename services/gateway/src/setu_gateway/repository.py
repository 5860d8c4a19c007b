"""Jobs in the database. Each function works on a connection whose transaction is the caller's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.errors import UniqueViolation
from sqlalchemy import Select, Table, and_, delete, func, literal, select, tuple_, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from setu_common.contracts import Degradation, JobRequest, JobState, Problem, Reference, StageState
from setu_common.cost.budgets import budget_of_new_job, remove_job_budget
from setu_common.db import Row
from setu_common.errors import Conflict
from setu_common.operations import Statement
from setu_gateway.records import DeliveredFile, JobRecord, StageKey, StageRecord
from setu_gateway.tables import JobRow, StageRow

_JOB: Final[Table] = SQLModel.metadata.tables[str(JobRow.__tablename__)]
_STAGE: Final[Table] = SQLModel.metadata.tables[str(StageRow.__tablename__)]
_OPERATION: Final[Table] = SQLModel.metadata.tables["operation"]
_LESSON: Final = [_OPERATION.c[name] for name in ("id", "kind", "job_id", "ended_at", "started_at", "request")]
_STAGE_COLUMNS: Final = [column.label(f"stage_{column.name}") for column in _STAGE.c]


# Written out and not built, and one statement and not three: this is on the path of every POST /jobs.
_ACCEPT: Final[LiteralString] = """
WITH accepted AS (
    INSERT INTO job (id, tenant, request, source_language, media_name, media_uri, media_bytes, media_type, idempotency_key,
                     body_sha256, objects)
    VALUES (%(job_id)s, %(tenant)s, %(job_request)s::jsonb, %(source_language)s, %(media_name)s, %(media_uri)s, %(media_bytes)s,
            %(media_type)s, %(job_key)s, %(body_sha256)s, array_remove(ARRAY[%(media_uri)s]::text[], NULL))
    RETURNING id, tenant, created_at
), staged AS (
    INSERT INTO stage (job_id, tenant, stage, target, position)
    SELECT accepted.id, accepted.tenant, keys.pair ->> 0, keys.pair ->> 1, keys.position
    FROM accepted, jsonb_array_elements(%(stages)s::jsonb) WITH ORDINALITY AS keys (pair, position)
), submitted AS ({submission}){budget}
SELECT created_at FROM accepted
"""
_KEY_CONSTRAINT: Final = "job_idempotency"


class StaleJob(Conflict):
    """The job was changed by someone else since it was read."""

    code = "stale-job"
    title = "The job was changed meanwhile"


class KeyTaken(Conflict):
    """There is a job with this idempotency key."""

    code = "key-taken"
    title = "This idempotency key was used before"


@dataclass(frozen=True)
class NewJob:
    """A job to be accepted.

    Args:
        id: made by the caller.
        tenant: whose it is.
        request: what is asked for.
        media_name: the file's name, for people.
        media: the recording; None if it is yet to be fetched.
        idempotency_key: if the caller gave one.
        body_sha256: of all that makes two requests the same.
        stages: in the order of the pipeline.
    """

    id: UUID
    tenant: str
    request: JobRequest
    media_name: str
    media: Reference | None
    idempotency_key: str | None
    body_sha256: str
    stages: tuple[StageKey, ...]


async def insert_job(connection: psycopg.AsyncConnection[Row], job: NewJob, submission: Statement) -> datetime:
    """Write a job, its stages, its first operation and its budget: all or nothing, in one statement, so in one trip to the server.

    Args:
        connection: the driver's own; may commit each statement by itself.
        job: what is accepted.
        submission: inserts the operation.

    Returns:
        When the job was accepted.

    Raises:
        KeyTaken: the tenant used the idempotency key before.
    """
    insertion, operation = submission
    budget: LiteralString = ""
    budgeted: Mapping[str, Any] = {}  # Any: whatever the database takes
    if job.request.budget_usd is not None:  # with the job, which may not spend a cent without it
        setting, budgeted = budget_of_new_job(job.tenant, job.id, job.request.budget_usd)
        budget = f", budgeted AS ({setting})"
    values = {
        **operation,
        **budgeted,
        "job_id": job.id,
        "tenant": job.tenant,
        "job_request": job.request.model_dump_json(),
        "source_language": job.request.source_language,
        "media_name": job.media_name,
        **_media_values(job.media),
        "job_key": job.idempotency_key,
        "body_sha256": job.body_sha256,
        "stages": json.dumps([[key.stage, key.target] for key in job.stages]),
    }
    try:
        result = await connection.execute(_ACCEPT.format(submission=insertion, budget=budget), values)
    except UniqueViolation as error:
        if error.diag.constraint_name == _KEY_CONSTRAINT:
            raise KeyTaken("This Idempotency-Key was used before.") from error
        raise
    rows: list[tuple[datetime]] = await result.fetchall()
    return rows[0][0]


async def job_by_key(connection: AsyncConnection, tenant: str, idempotency_key: str) -> tuple[JobRecord, str] | None:
    """The job that a tenant's idempotency key stands for, and the hash of its request."""
    where = and_(_JOB.c.tenant == tenant, _JOB.c.idempotency_key == idempotency_key)
    rows = (await connection.execute(_with_stages().where(where))).mappings().all()
    return (_whole_job_of(rows), str(rows[0]["body_sha256"])) if rows else None


async def load_job(connection: AsyncConnection, tenant: str, job_id: UUID) -> JobRecord | None:
    """One job with its stages, in one query."""
    where = and_(_JOB.c.tenant == tenant, _JOB.c.id == job_id)
    rows = (await connection.execute(_with_stages().where(where))).mappings().all()
    return _whole_job_of(rows) if rows else None


async def lock_job(connection: AsyncConnection, job_id: UUID) -> None:
    """Keep others from changing a job until the end of the transaction. To be called before it is read, so that what is read is new."""
    await connection.execute(select(_JOB.c.id).where(_JOB.c.id == job_id).with_for_update())


async def list_jobs(
    connection: AsyncConnection, tenant: str, *, limit: int, before: tuple[datetime, UUID] | None, state: JobState | None
) -> list[JobRecord]:
    """Jobs without their stages, newest first, those accepted before ``before``."""
    statement = select(_JOB, func.now().label("read_at")).where(_JOB.c.tenant == tenant)
    if state is not None:
        statement = statement.where(_JOB.c.state == state.value)
    if before is not None:
        statement = statement.where(tuple_(_JOB.c.created_at, _JOB.c.id) < tuple_(literal(before[0]), literal(before[1])))
    statement = statement.order_by(_JOB.c.created_at.desc(), _JOB.c.id.desc()).limit(limit)
    return [_job_of(row) for row in (await connection.execute(statement)).mappings()]


async def save_job(connection: AsyncConnection, before: JobRecord, after: JobRecord) -> None:
    """Write what changed. What ends without an end time of its own gets the database's.

    Raises:
        StaleJob: if the job was changed since ``before`` was read.
    """
    statement = (
        update(_JOB)
        .where(_JOB.c.id == before.id, _JOB.c.version == before.version)
        .values(
            state=after.state.value,
            version=_JOB.c.version + 1,
            run=after.run,
            progress=after.progress,
            source_language=after.source_language,
            media_name=after.media_name,
            **_media_values(after.media),
            degraded=[each.model_dump(mode="json") for each in after.degraded],
            delivered=[_json_of_file(file) for file in after.delivered],
            problem=_json_of(after.problem),
            objects=after.objects,
            updated_at=func.now(),
            ended_at=func.now() if after.state.ended and after.ended_at is None else after.ended_at,
            purge_asked_at=after.purge_asked_at,
        )
    )
    if (await connection.execute(statement)).rowcount == 0:
        raise StaleJob("The job was changed by someone else at the same time. Look at it again.")
    earlier = {stage.key: stage for stage in before.stages}
    for stage in after.stages:
        if stage != earlier[stage.key]:
            await _save_stage(connection, before.id, stage)


async def delete_job(connection: AsyncConnection, job: JobRecord) -> None:
    """Remove a job, its stages and its budget.

    Raises:
        StaleJob: if the job was changed since it was read.
    """
    if (await connection.execute(delete(_JOB).where(_JOB.c.id == job.id, _JOB.c.version == job.version))).rowcount == 0:
        raise StaleJob("The job was changed by someone else at the same time. Look at it again.")
    await remove_job_budget(connection, job.tenant, job.id)


async def operations_beside(connection: AsyncConnection, job: JobRecord, kinds: Sequence[str]) -> list[UUID]:
    """The gateway's own operations of these kinds that belong to a job."""
    statement = select(_OPERATION.c.id).where(
        _OPERATION.c.job_id == job.id, _OPERATION.c.tenant == job.tenant, _OPERATION.c.kind.in_(kinds)
    )
    return list((await connection.execute(statement)).scalars())


@dataclass(frozen=True)
class LessonRow:
    """A lesson as its operation's row has it.

    Args:
        id: the gateway's operation.
        kind: which kind of lesson.
        job_id: what it is learned of.
        ended: whether it has ended.
        begun: whether it may have reached the optimizer.
        request: as the row holds it, see ``Payloads``.
    """

    id: UUID
    kind: str
    job_id: UUID | None
    ended: bool
    begun: bool
    request: dict[str, Any]


async def lessons_of(connection: AsyncConnection, job: JobRecord, kinds: Sequence[str]) -> list[LessonRow]:
    """What a job and its corrections taught, or are about to teach."""
    statement = select(*_LESSON).where(
        _OPERATION.c.job_id == job.id, _OPERATION.c.tenant == job.tenant, _OPERATION.c.kind.in_(kinds)
    )
    return [_lesson_of(row) for row in (await connection.execute(statement)).mappings()]


async def lesson(connection: AsyncConnection, tenant: str, lesson_id: UUID) -> LessonRow | None:
    """One lesson."""
    statement = select(*_LESSON).where(_OPERATION.c.tenant == tenant, _OPERATION.c.id == lesson_id)
    row = (await connection.execute(statement)).mappings().first()
    return _lesson_of(row) if row is not None else None


async def lesson_by_key(connection: AsyncConnection, tenant: str, kind: str, key: str) -> LessonRow | None:
    """The lesson that an idempotency key stands for."""
    statement = select(*_LESSON).where(
        _OPERATION.c.tenant == tenant, _OPERATION.c.kind == kind, _OPERATION.c.idempotency_key == key
    )
    row = (await connection.execute(statement)).mappings().first()
    return _lesson_of(row) if row is not None else None


def _lesson_of(row: RowMapping) -> LessonRow:
    return LessonRow(
        row["id"], row["kind"], row["job_id"], row["ended_at"] is not None, row["started_at"] is not None, row["request"]
    )


async def _save_stage(connection: AsyncConnection, job_id: UUID, stage: StageRecord) -> None:
    await connection.execute(
        update(_STAGE)
        .where(_STAGE.c.job_id == job_id, _STAGE.c.stage == stage.key.stage, _STAGE.c.target == stage.key.target)
        .values(
            state=stage.state.value,
            run=stage.run,
            operation_id=stage.operation_id,
            progress=stage.progress,
            note=stage.note,
            result=stage.result,
            problem=_json_of(stage.problem),
            detour=_json_of(stage.detour),
            started_at=stage.started_at,
            ended_at=func.now() if stage.state.ended and stage.ended_at is None else stage.ended_at,
            model_time_s=stage.model_time_s,
            unreachable_since=stage.unreachable_since,
            former_operations=list(stage.former_operations),
        )
    )


def _with_stages() -> Select[Any]:  # Any: a row of both tables
    return (
        select(_JOB, *_STAGE_COLUMNS, func.now().label("read_at"))
        .outerjoin_from(_JOB, _STAGE, _STAGE.c.job_id == _JOB.c.id)
        .order_by(_STAGE.c.position)
    )


def _whole_job_of(rows: Sequence[RowMapping]) -> JobRecord:
    """A job of its rows, one for each stage."""
    return _job_of(rows[0], tuple(_stage_of(each) for each in rows if each["stage_stage"] is not None))


def _job_of(row: RowMapping, stages: tuple[StageRecord, ...] = ()) -> JobRecord:
    return JobRecord(
        id=row["id"],
        tenant=row["tenant"],
        state=JobState(row["state"]),
        version=row["version"],
        run=row["run"],
        request=JobRequest.model_validate(row["request"]),
        media_name=row["media_name"],
        media=_media_of(row),
        created_at=row["created_at"],
        changed_at=row["updated_at"],
        read_at=row["read_at"],
        ended_at=row["ended_at"],
        progress=row["progress"],
        source_language=row["source_language"],
        degraded=tuple(Degradation.model_validate(each) for each in row["degraded"]),
        delivered=tuple(_file_of(each) for each in row["delivered"]),
        problem=_problem_of(row["problem"]),
        purge_asked_at=row["purge_asked_at"],
        stages=stages,
    )


def _stage_of(row: RowMapping) -> StageRecord:
    return StageRecord(
        key=StageKey(row["stage_stage"], row["stage_target"]),
        state=StageState(row["stage_state"]),
        run=row["stage_run"],
        operation_id=row["stage_operation_id"],
        progress=row["stage_progress"],
        note=row["stage_note"],
        result=row["stage_result"],
        problem=_problem_of(row["stage_problem"]),
        detour=_problem_of(row["stage_detour"]),
        started_at=row["stage_started_at"],
        ended_at=row["stage_ended_at"],
        model_time_s=row["stage_model_time_s"],
        unreachable_since=row["stage_unreachable_since"],
        former_operations=tuple(row["stage_former_operations"]),
    )


def _media_values(media: Reference | None) -> dict[str, str | int | None]:
    if media is None:
        return {"media_uri": None, "media_bytes": None, "media_type": None}
    return {"media_uri": media.uri, "media_bytes": media.bytes, "media_type": media.media_type}


def _media_of(row: RowMapping) -> Reference | None:
    if row["media_uri"] is None:
        return None
    return Reference(uri=row["media_uri"], bytes=row["media_bytes"], media_type=row["media_type"])


def _json_of(problem: Problem | None) -> dict[str, Any] | None:  # Any: JSON, as below
    return problem.model_dump(mode="json") if problem is not None else None


def _problem_of(value: Mapping[str, Any] | None) -> Problem | None:
    return Problem.model_validate(value) if value is not None else None


def _json_of_file(file: DeliveredFile) -> dict[str, Any]:
    return {"language": file.language, "format": file.format, "reference": file.reference.model_dump(mode="json")}


def _file_of(value: Mapping[str, Any]) -> DeliveredFile:
    return DeliveredFile(value["language"], value["format"], Reference.model_validate(value["reference"]))
