"""Those who reach for one row at the same moment: exactly one gets it, and everyone is told the truth."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from uuid import UUID

import pytest

from probe.kinds import Task
from probe.rig import BACK, FRONT, PATIENT, VERDICTS, Rig, verdict
from setu_common.contracts import Operation, OperationState, Submission
from setu_common.errors import Conflict, DependencyUnavailable, IdempotencyConflict
from setu_common.operations import Ending, Operations, Statement
from setu_common.operations import claims as claiming
from setu_common.operations.claims import Claim, Claims, LeaseLost
from setu_common.operations.connection import Connection
from setu_common.operations.lineage import wake_parent
from setu_common.operations.reaping import Reaping

ACME = Submission(tenant="acme")
KEYED = Submission(tenant="acme", idempotency_key="once")

Action = Callable[[], Awaitable[object]]


def submitted(rig: Rig, count: int = 1, tenants: Sequence[str] = ("acme",)) -> list[UUID]:
    async def submit() -> list[UUID]:
        return [
            (await rig.operations.submit(FRONT, Task(count=number), Submission(tenant=tenants[number % len(tenants)]))).id
            for number in range(count)
        ]

    ids: list[UUID] = rig.run(submit())
    return ids


def claimed(rig: Rig) -> tuple[Claims, Claim]:
    submitted(rig)
    claims = rig.claims()
    claim = claims.next(FRONT.queue)
    assert claim is not None
    return claims, claim


def state_of(rig: Rig, operation_id: UUID) -> str:
    [row] = rig.execute("SELECT state FROM operation WHERE id = %(id)s", id=operation_id)
    return str(row["state"])


async def waiting_for_locks(rig: Rig, count: int) -> None:
    """Return once ``count`` others wait for a lock in this database."""
    async with asyncio.timeout(10):
        while True:
            waiting = rig.execute("SELECT DISTINCT pid FROM pg_locks WHERE NOT granted")
            if len(waiting) == count:
                return
            await asyncio.sleep(0.01)


async def one_after_the_other(rig: Rig, operation_id: UUID, *actions: Action) -> list[object]:
    """Let actions reach for a locked row in this order, then give it free: Postgres serves them in this order."""
    with rig.plain.transaction():
        rig.execute("SELECT id FROM operation WHERE id = %(id)s FOR UPDATE", id=operation_id)
        tasks = []
        for count, action in enumerate(actions, start=1):
            tasks.append(asyncio.ensure_future(action()))
            await waiting_for_locks(rig, count)
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(("claimers", "tenants"), [(8, ("acme", "brio", "coda")), (20, ("acme",))])
def test_claimers_of_one_queue_never_get_the_same_row_and_leave_none_behind(
    rig: Rig, claimers: int, tenants: tuple[str, ...]
) -> None:
    ids = submitted(rig, 60, tenants)
    start = threading.Barrier(claimers)
    each_claims = [rig.claims(f"worker-{number}", number) for number in range(claimers)]

    def take_all(claims: Claims) -> list[UUID]:
        taken = []
        start.wait()
        while (claim := claims.next(FRONT.queue)) is not None:
            taken.append(claim.id)
        return taken

    with ThreadPoolExecutor(claimers) as threads:
        taken = [operation_id for part in threads.map(take_all, each_claims) for operation_id in part]

    assert sorted(taken) == sorted(ids)


def test_a_row_that_another_transaction_holds_is_passed_over_without_waiting(rig: Rig) -> None:
    first, second = submitted(rig, 2)
    claims = rig.claims()
    with rig.plain.transaction():
        rig.execute("SELECT id FROM operation WHERE id = %(id)s FOR UPDATE", id=first)
        free, none = claims.next(FRONT.queue), claims.next(FRONT.queue)
    then = claims.next(FRONT.queue)

    assert free is not None
    assert free.id == second
    assert none is None
    assert then is not None
    assert then.id == first


def test_submits_at_the_same_moment_with_the_same_key_give_one_operation(rig: Rig) -> None:
    async def scenario() -> list[Operation]:
        return await asyncio.gather(*(rig.operations.submit(FRONT, Task(), KEYED) for _ in range(10)))

    assert len({operation.id for operation in rig.run(scenario())}) == 1
    assert len(rig.execute("SELECT id FROM operation")) == 1


@pytest.mark.parametrize("first_is_kept", [True, False])
def test_a_submit_waits_for_one_with_the_same_key_that_is_not_committed_yet(rig: Rig, first_is_kept: bool) -> None:
    class Undone(Exception):
        pass

    async def scenario() -> tuple[Operation, Operation]:
        async with AsyncExitStack() as stack:
            stack.enter_context(suppress(Undone))
            connection = await stack.enter_async_context(rig.database.transaction())
            first = await rig.operations.submit_in(connection, FRONT, Task(), KEYED)
            second = asyncio.ensure_future(rig.operations.submit(FRONT, Task(), KEYED))
            await waiting_for_locks(rig, 1)
            if not first_is_kept:
                raise Undone
        return first, await second

    first, second = rig.run(scenario())
    assert (second.id == first.id) is first_is_kept
    assert [row["id"] for row in rig.execute("SELECT id FROM operation")] == [second.id]


def test_another_request_with_a_key_whose_submit_is_not_committed_yet_is_refused(rig: Rig) -> None:
    async def scenario() -> None:
        async with rig.database.transaction() as connection:
            await rig.operations.submit_in(connection, FRONT, Task(count=1), KEYED)
            other = asyncio.ensure_future(rig.operations.submit(FRONT, Task(count=2), KEYED))
            await waiting_for_locks(rig, 1)
        with pytest.raises(IdempotencyConflict):
            await other

    rig.run(scenario())


def test_a_key_whose_operation_is_erased_while_it_is_looked_up_gives_a_new_operation(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = Operations._earlier

    async def erased_before(*args: object) -> object:
        rig.execute("DELETE FROM operation WHERE id = %(id)s", id=earlier.id)
        return await looked_up(*args)  # type: ignore[arg-type]  # handed through

    earlier = rig.run(rig.operations.submit(FRONT, Task(), KEYED))
    monkeypatch.setattr(Operations, "_earlier", erased_before)
    again = rig.run(rig.operations.submit(FRONT, Task(), KEYED))

    assert again.id != earlier.id
    assert state_of(rig, again.id) == "queued"


@pytest.mark.parametrize("cancel_first", [True, False])
def test_a_result_and_a_cancellation_at_the_same_moment_have_one_outcome(rig: Rig, cancel_first: bool) -> None:
    claims, claim = claimed(rig)

    async def succeed() -> Ending:
        return await asyncio.to_thread(claims.succeed, claim, {"count": 1}, (), verdict)

    async def cancel() -> Operation:
        return await rig.operations.cancel("acme", claim.id)

    actions = (cancel, succeed) if cancel_first else (succeed, cancel)
    answers = rig.run(one_after_the_other(rig, claim.id, *actions))
    told = [answer.operation if isinstance(answer, Ending) else answer for answer in answers]

    if cancel_first:
        assert [each.state for each in told] == ["cancelling", "cancelled"]
        assert rig.verdicts() == [(claim.id, "cancelled")]
    else:
        assert [each.state for each in told] == ["succeeded", "succeeded"]
        assert rig.verdicts() == [(claim.id, "succeeded")]


def test_a_result_that_comes_while_the_lease_is_being_expired_is_refused(rig: Rig) -> None:
    claims, claim = claimed(rig)
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s', losses = %(losses)s", losses=PATIENT.max_losses - 1)

    def slow_verdict(ending: Ending) -> Sequence[Statement]:
        return [("SELECT pg_advisory_xact_lock(1)", {}), *verdict(ending)]

    reaping = Reaping(rig.connection(), PATIENT, "probe", {FRONT.name: slow_verdict})

    async def scenario() -> tuple[list[Ending], object]:
        with rig.plain.transaction():
            rig.execute("SELECT pg_advisory_xact_lock(1)")
            expiring = asyncio.ensure_future(asyncio.to_thread(reaping.expire))
            await waiting_for_locks(rig, 1)
            succeeding = asyncio.ensure_future(asyncio.to_thread(claims.succeed, claim, {"count": 1}, (), verdict))
            await waiting_for_locks(rig, 2)
        [refusal] = await asyncio.gather(succeeding, return_exceptions=True)
        return await expiring, refusal

    [ending], refusal = rig.run(scenario())
    assert ending.operation.state is OperationState.FAILED
    assert isinstance(refusal, LeaseLost)
    assert rig.verdicts() == [(claim.id, "failed")]


def test_a_lease_whose_result_is_just_being_written_is_not_expired(rig: Rig) -> None:
    _, claim = claimed(rig)
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s'")
    with rig.plain.transaction():
        rig.execute("SELECT id FROM operation WHERE id = %(id)s FOR UPDATE", id=claim.id)
        assert rig.reaping.expire() == []


def test_whoever_races_to_end_operations_each_ends_once_and_nobody_is_lied_to(rig: Rig) -> None:
    """Workers that finish, callers that cancel and a watch that expires, on thirty rows at the same time."""
    submitted(rig, 30)
    claims = rig.claims()
    held = [claim for _ in range(30) if (claim := claims.next(FRONT.queue)) is not None]
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s', losses = %(losses)s", losses=PATIENT.max_losses - 1)
    told: dict[UUID, str] = {}

    def finish(part: Sequence[Claim], mine: Claims) -> None:
        start.wait()
        for claim in part:
            try:
                told[claim.id] = mine.succeed(claim, {"count": 1}, (), verdict).operation.state.value
            except LeaseLost:
                told[claim.id] = "lost"

    def expire() -> Counter[str]:
        start.wait()
        return Counter(ending.operation.state.value for _ in range(10) for ending in rig.reaping.expire())

    async def race() -> Counter[str]:
        watch = asyncio.ensure_future(asyncio.to_thread(expire))
        workers = [asyncio.to_thread(finish, held[part::2], rig.claims(f"worker-{part}")) for part in range(2)]
        callers = [rig.operations.cancel("acme", claim.id) for claim in reversed(held)]
        await asyncio.gather(*workers, *callers)
        return await watch

    start = threading.Barrier(3)
    expired: Counter[str] = rig.run(race())

    final = {row["id"]: row["state"] for row in rig.execute("SELECT id, state FROM operation")}
    assert rig.verdicts() == sorted(final.items())
    assert all(OperationState(state).ended for state in final.values())
    assert expired["failed"] == Counter(final.values())["failed"]
    assert all(told[row_id] == state or told[row_id] == "lost" for row_id, state in final.items())
    assert all(told[row_id] != "lost" for row_id, state in final.items() if state == "succeeded")


def test_who_erases_an_operation_while_one_of_its_parts_ends_waits_for_that_and_holds_nothing_that_it_needs(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erasing finds the part's row first, which is the older one; were it to lock it so, Postgres would have to fail one of the two."""
    part_id, parent_id = submitted(rig, 2)
    rig.execute("UPDATE operation SET parent_id = %(parent)s WHERE id = %(part)s", parent=parent_id, part=part_id)
    claims = rig.claims()
    part = claims.next(FRONT.queue)
    assert part is not None
    assert (part.id, part.parent_id) == (part_id, parent_id)
    rig.execute("UPDATE operation SET asleep = true, not_before = now() + interval '1 hour' WHERE id = %(id)s", id=parent_id)

    def wake_slowly(db: Connection, awaited: UUID) -> None:
        wake_parent(db, awaited)
        db.execute("SELECT pg_advisory_xact_lock(1)")

    async def scenario() -> tuple[object, object]:
        with rig.plain.transaction():
            rig.execute("SELECT pg_advisory_xact_lock(1)")
            ending = asyncio.ensure_future(asyncio.to_thread(claims.succeed, part, {"count": 1}, (), verdict))
            await waiting_for_locks(rig, 1)  # it has its parent's row, and not yet its own
            erasing = asyncio.ensure_future(rig.operations.purge("acme", parent_id))
            await waiting_for_locks(rig, 2)
        ended, refusal = await asyncio.gather(ending, erasing, return_exceptions=True)
        return ended, refusal

    monkeypatch.setattr(claiming, "wake_parent", wake_slowly)
    ended, refusal = rig.run(scenario())
    assert isinstance(ended, Ending)
    assert ended.operation.state is OperationState.SUCCEEDED
    assert isinstance(refusal, Conflict)
    assert {state_of(rig, part_id), state_of(rig, parent_id)} == {"succeeded", "queued"}


def test_only_one_watch_leads_and_another_takes_over_when_its_connection_dies(rig: Rig) -> None:
    connection = rig.connection()
    first, second = Reaping(connection, PATIENT, "probe", VERDICTS), rig.reaping
    assert (first.lead(), second.lead(), first.lead()) == (True, False, True)

    with connection.transaction() as db:
        pid = db.info.backend_pid
    rig.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", pid=pid)
    with pytest.raises(DependencyUnavailable):
        first.held_by("north")

    assert second.lead()
    assert first.held_by("north") == []
    assert not first.lead()


def test_queues_are_claimed_apart(rig: Rig) -> None:
    [front] = submitted(rig)
    back = rig.run(rig.operations.submit(BACK, Task(), ACME)).id
    claims = rig.claims()

    assert [claim and claim.id for claim in (claims.next("back"), claims.next("back"), claims.next("front"))] == [
        back,
        None,
        front,
    ]
