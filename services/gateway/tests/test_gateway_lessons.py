"""What a job teaches is written with its end, handed on when the optimizer can take it, and taken back when the job is erased."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import (
    CORRECTIONS,
    OBSERVATIONS,
    AsrPlan,
    Corrected,
    CorrectionRequest,
    JobRequest,
    JobState,
    ObservationRequest,
    OperationState,
    Overrides,
    Problem,
    Submission,
)
from setu_common.errors import DependencyUnavailable, RemoteProblem, SetuError, is_retryable
from setu_common.operations import Park
from setu_gateway.errors import JobNotFound, OperationLost
from setu_gateway.intake.upload import Upload
from setu_gateway.learning.errors import LessonNotTaken
from setu_gateway.learning.lessons import lesson_of
from setu_gateway.learning.teaching import PAUSES_S, Teacher, lesson_submission, taken
from setu_gateway.pipeline.kinds import CORRECTION_LESSONS, LESSONS, Advanced, Taught
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.fakes import FakeService, FakeWork
from setu_gateway.testing.lives import run
from setu_gateway.testing.samples import (
    a_job,
    a_plan,
    a_problem,
    a_profile,
    an_enhancement,
    enhance,
    reference,
    result_of,
    translate,
)
from setu_gateway.testing.stand import Stand


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


def a_lesson() -> ObservationRequest:
    lesson = lesson_of(run(a_job("en")), PIPELINE)
    assert lesson is not None
    return lesson


def test_a_job_teaches_by_what_was_planned_what_was_done_and_what_was_delivered():
    lesson = a_lesson()
    assert (lesson.source_language, lesson.profile, lesson.model_time_s) == ("fr", a_profile(), 1.5)
    assert (lesson.prediction, lesson.plan) == (a_plan().prediction, AsrPlan())
    edited = an_enhancement("en")
    assert [(each.language, each.translated, each.report) for each in lesson.delivered] == [
        ("en", edited.translated, edited.report)
    ]


def test_a_draft_that_nobody_edited_is_what_was_delivered():
    lesson = lesson_of(run(a_job("en"), enhance("en")), PIPELINE)
    assert lesson is not None
    assert [(each.translated.uri, each.report) for each in lesson.delivered] == [
        (result_of(translate("en"))["translated"]["uri"], None)
    ]


def test_a_language_that_was_not_delivered_teaches_nothing():
    lesson = lesson_of(run(a_job("en", "hi"), translate("hi")), PIPELINE)
    assert lesson is not None
    assert [each.language for each in lesson.delivered] == ["en"]


@pytest.mark.parametrize("why", ["failed", "not wanted", "to be erased"])
def test_nothing_is_learned_of_a_job_that_failed_or_whose_caller_wants_none_of_it(why):
    job = run(a_job("en"), *([translate("en")] if why == "failed" else []))
    if why == "not wanted":
        job = replace(job, request=JobRequest(target_languages=("en",), overrides=Overrides(learn=False)))
    if why == "to be erased":
        job = replace(job, purge_asked_at=job.read_at)
    assert (job.state is JobState.FAILED) == (why == "failed")
    assert lesson_of(job, PIPELINE) is None


def test_tenants_can_be_left_out():
    settings = PipelineSettings(learn_not_from="acme, globex")
    assert [settings.learns_from(tenant) for tenant in ("acme", "globex", "local")] == [False, False, True]
    assert not PipelineSettings(learn=False).learns_from("local")


async def lessons(stand: Stand, job: JobRecord) -> list[tuple[str, str]]:
    """The lessons of a job: key and state of each."""
    async with stand.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT idempotency_key, state FROM operation WHERE kind IN ('lessons', 'corrections') AND job_id = :job"),
            {"job": job.id},
        )
        return [(row[0], row[1]) for row in rows]


async def test_the_lesson_is_written_with_the_end_of_the_job_and_the_job_does_not_wait_for_it(stand):
    stand.optimizer.away = False
    job = await stand.accept("en")
    for _ in range(6):
        await stand.advance(job)
        assert await lessons(stand, job) == []
        stand.end_all()
    assert await stand.advance(job) == Advanced(state=JobState.SUCCEEDED)
    assert await lessons(stand, job) == [(f"{job.id}/1/lesson", "queued")]
    done = await stand.jobs.get("local", job.id)
    assert (done.progress, done.ended_at is not None) == (1.0, True)
    await stand.advance(job)
    assert len(await lessons(stand, job)) == 1


async def test_a_write_that_is_not_committed_leaves_no_lesson_and_the_next_one_writes_it_once(stand, monkeypatch):
    job = await stand.accept()
    for _ in range(4):
        await stand.advance(job)
        stand.end_all()
    with monkeypatch.context() as patched:

        async def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(stand.own, "submit_in", killed)
        with pytest.raises(KeyboardInterrupt):
            await stand.advance(job)
    assert not (await stand.jobs.get("local", job.id)).state.ended
    assert await stand.advance(job) == Advanced(state=JobState.SUCCEEDED)
    assert await lessons(stand, job) == [(f"{job.id}/1/lesson", "queued")]


async def test_each_run_that_ends_well_teaches_once(stand):
    job = await stand.accept("en", "hi")
    await stand.advance(job)
    while not (await stand.jobs.get("local", job.id)).state.ended:
        for operation_id in stand.translate.under_way():
            if "/hi/" in (stand.translate.submissions[operation_id].idempotency_key or ""):
                stand.translate.fail(operation_id, a_problem())
        stand.end_all()
        await stand.advance(job)
    await stand.jobs.retry("local", job.id)
    await stand.finish(job, run=2)
    assert {key for key, _ in await lessons(stand, job)} == {f"{job.id}/1/lesson", f"{job.id}/2/lesson"}


@pytest.mark.parametrize("left_out", ["job", "tenant"])
async def test_who_wants_nothing_to_be_learned_leaves_no_lesson(stand, left_out):
    overrides = Overrides(learn=left_out != "job")
    media = await stand.store.put("local", b"media", "video/mp4")
    job = await stand.jobs.accept("local", Upload(JobRequest(overrides=overrides), "talk.mp4", media), None)
    settings = {"learn_not_from": "local"} if left_out == "tenant" else {}
    for _ in range(6):
        await stand.advance(job, **settings)
        stand.end_all()
    assert (await stand.jobs.get("local", job.id)).state is JobState.SUCCEEDED
    assert await lessons(stand, job) == []


async def begun(stand: Stand, job: JobRecord) -> UUID:
    """Have the job's lesson taken by a worker; returns its id."""
    async with stand.database.transaction() as connection:
        found = await connection.execute(
            text("UPDATE operation SET started_at = now() WHERE kind = 'lessons' AND job_id = :job RETURNING id"),
            {"job": job.id},
        )
        begun_id: UUID = found.scalar_one()
        return begun_id


