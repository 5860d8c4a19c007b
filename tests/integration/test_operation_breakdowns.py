"""Connections that break at the worst moment, and statements that can't be written."""

from collections.abc import Sequence
from contextlib import suppress

import psycopg
import pytest

from probe.kinds import Task
from probe.rig import BACK, FRONT, PATIENT, VERDICTS, Rig, Told, verdict
from setu_common.contracts import Submission
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.operations import Ending, Operations, Statement
from setu_common.operations.claims import Claim, Claims, LeaseLost
from setu_common.operations.connection import HealingConnection
from setu_common.operations.reaping import Reaping
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_common.store import Store

PROBLEM = InvalidRequest("This can't be done; ask for something else.").problem()


def submit(rig: Rig) -> None:
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme", reply_to="pipeline")))


def row_of(rig: Rig, claim: Claim) -> dict[str, object]:
    [row] = rig.execute("SELECT * FROM operation WHERE id = %(id)s", id=claim.id)
    return row


def end(claims: Claims, claim: Claim, how: str) -> Ending:
    match how:
        case "succeed":
            return claims.succeed(claim, {"count": 1}, (), verdict)
        case "fail":
            return claims.fail(claim, PROBLEM, verdict)
        case "cancel":
            return claims.cancel(claim, verdict)
        case "retry":
            return claims.retry(claim, PROBLEM, 60, verdict)
        case "park":
            return claims.park(claim, 60, verdict)
        case _:
            return claims.hand_back(claim, verdict)


ENDS = {"succeed": "succeeded", "fail": "failed", "cancel": "cancelled"}
EVERY_WAY = [*ENDS, "retry", "park", "hand_back"]


@pytest.mark.parametrize("how", EVERY_WAY)
def test_a_commit_whose_answer_was_lost_is_recognised_and_not_repeated(rig: Rig, how: str) -> None:
    submit(rig)
    connection = rig.connection()
    claims = Claims(connection, PATIENT, "north", 1)
    claim = claims.next(FRONT.queue)
    assert claim is not None

    connection.lose_next = True
    with pytest.raises(DependencyUnavailable):
        end(claims, claim, how)
    written = row_of(rig, claim)
    ending = end(claims, claim, how)

    assert row_of(rig, claim) == written
    assert ending.operation.state == ENDS.get(how, "queued")
    assert rig.verdicts() == ([(claim.id, ENDS[how])] if how in ENDS else [])


def test_a_lost_answer_is_not_taken_for_ones_own_once_another_has_the_row(rig: Rig) -> None:
    submit(rig)
    connection = rig.connection()
    claims = Claims(connection, PATIENT, "north", 1)
    claim = claims.next(FRONT.queue)
    assert claim is not None
    connection.lose_next = True
    with suppress(DependencyUnavailable):
        claims.hand_back(claim, verdict)

    others = rig.claims("south").next(FRONT.queue)
    assert others is not None
    before = row_of(rig, claim)
    with pytest.raises(LeaseLost):
        claims.hand_back(claim, verdict)

    assert others.token == claim.token + 1
    assert row_of(rig, claim) == before


def test_a_connection_that_was_ended_is_replaced_and_what_it_had_begun_is_undone(rig: Rig) -> None:
    connection = rig.connection()
    with connection.transaction() as db:
        pid = db.info.backend_pid
    assert connection.generation == 1

    def be_interrupted() -> None:
        with connection.transaction() as db:
            db.execute("INSERT INTO verdict (state) VALUES ('half-done')")
            rig.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", pid=pid)
            db.execute("INSERT INTO verdict (state) VALUES ('never')")

    with pytest.raises(DependencyUnavailable):
        be_interrupted()
    with connection.transaction() as db:
        db.execute("INSERT INTO verdict (state) VALUES ('whole')")

    assert connection.generation == 2
    assert rig.execute("SELECT state FROM verdict") == [{"state": "whole"}]


def test_a_connection_that_was_ended_while_idle_costs_one_refusal(rig: Rig) -> None:
    submit(rig)
    connection = rig.connection()
    claims = Claims(connection, PATIENT, "north", 1)
    with connection.transaction() as db:
        pid = db.info.backend_pid
    rig.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", pid=pid)

    with pytest.raises(DependencyUnavailable):
        claims.next(FRONT.queue)

    assert claims.next(FRONT.queue) is not None


