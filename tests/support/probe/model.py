"""What the operation table must hold, in plain Python: the framework's promises, written a second time and without a database.

Nothing here looks at the code under test but for its contracts. A test does the same things to both and compares.
"""

from dataclasses import dataclass, field
from uuid import UUID

from probe.kinds import Done, Task
from setu_common.contracts import OperationKind, OperationState, Submission

QUEUED, RUNNING, CANCELLING = OperationState.QUEUED, OperationState.RUNNING, OperationState.CANCELLING
SUCCEEDED, FAILED, CANCELLED = OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELLED
HELD = (RUNNING, CANCELLING)

DIED = "worker-died"


@dataclass
class ModelRow:
    """One operation. ``number`` is its age, ``begun`` that of its job's first; ``turn`` the number of the claim that took it last, 0 before the first."""

    id: UUID
    kind: OperationKind[Task, Done]
    submission: Submission
    task: Task
    number: int
    begun: int
    state: OperationState = QUEUED
    eligible: bool = True
    attempts: int = 0
    losses: int = 0
    token: int = 0
    wakes: int = 0
    turn: int = 0
    holder: str | None = None
    expired: bool = False
    overdue: bool = False
    progress: float = 0.0
    note: str = ""
    problem: str | None = None
    result: int | None = None

    @property
    def tenant(self) -> str:
        return self.submission.tenant

    def beat(self, progress: float, note: str) -> None:
        self.progress, self.note, self.expired = progress, note, False

    def cancel(self) -> None:
        """A caller asks for a cancellation."""
        if self.state is QUEUED:
            self.end(CANCELLED)
        elif self.state is RUNNING:
            self.state, self.problem = CANCELLING, None

    def end(self, state: OperationState, *, problem: str | None = None, result: int | None = None, attempts: int = 0) -> None:
        """Leave the worker's hands for good. Whatever it was to be: a cancellation asked for before wins."""
        if self.state is CANCELLING:
            state, problem, result = CANCELLED, None, None
        if state is SUCCEEDED:
            self.progress = 1.0
        self.attempts += attempts
        self.state, self.problem, self.result = state, problem, result
        self._released()

    def again(
        self, *, at_once: bool, problem: str | None = None, attempts: int = 0, losses: int = 0, parked: bool = False
    ) -> None:
        """Leave the worker's hands to be queued again."""
        self.losses += losses
        if self.state is CANCELLING:
            self.end(CANCELLED, attempts=attempts)
            return
        self.attempts = 0 if parked else self.attempts + attempts
        self.state, self.eligible, self.problem = QUEUED, at_once, problem
        self._released()

    def bury(self, *, attempts: int, losses: int, max_losses: int) -> None:
        """The process or the worker that held it is gone."""
        given_up = self.attempts + attempts >= self.kind.max_attempts or self.losses + losses >= max_losses
        if given_up and self.state is RUNNING:
            self.losses += losses
            self.end(FAILED, problem=DIED, attempts=attempts)
        else:
            self.again(at_once=True, problem=DIED, attempts=attempts, losses=losses)

    def _released(self) -> None:
        self.holder, self.expired, self.overdue = None, False, False


@dataclass
class Model:
    """All operations of a service."""

    max_losses: int
    rows: dict[UUID, ModelRow] = field(default_factory=dict)
    ended: dict[UUID, OperationState] = field(default_factory=dict)
    claims: int = 0
    submitted: int = 0

    def submit(self, operation_id: UUID, kind: OperationKind[Task, Done], submission: Submission, task: Task) -> ModelRow:
        self.submitted += 1
        ages = [row.begun for row in self.rows.values() if _of_one_job(row.submission, submission)]
        row = ModelRow(operation_id, kind, submission, task, self.submitted, min(ages, default=self.submitted))
        self.rows[operation_id] = row
        return row

    def earlier(self, kind: OperationKind[Task, Done], submission: Submission) -> ModelRow | None:
        """The row that has the idempotency key already."""
        key = submission.idempotency_key
        for row in self.rows.values():
            same = row.kind is kind and row.tenant == submission.tenant and row.submission.idempotency_key == key
            if same and key is not None:
                return row
        return None

    def next(self, queue: str) -> ModelRow | None:
        """The row that a claim must take: priority, then the tenant whose last claim is longest ago, then its job's age, then its own."""
        waiting = [row for row in self.rows.values() if row.kind.queue == queue and row.state is QUEUED and row.eligible]
        return min(
            waiting,
            key=lambda row: (-row.submission.priority, self._last_turn(queue, row.tenant), row.begun, row.number),
            default=None,
        )

    def claim(self, row: ModelRow, worker: str) -> None:
        self.claims += 1
        row.state, row.holder, row.turn = RUNNING, worker, self.claims
        row.token += 1

    def wake(self, queue: str, job_id: UUID) -> None:
        for row in self.rows.values():
            if row.submission.job_id == job_id and row.kind.queue == queue and row.state in (QUEUED, RUNNING):
                row.wakes += 1
                row.eligible = True if row.state is QUEUED else row.eligible

    def held(self) -> list[ModelRow]:
        return [row for row in self.rows.values() if row.state in HELD]

    def holds(self, operation_id: UUID, token: int) -> bool:
        """Whether a claim is still worth something."""
        row = self.rows.get(operation_id)
        return row is not None and row.state in HELD and row.token == token

    def eligible(self, queue: str) -> int:
        return sum(row.kind.queue == queue and row.state is QUEUED and row.eligible for row in self.rows.values())

    def note_endings(self) -> None:
        """Keep the end of every operation, also of those that will be purged."""
        self.ended.update({row.id: row.state for row in self.rows.values() if row.state.ended})

    def _last_turn(self, queue: str, tenant: str) -> int:
        return max((row.turn for row in self.rows.values() if row.kind.queue == queue and row.tenant == tenant), default=0)


def _of_one_job(one: Submission, other: Submission) -> bool:
    return one.job_id is not None and (one.job_id, one.tenant) == (other.job_id, other.tenant)