async def succeeded(stand: Stand, *, taught: bool) -> JobRecord:
    """A job that has ended, and whose lesson the optimizer has, or has not."""
    job = await stand.finish(await stand.accept("en"))
    if taught:
        lesson_id = await begun(stand, job)
        request = lesson_of(job, PIPELINE)
        assert request is not None
        await taken(stand.optimizer, OBSERVATIONS, request, lesson_submission("local", job.id, lesson_id))
    await stand.jobs.purge("local", job.id)
    return job


async def gone(stand: Stand, job: JobRecord) -> bool:
    try:
        await stand.jobs.get("local", job.id)
    except JobNotFound:
        return await lessons(stand, job) == []
    return False


async def test_a_lesson_that_never_left_is_erased_here_alone(stand):
    job = await succeeded(stand, taught=False)
    for _ in range(2):
        await stand.advance(job)
    assert await gone(stand, job)
    assert {each.idempotency_key.split("/")[1] for each in stand.optimizer.submissions.values()} == {"plan"}
    assert stand.memory.forgotten == []


async def test_erasing_a_job_takes_back_what_it_taught_though_nobody_was_told_that_it_was_taken(stand):
    job = await succeeded(stand, taught=True)
    for _ in range(4):
        await stand.advance(job)
        for operation_id in stand.optimizer.under_way():
            stand.optimizer.end_cancelled(operation_id)
    assert await gone(stand, job)
    assert stand.optimizer.operations == {}
    assert stand.memory.forgotten == [job.id]


