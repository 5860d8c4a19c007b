"""The gateway's own tables: jobs and their stages. The operation table beside them is setu_common's."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def _json(*, nullable: bool = False) -> Any:  # noqa: ANN401  SQLModel's Field returns whatever the annotation asks for
    return Field(sa_column=Column(JSONB(none_as_null=True), nullable=nullable))


def _moment(*, nullable: bool = True) -> Any:  # noqa: ANN401  as above
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=nullable)


class JobRow(SQLModel, table=True):
    """One job.

    ``version`` grows with every change; a write names the version that it is based on.
    The three columns of the media are absent until it has been fetched.
    ``objects`` are the uris of the gateway's own objects that live as long as this row: the recording and the deliverables.
    ``body_sha256`` tells a repeated request from another one under the same idempotency key.
    """

    __tablename__ = "job"

    id: UUID = Field(primary_key=True)
    tenant: str
    state: str
    version: int
    run: int
    request: dict[str, Any] = _json()  # Any: JSON, as in all columns below
    media_name: str
    media_uri: str | None
    media_bytes: int | None = Field(sa_type=BigInteger)
    media_type: str | None
    idempotency_key: str | None
    body_sha256: str
    progress: float
    source_language: str | None
    degraded: list[dict[str, Any]] = _json()
    delivered: list[dict[str, Any]] = _json()
    problem: dict[str, Any] | None = _json(nullable=True)
    objects: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = _moment(nullable=False)
    updated_at: datetime = _moment(nullable=False)
    ended_at: datetime | None = _moment()
    purge_asked_at: datetime | None = _moment()

    __table_args__ = (
        Index(
            "job_idempotency", "tenant", "idempotency_key", unique=True, postgresql_where=text("idempotency_key IS NOT NULL")
        ),
        Index("job_newest", "tenant", text("created_at DESC"), text("id DESC")),
        Index("job_newest_in_state", "tenant", "state", text("created_at DESC"), text("id DESC")),
        Index("job_open", "tenant", postgresql_where=text("ended_at IS NULL")),
        Index("job_ended", "ended_at", postgresql_include=["tenant"], postgresql_where=text("ended_at IS NOT NULL")),
        Index("job_objects", "objects", postgresql_using="gin"),
    )


class StageRow(SQLModel, table=True):
    """One stage of a job; ``target`` is a language, or empty for a stage that runs once.

    ``former_operations`` are those of earlier runs and ways, kept so that they can be erased with the job.
    ``detour`` is why the first way failed, where the stage's fallback does it.
    """

    __tablename__ = "stage"

    job_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True))
    stage: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    tenant: str
    position: int
    state: str
    run: int
    operation_id: UUID | None
    progress: float
    note: str
    result: dict[str, Any] | None = _json(nullable=True)
    problem: dict[str, Any] | None = _json(nullable=True)
    detour: dict[str, Any] | None = _json(nullable=True)
    started_at: datetime | None = _moment()
    ended_at: datetime | None = _moment()
    model_time_s: float | None
    unreachable_since: datetime | None = _moment()
    former_operations: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
