"""Operations as their submitter sees them, and the kinds that services offer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from setu_common.contracts.contract import Contract, View
from setu_common.contracts.problem import Problem


class OperationState(StrEnum):
    """Where an operation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True once nothing about the operation will change any more."""
        return self in (OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELLED)


class Operation(View):
    """A snapshot of one operation. ``version`` grows with each change."""

    id: UUID
    kind: str
    state: OperationState
    version: int = Field(ge=0)
    progress: float = Field(ge=0, le=1)
    note: str = ""
    attempt: int = Field(ge=0, description="Claims that count against the limit so far")
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: dict[str, Any] | None = None  # Any: the kind's result model as JSON; OperationKind.result parses it
    problem: Problem | None = None


RequestT = TypeVar("RequestT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=BaseModel)


@dataclass(frozen=True)
class OperationKind(Generic[RequestT, ResultT]):
    """A thing that a service can be asked to do; ``POST /v1/{name}`` submits one.

    Args:
        name: plural noun, part of the path.
        service: whose schema holds the rows.
        queue: whose workers run it.
        request: what it takes.
        result: what it gives.
        timeout_s: how long one attempt may take before it is ended.
        max_attempts: how many attempts that fail or kill their process are made in all.
    """

    name: str
    service: str
    queue: str
    request: type[RequestT]
    result: type[ResultT]
    timeout_s: float = 600.0
    max_attempts: int = 3


class Submission(Contract):
    """What travels beside a request: who asks, and how to tell a repeated ask from a new one."""

    tenant: str = Field(pattern=r"^[a-z0-9_-]{1,63}$")
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=255)
    job_id: UUID | None = None
    priority: int = Field(default=0, ge=-100, le=100)
    reply_to: str | None = Field(default=None, description="The submitter's queue to send a wake-up to; see operations.REPLIES")
