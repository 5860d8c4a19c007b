"""Services whose queues are full: a job waits, does without what it can do without, and fails of none of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from setu_common.contracts import JobState, StageState
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.kinds import Advanced
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import StageRecord
from setu_gateway.testing.samples import PROFILE, TRANSCRIBE, a_job, enhance, running
from setu_gateway.testing.stand import Stand

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def stage_of(stand: Stand, job, key) -> StageRecord:
    return next(stage for stage in (await stand.jobs.get("local", job.id)).stages if stage.key == key)


async def waits_since(stand: Stand, seconds: int) -> None:
    """Have what waits now wait for so long already."""
    async with stand.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE stage SET unreachable_since = now() - make_interval(secs => :seconds) WHERE unreachable_since IS NOT NULL"
            ),
            {"seconds": seconds},
        )


async def test_a_job_waits_for_room_however_long_it_takes_and_then_goes_on(stand):
    job = await stand.accept("en")
    stand.asr.full = True
    await stand.advance(job)
    await waits_since(stand, 7 * 24 * 3600)
    await stand.advance(job)
    waiting = await stage_of(stand, job, PROFILE)
    assert (waiting.state, waiting.note) == (StageState.RUNNING, "waiting for room in the queue of the asr service")
    assert stand.asr.operations == {}
    stand.asr.full = False
    assert (await stand.finish(job)).state is JobState.SUCCEEDED


async def test_what_a_job_can_do_without_is_given_up_when_patience_ends(stand):
    job = await stand.accept_profiled("en")
    stand.end_all()
    await stand.advance(job)
    stand.enhancer.full = True
    stand.end_all()
    await stand.advance(job)
    assert (await stage_of(stand, job, enhance("en"))).state is StageState.RUNNING
    await waits_since(stand, 121)
    await stand.advance(job)
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in done.degraded] == [("enhance", "en")]
    given_up = await stage_of(stand, job, enhance("en"))
    assert given_up.problem is not None
    assert given_up.problem.code == "stage-not-taken"
    assert "had no room for it within 120 s" in given_up.problem.detail


async def test_advice_that_there_is_no_room_to_ask_for_is_gone_without(stand):
    job = await stand.accept("en")
    await stand.advance(job)
    stand.optimizer.full = True
    stand.end_all()
    await stand.advance(job)
    await waits_since(stand, 31)
    await stand.advance(job)
    done = await stand.finish(job)
    assert (done.state, done.degraded) == (JobState.SUCCEEDED, ())


async def test_a_job_that_is_cancelled_has_nothing_to_end_where_there_was_no_room(stand):
    job = await stand.accept()
    stand.asr.full = True
    await stand.advance(job)
    await stand.jobs.cancel("local", job.id)
    assert await stand.advance(job) == Advanced(state=JobState.CANCELLED)


async def test_a_service_that_was_full_for_long_and_is_away_for_a_moment_is_waited_for(stand):
    job = await stand.accept()
    stand.asr.full = True
    await stand.advance(job)
    await waits_since(stand, 7200)
    stand.asr.full, stand.asr.away = False, True
    await stand.advance(job)
    assert "does not answer" in (await stage_of(stand, job, PROFILE)).note
    await waits_since(stand, 3601)
    assert await stand.advance(job) == Advanced(state=JobState.FAILED)


async def test_the_longer_there_is_no_room_the_less_often_it_is_asked_for(stand):
    job = await stand.accept()
    stand.asr.full = True
    pauses = [(await stand.advance(job)).after_s]
    for age_s in (50, 500):
        await waits_since(stand, age_s)
        pauses.append((await stand.advance(job)).after_s)
    assert pauses[0] == 1.0
    assert pauses[1] == pytest.approx(5.0, abs=0.5)
    assert pauses[2] == 15.0


@pytest.mark.parametrize(("essential", "expected"), [(True, StageState.RUNNING), (False, StageState.FAILED)])
def test_patience_with_what_a_job_can_do_without_counts_silence_and_want_of_room_together(essential, expected):
    job = a_job(state=JobState.RUNNING)
    declared = replace(PIPELINE.stage(TRANSCRIBE), essential=essential)
    silent = replace(
        running(TRANSCRIBE), note="waiting for the asr service, which does not answer", unreachable_since=job.read_at - AN_HOUR
    )
    assert observation.busy(job, silent, declared, "asr", AN_HOUR).state is expected
