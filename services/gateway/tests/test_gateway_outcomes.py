"""How jobs end is written into the ledger with their ends, and no end fails for it."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import JobState, Problem
from setu_common.contracts.performance import JobOutcome
from setu_common.operations.claims import settle
from setu_common.operations.connection import HealingConnection
from setu_gateway.errors import JobNotFound
from setu_gateway.pipeline.kinds import advance_key
from setu_gateway.testing.stand import Stand
from setu_gateway.worker import run_ended


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def outcomes(database) -> list[JobOutcome]:
    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT * FROM ledger.job_outcome ORDER BY created_at"))).mappings()
        return [JobOutcome.model_validate(dict(row)) for row in rows]


async def run_left(gateway_settings, job, *, run: int = 1) -> None:
    """What a worker does when the operation that moves a run on ends without having brought it to an end."""
    now = datetime.now(UTC)
    problem = Problem(title="It died", status=500, code="worker-died", detail="It died.").model_dump(mode="json")
    row = {
        "id": uuid4(), "kind": "advances", "state": "failed", "version": 3, "progress": 0, "note": "", "attempts": 3, "created_at": now,
        "started_at": now, "ended_at": now, "result": None, "problem": problem, "tenant": job.tenant, "queue": "pipeline",
        "job_id": job.id, "reply_to": None, "due": False, "idempotency_key": advance_key(job.id, run=run), "parent_id": None,
    }  # fmt: skip

    def leave() -> None:
        with (
            closing(HealingConnection(gateway_settings.core.database, "gateway")) as connection,
            connection.transaction() as db,
        ):
            settle(db, row, run_ended)

    await asyncio.to_thread(leave)


async def test_a_job_that_delivers_is_kept_with_what_it_was_about_and_how_good_it_is_believed_to_be(stand, database):
    done = await stand.finish(await stand.accept("en", "hi"))
    (outcome,) = await outcomes(database)
    assert (outcome.job_id, outcome.tenant, outcome.state, outcome.problem) == (done.id, "local", "succeeded", None)
    assert (outcome.created_at, outcome.ended_at) == (done.created_at, done.ended_at)
    profile, plan = (next(each.result for each in done.stages if each.key.stage == name) for name in ("profile", "plan"))
    assert (outcome.audio_s, outcome.expected_time_s) == (
        profile["profile"]["duration_s"],
        plan["prediction"]["plan"]["expected_time_s"],
    )
    assert outcome.audio_s
    assert [(each.target, each.lines, each.edited, each.score_after) for each in outcome.targets] == [
        ("en", 2, 1, None),
        ("hi", 2, 1, None),
    ]


async def test_a_job_that_fails_and_is_tried_again_has_its_last_end(stand, database):
    job = await stand.accept("en")
    await stand.advance(job)
    stand.asr.fail(stand.operation(stand.asr), Problem(title="No", status=422, code="media-unreadable", detail="No."))
    await stand.advance(job)
    (failed,) = await outcomes(database)
    assert (failed.state, failed.problem, failed.audio_s, failed.targets) == ("failed", "media-unreadable", None, ())
    await stand.jobs.retry("local", job.id)
    assert await outcomes(database) == [failed]
    done = await stand.finish(job, run=2)
    (succeeded,) = await outcomes(database)
    assert (succeeded.state, succeeded.problem, succeeded.ended_at) == ("succeeded", None, done.ended_at)
    assert failed.ended_at < succeeded.created_at < succeeded.ended_at, "how long it took is of its last run"


async def test_a_job_that_is_cancelled_before_anything_was_done_counts_and_stays_when_it_is_erased(stand, database):
    job = await stand.accept("en")
    await stand.jobs.purge("local", job.id)
    await stand.advance(job)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)
    assert [(each.job_id, each.state) for each in await outcomes(database)] == [(job.id, "cancelled")]


async def test_a_job_that_its_pipeline_gives_up_counts_as_failed_whether_it_was_ever_moved_or_not(
    stand, database, gateway_settings
):
    never_moved, planned = await stand.accept("en"), await stand.accept_profiled("en")
    for job in (never_moved, planned):
        await run_left(gateway_settings, job)
    found = {each.job_id: each for each in await outcomes(database)}
    assert {(each.state, each.problem) for each in found.values()} == {("failed", "pipeline-failed")}
    assert (found[never_moved.id].audio_s, found[planned.id].audio_s is None) == (None, False)
    await stand.jobs.retry("local", planned.id)
    await run_left(gateway_settings, planned, run=1)  # a late end of the first run changes nothing
    assert {each.job_id: each for each in await outcomes(database)} == found


async def test_where_there_is_no_ledger_jobs_end_all_the_same(stand, database, gateway_settings):
    async with database.transaction() as connection:
        await connection.execute(text("DROP SCHEMA ledger CASCADE"))
    done, given_up = await stand.finish(await stand.accept("en")), await stand.accept("en")
    await run_left(gateway_settings, given_up)
    assert done.state is JobState.SUCCEEDED
    assert (await stand.jobs.get("local", given_up.id)).state is JobState.FAILED


async def test_a_degraded_job_is_kept_as_one_and_no_end_fails_for_what_the_ledger_refuses(stand, database, gateway_settings):
    job = await stand.accept_profiled("en", "hi")
    stand.end_all()
    await stand.advance(job)
    stand.translate.fail(
        stand.operation(stand.translate, "hi"), Problem(title="No", status=422, code="llm-refused", detail="It said no.")
    )
    done = await stand.finish(job)
    (outcome,) = await outcomes(database)
    assert (done.state, outcome.state, outcome.degraded) == (JobState.SUCCEEDED, "succeeded", True)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE ledger.job_outcome ADD CHECK (state <> 'failed') NOT VALID"))
    given_up = await stand.accept("en")
    await run_left(gateway_settings, given_up)
    assert (await stand.jobs.get("local", given_up.id)).state is JobState.FAILED
    assert await outcomes(database) == [outcome]