async def test_erasing_waits_for_an_optimizer_that_is_away_but_keeps_no_recording(stand):
    job = await succeeded(stand, taught=True)
    plan_gone = [each for each in stand.optimizer.operations if "/plan/" in stand.optimizer.submissions[each].idempotency_key]
    for operation_id in plan_gone:
        await stand.optimizer.purge("local", operation_id)
    submit = stand.optimizer.submit

    async def away(*_: object) -> None:
        raise DependencyUnavailable("The service does not answer.")

    stand.optimizer.submit = away
    assert isinstance(await stand.advance(job), Park)
    with pytest.raises(SetuError):
        await stand.store.read(job.media)
    assert not await gone(stand, job)
    stand.optimizer.submit = submit
    for _ in range(4):
        await stand.advance(job)
        for operation_id in stand.optimizer.under_way():
            stand.optimizer.end_cancelled(operation_id)
    assert await gone(stand, job)
    assert stand.optimizer.operations == {}


async def test_a_lesson_is_handed_on_once_under_its_own_key():
    optimizer, work = FakeService(), FakeWork(job_id=uuid4())
    first = await Teacher(optimizer).observe(a_lesson(), work)
    assert await Teacher(optimizer).observe(a_lesson(), work) == first == Taught(operation_id=next(iter(optimizer.operations)))
    assert list(optimizer.submissions.values()) == [
        Submission(tenant="local", job_id=work.job_id, idempotency_key=str(work.operation_id), priority=-10)
    ]
    assert optimizer.operations[first.operation_id].kind == OBSERVATIONS.name


async def test_a_lesson_that_a_later_release_writes_otherwise_is_the_same_lesson():
    optimizer, work = FakeService(), FakeWork(job_id=uuid4())
    first = await Teacher(optimizer).observe(a_lesson(), work)
    assert await Teacher(optimizer).observe(a_lesson().model_copy(update={"cached": True}), work) == first


async def test_an_optimizer_that_is_away_is_asked_for_days_and_then_no_more():
    optimizer, work = FakeService(), FakeWork()
    optimizer.away = True
    pauses = []
    for attempt in range(1, LESSONS.max_attempts + 1):
        work.attempt = attempt
        with pytest.raises(LessonNotTaken) as raised:
            await Teacher(optimizer).observe(a_lesson(), work)
        assert is_retryable(raised.value)
        assert raised.value.retry_after_s is not None
        pauses.append(raised.value.retry_after_s)
    assert pauses[: len(PAUSES_S)] == list(PAUSES_S)
    assert timedelta(seconds=sum(pauses[:-1])) > timedelta(days=2)
    assert LESSONS.max_attempts == CORRECTION_LESSONS.max_attempts


async def test_what_the_optimizer_refuses_is_not_asked_again(monkeypatch):
    optimizer = FakeService()

    async def refused(*_: object) -> None:
        raise RemoteProblem(a_problem("invalid-request"))

    monkeypatch.setattr(optimizer, "submit", refused)
    with pytest.raises(RemoteProblem) as raised:
        await Teacher(optimizer).observe(a_lesson(), FakeWork())
    assert not is_retryable(raised.value)


def a_correction() -> CorrectionRequest:
    return CorrectionRequest(
        job_id=uuid4(), language="fr", source_language="fr", edited=reference("gateway", 50), transcript=reference("asr", 1)
    )


async def test_a_correction_waits_for_what_it_teaches_and_gives_that():
    optimizer, work, request = FakeService(), FakeWork(), a_correction()
    assert isinstance(await Teacher(optimizer).correct(request, work), Park)
    (operation_id,) = optimizer.operations
    assert optimizer.operations[operation_id].kind == CORRECTIONS.name
    optimizer.begin(operation_id, 0.5)
    assert isinstance(await Teacher(optimizer).correct(request, work), Park)
    result = Corrected(job_id=request.job_id, language="fr", segment_count=2, changed_count=1, wer=0.25)
    optimizer.succeed(operation_id, result.model_dump(mode="json"))
    assert await Teacher(optimizer).correct(request, work) == result
    assert len(optimizer.operations) == 1


@pytest.mark.parametrize("end", ["failed", "cancelled"])
async def test_a_correction_that_the_optimizer_could_not_do_fails_for_good(end):
    optimizer, work, request = FakeService(), FakeWork(), a_correction()
    await Teacher(optimizer).correct(request, work)
    (operation_id,) = optimizer.operations
    if end == "failed":
        optimizer.fail(operation_id, Problem(title="No", status=503, code="away", detail="It is away.", retryable=True))
        with pytest.raises(RemoteProblem, match="It is away") as raised:
            await Teacher(optimizer).correct(request, work)
        assert not is_retryable(raised.value)
    else:
        optimizer.change(operation_id, state=OperationState.CANCELLED)
        with pytest.raises(OperationLost):
            await Teacher(optimizer).correct(request, work)
