"""The machine that moves jobs on, against a real database and services under the test's control."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from setu_common.contracts import JobState, Operation, OperationState, ProfileRequest, ProfileResult, StageState, Submission
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, NotFound
from setu_common.operations import Ending, Park
from setu_gateway import repository
from setu_gateway.errors import JobNotFound
from setu_gateway.pipeline.advance import give_up
from setu_gateway.pipeline.kinds import Advanced, AdvanceRequest, advance_key
from setu_gateway.records import JobRecord
from setu_gateway.testing.samples import CAPTIONS, PLAN, PROFILE, TRANSCRIBE, a_problem, enhance, render, result_of, translate
from setu_gateway.testing.stand import Stand


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def test_a_job_goes_from_its_recording_to_its_subtitles(stand):
    job = await stand.accept("en")
    assert isinstance(await stand.advance(job), Park)
    assert stand.asr.requests[stand.operation(stand.asr)] == ProfileRequest(media=job.media)
    stand.end_all()
    await stand.advance(job)
    assert [operation.kind for operation in stand.optimizer.operations.values()] == ["plans"]
    stand.end_all()
    await stand.advance(job)
    heard = stand.asr.requests[stand.operation(stand.asr)]
    assert heard.media == ProfileResult.model_validate(result_of(PROFILE)).audio
    stand.end_all()
    await stand.advance(job)
    assert len(stand.translate.operations) == 1
    assert len(stand.gateway.operations) == 1
    stand.end_all()
    await stand.advance(job)
    assert len(stand.enhancer.operations) == 1
    stand.end_all()
    await stand.advance(job)
    stand.end_all()
    assert await stand.advance(job) == Advanced(state=JobState.SUCCEEDED)
    done = await stand.jobs.get("local", job.id)
    assert done.state is JobState.SUCCEEDED
    assert {(file.language, file.format) for file in done.delivered} == {
        (lang, f) for lang in ("fr", "en") for f in ("srt", "vtt", "json")
    }
    assert done.ended_at is not None
    assert done.source_language == "fr"
    transcribe = next(stage for stage in done.stages if stage.key == TRANSCRIBE)
    assert transcribe.model_time_s == 1.5
    assert transcribe.started_at is not None
    assert transcribe.ended_at is not None


async def test_operations_are_submitted_for_the_job_and_wake_it_when_they_end(stand):
    job = await stand.accept("en")
    await stand.advance(job)
    submission = stand.asr.submissions[stand.operation(stand.asr)]
    assert submission == Submission(tenant="local", job_id=job.id, idempotency_key=f"{job.id}/profile//1", reply_to="pipeline")


async def test_progress_and_notes_are_copied_and_the_version_grows_with_them(stand):
    job = await stand.accept()
    await stand.advance(job)
    stand.asr.begin(stand.operation(stand.asr), 0.4, "transcribing")
    before = await stand.jobs.get("local", job.id)
    await stand.advance(job)
    after = await stand.jobs.get("local", job.id)
    assert (after.stages[0].progress, after.stages[0].note) == (0.4, "transcribing")
    assert after.version == before.version + 1
    assert 0 < after.progress < 1
    await stand.advance(job)
    assert (await stand.jobs.get("local", job.id)).version == after.version


async def test_a_failed_target_leaves_the_other_one_alone(stand):
    job = await stand.accept_profiled("en", "hi")
    stand.end_all()
    await stand.advance(job)
    stand.translate.fail(stand.operation(stand.translate, "hi"), a_problem("refused"))
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in done.degraded] == [("translate", "hi")]


async def test_a_run_that_is_killed_after_submitting_does_not_submit_again(stand):
    job = await stand.accept()

    class Killed(BaseException):
        pass

    def kill(_operation: Operation) -> None:
        raise Killed

    stand.asr.on_submit = kill
    with pytest.raises(Killed):
        await stand.advance(job)
    stand.asr.on_submit = lambda _operation: None
    await stand.advance(job)
    assert len(stand.asr.operations) == 1
    assert (await stand.jobs.get("local", job.id)).stages[0].operation_id in stand.asr.operations


async def test_a_job_that_is_cancelled_while_a_run_submits_leaves_no_work_behind(stand):
    job = await stand.accept()
    cancelling: list[asyncio.Task[JobRecord]] = []
    stand.asr.on_submit = lambda _operation: cancelling.append(asyncio.create_task(stand.jobs.cancel("local", job.id)))
    await stand.advance(job)
    await cancelling[0]
    stand.asr.on_submit = lambda _operation: None
    await stand.advance(job)
    assert list(stand.asr.operations) == stand.asr.cancelled
    stand.asr.end_cancelled(stand.operation(stand.asr))
    assert await stand.advance(job) == Advanced(state=JobState.CANCELLED)


async def test_two_runs_at_once_write_each_change_once(stand):
    job = await stand.accept("en", "hi")
    for _ in range(5):
        await asyncio.gather(stand.advance(job), stand.advance(job), stand.advance(job))
        stand.end_all()
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert (len(stand.asr.operations), len(stand.translate.operations), len(stand.gateway.operations)) == (2, 2, 3)


async def test_a_write_that_is_based_on_an_old_version_is_refused(stand, database):
    job = await stand.accept()
    await stand.jobs.cancel("local", job.id)
    with pytest.raises(repository.StaleJob):
        async with database.transaction() as connection:
            await repository.save_job(connection, job, replace(job, state=JobState.RUNNING))
    assert (await stand.jobs.get("local", job.id)).state is JobState.CANCELLING


async def test_a_service_that_is_away_does_not_hold_the_others_up(stand):
    job = await stand.accept_profiled("en")
    stand.end_all()
    stand.translate.away = True
    answer = await stand.advance(job)
    assert isinstance(answer, Park)
    assert answer.after_s <= 2
    assert len(stand.gateway.operations) == 1
    waiting = next(stage for stage in (await stand.jobs.get("local", job.id)).stages if stage.key == translate("en"))
    assert waiting.state is StageState.RUNNING
    assert "does not answer" in waiting.note
    stand.translate.away = False
    assert (await stand.finish(job)).state is JobState.SUCCEEDED


async def test_a_service_that_stays_away_fails_the_stage_when_patience_ends(stand):
    job = await stand.accept()
    stand.asr.away = True
    await stand.advance(job)
    await asyncio.sleep(0.02)
    assert await stand.advance(job, stage_patience_s=0.01) == Advanced(state=JobState.FAILED)
    failed = await stand.jobs.get("local", job.id)
    assert failed.problem.code == "stage-unreachable"
    assert "/retry" in failed.problem.detail


async def test_a_cancelled_job_does_not_wait_for_ever_for_a_service_that_is_away(stand):
    job = await stand.accept()
    stand.asr.away = True
    await stand.advance(job)
    await stand.jobs.cancel("local", job.id)
    await asyncio.sleep(0.02)
    assert await stand.advance(job, cancel_patience_s=0.01) == Advanced(state=JobState.CANCELLED)


async def test_an_operation_that_its_service_has_lost_fails_the_stage(stand):
    job = await stand.accept()
    await stand.advance(job)
    stand.asr.lose(stand.operation(stand.asr))
    await stand.advance(job)
    failed = await stand.jobs.get("local", job.id)
    assert (failed.state, failed.problem.code) == (JobState.FAILED, "operation-lost")


async def test_a_request_that_is_refused_fails_the_stage_with_what_the_service_says(stand):
    job = await stand.accept()

    async def refuse(*_arguments: object) -> Operation:
        raise IdempotencyConflict("Another request came with this key.")

    stand.asr.submit = refuse
    await stand.advance(job)
    assert (await stand.jobs.get("local", job.id)).problem.code == "idempotency-conflict"


async def test_a_result_that_can_not_be_read_fails_the_stage(stand):
    job = await stand.accept()
    await stand.advance(job)
    stand.asr.succeed(stand.operation(stand.asr), {"transcript": "somewhere"})
    await stand.advance(job)
    assert (await stand.jobs.get("local", job.id)).state is JobState.FAILED


async def test_work_that_is_cancelled_beside_its_job_fails_the_stage(stand):
    job = await stand.accept()
    await stand.advance(job)
    stand.asr.end_cancelled(stand.operation(stand.asr))
    await stand.advance(job)
    assert (await stand.jobs.get("local", job.id)).problem.code == "operation-lost"


async def test_a_database_that_is_away_postpones_and_counts_no_attempt(stand, monkeypatch):
    job = await stand.accept()

    async def away(*_arguments: object) -> None:
        raise DependencyUnavailable("The database does not answer.", retry_after_s=2.0)

    monkeypatch.setattr(repository, "load_job", away)
    assert await stand.advance(job) == Park(2.0)


async def test_a_retry_runs_only_what_failed_under_a_new_key(stand):
    job = await stand.accept_profiled("hi")
    stand.end_all()
    await stand.advance(job)
    first = stand.operation(stand.translate, "hi")
    stand.translate.fail(first, a_problem("refused"))
    assert (await stand.finish(job)).state is JobState.FAILED
    retried = await stand.jobs.retry("local", job.id)
    assert (retried.state, retried.run, retried.problem) == (JobState.QUEUED, 2, None)
    assert await stand.advance(job, run=1) == Advanced(state=None)
    done = await stand.finish(job, run=2)
    assert done.state is JobState.SUCCEEDED
    assert len(stand.asr.operations) == 2
    assert stand.translate.submissions[stand.operation(stand.translate, "hi")].idempotency_key == f"{job.id}/translate/hi/2"
    assert {stage.key: stage.run for stage in done.stages} == {
        PROFILE: 1, PLAN: 1, TRANSCRIBE: 1, CAPTIONS: 1, translate("hi"): 2, enhance("hi"): 2, render("hi"): 2,
    }  # fmt: skip
    assert next(stage for stage in done.stages if stage.key == translate("hi")).former_operations == (first,)


async def test_erasing_an_ended_job_takes_everything_at_all_services(stand):
    job = await stand.accept("en")
    done = await stand.finish(job)
    await stand.jobs.purge("local", job.id)
    assert await stand.advance(job) == Advanced(state=None)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)
    with pytest.raises(NotFound):
        await stand.store.read(done.media)
    assert not stand.asr.operations
    assert not stand.translate.operations
    assert not stand.gateway.operations


async def test_erasing_a_running_job_cancels_it_first(stand):
    job = await stand.accept()
    await stand.advance(job)
    asked = await stand.jobs.purge("local", job.id)
    assert asked.state is JobState.CANCELLING
    assert isinstance(await stand.advance(job), Park)
    assert (await stand.jobs.get("local", job.id)).state is JobState.CANCELLING
    stand.asr.end_cancelled(stand.operation(stand.asr))
    assert await stand.advance(job) == Advanced(state=None)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)


async def test_erasing_includes_what_earlier_runs_left(stand):
    job = await stand.accept()
    await stand.advance(job)
    stand.asr.fail(stand.operation(stand.asr), a_problem())
    await stand.advance(job)
    await stand.jobs.retry("local", job.id)
    await stand.finish(job, run=2)
    assert len(stand.asr.operations) == 3
    await stand.jobs.purge("local", job.id)
    await stand.advance(job, run=2)
    assert len(stand.asr.purged) == 3


async def test_erasing_waits_for_a_service_that_is_away_and_forgets_nothing(stand):
    job = await stand.accept()
    await stand.finish(job)
    await stand.jobs.purge("local", job.id)
    stand.asr.away = True
    assert isinstance(await stand.advance(job), Park)
    assert (await stand.jobs.get("local", job.id)).id == job.id
    stand.asr.away = False
    assert await stand.advance(job) == Advanced(state=None)
    assert len(stand.asr.purged) == 2


async def pipeline_gave_up(database, job: JobRecord, *, run: int) -> None:
    """The advance of a run ends without having brought its job to an end."""
    operation = Operation(
        id=job.id, kind="advances", state=OperationState.FAILED, version=3, progress=0, attempt=9, created_at=job.created_at,
        ended_at=job.created_at, problem=a_problem("worker-died", status=500, retryable=True),
    )  # fmt: skip
    key = advance_key(job.id, run=run)
    async with database.transaction() as connection:
        for statement, values in give_up(Ending(operation, "local", "pipeline", job.id, None, due=False, idempotency_key=key)):
            await connection.exec_driver_sql(statement, dict(values))


async def test_a_job_whose_pipeline_gave_up_is_failed_and_can_be_retried(stand, database):
    job = await stand.accept_profiled("en")
    stand.end_all()
    await stand.advance(job)
    for _ in range(2):  # doing it twice does no harm
        await pipeline_gave_up(database, job, run=1)
    failed = await stand.jobs.get("local", job.id)
    assert (failed.state, failed.problem.code) == (JobState.FAILED, "pipeline-failed")
    assert "worker-died" in failed.problem.detail
    assert failed.ended_at is not None
    assert await stand.states(job) == {
        PROFILE: StageState.SUCCEEDED, PLAN: StageState.SUCCEEDED, TRANSCRIBE: StageState.SUCCEEDED, CAPTIONS: StageState.FAILED, translate("en"): StageState.FAILED, enhance("en"): StageState.CANCELLED, render("en"): StageState.CANCELLED
    }  # fmt: skip
    await stand.jobs.retry("local", job.id)
    assert (await stand.finish(job, run=2)).state is JobState.SUCCEEDED


async def erasures_of(database, job: JobRecord) -> list[AdvanceRequest]:
    """What the operations that are to erase a job are asked for."""
    statement = text("SELECT request FROM operation WHERE kind = 'advances' AND idempotency_key LIKE :key AND state = 'queued'")
    async with database.reading() as connection:
        found = await connection.execute(statement, {"key": f"{job.id}/%/erase/%"})
        return [AdvanceRequest.model_validate(request) for request in found.scalars()]


async def test_a_job_that_was_to_be_erased_is_erased_though_its_pipeline_gave_up(stand, database):
    job = await stand.accept()
    await stand.advance(job)
    await stand.jobs.purge("local", job.id)
    for _ in range(2):
        await pipeline_gave_up(database, job, run=1)
    assert (await stand.jobs.get("local", job.id)).state is JobState.FAILED
    [asked] = await erasures_of(database, job)
    assert isinstance(await stand.advance(job, run=asked.run), Park)  # the service is still at it, and told to end
    stand.asr.end_cancelled(stand.operation(stand.asr))
    assert await stand.advance(job, run=asked.run) == Advanced(state=None)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)


async def test_a_job_that_is_given_up_and_was_not_to_be_erased_stays(stand, database):
    job = await stand.accept()
    await pipeline_gave_up(database, job, run=1)
    assert await erasures_of(database, job) == []


async def test_a_late_end_of_an_earlier_run_leaves_the_next_run_alone(stand, database):
    job = await stand.accept("en")
    await stand.advance(job)
    await pipeline_gave_up(database, job, run=1)
    await stand.jobs.retry("local", job.id)
    await stand.advance(job, run=2)
    before = await stand.jobs.get("local", job.id)
    await pipeline_gave_up(database, job, run=1)
    after = await stand.jobs.get("local", job.id)
    assert (after.state, after.version, after.problem) == (JobState.RUNNING, before.version, None)
    assert (await stand.finish(job, run=2)).state is JobState.SUCCEEDED


async def test_an_advance_that_ended_well_gives_nothing_up(stand, database):
    job = await stand.accept()
    operation = Operation(
        id=job.id, kind="advances", state=OperationState.SUCCEEDED, version=3, progress=1, attempt=1, created_at=job.created_at
    )
    key = advance_key(job.id, run=1)
    assert give_up(Ending(operation, "local", "pipeline", job.id, None, due=False, idempotency_key=key)) == ()


async def test_accepting_a_job_submits_its_first_advance_with_it(stand, database, hints):
    job = await stand.accept("en")
    async with database.transaction() as connection:
        rows = (await connection.execute(text("SELECT kind, queue, job_id, request FROM operation"))).all()
    assert [tuple(row) for row in rows] == [("advances", "pipeline", job.id, {"job_id": str(job.id), "run": 1})]
    assert hints.looked == ["pipeline"]
