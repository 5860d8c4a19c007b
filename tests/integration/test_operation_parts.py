"""Work that is shared out among parts: on a real Postgres, in the test's own hands."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from probe.bench import SCHEMA
from probe.kinds import Done, Task
from probe.rig import BACK, FRONT, PATIENT, Rig
from setu_common.contracts import Problem, Submission
from setu_common.errors import Conflict, InvalidRequest
from setu_common.operations import PartDiffers, Parts, Work
from setu_common.operations.claims import Claim, Claims
from setu_common.operations.lineage import CANCEL_PARTS
from setu_common.operations.retention import Retention
from setu_common.operations.worker import pass_on
from setu_common.settings import StoreSettings
from setu_common.store import ObjectMissing, Store

JOB = uuid4()
PROBLEM: Problem = InvalidRequest("This part can't be done.").problem()


@pytest.fixture
def store(store_settings: StoreSettings) -> Store:
    return Store(store_settings, SCHEMA)


@pytest.fixture
def parts(rig: Rig, store: Store) -> Parts:
    return Parts(rig.database, store, rig.hints, PATIENT)


def begun(rig: Rig, claims: Claims, job_id: UUID | None = JOB, priority: int = 0) -> Claim:
    """A parent at work."""
    asked = Submission(tenant="acme", job_id=job_id, priority=priority)
    rig.run(rig.operations.submit(FRONT, Task(), asked))
    return following(claims)


def following(claims: Claims) -> Claim:
    claim = claims.next(FRONT.queue)
    assert claim is not None
    return claim


def at_work(claim: Claim) -> Work:
    return cast(
        "Work", SimpleNamespace(operation_id=claim.id, tenant=claim.tenant, job_id=claim.job_id)
    )  # all that parts look at


def shared(rig: Rig, parts: Parts, parent: Claim, count: int = 2, text: str = "") -> None:
    for number in range(count):
        rig.run(parts.submit(at_work(parent), FRONT, number, Task(count=number, text=text)))


def done(count: int, text: str = "") -> dict[str, Any]:  # Any: JSON
    return Done(count=count, attempt=1, text=text).model_dump()


def states(rig: Rig, parent: UUID) -> list[str]:
    rows = rig.execute("SELECT state FROM operation WHERE parent_id = %(id)s ORDER BY idempotency_key", id=parent)
    return [str(row["state"]) for row in rows]


def row_of(rig: Rig, operation_id: UUID) -> dict[str, Any]:  # Any: whatever a column has
    [row] = rig.execute("SELECT * FROM operation WHERE id = %(id)s", id=operation_id)
    return row


def test_parts_are_of_their_parents_tenant_job_and_priority_hardly_younger_and_made_once(rig: Rig, parts: Parts) -> None:
    parent = begun(rig, rig.claims(), priority=3)
    rig.execute("UPDATE operation SET begun_at = now() - interval '1 hour'")
    for _ in range(2):
        shared(rig, parts, parent)
    rows = rig.execute("SELECT * FROM operation WHERE parent_id = %(id)s ORDER BY idempotency_key", id=parent.id)
    assert [(row["tenant"], row["job_id"], row["priority"]) for row in rows] == [("acme", JOB, 3)] * 2
    since = row_of(rig, parent.id)["begun_at"]
    assert [(row["begun_at"] - since).total_seconds() for row in rows] == [pytest.approx(1e-6), pytest.approx(2e-6)]
    assert [request.count for request in rig.run(parts.requests(FRONT, rig.run(parts.of(parent.id))))] == [0, 1]
    assert rig.hints.told.count((FRONT.queue, None)) == 3  # the parent, and each part once
    waited = rig.claims("south", 2).next(FRONT.queue)
    assert waited is not None
    assert waited.queue_wait_s < 60  # and not since its parent came


def test_a_part_of_another_request_is_refused_and_the_first_stays(rig: Rig, parts: Parts) -> None:
    parent = begun(rig, rig.claims())
    shared(rig, parts, parent, count=1)
    with pytest.raises(PartDiffers):
        shared(rig, parts, parent, count=1, text="otherwise")
    [request] = rig.run(parts.requests(FRONT, rig.run(parts.of(parent.id))))
    assert request.text == ""


def test_who_is_no_longer_at_work_makes_no_parts(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    claims.fail(parent, PROBLEM, None)
    with pytest.raises(Conflict):
        shared(rig, parts, parent)
    assert states(rig, parent.id) == []


def test_what_was_begun_is_ended_before_the_same_tenants_next(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    later = rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme"))).id
    shared(rig, parts, parent)
    claims.park(parent, 600, None)
    first, second = (following(claims) for _ in range(2))
    assert [part.operation.id for part in rig.run(parts.of(parent.id))] == [first.id, second.id]
    assert following(claims).id == later


def test_each_part_that_ends_wakes_its_parent_and_has_it_looked_at(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims, job_id=None)
    shared(rig, parts, parent)
    claims.park(parent, 600, None)
    part = following(claims)
    assert row_of(rig, parent.id)["asleep"]
    rig.hints.told.clear()
    ending = claims.succeed(part, done(0), (), None)
    pass_on(ending, rig.hints)
    assert rig.hints.told == [(FRONT.queue, None)]
    assert not row_of(rig, parent.id)["asleep"]
    assert {following(claims).id, following(claims).id} >= {parent.id}


def test_a_part_that_ends_while_its_parent_is_at_work_is_not_slept_through(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    other = rig.claims("south", 2)
    other.succeed(following(other), done(0), (), None)
    assert claims.park(parent, 600, None).due


def test_a_parent_that_pauses_before_another_attempt_is_not_woken_by_its_parts(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    claims.retry(parent, PROBLEM, 600, None)
    claims.succeed(following(claims), done(0), (), None)
    assert row_of(rig, parent.id)["asleep"]


def test_a_part_is_tried_again_alone_and_then_given_up(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent)
    claims.park(parent, 600, None)
    part = following(claims)
    claims.retry(part, PROBLEM, 0, None)
    assert row_of(rig, parent.id)["asleep"]
    again = following(claims)
    assert (again.id, again.attempt) == (part.id, 2)
    claims.fail(again, PROBLEM, None)
    assert not row_of(rig, parent.id)["asleep"]
    assert [(part.operation.state, part.operation.attempt) for part in rig.run(parts.of(parent.id))] == [
        ("failed", 2),
        ("queued", 0),
    ]


def test_the_death_of_a_parts_worker_counts_for_it_alone_and_its_burial_wakes_the_parent(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent)
    claims.park(parent, 600, None)
    for attempt in range(1, FRONT.max_attempts + 1):
        part = following(claims)
        assert part.attempt == attempt
        assert row_of(rig, parent.id)["asleep"]
        [held] = rig.reaping.held_by("north")
        rig.reaping.child_died(held)
    assert states(rig, parent.id) == ["failed", "queued"]
    assert not row_of(rig, parent.id)["asleep"]


def ends_of_parents(rig: Rig, claims: Claims, parent: Claim, way: str) -> None:
    if way == "failed":
        claims.fail(parent, PROBLEM, None)
    elif way == "succeeded":
        claims.succeed(parent, done(0), (), None)
    elif way == "cancelled at work":
        rig.run(rig.operations.cancel("acme", parent.id))
        claims.cancel(parent, None)
    elif way == "cancelled as it parks":
        rig.run(rig.operations.cancel("acme", parent.id))
        claims.park(parent, 600, None)
    elif way == "cancelled asleep":
        claims.park(parent, 600, None)
        rig.run(rig.operations.cancel("acme", parent.id))
    else:
        rig.execute("UPDATE operation SET losses = 9, lease_until = now() - interval '1 s' WHERE id = %(id)s", id=parent.id)
        assert len(rig.reaping.expire()) == 1


@pytest.mark.parametrize(
    "way",
    ["failed", "succeeded", "cancelled at work", "cancelled as it parks", "cancelled asleep", "given up when it was lost"],
)
def test_parts_end_with_their_parent_however_it_ends(rig: Rig, parts: Parts, way: str) -> None:
    claims, other = rig.claims(), rig.claims("south", 2)
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=3)
    other.succeed(following(other), done(0), (), None)
    part = following(other)
    ends_of_parents(rig, claims, parent, way)
    assert row_of(rig, parent.id)["ended_at"] is not None
    assert states(rig, parent.id) == ["succeeded", "cancelling", "cancelled"]
    assert other.beat(part, 0.5, "") == (True, False)
    other.cancel(part, None)
    assert states(rig, parent.id) == ["succeeded", "cancelled", "cancelled"]
    assert claims.next(FRONT.queue) is None


def test_parts_that_end_while_their_parent_ends_wait_for_nobody_in_turn(rig: Rig, parts: Parts) -> None:
    """The rows are locked in one order, or Postgres would have to break a deadlock, after a second, by failing one of them."""
    workers = [rig.claims(f"worker {number}", number) for number in range(4)]
    for _ in range(10):
        parent = begun(rig, workers[0], job_id=None)
        shared(rig, parts, parent, count=4)
        taken = [following(worker) for worker in workers[1:]]
        with ThreadPoolExecutor(4) as threads:
            ends = [
                threads.submit(worker.succeed, part, done(0), (), None) for worker, part in zip(workers[1:], taken, strict=True)
            ]
            ends.append(threads.submit(workers[0].fail, parent, PROBLEM, None))
        assert {end.result().operation.state for end in ends} <= {"succeeded", "failed", "cancelled"}
        assert set(states(rig, parent.id)) <= {"succeeded", "cancelled"}


@pytest.mark.parametrize("analysed", [False, True])
def test_an_end_finds_parts_by_their_index_however_many_operations_there_are(rig: Rig, parts: Parts, analysed: bool) -> None:
    shared(rig, parts, begun(rig, rig.claims()))
    rig.execute(
        """INSERT INTO operation (id, tenant, kind, queue, request, request_sha256, max_attempts, timeout_s)
           SELECT gen_random_uuid(), 'acme', 'fronts', 'front', '{}', '', 3, 3600 FROM generate_series(1, 5000)"""
    )
    if analysed:
        rig.execute("ANALYZE operation")
    rig.execute("SET plan_cache_mode = force_generic_plan")
    rig.execute(f"PREPARE ending (uuid) AS {CANCEL_PARTS.replace('%(id)s', '$1')}")
    plan = "\n".join(row["QUERY PLAN"] for row in rig.execute(f"EXPLAIN EXECUTE ending ('{uuid4()}')"))
    assert "operation_parts" in plan
    assert "Seq Scan" not in plan


def test_a_part_whose_parent_has_ended_is_not_wanted(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    part = following(claims)
    assert claims.wanted(part)
    claims.fail(parent, PROBLEM, None)
    assert not claims.wanted(part)


def test_an_operation_is_erased_with_its_parts_and_their_objects_once_all_have_ended(
    rig: Rig, parts: Parts, store: Store
) -> None:
    claims, other = rig.claims(), rig.claims("south", 2)
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=2, text="so long that it lies in the store " * 10)
    kept = rig.run(store.put("acme", b"what was heard", "text/plain"))
    other.succeed(following(other), done(0), (kept.uri,), None)
    part = following(other)
    claims.fail(parent, PROBLEM, None)
    with pytest.raises(Conflict):
        rig.run(rig.operations.purge("acme", parent.id))
    other.cancel(part, None)
    asked = [uri for row in rig.execute("SELECT objects FROM operation WHERE parent_id IS NOT NULL") for uri in row["objects"]]
    assert len(asked) == 3
    rig.run(rig.operations.purge("acme", parent.id))
    assert rig.execute("SELECT id FROM operation") == []
    with pytest.raises(ObjectMissing):
        rig.run(store.read(kept))


def test_parts_are_kept_as_long_as_their_parent_and_no_longer(rig: Rig, parts: Parts, store: Store) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    other = rig.claims("south", 2)
    other.succeed(following(other), done(0), (), None)
    retention = Retention(rig.lasting_connection("retention"), store, PATIENT)
    rig.execute("UPDATE operation SET ended_at = now() - interval '1 year' WHERE parent_id IS NOT NULL")
    retention.run()
    assert states(rig, parent.id) == ["succeeded"]
    claims.fail(parent, PROBLEM, None)
    rig.execute("UPDATE operation SET ended_at = now() - interval '1 year' WHERE parent_id IS NULL")
    retention.run()
    assert rig.execute("SELECT id FROM operation") == []


def test_parking_keeps_what_was_said_of_how_far_it_is(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    claims.park(parent, 0, None, (0.25, "1 of 4"))
    row = row_of(rig, parent.id)
    assert (row["state"], row["progress"], row["note"]) == ("queued", 0.25, "1 of 4")
    again = next(claim for claim in (following(claims), following(claims)) if claim.id == parent.id)
    claims.park(again, 0, None)
    row = row_of(rig, parent.id)
    assert (row["progress"], row["note"]) == (0.25, "1 of 4")


def test_who_only_looks_after_its_parts_takes_none_of_its_tenants_turns(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="globex")))
    first = rig.claims("south", 2)
    assert following(first).tenant == "globex"
    claims.park(parent, 0, None)  # looked after its part: it is due again at once, and a part waits as well
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="globex")))
    assert following(claims).tenant == "acme"


def test_what_an_earlier_run_of_the_job_heard_is_taken_up_and_what_it_did_not_is_done(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    earlier = begun(rig, claims)
    shared(rig, parts, earlier)
    other = rig.claims("south", 2)
    other.succeed(following(other), done(7), (), None)
    other.fail(following(other), PROBLEM, None)
    claims.fail(earlier, PROBLEM, None)
    again = begun(rig, claims)
    shared(rig, parts, again)
    assert states(rig, again.id) == ["succeeded", "queued"]
    taken = rig.run(parts.of(again.id))[:1]
    assert [result.count for result in rig.run(parts.results(FRONT, taken))] == [7]


@pytest.mark.parametrize("job_id", [None, uuid4()])
def test_nothing_is_taken_up_from_what_is_not_of_the_same_job(rig: Rig, parts: Parts, job_id: UUID | None) -> None:
    claims = rig.claims()
    earlier = begun(rig, claims, job_id=None if job_id is None else JOB)
    shared(rig, parts, earlier, count=1)
    other = rig.claims("south", 2)
    other.succeed(following(other), done(7), (), None)
    claims.fail(earlier, PROBLEM, None)
    again = begun(rig, claims, job_id=job_id)
    shared(rig, parts, again, count=1)
    assert states(rig, again.id) == ["queued"]


def test_more_than_nine_parts_come_in_the_order_of_their_numbers(rig: Rig, parts: Parts) -> None:
    parent = begun(rig, rig.claims())
    shared(rig, parts, parent, count=12)
    requests: Sequence[Task] = rig.run(parts.requests(FRONT, rig.run(parts.of(parent.id))))
    assert [request.count for request in requests] == list(range(12))
    assert BACK.queue not in {queue for queue, _ in rig.hints.told}


def test_who_looks_at_parts_reads_no_results_and_who_gives_them_up_leaves_what_has_ended(rig: Rig, parts: Parts) -> None:
    claims, other = rig.claims(), rig.claims("south", 2)
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=3)
    other.succeed(following(other), done(7), (), None)
    running = following(other)
    looked = rig.run(parts.of(parent.id))
    assert [part.operation.result for part in looked] == [None, None, None]
    assert [result.count for result in rig.run(parts.results(FRONT, looked[:1]))] == [7]
    rig.run(parts.cancel(at_work(parent)))
    assert states(rig, parent.id) == ["succeeded", "cancelling", "cancelled"]
    assert other.beat(running, 0.5, "") == (True, False)
    assert row_of(rig, parent.id)["state"] == "running"


def test_who_shared_its_work_out_had_a_turn_of_its_tenants(rig: Rig, parts: Parts) -> None:
    claims = rig.claims()
    parent = begun(rig, claims)
    shared(rig, parts, parent, count=1)
    claims.park(parent, 600, None, worked=True)
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="globex")))
    assert following(claims).tenant == "globex"
