"""Operations do what their model says, whatever happens in whatever order: a stateful test on a real Postgres."""

import sys
from typing import TypeVar
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from probe.kinds import Done, Task
from probe.mirror import PROBLEM, QUEUES, WORKERS, Mirror, Ticket
from probe.model import CANCELLED, CANCELLING, FAILED, QUEUED, SUCCEEDED, ModelRow
from probe.rig import BACK, FRONT, LONG_S, PATIENT, Rig
from setu_common.contracts import OperationKind, Submission
from setu_common.errors import Conflict, NotFound
from setu_common.operations.claims import LeaseLost
from setu_common.operations.reaping import Held
from setu_common.operations.waking import wake_job

T = TypeVar("T")

TENANTS = ("acme", "brio", "coda")
JOBS = (UUID(int=1), UUID(int=2))
SMALL, LARGE = "", "ई" * 200

Asked = tuple[OperationKind[Task, Done], Submission, Task]
SUBMISSIONS = st.tuples(
    st.sampled_from([FRONT, FRONT, BACK]),
    st.builds(
        Submission,
        tenant=st.sampled_from(TENANTS),
        idempotency_key=st.sampled_from([None, None, "key-1", "key-2"]),
        priority=st.sampled_from([0, 0, 0, 5, -5]),
        job_id=st.sampled_from([None, *JOBS]),
        reply_to=st.just("pipeline"),
    ),
    st.builds(Task, count=st.integers(0, 1), text=st.sampled_from([SMALL, SMALL, LARGE])),
)
LAST_PICK = 7
PICK = st.integers(0, LAST_PICK)
DELAYS = st.sampled_from([0.0, LONG_S])
ENDINGS = st.sampled_from(["succeed", "fail", "cancel", "retry", "park", "hand_back"])
SAYINGS = st.just("beat") | ENDINGS
PROGRESS = st.sampled_from([(0.0, ""), (0.25, "a quarter"), (0.5, "half")])


