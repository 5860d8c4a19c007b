"""The pure part of the pipeline: what to start, what is over, what the job becomes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import JobState, StageState
from setu_gateway.pipeline.advance import carried_out
from setu_gateway.pipeline.decision import decide, request_of, to_run_again
from setu_gateway.pipeline.kinds import RENDERINGS
from setu_gateway.pipeline.stages import PIPELINE, Pipeline, Stage
from setu_gateway.records import JobRecord, StageKey, StageRecord
from setu_gateway.testing.samples import (
    CAPTIONS,
    TRANSCRIBE,
    a_job,
    a_problem,
    by_key,
    failed,
    render,
    result_of,
    running,
    succeeded,
    translate,
)


def states(job: JobRecord) -> dict[StageKey, StageState]:
    return {stage.key: stage.state for stage in job.stages}


def step(job: JobRecord) -> JobRecord:
    return carried_out(job, decide(job, PIPELINE))


def settle(job: JobRecord, *outcomes: StageRecord) -> JobRecord:
    """The job with these stages ended, and what follows from that decided."""
    ended = by_key(*outcomes)
    return step(replace(job, stages=tuple(ended.get(stage.key, stage) for stage in job.stages)))


def run(job: JobRecord, *failures: StageKey, language: str = "fr") -> JobRecord:
    """Run a job to its end: every stage that starts succeeds, but those named."""
    job = step(job)
    while not job.state.ended:
        started = [stage.key for stage in job.stages if stage.state is StageState.RUNNING]
        assert started, "the job waits for nothing"
        job = settle(job, *(failed(key) if key in failures else succeeded(key, language) for key in started))
    return job


def test_a_new_job_starts_with_its_transcription_alone():
    decision = decide(a_job("en", "hi"), PIPELINE)
    assert decision.start == (TRANSCRIBE,)
    assert decision.state is JobState.RUNNING


def test_after_the_transcription_captions_and_all_translations_start_at_once():
    job = a_job("en", "hi", state=JobState.RUNNING, stages=by_key(succeeded(TRANSCRIBE)))
    assert decide(job, PIPELINE).start == (CAPTIONS, translate("en"), translate("hi"))


def test_a_translation_is_rendered_without_waiting_for_the_others():
    stages = by_key(succeeded(TRANSCRIBE), running(CAPTIONS), succeeded(translate("en")), running(translate("hi")))
    assert decide(a_job("en", "hi", state=JobState.RUNNING, stages=stages), PIPELINE).start == (render("en"),)


def test_a_job_without_targets_delivers_captions():
    job = run(a_job())
    assert job.state is JobState.SUCCEEDED
    assert {file.language for file in job.delivered} == {"fr"}


def test_a_target_that_is_the_detected_language_needs_no_translation():
    job = run(a_job("fr", "en"), language="fr")
    assert job.state is JobState.SUCCEEDED
    assert states(job)[translate("fr")] is StageState.SKIPPED
    assert states(job)[render("fr")] is StageState.SKIPPED
    assert {file.language for file in job.delivered} == {"fr", "en"}
    assert job.degraded == ()
    assert job.source_language == "fr"


def test_a_target_that_is_the_given_language_is_skipped_at_once():
    decision = decide(a_job("fr", source="fr"), PIPELINE)
    assert [skip.key for skip in decision.skip] == [translate("fr"), render("fr")]


def test_one_target_that_fails_is_degraded_and_the_others_are_delivered():
    job = run(a_job("en", "hi"), translate("hi"))
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target, each.reason) for each in job.degraded] == [("translate", "hi", "It is no-audio.")]
    assert states(job)[render("hi")] is StageState.SKIPPED
    assert {file.language for file in job.delivered} == {"fr", "en"}
    assert job.problem is None
    assert job.progress == 1.0


def test_a_job_whose_only_target_fails_is_failed_yet_its_captions_stay():
    job = run(a_job("en"), translate("en"))
    assert job.state is JobState.FAILED
    assert {file.language for file in job.delivered} == {"fr"}
    assert job.problem is not None
    assert job.problem.code == "no-audio"
    assert "(fr) can be fetched" in job.problem.detail
    assert job.problem.context["failures"] == [{"stage": "translate", "target": "en", "code": "no-audio"}]


def test_a_failed_transcription_ends_everything_in_one_decision():
    job = settle(a_job("en", "hi", state=JobState.RUNNING), failed(TRANSCRIBE, a_problem("silent")))
    assert job.state is JobState.FAILED
    assert set(states(job).values()) == {StageState.FAILED, StageState.SKIPPED}
    assert job.problem is not None
    assert job.problem.code == "silent"
    assert job.degraded == ()
    assert job.delivered == ()


def test_the_problem_offers_a_retry_only_where_one_may_help():
    bad_input = settle(a_job(state=JobState.RUNNING), failed(TRANSCRIBE, a_problem("silent")))
    away = settle(a_job(state=JobState.RUNNING), failed(TRANSCRIBE, a_problem("away", status=503, retryable=True)))
    assert bad_input.problem is not None
    assert "retry" not in bad_input.problem.detail
    assert away.problem is not None
    assert "/retry" in away.problem.detail


def test_captions_that_fail_degrade_a_job_that_delivers_its_target():
    job = run(a_job("en"), CAPTIONS)
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in job.degraded] == [("render", "")]


def test_lines_that_kept_their_source_text_are_told():
    stages = by_key(
        succeeded(TRANSCRIBE), succeeded(CAPTIONS), succeeded(translate("en"), untranslated=1), succeeded(render("en"))
    )
    job = step(a_job("en", state=JobState.RUNNING, stages=stages))
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in job.degraded] == [("translate", "en")]
    assert "1 of 2 lines" in job.degraded[0].reason


def test_a_cancelled_job_ends_once_what_runs_has_ended():
    stages = by_key(succeeded(TRANSCRIBE), running(CAPTIONS), running(translate("en")))
    cancelling = a_job("en", state=JobState.CANCELLING, stages=stages)
    decision = decide(cancelling, PIPELINE)
    assert decision.start == ()
    assert decision.cancel == (render("en"),)
    assert decision.state is JobState.CANCELLING
    ended = settle(cancelling, succeeded(CAPTIONS), StageRecord(translate("en"), StageState.CANCELLED))
    assert ended.state is JobState.CANCELLED
    assert {file.language for file in ended.delivered} == {"fr"}


def test_a_cancellation_that_comes_too_late_changes_nothing():
    stages = by_key(*(succeeded(key) for key in PIPELINE.keys(["en"])))
    assert decide(a_job("en", state=JobState.CANCELLING, stages=stages), PIPELINE).state is JobState.SUCCEEDED


def test_a_retry_runs_what_failed_and_what_comes_after_it():
    job = run(a_job("en", "hi"), translate("hi"))
    assert to_run_again(job, PIPELINE) == (translate("hi"), render("hi"))


def test_a_retry_of_a_failed_transcription_runs_everything():
    job = settle(a_job("en", state=JobState.RUNNING), failed(TRANSCRIBE))
    assert to_run_again(job, PIPELINE) == tuple(PIPELINE.keys(["en"]))


def test_there_is_nothing_to_retry_where_all_went_well_or_was_not_needed():
    assert to_run_again(run(a_job("fr", "en"), language="fr"), PIPELINE) == ()


def test_requests_are_built_from_the_results_of_what_they_need():
    stages = by_key(succeeded(TRANSCRIBE), succeeded(translate("en")))
    job = a_job("en", source="fr", stages=stages)
    transcribe = request_of(job, TRANSCRIBE, PIPELINE).model_dump(mode="json")
    assert transcribe["media"] == job.media.model_dump(mode="json")
    assert transcribe["language"] == "fr"
    subtitles = request_of(job, render("en"), PIPELINE).model_dump(mode="json")
    assert subtitles["transcript"] == result_of(TRANSCRIBE)["transcript"]
    assert subtitles["translated"] == result_of(translate("en"))["translated"]
    assert subtitles["language"] == "en"


def test_a_stage_that_one_can_do_without_does_not_stop_what_needs_it():
    polish = Stage("polish", needs=("transcribe",), kind=RENDERINGS, request=lambda *_: None, essential=False)  # type: ignore[arg-type]
    show = Stage("show", needs=("transcribe", "polish"), kind=RENDERINGS, request=lambda *_: None)  # type: ignore[arg-type]
    pipeline = Pipeline([PIPELINE.stages[0], polish, show])
    stages = (succeeded(TRANSCRIBE), failed(StageKey("polish")), StageRecord(StageKey("show")))
    decision = decide(replace(a_job(state=JobState.RUNNING), stages=stages), pipeline)
    assert decision.start == (StageKey("show"),)


def test_a_pipeline_in_the_wrong_order_is_refused():
    with pytest.raises(ValueError, match="translate"):
        Pipeline([PIPELINE.stages[0], PIPELINE.stages[3]])


LANGUAGES = ["en", "fr", "hi", "pt"]
TARGETS = st.lists(st.sampled_from(LANGUAGES), unique=True, max_size=3)


@st.composite
def whole_lives(draw: st.DrawFn) -> tuple[list[str], str, set[StageKey], list[int]]:
    """Targets, the spoken language, the stages that fail, and an order in which running stages end."""
    targets = draw(TARGETS)
    keys = list(PIPELINE.keys(targets))
    failures = draw(st.sets(st.sampled_from(keys)))
    return targets, draw(st.sampled_from(LANGUAGES)), failures, draw(st.lists(st.integers(0, 20), max_size=30))


def live(job: JobRecord, spoken: str, failures: set[StageKey], order: list[int]) -> JobRecord:
    """End running stages one after the other, in an order of one's choice, and check what must hold on the way."""
    job = step(job)
    turns = iter(order)
    while not job.state.ended:
        check(job)
        ready = [stage.key for stage in job.stages if stage.state is StageState.RUNNING]
        assert ready, "the job waits for nothing"
        key = ready[next(turns, 0) % len(ready)]
        before = job
        job = settle(job, failed(key) if key in failures else succeeded(key, spoken))
        assert job.progress >= before.progress - 1e-9
    check(job)
    return job


