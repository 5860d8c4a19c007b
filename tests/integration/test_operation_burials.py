"""Attempts that were killed leave a row of what is known of them, written by whoever buries them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import LiteralString
from uuid import uuid4

import pytest

from probe.bench import prepare
from probe.kinds import Task
from probe.rig import FRONT, Rig, opened_rig
from setu_common.contracts import Submission
from setu_common.cost.ledger import migrate_ledger
from setu_common.operations.claims import Claim
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Burials
from setu_common.settings import DatabaseSettings, OperationSettings

JOB = uuid4()


def both(settings: DatabaseSettings) -> None:
    prepare(settings)
    migrate_ledger(settings)


@pytest.fixture
def billed_rig(cloned_database, store_settings) -> Iterator[Rig]:
    with opened_rig(cloned_database("probe_and_ledger", both), store_settings) as rig:
        yield rig


def died(rig: Rig) -> None:
    [held] = rig.reaping.held_by("north")
    assert rig.reaping.child_died(held) is not None
    assert rig.reaping.child_died(held) is None


def lost(rig: Rig) -> None:
    [held] = rig.reaping.held_by("north")
    assert rig.reaping.lost(held) is not None


def expired(rig: Rig) -> None:
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s'")
    assert len(rig.reaping.expire()) == 1
    assert rig.reaping.expire() == []


def rows(rig: Rig) -> list[dict]:
    return rig.execute("SELECT * FROM ledger.stage_metrics ORDER BY id")


@pytest.mark.parametrize(("end", "outcome"), [(died, "died"), (lost, "lost"), (expired, "lost")])
def test_each_burial_leaves_one_row(billed_rig: Rig, end: Callable[[Rig], None], outcome: str):
    rig = billed_rig
    submitted = rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme", job_id=JOB)))
    claims = rig.claims()
    assert claims.next(FRONT.queue) is not None
    rig.execute(
        "UPDATE operation SET created_at = created_at - interval '90 s', not_before = not_before - interval '90 s', "
        "claimed_at = claimed_at - interval '60 s'"
    )
    end(rig)
    (row,) = rows(rig)
    assert (row["tenant"], row["service"], row["job_id"], row["stage"]) == ("acme", "probe", JOB, FRONT.name)
    assert (row["operation_id"], row["attempt"], row["outcome"], row["problem"]) == (submitted.id, 1, outcome, "worker-died")
    # It was heard of last when its lease was extended, at the latest: what comes after that is no work.
    assert row["wall_s"] == pytest.approx(60, abs=5) if end is not expired else row["wall_s"] == 0
    assert row["queue_wait_s"] == pytest.approx(30, abs=5)
    assert (row["cpu_s"], row["peak_rss_bytes"], row["cached"]) == (None, None, False)


def test_what_comes_after_a_burial_has_a_row_of_its_own(billed_rig: Rig):
    rig = billed_rig
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    claims = rig.claims()
    for _ in range(FRONT.max_attempts):
        assert claims.next(FRONT.queue) is not None
        died(rig)
    assert [(row["attempt"], row["outcome"]) for row in rows(rig)] == [(1, "died"), (2, "died"), (3, "died")]
    assert rig.execute("SELECT state FROM operation") == [{"state": "failed"}]


@dataclass
class Stuck:
    """Work that heeds nothing."""

    claim: Claim

    def reported(self) -> tuple[float, str]:
        return 0.0, ""

    def stop(self, reason: str) -> None:
        """It goes on."""


@pytest.mark.parametrize(
    ("what", "outcome", "problem"),
    [("deadline_at = now()", "failed", "deadline-exceeded"), ("state = 'cancelling'", "stopped", None)],
)
def test_an_attempt_that_ends_its_own_process_is_written_down_before_it_dies(
    billed_rig: Rig, what: LiteralString, outcome: str, problem: str | None
):
    rig = billed_rig
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme", job_id=JOB)))
    claim = rig.claims().next(FRONT.queue)
    assert claim is not None
    rig.execute(f"UPDATE operation SET {what}")
    died = threading.Event()
    heart = Heart(
        rig.claims(),
        OperationSettings(heartbeat_s=0.05, lease_s=3600, cancel_grace_s=0.05),
        stopping_since=lambda: 0.0,
        ended=lambda _: None,
        settled=lambda _: None,
        buried=Burials("probe", rig.connection().transaction),
        die=died.set,
    )
    heart.start(Stuck(claim))
    assert died.wait(30)
    heart.rest()
    (row,) = rows(rig)
    assert (row["job_id"], row["attempt"], row["outcome"], row["problem"]) == (JOB, 1, outcome, problem)
    assert row["wall_s"] > 0


def test_what_the_ledger_refuses_keeps_no_row_from_its_end(billed_rig: Rig):
    rig = billed_rig
    rig.execute("ALTER TABLE ledger.stage_metrics ADD CHECK (outcome = 'succeeded')")
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    assert rig.claims().next(FRONT.queue) is not None
    died(rig)
    assert rows(rig) == []
    assert rig.execute("SELECT state FROM operation") == [{"state": "queued"}]
