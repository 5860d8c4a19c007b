"""Media that are fetched, and translations that go another way: on a real database, with services under the test's control."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from setu_common.contracts import JobState, Operation, OperationState, SpeechTranslationRequest, StageState, TranslationRequest
from setu_common.errors import NotFound
from setu_gateway.errors import JobNotFound
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.kinds import Advanced, Fetched, FetchRequest
from setu_gateway.records import JobRecord, StageRecord
from setu_gateway.testing.samples import FETCH, a_problem, enhance, render, translate
from setu_gateway.testing.stand import Stand

URL = "https://media.example/talk.mp4"


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def stage_of(stand: Stand, job: JobRecord, key) -> StageRecord:
    return next(stage for stage in (await stand.jobs.get("local", job.id)).stages if stage.key == key)


async def fetched(stand: Stand, job: JobRecord) -> Fetched:
    """Have the job's recording fetched, really into the store."""
    await stand.advance(job)
    media = await stand.store.put("local", b"fetched", "video/webm")
    result = Fetched(media=media, media_name="lecture.webm", host="media.example")
    stand.gateway.succeed(stand.operation(stand.gateway), result.model_dump(mode="json"))
    await stand.advance(job)
    return result


async def test_a_recording_at_a_url_is_fetched_first_and_then_goes_the_way_of_all_others(stand):
    job = await stand.accept("en", url=URL)
    assert (job.media, job.stages[0].key) == (None, FETCH)
    await stand.advance(job)
    assert stand.gateway.requests[stand.operation(stand.gateway)] == FetchRequest(url=URL)
    assert (await stand.jobs.get("local", job.id)).media is None
    result = await fetched(stand, job)
    known = await stand.jobs.get("local", job.id)
    assert (known.media, known.media_name) == (result.media, "lecture.webm")
    assert stand.asr.requests[stand.operation(stand.asr)].media == result.media
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert {file.language for file in done.delivered} == {"fr", "en"}


async def test_a_recording_that_was_fetched_is_kept_by_its_job_and_erased_with_it(stand, database):
    job = await stand.accept(url=URL)
    result = await fetched(stand, job)
    async with database.reading() as connection:
        found = await connection.exec_driver_sql("SELECT objects FROM job WHERE id = %(id)s", {"id": job.id})
        assert found.scalar_one() == [result.media.uri]
    await stand.finish(job)
    await stand.jobs.purge("local", job.id)
    assert await stand.advance(job) == Advanced(state=None)
    with pytest.raises(NotFound):
        await stand.store.read(result.media)
    assert not stand.gateway.operations


async def test_a_job_whose_recording_was_never_fetched_can_be_erased(stand):
    job = await stand.accept(url=URL)
    await stand.advance(job)
    stand.gateway.fail(stand.operation(stand.gateway), a_problem("media-url-not-found"))
    assert await stand.advance(job) == Advanced(state=JobState.FAILED)
    await stand.jobs.purge("local", job.id)
    assert await stand.advance(job) == Advanced(state=None)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)


async def test_a_retry_fetches_again_what_could_not_be_fetched_and_not_what_could(stand):
    job = await stand.accept(url=URL)
    await stand.advance(job)
    stand.gateway.fail(stand.operation(stand.gateway), a_problem("media-url-unavailable", status=503, retryable=True))
    await stand.advance(job)
    await stand.jobs.retry("local", job.id)
    await stand.advance(job, run=2)
    assert stand.gateway.submissions[stand.operation(stand.gateway)].idempotency_key == f"{job.id}/fetch//2"
    stand.end_all()
    await stand.advance(job, run=2)
    stand.asr.fail(stand.operation(stand.asr), a_problem())
    assert (await stand.finish(job, run=2)).state is JobState.FAILED
    await stand.jobs.retry("local", job.id)
    assert (await stand.finish(job, run=3)).state is JobState.SUCCEEDED
    assert (await stage_of(stand, job, FETCH)).run == 2


async def refused(stand: Stand, job: JobRecord) -> None:
    """Bring a job to where its translation into English is refused for good, and has been looked at."""
    stand.end_all()
    await stand.advance(job)
    stand.translate.fail(stand.operation(stand.translate, "en"), a_problem("language-pair-unsupported"))
    await stand.advance(job)


async def test_the_recogniser_translates_what_no_engine_can_and_the_job_says_so(stand):
    job = await stand.accept_profiled("en")
    await refused(stand, job)
    operation = stand.operation(stand.asr, "en")
    assert isinstance(stand.asr.requests[operation], SpeechTranslationRequest)
    assert stand.asr.submissions[operation].idempotency_key == f"{job.id}/translate/en/1/fallback"
    assert (await stage_of(stand, job, translate("en"))).operation_id == operation
    done = await stand.finish(job)
    assert (done.state, done.problem) == (JobState.SUCCEEDED, None)
    assert {file.language for file in done.delivered} == {"fr", "en"}
    assert [(each.stage, each.target) for each in done.degraded] == [("translate", "en")]
    assert "It is language-pair-unsupported." in done.degraded[0].reason


