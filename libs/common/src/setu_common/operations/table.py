"""The operation table: one in each service's schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class OperationRow(SQLModel, table=True):
    """One operation.

    ``token`` is the fencing token: it grows with every claim, and only its holder may change a running row.
    ``attempts`` counts failures and deaths of the child that ran it, ``losses`` the disappearances of a whole worker.
    ``asleep`` is true of a queued row whose time, ``not_before``, had not come when it was put back: claims don't see it. The watch of a
    worker's parent wakes it when its time has come, and a wake-up does at once.
    ``wakes`` counts wake-ups, so that one that comes while the row runs is not slept through.
    ``objects`` are the uris of the objects that live as long as this row.
    ``begun_at`` is what a tenant's rows are claimed by: when the work was begun that the row belongs to, which is its job's first operation in
    this schema, or its parent, or itself.
    ``parent_id`` is of a part: the operation that it was made of. It ends no later than that, and goes with it.
    """

    __tablename__ = "operation"

    id: UUID = Field(primary_key=True)
    tenant: str
    kind: str
    queue: str
    state: str
    version: int
    priority: int
    job_id: UUID | None
    parent_id: UUID | None
    idempotency_key: str | None
    request: dict[str, Any] = Field(sa_type=JSONB)  # Any: JSON
    request_sha256: str
    result: dict[str, Any] | None = Field(sa_type=JSONB)  # Any: JSON
    problem: dict[str, Any] | None = Field(sa_type=JSONB)  # Any: JSON
    objects: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reply_to: str | None
    progress: float
    note: str
    attempts: int
    losses: int
    max_attempts: int
    timeout_s: float
    token: int
    wakes: int
    worker: str | None
    pid: int | None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    begun_at: datetime = Field(sa_type=DateTime(timezone=True))
    not_before: datetime = Field(sa_type=DateTime(timezone=True))
    asleep: bool
    started_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    claimed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    lease_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    deadline_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    __table_args__ = (
        Index(
            "operation_waiting",
            "queue",
            "tenant",
            text("priority DESC"),
            "begun_at",
            "created_at",
            "id",
            postgresql_where=text("state = 'queued' AND NOT asleep"),
        ),
        Index("operation_asleep", "queue", "not_before", postgresql_where=text("state = 'queued' AND asleep")),
        Index("operation_turn", "queue", "tenant", "claimed_at", postgresql_where=text("claimed_at IS NOT NULL")),
        Index("operation_held", "worker", postgresql_where=text("state IN ('running', 'cancelling')")),
        Index(
            "operation_idempotency",
            "tenant",
            "kind",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("operation_job", "job_id"),
        Index("operation_parts", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("operation_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("operation_objects", "objects", postgresql_using="gin", postgresql_where=text("objects <> '{}'")),
    )
