"""A service as the pipeline sees it, under a test's control."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel

from setu_common.contracts import Operation, OperationKind, OperationState, Problem, Submission
from setu_common.errors import Conflict, DependencyUnavailable, IdempotencyConflict, NotFound, RemoteProblem
from setu_common.operations.room import QueueFull


class FakeService:
    """Takes operations, remembers them, and ends them when told.

    Attributes:
        away: while set, it does not answer.
        full: while set, its queues have no room.
        operations: what it was given, by id.
        requests: the requests, by operation.
        submissions: what came beside them.
        cancelled: the operations that it was asked to cancel.
        purged: the operations that it was asked to erase.
    """

    def __init__(self) -> None:
        self.away = False
        self.full = False
        self.operations: dict[UUID, Operation] = {}
        self.requests: dict[UUID, BaseModel] = {}
        self.submissions: dict[UUID, Submission] = {}
        self.cancelled: list[UUID] = []
        self.purged: list[UUID] = []
        self.on_submit: Callable[[Operation], None] = lambda _operation: None
        self._by_key: dict[str, UUID] = {}

    # Any: kinds differ, as in OperationsPort.
    async def submit(self, kind: OperationKind[Any, Any], request: BaseModel, submission: Submission) -> Operation:
        """Take an operation; the same key gives the same one."""
        self._demand_presence()
        earlier = self._by_key.get(submission.idempotency_key or "")
        if earlier is not None:
            if self.requests[earlier] != request:
                raise IdempotencyConflict("Another request came with this key.", operation_id=str(earlier))
            return self.operations[earlier]
        if self.full:
            raise RemoteProblem(QueueFull("Its queue is full.", retry_after_s=1).problem())
        operation = Operation(
            id=uuid4(),
            kind=kind.name,
            state=OperationState.QUEUED,
            version=1,
            progress=0,
            attempt=0,
            created_at=datetime.now(UTC),
        )
        self.operations[operation.id] = operation
        self.requests[operation.id] = request
        self.submissions[operation.id] = submission
        if submission.idempotency_key is not None:
            self._by_key[submission.idempotency_key] = operation.id
        self.on_submit(operation)
        return self.operations[operation.id]

    async def get(self, tenant: str, operation_id: UUID) -> Operation:  # noqa: ARG002  the port's signature
        """The operation as it stands."""
        self._demand_presence()
        if operation_id not in self.operations:
            raise NotFound("There is no such operation.")
        return self.operations[operation_id]

    async def cancel(self, tenant: str, operation_id: UUID) -> Operation:
        """Note the wish; the test decides when the operation ends."""
        operation = await self.get(tenant, operation_id)
        self.cancelled.append(operation_id)
        return operation if operation.state.ended else self.change(operation_id, state=OperationState.CANCELLING)

    async def purge(self, tenant: str, operation_id: UUID) -> None:
        """Forget an ended operation."""
        operation = await self.get(tenant, operation_id)
        if not operation.state.ended:
            raise Conflict("It has not ended.")
        self.purged.append(operation_id)
        del self.operations[operation_id]

    def lose(self, operation_id: UUID) -> None:
        """Forget an operation, as a service does whose database was replaced; its key is free again."""
        del self.operations[operation_id], self.requests[operation_id]
        self._by_key.pop(self.submissions.pop(operation_id).idempotency_key or "", None)

    def change(self, operation_id: UUID, **changes: object) -> Operation:
        """Change an operation as its worker would."""
        operation = self.operations[operation_id]
        changed = operation.model_copy(update={"version": operation.version + 1, **changes})
        self.operations[operation_id] = changed
        return changed

    def begin(self, operation_id: UUID, progress: float = 0.0, note: str = "") -> None:
        """Have a worker begin with it, or go on."""
        started_at = self.operations[operation_id].started_at or datetime.now(UTC)
        self.change(operation_id, state=OperationState.RUNNING, progress=progress, note=note, started_at=started_at)

    def succeed(self, operation_id: UUID, result: Mapping[str, Any]) -> None:
        """End it well."""
        now = datetime.now(UTC)
        started_at = self.operations[operation_id].started_at or now
        self.change(
            operation_id, state=OperationState.SUCCEEDED, progress=1.0, result=dict(result), started_at=started_at, ended_at=now
        )

    def fail(self, operation_id: UUID, problem: Problem) -> None:
        """End it with a problem."""
        self.change(operation_id, state=OperationState.FAILED, problem=problem, ended_at=datetime.now(UTC))

    def end_cancelled(self, operation_id: UUID) -> None:
        """End it as cancelled."""
        self.change(operation_id, state=OperationState.CANCELLED, ended_at=datetime.now(UTC))

    def under_way(self) -> list[UUID]:
        """What has not ended, in the order in which it came."""
        return [operation.id for operation in self.operations.values() if not operation.state.ended]

    def _demand_presence(self) -> None:
        if self.away:
            raise DependencyUnavailable("The service does not answer.")


class FakeWork:
    """The work at hand, for calling a handler directly."""

    def __init__(self, tenant: str = "local", job_id: UUID | None = None) -> None:
        self.operation_id = uuid4()
        self.tenant = tenant
        self.job_id = job_id
        self.attempt = 1
        self.cancelled = False

    def progress(self, fraction: float, note: str = "") -> None:
        """Nobody listens."""

    async def in_thread(self, function: Callable[..., Any], *args: object, **kwargs: object) -> Any:  # noqa: ANN401  whatever it gives
        """Run it at once."""
        return function(*args, **kwargs)