async def test_a_service_that_stays_away_is_gone_around(stand):
    job = await stand.accept_profiled("en")
    stand.translate.away = True
    stand.end_all()
    await stand.advance(job)
    waiting = await stage_of(stand, job, translate("en"))
    assert (waiting.state, waiting.detour) == (StageState.RUNNING, None)
    await stand.advance(job, stage_patience_s=0.0)
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert "did not answer" in done.degraded[0].reason


class Killed(BaseException):
    pass


def kill(_operation: Operation) -> None:
    raise Killed


async def test_a_run_that_is_killed_over_the_detour_goes_it_once(stand):
    job = await stand.accept_profiled("en")
    stand.asr.on_submit = kill
    with pytest.raises(Killed):
        await refused(stand, job)
    assert (await stage_of(stand, job, translate("en"))).detour is not None
    stand.asr.on_submit = lambda _operation: None
    assert (await stand.finish(job)).state is JobState.SUCCEEDED
    assert [type(each) for each in stand.asr.requests.values()].count(SpeechTranslationRequest) == 1
    assert len(stand.translate.operations) == 1


async def test_a_retry_begins_with_the_first_way_again(stand):
    job = await stand.accept_profiled("en")
    await refused(stand, job)
    stand.asr.fail(stand.operation(stand.asr, "en"), a_problem("plan-unusable"))
    failed = await stand.finish(job)
    assert failed.state is JobState.FAILED
    assert failed.problem.code == "language-pair-unsupported"
    await stand.jobs.retry("local", job.id)
    await stand.advance(job, run=2)
    again = stand.operation(stand.translate, "en")
    assert isinstance(stand.translate.requests[again], TranslationRequest)
    assert stand.translate.submissions[again].idempotency_key == f"{job.id}/translate/en/2"
    done = await stand.finish(job, run=2)
    assert (done.state, done.degraded) == (JobState.SUCCEEDED, ())


async def test_erasing_takes_what_each_way_left_at_each_service(stand):
    job = await stand.accept_profiled("en")
    await refused(stand, job)
    stand.asr.fail(stand.operation(stand.asr, "en"), a_problem())
    await stand.advance(job)
    await stand.finish(job)
    await stand.jobs.retry("local", job.id)
    await stand.finish(job, run=2)
    assert (len(stand.asr.operations), len(stand.translate.operations)) == (3, 2)
    await stand.jobs.purge("local", job.id)
    assert await stand.advance(job, run=2) == Advanced(state=None)
    assert not stand.asr.operations
    assert not stand.translate.operations


async def test_a_service_that_can_be_done_without_is_not_waited_for_as_long_as_others(stand):
    job = await stand.accept_profiled("en")
    for _ in range(2):
        stand.end_all()
        await stand.advance(job)
    stand.enhancer.away = True
    await stand.advance(job, stage_patience_s=3600)
    assert (await stand.states(job))[enhance("en")] is StageState.RUNNING
    for _ in range(2):
        await stand.advance(job, stage_patience_s=3600, optional_patience_s=0.0)
    done = await stand.finish(job)
    assert done.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in done.degraded] == [("enhance", "en")]
    assert "enhancer service did not answer" in done.degraded[0].reason


async def asked_to_enhance(stand: Stand, *targets: str) -> JobRecord:
    """A job whose drafts are there, and whose enhancements wait for a worker."""
    job = await stand.accept_profiled(*targets)
    for _ in range(2):
        stand.end_all()
        await stand.advance(job)
    return job


async def age(stand: Stand, job: JobRecord, target: str, age_s: float) -> None:
    """Have an enhancement wait for so long already."""
    now = (await stand.jobs.get("local", job.id)).read_at
    stand.enhancer.change(stand.operation(stand.enhancer, target), created_at=now - timedelta(seconds=age_s))


def cancel_at_once(stand: Stand) -> None:
    """Have the enhancer end what waits as a service does: as soon as it is cancelled."""

    async def cancel(_tenant: str, operation_id: UUID) -> Operation:
        stand.enhancer.cancelled.append(operation_id)
        stand.enhancer.end_cancelled(operation_id)
        return stand.enhancer.operations[operation_id]

    stand.enhancer.cancel = cancel  # type: ignore[method-assign, assignment]  # as a service's own


