"""The model beside the real thing: what is done to one is done to the other, and then they are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from probe.kinds import Done, Task
from probe.model import HELD, QUEUED, SUCCEEDED, Model, ModelRow
from probe.rig import BACK, FRONT, PATIENT, Rig, verdict
from setu_common.contracts import OperationKind, OperationState, Submission
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, InvalidRequest
from setu_common.operations import Ending
from setu_common.operations.claims import Claim, Claims
from setu_common.operations.endings import operation_of

QUEUES = (FRONT.queue, BACK.queue)
WORKERS = ("north", "south", "east")
PROBLEM = InvalidRequest("This can't be done; ask for something else.").problem()


@dataclass(frozen=True)
class Ticket:
    """A claim, and the worker that made it, which may go on believing in it for ever."""

    claim: Claim
    worker: str


class Mirror:
    """A rig and a model of it. Where they differ, an assertion fails."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.model = Model(PATIENT.max_losses)
        self.connections = {worker: rig.lasting_connection(worker) for worker in WORKERS}
        self.tickets: list[Ticket] = []
        self._claims = {
            worker: Claims(connection, PATIENT, worker, pid)
            for pid, (worker, connection) in enumerate(self.connections.items(), start=1)
        }
        self._before: dict[UUID, dict[str, Any]] = {}  # Any: rows of the table
        rig.execute("DELETE FROM operation")
        rig.execute("DELETE FROM verdict")
        rig.hints.told.clear()

    def submit(self, kind: OperationKind[Task, Done], submission: Submission, task: Task) -> None:
        earlier = self.model.earlier(kind, submission)
        submitting = self.rig.operations.submit(kind, task, submission)
        if earlier is not None and earlier.task != task:
            with pytest.raises(IdempotencyConflict):
                self.rig.run(submitting)
            return
        operation = self.rig.run(submitting)
        assert self.rig.hints.told.pop() == (kind.queue, None)
        if earlier is not None:
            assert (operation.id, operation.state) == (earlier.id, earlier.state)
        else:
            assert operation.id not in self.model.rows
            self.model.submit(operation.id, kind, submission, task)

    def claim(self, worker: str, queue: str) -> None:
        expected = self.model.next(queue)
        claim = self._claims[worker].next(queue)
        if expected is None:
            assert claim is None, "claimed what nobody may have"
            return
        assert claim is not None, f"left behind: {expected}"
        assert claim.id == expected.id, f"not its turn: {self.model.rows[claim.id]} before {expected}"
        assert (claim.attempt, claim.wakes) == (expected.attempts + 1, expected.wakes)
        self.model.claim(expected, worker)
        self.tickets.append(Ticket(claim, worker))

    def tell(self, ticket: Ticket, how: str, after_s: float = 0.0, *, answer_lost: bool = False) -> None:
        """A live claim ends as the model has done before; if the answer is lost it ends again, and must be recognised."""
        if answer_lost:
            self.connections[ticket.worker].lose_next = True
            with pytest.raises(DependencyUnavailable):
                self.say(ticket, how, after_s)
        self.came_to(self.say(ticket, how, after_s), self.model.rows[ticket.claim.id])

    def say(self, ticket: Ticket, how: str, after_s: float = 0.0) -> Any:  # Any: an ending, or what a beat tells
        """A worker acts upon a claim, whatever that is worth."""
        claims, claim = self._claims[ticket.worker], ticket.claim
        count = self.model.rows[claim.id].number if claim.id in self.model.rows else 0
        sayings: dict[str, Callable[[], object]] = {
            "beat": lambda: claims.beat(claim, 0.9, "late"),
            "succeed": lambda: claims.succeed(claim, {"count": count}, (), verdict),
            "fail": lambda: claims.fail(claim, PROBLEM, verdict),
            "cancel": lambda: claims.cancel(claim, verdict),
            "retry": lambda: claims.retry(claim, PROBLEM, after_s, verdict),
            "park": lambda: claims.park(claim, after_s, verdict),
            "hand_back": lambda: claims.hand_back(claim, verdict),
        }
        return sayings[how]()

    def beat(self, ticket: Ticket, progress: float, note: str) -> tuple[bool, bool]:
        return self._claims[ticket.worker].beat(ticket.claim, progress, note)

    def came_to(self, ending: Ending | None, row: ModelRow) -> None:
        """What a worker or a parent is told is what it must pass on."""
        assert ending is not None
        assert (ending.operation.id, ending.operation.state) == (row.id, row.state)
        assert ending.due == (row.state is QUEUED and row.eligible)
        assert (ending.queue, ending.job_id) == (row.kind.queue, row.submission.job_id)

    def live(self, *states: OperationState) -> list[tuple[Ticket, ModelRow]]:
        """The claims that are worth something."""
        live = [ticket for ticket in self.tickets if self.model.holds(ticket.claim.id, ticket.claim.token)]
        rows = [(ticket, self.model.rows[ticket.claim.id]) for ticket in live]
        return [(ticket, row) for ticket, row in rows if row.state in (states or HELD)]

    def stale(self) -> list[Ticket]:
        """The claims that are worth nothing any more."""
        return [ticket for ticket in self.tickets if not self.model.holds(ticket.claim.id, ticket.claim.token)]

    def compare(self) -> None:
        rows = {row["id"]: row for row in self.rig.execute("SELECT *, NOT asleep AS eligible FROM operation")}
        assert rows.keys() == self.model.rows.keys()
        for row_id, expected in self.model.rows.items():
            _compare(rows[row_id], expected)
            _compare_with_before(rows[row_id], self._before.get(row_id, rows[row_id]))
        self._before = rows


def _compare(row: dict[str, Any], expected: ModelRow) -> None:
    held = expected.state in HELD
    assert OperationState(row["state"]) is expected.state
    for column in ("tenant", "attempts", "losses", "token", "wakes", "progress", "note"):
        assert row[column] == getattr(expected, column), f"{column} of {expected}"
    assert row["worker"] == (expected.holder if held else None)
    assert (row["lease_until"] is not None, row["deadline_at"] is not None) == (held, held)
    assert (row["started_at"] is not None, row["ended_at"] is not None) == (expected.token > 0, expected.state.ended)
    assert (row["result"] or {}).get("count") == expected.result
    assert (row["problem"] or {}).get("code") == expected.problem, f"problem of {expected}"
    if expected.state is QUEUED:
        assert row["eligible"] == expected.eligible
    if expected.state is SUCCEEDED:
        assert (row["progress"], row["problem"]) == (1.0, None)


def _compare_with_before(row: dict[str, Any], before: dict[str, Any]) -> None:
    """The version grows with all that can be seen, and with nothing else; the token never shrinks; what ended stays as it is."""
    if row == before:
        return
    now, then = operation_of(row), operation_of(before)
    changed = now != then.model_copy(update={"version": now.version}) or row["token"] > before["token"]
    assert (now.version > then.version) if changed else (now.version == then.version), f"{then} became {now}"
    assert row["token"] >= before["token"]
    if before["ended_at"] is not None:
        assert {**row, "eligible": None} == {**before, "eligible": None}, "an ended row changed"
