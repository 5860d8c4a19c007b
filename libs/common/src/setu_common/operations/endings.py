"""How a row leaves its worker's hands, and what is written with that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from setu_common.contracts import Operation, OperationState, Problem


@dataclass(frozen=True)
class Ending:
    """What became of a row: ended for good, or queued again; ``due`` if it can be claimed at once."""

    operation: Operation
    tenant: str
    queue: str
    job_id: UUID | None
    reply_to: str | None
    due: bool
    idempotency_key: str | None
    parent_id: UUID | None = None


# A statement in psycopg's style, with its parameters.
Statement = tuple[LiteralString, Mapping[str, Any]]  # Any: whatever the database takes

# What is written in the transaction that ends an operation, whoever ends it (worker, reaper, a caller who cancels), because it must be
# true from that moment on. In the service's own schema, and quick; an ``Aside`` may be of another.
Settled = Callable[[Ending], Sequence[Statement]]


def operation_of(row: Mapping[Any, Any]) -> Operation:  # Any: a row of psycopg or of SQLAlchemy
    """The public snapshot of a row (a payload that lies in the store is left as its reference)."""
    return Operation(
        id=row["id"],
        kind=row["kind"],
        state=OperationState(row["state"]),
        version=row["version"],
        progress=row["progress"],
        note=row["note"],
        attempt=row["attempts"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        result=row["result"],
        problem=Problem.model_validate(row["problem"]) if row["problem"] else None,
    )


def ending_of(row: Mapping[Any, Any]) -> Ending:  # Any: a row of psycopg or of SQLAlchemy
    """A row that has just left its worker's hands, selected with ``due``."""
    return Ending(
        operation_of(row),
        row["tenant"],
        row["queue"],
        row["job_id"],
        row["reply_to"],
        row["due"],
        row["idempotency_key"],
        row["parent_id"],
    )