def check(job: JobRecord) -> None:
    assert decide(job, PIPELINE).start == () if not job.state.ended else True
    found = states(job)
    for stage in job.stages:
        if stage.state is StageState.RUNNING:
            assert all(found[need] is StageState.SUCCEEDED for need in PIPELINE.needs(stage.key, list(found)))
    assert job.state.ended == all(state.ended for state in found.values())
    assert 0 <= job.progress <= 1


@given(whole_lives())
@settings(max_examples=150, deadline=None)
def test_every_job_ends_and_says_what_it_could_not_deliver(life):
    targets, spoken, failures, order = life
    job = live(a_job(*targets), spoken, failures, order)
    delivered = {file.language for file in job.delivered}
    wanted = set(targets) or {spoken}
    met = {stage.key for stage in job.stages if stage.state is StageState.FAILED}
    assert (job.state is JobState.SUCCEEDED) == bool(delivered & wanted)
    assert (job.problem is None) == (job.state is JobState.SUCCEEDED)
    assert met == failures & {stage.key for stage in job.stages if stage.state in (StageState.FAILED, StageState.SUCCEEDED)}
    if delivered:
        assert {(each.stage, each.target) for each in job.degraded} == set(met)


@given(whole_lives(), st.lists(st.integers(0, 20), max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_outcome_does_not_depend_on_the_order_in_which_stages_end(life, other_order):
    targets, spoken, failures, order = life
    one, other = (live(a_job(*targets), spoken, failures, each) for each in (order, other_order))
    assert states(one) == states(other)
    assert (one.state, one.degraded, one.delivered) == (other.state, other.degraded, other.delivered)


@given(whole_lives())
@settings(max_examples=100, deadline=None)
def test_a_retry_in_which_all_goes_well_delivers_all(life):
    targets, spoken, failures, order = life
    job = live(a_job(*targets), spoken, failures, order)
    again = set(to_run_again(job, PIPELINE))
    assert bool(again) == any(stage.state is StageState.FAILED for stage in job.stages)
    if not again:
        return
    stages = tuple(StageRecord(stage.key, run=2) if stage.key in again else stage for stage in job.stages)
    retried = live(replace(job, state=JobState.QUEUED, problem=None, progress=0, stages=stages), spoken, set(), order)
    assert retried.state is JobState.SUCCEEDED
    assert retried.degraded == ()
    assert {file.language for file in retried.delivered} == {*targets, spoken}


@given(whole_lives(), st.integers(0, 8))
@settings(max_examples=100, deadline=None)
def test_a_cancelled_job_ends_whenever_the_cancellation_comes(life, after):
    targets, spoken, failures, _ = life
    job = step(a_job(*targets))
    for _ in range(after):
        ready = [stage.key for stage in job.stages if stage.state is StageState.RUNNING]
        if not ready:
            break
        job = settle(job, failed(ready[0]) if ready[0] in failures else succeeded(ready[0], spoken))
    if job.state.ended:
        return
    job = step(replace(job, state=JobState.CANCELLING))
    job = settle(
        job, *(StageRecord(stage.key, StageState.CANCELLED) for stage in job.stages if stage.state is StageState.RUNNING)
    )
    assert job.state is JobState.CANCELLED
    assert decide(job, PIPELINE).start == ()