def test_a_server_that_is_not_there_is_a_dependency_that_is_unavailable() -> None:
    connection = HealingConnection(DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1), "probe")

    with pytest.raises(DependencyUnavailable), connection.transaction():
        pass

    assert connection.generation == 0


def refusing(ending: Ending) -> Sequence[Statement]:
    return [*verdict(ending), ("INSERT INTO no_such_table VALUES (1)", {})]


def dying(ending: Ending) -> Sequence[Statement]:
    return [*verdict(ending), ("SELECT pg_terminate_backend(pg_backend_pid())", {})]


def test_an_end_and_what_is_settled_with_it_are_written_together_or_not_at_all(rig: Rig) -> None:
    submit(rig)
    claims = rig.claims()
    claim = claims.next(FRONT.queue)
    assert claim is not None
    before = row_of(rig, claim)

    with pytest.raises(psycopg.errors.UndefinedTable):
        claims.succeed(claim, {"count": 1}, (), refusing)
    assert (row_of(rig, claim), rig.verdicts()) == (before, [])
    with pytest.raises(DependencyUnavailable):
        claims.succeed(claim, {"count": 1}, (), dying)
    assert (row_of(rig, claim), rig.verdicts()) == (before, [])

    assert claims.succeed(claim, {"count": 1}, (), verdict).operation.state == "succeeded"
    assert rig.verdicts() == [(claim.id, "succeeded")]


def test_a_cancellation_and_what_is_settled_with_it_are_written_together_or_not_at_all(
    rig: Rig, store_settings: StoreSettings
) -> None:
    submit(rig)
    [row] = rig.execute("SELECT * FROM operation")
    operations = Operations(rig.database, Store(store_settings, "probe"), Told(), PATIENT, {FRONT.name: dying})

    with pytest.raises(DependencyUnavailable):
        rig.run(operations.cancel("acme", row["id"]))

    assert rig.execute("SELECT * FROM operation") == [row]
    assert rig.verdicts() == []

    rig.run(rig.operations.cancel("acme", row["id"]))
    assert rig.verdicts() == [(row["id"], "cancelled")]


def test_an_expiry_and_what_is_settled_with_it_are_written_together_or_not_at_all(rig: Rig) -> None:
    submit(rig)
    claim = rig.claims().next(FRONT.queue)
    assert claim is not None
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s', losses = %(losses)s", losses=PATIENT.max_losses - 1)
    before = row_of(rig, claim)

    with pytest.raises(DependencyUnavailable):
        Reaping(rig.connection(), PATIENT, "probe", {FRONT.name: dying}).expire()
    assert (row_of(rig, claim), rig.verdicts()) == (before, [])

    assert [ending.operation.state for ending in Reaping(rig.connection(), PATIENT, "probe", VERDICTS).expire()] == ["failed"]
    assert rig.verdicts() == [(claim.id, "failed")]


def test_a_row_that_cant_be_settled_ends_without_and_keeps_the_watch_from_no_other(rig: Rig) -> None:
    claims = rig.claims()
    for kind in (BACK, FRONT):
        rig.run(rig.operations.submit(kind, Task(), Submission(tenant="acme")))
        assert claims.next(kind.queue) is not None
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s', losses = %(losses)s", losses=PATIENT.max_losses - 1)
    reaping = Reaping(rig.connection(), PATIENT, "probe", {BACK.name: refusing, FRONT.name: verdict})

    assert {ending.operation.kind for ending in reaping.expire()} == {BACK.name, FRONT.name}
    assert rig.execute("SELECT DISTINCT state FROM operation") == [{"state": "failed"}]
    assert [state for _, state in rig.verdicts()] == ["failed"]


def test_an_operation_that_goes_back_to_the_queue_settles_nothing(rig: Rig) -> None:
    submit(rig)
    claims = rig.claims()
    for how in ("retry", "park", "hand_back"):
        claim = claims.next(FRONT.queue)
        assert claim is not None
        assert end(claims, claim, how).operation.state == "queued"
        rig.execute("UPDATE operation SET not_before = now()")
        rig.reaping.wake_due([FRONT.queue])

    assert rig.verdicts() == []