class OperationMachine(RuleBasedStateMachine):
    """Callers, three workers, their parents and the clock, each at any time."""

    def __init__(self, rig: Rig) -> None:
        super().__init__()
        self.rig = rig
        self.mirror = Mirror(rig)
        self.model = self.mirror.model
        self.seen_held: list[Held] = []

    # Callers

    @initialize(submissions=st.lists(SUBMISSIONS, min_size=4, max_size=6))
    def begin(self, submissions: list[Asked]) -> None:
        for asked in submissions:
            self.submit(asked)

    @rule(asked=SUBMISSIONS)
    def submit(self, asked: Asked) -> None:
        self.mirror.submit(*asked)

    @precondition(lambda self: self._open())
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        row = picked(self._open(), pick)
        with pytest.raises(NotFound):
            self.rig.run(self.rig.operations.cancel("stranger", row.id))
        with pytest.raises(Conflict):
            self.rig.run(self.rig.operations.purge(row.tenant, row.id))
        wakes = [("pipeline", row.submission.job_id)] if row.state is QUEUED and row.submission.job_id else []
        row.cancel()
        self.rig.hints.told.clear()
        assert self.rig.run(self.rig.operations.cancel(row.tenant, row.id)).state == row.state
        assert self.rig.hints.told == wakes

    @precondition(lambda self: len(self._open()) < len(self.model.rows))
    @rule(pick=PICK)
    def fetch_and_purge(self, pick: int) -> None:
        row = picked([row for row in self.model.rows.values() if row.state.ended], pick)
        self.rig.run(self.rig.operations.purge("stranger", row.id))
        operation = self.rig.run(self.rig.operations.get(row.tenant, row.id, wait_s=10))
        assert operation.result == (None if row.result is None else {"count": row.result})
        assert self.rig.run(self.rig.operations.cancel(row.tenant, row.id)) == operation
        self.rig.run(self.rig.operations.purge(row.tenant, row.id))
        del self.model.rows[row.id]

    @precondition(lambda self: self._open())
    @rule(pick=PICK)
    def wake(self, pick: int) -> None:
        asleep = [row for row in self._open() if row.submission.job_id and not row.eligible]
        if not asleep and self._busy():
            ticket, row = self._held(pick)
            row.again(at_once=row.wakes > ticket.claim.wakes, parked=True)
            self.mirror.tell(ticket, "park", LONG_S)
            asleep = [row]
        self._wake(picked(asleep or self._open(), pick))

    # Workers: a hint may come for nothing, or never; so anyone may claim at any time.

    @rule(worker=st.sampled_from(WORKERS), queue=st.sampled_from(QUEUES), times=st.integers(1, 3), broken=st.booleans())
    def claim(self, worker: str, queue: str, times: int, broken: bool) -> None:
        if broken:
            self.mirror.connections[worker].close()
        for _ in range(times):
            self.mirror.claim(worker, queue)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, progress=PROGRESS)
    def beat(self, pick: int, progress: tuple[float, str]) -> None:
        ticket, row = self._held(pick)
        assert self.mirror.beat(ticket, *progress) == (row.state is CANCELLING, row.overdue)
        row.beat(*progress)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, answer_lost=st.booleans())
    def succeed(self, pick: int, answer_lost: bool) -> None:
        ticket, row = self._held(pick)
        row.end(SUCCEEDED, result=row.number)
        self.mirror.tell(ticket, "succeed", answer_lost=answer_lost)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, answer_lost=st.booleans())
    def fail(self, pick: int, answer_lost: bool) -> None:
        ticket, row = self._held(pick)
        row.end(FAILED, problem=PROBLEM.code, attempts=1)
        self.mirror.tell(ticket, "fail", answer_lost=answer_lost)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, how=ENDINGS, answer_lost=st.booleans())
    def end_what_a_caller_cancelled(self, pick: int, how: str, answer_lost: bool) -> None:
        """Whatever the worker makes of it meanwhile."""
        ticket, row = self._held(pick)
        row.cancel()
        self.rig.run(self.rig.operations.cancel(row.tenant, row.id))
        row.end(CANCELLED, attempts=int(how in ("fail", "retry")))
        self.mirror.tell(ticket, how, LONG_S, answer_lost=answer_lost)

    @precondition(lambda self: self._busy())
    @rule(
        pick=PICK,
        how=st.sampled_from(["retry", "park", "hand_back"]),
        after_s=DELAYS,
        woken=st.booleans(),
        answer_lost=st.booleans(),
    )
    def put_back(self, *, pick: int, how: str, after_s: float, woken: bool, answer_lost: bool) -> None:
        ticket, row = self._held(pick)
        if woken:
            self._wake(row)
        if how == "retry" and row.attempts + 1 >= row.kind.max_attempts:
            how = "park"  # a last attempt does not come back
        after_s = 0.0 if how == "hand_back" else after_s
        tried = how == "retry"
        at_once = after_s == 0 or row.wakes > ticket.claim.wakes
        row.again(at_once=at_once, problem=PROBLEM.code if tried else None, attempts=int(tried), parked=how == "park")
        self.mirror.tell(ticket, how, after_s, answer_lost=answer_lost)

    @precondition(lambda self: self.mirror.stale())
    @rule(pick=PICK, how=SAYINGS)
    def a_worker_comes_back_too_late(self, pick: int, how: str) -> None:
        self._too_late(picked(self.mirror.stale(), -1 - pick), how)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, how=SAYINGS)
    def a_worker_is_overtaken(self, pick: int, how: str) -> None:
        """Its lease runs out, another takes the row over, and then it says how it ended, and its parent that it died."""
        ticket, row = self._held(pick)
        [seen] = [held for held in self.rig.reaping.held_by(ticket.worker) if held.id == row.id]
        self._silence(row)
        self.expire()
        others = [worker for worker in WORKERS if worker != ticket.worker]
        while row.state is QUEUED:
            self.mirror.claim(others[pick % 2], row.kind.queue)
        self._too_late(ticket, how)
        assert self.rig.reaping.child_died(seen) is None
        assert self.rig.reaping.lost(seen) is None
        assert row.id not in {held.id for held in self.rig.reaping.held_by(ticket.worker)}

    # Their parents

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, seen_in_time=st.booleans())
    def a_child_dies(self, pick: int, seen_in_time: bool) -> None:
        """Of its input, perhaps; if it is missed only after an outage nobody can say of what, and it counts as a loss."""
        ticket, row = self._held(pick)
        held = self.rig.reaping.held_by(ticket.worker)
        expected = {(row.id, row.token) for row in self.model.held() if row.holder == ticket.worker}
        assert {(each.id, each.token) for each in held} == expected
        dead = next(each for each in held if each.id == row.id)
        row.bury(attempts=int(seen_in_time), losses=int(not seen_in_time), max_losses=PATIENT.max_losses)
        self.mirror.came_to(self.rig.reaping.child_died(dead) if seen_in_time else self.rig.reaping.lost(dead), row)
        # In an order of the model's: a search must be able to take the same way twice, and Postgres promises none.
        self.seen_held += sorted(held, key=lambda each: self.model.rows[each.id].number)

    @precondition(lambda self: self.seen_held)
    @rule(pick=PICK)
    def a_death_is_seen_late(self, pick: int) -> None:
        held = picked(self.seen_held, pick)
        ending = self.rig.reaping.child_died(held)
        if not self.model.holds(held.id, held.token):
            assert ending is None
            return
        row = self.model.rows[held.id]
        row.bury(attempts=1, losses=0, max_losses=PATIENT.max_losses)
        self.mirror.came_to(ending, row)

    @precondition(lambda self: self._busy())
    @rule(pick=PICK, whole_worker=st.booleans(), noticed=st.booleans())
    def a_worker_goes_silent(self, pick: int, whole_worker: bool, noticed: bool) -> None:
        _, first = self._held(pick)
        for row in self.model.held():
            if row is first or (whole_worker and row.holder == first.holder):
                self._silence(row)
        if noticed:
            self.expire()

    @precondition(lambda self: any(row.expired for row in self.model.held()))
    @rule()
    def expire(self) -> None:
        expected = {row.id: row for row in self.model.held() if row.expired}
        endings = self.rig.reaping.expire()
        assert {ending.operation.id for ending in endings} == expected.keys()
        for ending in endings:
            row = expected[ending.operation.id]
            row.bury(attempts=0, losses=1, max_losses=PATIENT.max_losses)
            self.mirror.came_to(ending, row)

    @rule()
    def count_what_waits(self) -> None:
        waiting = {queue: count for queue, (count, _) in self.rig.reaping.waiting(QUEUES).items()}
        assert waiting == {queue: count for queue in QUEUES if (count := self.model.eligible(queue))}

    # Time

    @precondition(lambda self: any(not row.eligible for row in self._open()))
    @rule()
    def time_passes(self) -> None:
        self.rig.execute("UPDATE operation SET not_before = now() WHERE state = 'queued'")
        self.rig.reaping.wake_due(QUEUES)
        for row in self.model.rows.values():
            row.eligible = True

    @precondition(lambda self: self._busy())
    @rule(pick=PICK)
    def a_deadline_passes(self, pick: int) -> None:
        ticket, row = self._held(pick)
        self.rig.execute("UPDATE operation SET deadline_at = now() WHERE id = %(id)s", id=row.id)
        row.overdue = True
        assert self.mirror.beat(ticket, row.progress, row.note) == (row.state is CANCELLING, True)
        row.beat(row.progress, row.note)

    def teardown(self) -> None:
        """Nothing is lost: what was accepted and has not ended can be claimed and done."""
        if sys.exc_info()[0] is not None:
            return  # it failed already
        self.time_passes()
        while self._busy():
            self.succeed(0, answer_lost=False)
        assert not self._open()
        self.the_table_is_as_the_model_says()
        self.every_end_is_written_exactly_once()

    # What is true after every step

    @invariant()
    def the_table_is_as_the_model_says(self) -> None:
        self.mirror.compare()

    @invariant()
    def every_end_is_written_exactly_once(self) -> None:
        self.model.note_endings()
        assert self.rig.verdicts() == sorted((row_id, state.value) for row_id, state in self.model.ended.items())

    @invariant()
    def no_claim_was_given_twice(self) -> None:
        claims = [(ticket.claim.id, ticket.claim.token) for ticket in self.mirror.tickets]
        assert len(set(claims)) == len(claims)
        assert len({row.id for _, row in self.mirror.live()}) == len(self.mirror.live())

    def _too_late(self, ticket: Ticket, how: str) -> None:
        row = self.model.rows.get(ticket.claim.id)
        meant = {"succeed": SUCCEEDED, "fail": FAILED, "cancel": CANCELLED}.get(how, QUEUED)
        # What it sees may be its own commit, whose answer was lost: then it is told so. It changes nothing either way.
        if how != "beat" and row is not None and row.token == ticket.claim.token and row.state in (meant, CANCELLED):
            self.mirror.came_to(self.mirror.say(ticket, how), row)
            return
        with pytest.raises(LeaseLost):
            self.mirror.say(ticket, how)

    def _silence(self, row: ModelRow) -> None:
        row.expired = True
        self.rig.execute("UPDATE operation SET lease_until = now() - interval '1 s' WHERE id = %(id)s", id=row.id)

    def _wake(self, row: ModelRow) -> None:
        if row.submission.job_id is not None:
            wake_job(self.mirror.connections[WORKERS[0]], row.kind.queue, row.submission.job_id)
            self.model.wake(row.kind.queue, row.submission.job_id)

    def _open(self) -> list[ModelRow]:
        return [row for row in self.model.rows.values() if not row.state.ended]

    def _busy(self) -> bool:
        return bool(self.mirror.live()) or any(map(self.model.next, QUEUES))

    def _held(self, pick: int) -> tuple[Ticket, ModelRow]:
        """A claim that is worth something: one of those that there are, or a new one."""
        if not self.mirror.live() or pick == LAST_PICK:
            for queue in QUEUES:
                self.mirror.claim(WORKERS[pick % len(WORKERS)], queue)
        return picked(self.mirror.live(), pick)


def picked(choices: list[T], pick: int) -> T:
    return choices[pick % len(choices)]


@pytest.mark.timeout(600)  # not reached unless it fails, and looks for the shortest way to fail
def test_operations_do_what_their_model_says(rig: Rig) -> None:
    run_state_machine_as_test(
        lambda: OperationMachine(rig),  # type: ignore[arg-type]  # any factory will do
        settings=hypothesis.settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
