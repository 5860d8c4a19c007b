"""How a recording is to be transcribed is asked beforehand, and never waited for long."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from setu_common.contracts import (
    AsrOverrides,
    Character,
    Context,
    EnhancementRequest,
    JobRequest,
    JobState,
    KnownContext,
    Operation,
    OperationState,
    Overrides,
    PlanRequest,
    StageState,
    Term,
    TranscriptionRequest,
    TranslationRequest,
)
from setu_gateway.pipeline.decision import decide, request_of, to_run_again
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageRecord
from setu_gateway.testing.lives import heard, run, settle, states, step
from setu_gateway.testing.samples import (
    PLAN,
    PROFILE,
    TRANSCRIBE,
    a_job,
    a_name,
    a_plan,
    a_problem,
    a_profile,
    enhance,
    failed,
    succeeded,
    translate,
)
from setu_gateway.testing.stand import Stand

KNOWN = KnownContext(source_language="fr", target_language="en", entries=(a_name("Radje", "Raj"), a_name("Dili", "Delhi")))
OTHER_WAY = KnownContext(source_language="hi", target_language="en", entries=(a_name("राज", "Raj"),))


def profiled(*, overrides: Overrides | None = None, **asked) -> JobRecord:
    """A job that waits for its plan."""
    job = settle(step(a_job("en")), succeeded(PROFILE))
    return replace(job, request=job.request.model_copy(update={"overrides": overrides or Overrides(), **asked}))


def planned(*known: KnownContext, context: Context | None = None) -> JobRecord:
    """A job whose draft is there, and what was known of it beforehand."""
    plan = replace(succeeded(PLAN), result=a_plan(*known).model_dump(mode="json"))
    job = a_job("en", state=JobState.RUNNING, stages=heard(plan, succeeded(translate("en"))))
    return replace(job, request=job.request.model_copy(update={"context": context or Context()}))


def test_the_plan_is_asked_by_what_was_measured_and_what_the_caller_wants():
    asked = Overrides(asr=AsrOverrides(model="whisper-base"), target_wer=0.2, deadline_s=60.0)
    context = Context(series="Ghar")
    job = profiled(overrides=asked, quality="speed", budget_usd=Decimal("0.5"), context=context)
    assert decide(job, PIPELINE).start == ()
    assert states(job)[PLAN] is StageState.RUNNING
    assert states(job)[TRANSCRIBE] is StageState.WAITING
    request = request_of(job, PLAN, PIPELINE)
    assert isinstance(request, PlanRequest)
    prediction = request.prediction
    assert (prediction.profile, prediction.quality, prediction.overrides) == (a_profile(), "speed", asked.asr)
    assert (prediction.target_wer, prediction.deadline_s, prediction.budget_usd) == (0.2, 60.0, Decimal("0.5"))
    assert (request.context, request.target_languages) == (context, ("en",))


def test_who_wants_nothing_of_earlier_jobs_is_told_nothing_that_they_taught():
    request = request_of(profiled(overrides=Overrides(reuse=False)), PLAN, PIPELINE)
    assert isinstance(request, PlanRequest)
    assert request.target_languages == ()


def test_a_recording_is_transcribed_as_planned_and_the_stage_says_how_in_short():
    job = planned()
    request = request_of(job, TRANSCRIBE, PIPELINE)
    assert isinstance(request, TranscriptionRequest)
    assert request.plan == a_plan().prediction.plan
    remark = PIPELINE.stage(PLAN).remark
    assert remark is not None
    assert remark(a_plan()) == "tiny.en, beam 5, about 12% errors in 40 s (predicted)"
    assert remark(a_plan(abstained="it is no speech")).endswith("(default: it is no speech)")


def test_where_nothing_was_predicted_the_recogniser_goes_by_its_own_default():
    plan = replace(succeeded(PLAN), result=a_plan(abstained="it is no speech").model_dump(mode="json"))
    job = a_job("en", state=JobState.RUNNING, stages=heard(plan))
    request = request_of(job, TRANSCRIBE, PIPELINE)
    assert isinstance(request, TranscriptionRequest)
    assert request.plan is None


@pytest.mark.parametrize("again", [False, True])
def test_without_a_plan_a_recording_is_transcribed_by_default_and_nothing_is_missing(again):
    job = settle(profiled(), failed(PLAN, a_problem("away", status=503)))
    assert (states(job)[PLAN], states(job)[TRANSCRIBE]) == (StageState.SKIPPED, StageState.RUNNING)
    request = request_of(job, TRANSCRIBE, PIPELINE)
    assert isinstance(request, TranscriptionRequest)
    assert request.plan is None
    plan = next(stage for stage in job.stages if stage.key == PLAN)
    assert (plan.note, plan.problem) == ("transcribed as the recogniser does by default: It is away.", None)
    done = run(a_job("en"), PLAN)
    assert (done.state, done.degraded, to_run_again(done, PIPELINE)) == (JobState.SUCCEEDED, (), ())
    if again:  # a failure that counts is run again without it
        assert PLAN not in to_run_again(run(a_job("en"), PLAN, translate("en")), PIPELINE)


def test_what_is_known_goes_to_translation_and_editing_of_its_own_languages():
    job = planned(OTHER_WAY, KNOWN)
    translation = request_of(job, translate("en"), PIPELINE)
    assert isinstance(translation, TranslationRequest)
    assert translation.terms == ()
    assert [(term.source, term.target) for term in translation.known] == [("Radje", "Raj"), ("Dili", "Delhi")]
    editing = request_of(job, enhance("en"), PIPELINE)
    assert isinstance(editing, EnhancementRequest)
    assert editing.known == KNOWN.entries


def test_what_the_caller_says_wins_over_what_is_known():
    context = Context(
        terms=(Term(source="DILI ", target="New Delhi"),), characters=(Character(name="Raaj", aliases=("radje",)),)
    )
    translation = request_of(planned(KNOWN, context=context), translate("en"), PIPELINE)
    assert isinstance(translation, TranslationRequest)
    assert [(term.source, term.target) for term in translation.terms] == [("DILI ", "New Delhi")]
    assert translation.known == ()


def test_what_people_vetoed_is_no_term_and_reaches_whoever_edits():
    vetoed = a_name("Radje", "Roger").model_copy(update={"verdict": "vetoed"})
    job = planned(KNOWN.model_copy(update={"entries": (*KNOWN.entries[1:], vetoed)}))
    translation, editing = request_of(job, translate("en"), PIPELINE), request_of(job, enhance("en"), PIPELINE)
    assert isinstance(translation, TranslationRequest)
    assert [term.target for term in translation.known] == ["Delhi"]
    assert isinstance(editing, EnhancementRequest)
    assert [(each.target, each.verdict) for each in editing.known] == [("Delhi", None), ("Roger", "vetoed")]


def test_a_known_name_that_is_longer_than_a_term_may_be_is_left_out():
    long = KNOWN.model_copy(update={"entries": (a_name("x" * 201, "X"), a_name("Dili", "Delhi"))})
    translation = request_of(planned(long), translate("en"), PIPELINE)
    assert isinstance(translation, TranslationRequest)
    assert [term.target for term in translation.known] == ["Delhi"]


def test_a_job_of_the_release_before_goes_on_without_a_plan():
    stages = heard(succeeded(translate("en")))
    job = a_job("en", state=JobState.RUNNING, stages=stages)
    before = replace(job, stages=tuple(stage for stage in job.stages if stage.key != PLAN))
    assert enhance("en") in decide(before, PIPELINE).start
    request = request_of(before, translate("en"), PIPELINE)
    assert isinstance(request, TranslationRequest)
    assert request.known == ()
    fresh = replace(before, stages=(succeeded(PROFILE), *(StageRecord(stage.key) for stage in before.stages[1:])))
    assert TRANSCRIBE in decide(fresh, PIPELINE).start


def test_a_request_of_the_release_before_wishes_for_nothing_special():
    request = JobRequest.model_validate({"target_languages": ["en"], "overrides": {"reuse": True}})
    assert (request.quality, request.overrides.learn, request.overrides.deadline_s) == ("balanced", True, None)


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


async def plan_of(stand: Stand, job: JobRecord) -> StageRecord:
    return next(stage for stage in (await stand.jobs.get("local", job.id)).stages if stage.key == PLAN)


async def test_a_job_is_transcribed_by_the_plan_that_the_optimizer_gives(stand):
    job = await stand.accept_profiled("en")
    assert stand.asr.requests[stand.operation(stand.asr)].plan == a_plan().prediction.plan
    plan = await plan_of(stand, job)
    assert (plan.state, plan.note.split(",")[0]) == (StageState.SUCCEEDED, "tiny.en")
    assert (await stand.finish(job)).state is JobState.SUCCEEDED


async def test_an_optimizer_that_is_away_is_waited_for_a_little_and_then_done_without(stand):
    stand.optimizer.away = True
    job = await stand.accept_planned_for("en")
    waiting = await plan_of(stand, job)
    assert (waiting.state, waiting.note) == (StageState.RUNNING, "waiting for the optimizer service, which does not answer")
    assert await stand.states(job) | {PLAN: StageState.RUNNING, TRANSCRIBE: StageState.WAITING} == await stand.states(job)
    await stand.advance(job, plan_patience_s=0.0)
    given_up = await plan_of(stand, job)
    assert (given_up.state, given_up.problem) == (StageState.SKIPPED, None)
    assert given_up.note == (
        "transcribed as the recogniser does by default: The optimizer service did not answer for 0 s. See that it runs."
    )
    assert stand.asr.requests[stand.operation(stand.asr)].plan is None
    done = await stand.finish(job)
    assert (done.state, done.degraded) == (JobState.SUCCEEDED, ())


def old(stand: Stand, age_s: float) -> None:
    """Let the plan have been asked for so long ago."""
    operation = stand.optimizer.operations[stand.operation(stand.optimizer)]
    stand.optimizer.change(operation.id, created_at=operation.created_at - timedelta(seconds=age_s))


@pytest.mark.parametrize("begun", [False, True])
async def test_a_plan_that_does_not_come_in_time_is_done_without_though_a_worker_be_about_it(stand, begun):
    job = await stand.accept_planned_for("en")
    operation_id = stand.operation(stand.optimizer)
    if begun:
        stand.optimizer.begin(operation_id, 0.5)
    old(stand, 20)
    await stand.advance(job)
    assert (await plan_of(stand, job)).state is StageState.RUNNING
    old(stand, 11)
    await stand.advance(job)
    assert stand.optimizer.cancelled == [operation_id]
    given_up = await plan_of(stand, job)
    assert (given_up.state, given_up.operation_id) == (StageState.SKIPPED, operation_id)
    assert "did not give its advice within 30 s" in given_up.note
    assert stand.asr.requests[stand.operation(stand.asr)].plan is None


class Killed(BaseException):
    pass


async def test_a_run_that_is_killed_over_giving_a_plan_up_goes_on_without_it_all_the_same(stand, monkeypatch):
    job = await stand.accept_planned_for("en")
    operation_id = stand.operation(stand.optimizer)
    old(stand, 31)

    async def cancelled(tenant: str, asked: object) -> Operation:
        stand.optimizer.end_cancelled(operation_id)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stand.optimizer, "cancel", cancelled)
        with pytest.raises(Killed):
            await stand.advance(job)
    await stand.advance(job)
    assert "did not give its advice" in (await plan_of(stand, job)).note
    assert (await stand.finish(job)).state is JobState.SUCCEEDED


async def test_a_plan_that_comes_while_it_is_given_up_is_taken(stand, monkeypatch):
    job = await stand.accept_planned_for("en")
    operation_id = stand.operation(stand.optimizer)
    old(stand, 31)

    async def too_late(tenant: str, asked: object) -> Operation:
        stand.succeed(stand.optimizer, operation_id)
        return stand.optimizer.operations[operation_id]

    monkeypatch.setattr(stand.optimizer, "cancel", too_late)
    await stand.advance(job)
    assert (await plan_of(stand, job)).state is StageState.SUCCEEDED
    assert stand.asr.requests[stand.operation(stand.asr)].plan is not None


async def test_a_job_that_is_cancelled_while_it_waits_for_its_plan_ends(stand):
    job = await stand.accept_planned_for("en")
    await stand.jobs.cancel("local", job.id)
    await stand.advance(job)
    operation_id = stand.operation(stand.optimizer)
    assert stand.optimizer.operations[operation_id].state is OperationState.CANCELLING
    stand.optimizer.end_cancelled(operation_id)
    assert (await stand.finish(job)).state is JobState.CANCELLED


async def test_what_is_planned_is_erased_with_its_job(stand):
    job = await stand.finish(await stand.accept("en"))
    assert len(stand.optimizer.operations) == 1
    await stand.jobs.purge("local", job.id)
    await asyncio.wait_for(stand.advance(job), timeout=60)
    assert stand.optimizer.operations == {}