async def test_what_no_worker_begins_with_is_given_up_and_the_draft_is_delivered(stand):
    cancel_at_once(stand)
    job = await asked_to_enhance(stand, "en")
    await age(stand, job, "en", 115)
    await stand.advance(job)
    assert (await stand.states(job))[enhance("en")] is StageState.RUNNING
    await age(stand, job, "en", 121)
    await stand.advance(job)
    stage = await stage_of(stand, job, enhance("en"))
    assert stage.problem is not None
    assert (stage.state, stage.problem.code, stage.problem.retryable) == (StageState.FAILED, "stage-not-taken", True)
    assert stand.enhancer.cancelled == [stage.operation_id]
    assert (await stand.states(job))[render("en")] is StageState.RUNNING
    draft = stand.translate.operations[stand.operation(stand.translate, "en")].result["translated"]
    assert stand.gateway.requests[stand.operation(stand.gateway, "en")].translated.model_dump() == draft
    done = await stand.finish(job)
    assert (done.state, [(each.stage, each.target) for each in done.degraded]) == (JobState.SUCCEEDED, [("enhance", "en")])
    assert "No worker of the enhancer service took it within 120 s; the draft is delivered." in done.degraded[0].reason
    await stand.jobs.retry("local", job.id)
    again = await stand.finish(job, run=2)
    assert (again.state, again.degraded) == (JobState.SUCCEEDED, ())


async def test_what_a_worker_has_begun_with_is_left_to_its_own_deadline(stand):
    job = await asked_to_enhance(stand, "en")
    await age(stand, job, "en", 9000)
    operation = stand.operation(stand.enhancer, "en")
    stand.enhancer.begin(operation)
    await stand.advance(job)
    stand.enhancer.change(operation, state=OperationState.QUEUED)  # its worker handed it back
    for _ in range(2):
        await stand.advance(job)
    assert (await stand.states(job))[enhance("en")] is StageState.RUNNING
    assert stand.enhancer.cancelled == []


async def test_what_a_job_can_not_do_without_waits_for_a_worker(stand):
    job = await stand.accept_profiled("en")
    stand.end_all()
    await stand.advance(job)
    operation = stand.operation(stand.translate, "en")
    stand.translate.change(operation, created_at=job.created_at - timedelta(days=1))
    await stand.advance(job)
    assert (await stand.states(job))[translate("en")] is StageState.RUNNING
    assert stand.translate.cancelled == []


async def test_targets_of_one_job_do_not_lose_their_turn_to_each_other(stand):
    job = await asked_to_enhance(stand, "en", "hi")
    stand.enhancer.begin(stand.operation(stand.enhancer, "en"))
    await stand.advance(job)
    await age(stand, job, "hi", 3000)
    await stand.advance(job)
    assert (await stand.states(job))[enhance("hi")] is StageState.RUNNING
    stand.succeed(stand.enhancer, stand.operation(stand.enhancer, "en"))
    await stand.advance(job)
    states = await stand.states(job)
    assert (states[enhance("en")], states[enhance("hi")]) == (StageState.SUCCEEDED, StageState.RUNNING)
    seen = await stand.jobs.get("local", job.id)
    waiting, operation = (
        await stage_of(stand, job, enhance("hi")),
        stand.enhancer.operations[stand.operation(stand.enhancer, "hi")],
    )
    patience = timedelta(seconds=120)
    assert not observation.untaken(replace(seen, read_at=seen.read_at + timedelta(seconds=60)), waiting, operation, patience)
    assert observation.untaken(replace(seen, read_at=seen.read_at + timedelta(seconds=180)), waiting, operation, patience)


async def test_a_run_that_is_killed_over_giving_up_tells_the_reason_all_the_same(stand):
    cancel_at_once(stand)
    job = await asked_to_enhance(stand, "en")
    await age(stand, job, "en", 121)
    await stand.enhancer.cancel("local", stand.operation(stand.enhancer, "en"))  # by the run that wrote nothing down
    await stand.advance(job)
    problem = (await stage_of(stand, job, enhance("en"))).problem
    assert problem is not None
    assert problem.code == "stage-not-taken"


async def test_what_a_worker_ends_while_it_is_given_up_is_taken(stand):
    job = await asked_to_enhance(stand, "en")
    await age(stand, job, "en", 121)

    async def too_late(_tenant: str, operation_id):
        stand.succeed(stand.enhancer, operation_id)
        return stand.enhancer.operations[operation_id]

    stand.enhancer.cancel = too_late
    await stand.advance(job)
    assert (await stand.states(job))[enhance("en")] is StageState.SUCCEEDED


async def test_a_cancelled_job_gives_nothing_up(stand):
    cancel_at_once(stand)
    job = await asked_to_enhance(stand, "en")
    await age(stand, job, "en", 121)
    await stand.jobs.cancel("local", job.id)
    await stand.advance(job)
    assert (await stand.states(job))[enhance("en")] is StageState.CANCELLED
