"""The pure part of the pipeline: what to start, what is over, what the job becomes."""

from dataclasses import replace
from uuid import uuid4

import pytest

from setu_common.contracts import (
    AsrOverrides,
    Context,
    JobRequest,
    JobState,
    Operation,
    Overrides,
    StageState,
    Term,
    Transcription,
)
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.decision import decide, request_of, to_run_again
from setu_gateway.pipeline.kinds import RENDERINGS, FetchRequest
from setu_gateway.pipeline.stage import Pipeline, Stage
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import StageKey, StageRecord
from setu_gateway.testing.lives import heard, run, settle, states, step
from setu_gateway.testing.samples import (
    CAPTIONS,
    FETCH,
    PLAN,
    PROFILE,
    TRANSCRIBE,
    a_job,
    a_problem,
    an_enhancement,
    by_key,
    enhance,
    failed,
    render,
    result_of,
    running,
    succeeded,
    translate,
)
from setu_gateway.views import job_view


def test_a_new_job_starts_with_its_profile_alone():
    decision = decide(a_job("en", "hi"), PIPELINE)
    assert decision.start == (PROFILE,)
    assert decision.state is JobState.RUNNING
    assert FETCH not in states(a_job("en"))


def test_a_job_whose_media_lies_at_a_url_starts_with_fetching_it():
    job = step(a_job("en", url="https://media.example/talk.mp4"))
    assert [key for key, state in states(job).items() if state is StageState.RUNNING] == [FETCH]
    assert request_of(job, FETCH, PIPELINE) == FetchRequest(url="https://media.example/talk.mp4")
    assert (job.media, job.media_name, job.objects) == (None, "talk.mp4", [])


def test_what_was_fetched_becomes_the_jobs_media_and_is_profiled():
    job = settle(step(a_job("en", url="https://media.example/talk.mp4")), succeeded(FETCH))
    fetched = result_of(FETCH)
    assert job.media is not None
    assert job.media.model_dump(mode="json") == fetched["media"]
    assert job.media_name == fetched["media_name"] != "talk.mp4"
    assert job.objects == [job.media.uri]
    assert request_of(job, PROFILE, PIPELINE).model_dump()["media"] == fetched["media"]
    later = settle(job, succeeded(PROFILE))
    assert (later.media, later.media_name) == (job.media, job.media_name)


def test_a_recording_that_can_not_be_fetched_ends_the_job_with_the_reason():
    job = settle(step(a_job("en", url="https://media.example/")), failed(FETCH, a_problem("media-url-not-found")))
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert job.problem.code == "media-url-not-found"
    assert set(states(job).values()) == {StageState.FAILED, StageState.SKIPPED}
    assert to_run_again(job, PIPELINE) == tuple(states(job))


def test_media_that_can_not_be_opened_end_the_job_in_its_profile():
    job = settle(step(a_job("en")), failed(PROFILE, a_problem("media-unreadable")))
    assert job.problem is not None
    assert (job.state, job.problem.code) == (JobState.FAILED, "media-unreadable")
    assert states(job)[TRANSCRIBE] is StageState.SKIPPED


def test_the_transcription_starts_with_the_sound_of_the_profile():
    job = settle(settle(step(a_job("en")), succeeded(PROFILE)), succeeded(PLAN))
    assert [key for key, state in states(job).items() if state is StageState.RUNNING] == [TRANSCRIBE]
    assert request_of(job, TRANSCRIBE, PIPELINE).model_dump()["media"] == result_of(PROFILE)["audio"]


def test_after_the_transcription_captions_and_all_translations_start_at_once():
    job = a_job("en", "hi", state=JobState.RUNNING, stages=heard())
    assert decide(job, PIPELINE).start == (CAPTIONS, translate("en"), translate("hi"))


def test_a_translation_is_rendered_without_waiting_for_the_others():
    stages = heard(running(CAPTIONS), succeeded(translate("en")), succeeded(enhance("en")), running(translate("hi")))
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
    assert [skip.key for skip in decision.skip] == [translate("fr"), enhance("fr"), render("fr")]


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
    assert job.problem.detail.startswith("It is no-audio. The last resort failed as well: It is no-audio.")
    assert "(fr) can be fetched" in job.problem.detail
    assert job.problem.context["failures"] == [{"stage": "translate", "target": "en", "code": "no-audio"}]


def test_a_failed_transcription_ends_everything_in_one_decision():
    planned = by_key(succeeded(PROFILE), succeeded(PLAN))
    job = settle(a_job("en", "hi", state=JobState.RUNNING, stages=planned), failed(TRANSCRIBE, a_problem("silent")))
    assert job.state is JobState.FAILED
    assert {state for key, state in states(job).items() if key not in (PROFILE, PLAN)} == {
        StageState.FAILED,
        StageState.SKIPPED,
    }
    assert job.problem is not None
    assert job.problem.code == "silent"
    assert job.degraded == ()
    assert job.delivered == ()


def test_the_problem_offers_a_retry_only_where_one_may_help():
    bad_input = settle(a_job(state=JobState.RUNNING), failed(PROFILE, a_problem("silent")))
    away = settle(a_job(state=JobState.RUNNING), failed(PROFILE, a_problem("away", status=503, retryable=True)))
    assert bad_input.problem is not None
    assert "retry" not in bad_input.problem.detail
    assert away.problem is not None
    assert "/retry" in away.problem.detail


def test_captions_that_fail_degrade_a_job_that_delivers_its_target():
    job = run(a_job("en"), CAPTIONS)
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in job.degraded] == [("render", "")]


def test_lines_that_kept_their_source_text_are_told():
    stages = heard(
        succeeded(CAPTIONS), succeeded(translate("en"), untranslated=1), succeeded(enhance("en")), succeeded(render("en"))
    )
    job = step(a_job("en", state=JobState.RUNNING, stages=stages))
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in job.degraded] == [("translate", "en")]
    assert "1 of 2 lines" in job.degraded[0].reason


def test_terms_that_were_not_honoured_and_notes_of_the_recogniser_are_told():
    transcribed = Transcription.model_validate(result_of(TRANSCRIBE)).model_copy(
        update={"notes": ("Not aligned.", "No speakers.")}
    )
    translated = result_of(translate("hi")) | {"missed_term_count": 3, "untranslated_count": 2}
    stages = by_key(
        succeeded(PROFILE),
        succeeded(PLAN),
        replace(succeeded(TRANSCRIBE), result=transcribed.model_dump(mode="json")),
        succeeded(CAPTIONS),
        replace(succeeded(translate("hi")), result=translated),
        succeeded(enhance("hi")),
        succeeded(render("hi")),
    )
    job = step(a_job("hi", state=JobState.RUNNING, stages=stages))
    assert job.state is JobState.SUCCEEDED
    assert [(each.stage, each.target, each.reason.split(" ")[0]) for each in job.degraded] == [
        ("transcribe", "", "Not"), ("transcribe", "", "No"), ("translate", "hi", "2"), ("translate", "hi", "Given"),
    ]  # fmt: skip


@pytest.mark.parametrize(("probability", "told"), [(0.38, True), (0.499, True), (0.5, False), (1.0, False)])
def test_a_language_that_was_hardly_told_apart_is_said(probability, told):
    result = result_of(TRANSCRIBE, "en") | {"language_probability": probability, "notes": ["Not aligned."]}
    stages = heard(replace(succeeded(TRANSCRIBE), result=result), succeeded(CAPTIONS, "en"))
    job = step(a_job(state=JobState.RUNNING, stages=stages))
    assert job.state is JobState.SUCCEEDED
    reasons = [each.reason for each in job.degraded if each.stage == "transcribe"]
    assert reasons[0] == "Not aligned."
    assert [("English (en)" in each, f"{probability:.2f}" in each, "source_language" in each) for each in reasons[1:]] == (
        [(True, True, True)] if told else []
    )


@pytest.mark.parametrize(("named", "shown"), [(None, 0.38), ("en", None)])
def test_a_job_shows_how_sure_its_language_is_if_it_was_not_named(named, shown):
    result = result_of(TRANSCRIBE, "en") | {"language_probability": 0.38}
    job = a_job(source=named, stages=by_key(succeeded(PROFILE), replace(succeeded(TRANSCRIBE), result=result)))
    assert job_view(job).language_probability == shown
    assert job_view(a_job()).language_probability is None


def test_a_cancelled_job_ends_once_what_runs_has_ended():
    stages = heard(running(CAPTIONS), running(translate("en")))
    cancelling = a_job("en", state=JobState.CANCELLING, stages=stages)
    decision = decide(cancelling, PIPELINE)
    assert decision.start == ()
    assert decision.cancel == (enhance("en"), render("en"))
    assert decision.state is JobState.CANCELLING
    ended = settle(cancelling, succeeded(CAPTIONS), StageRecord(translate("en"), StageState.CANCELLED))
    assert ended.state is JobState.CANCELLED
    assert {file.language for file in ended.delivered} == {"fr"}


def test_a_cancellation_that_comes_too_late_changes_nothing():
    stages = by_key(*(succeeded(key) for key in PIPELINE.keys(JobRequest(target_languages=("en",)))))
    assert decide(a_job("en", state=JobState.CANCELLING, stages=stages), PIPELINE).state is JobState.SUCCEEDED


def test_a_retry_runs_what_failed_and_what_comes_after_it():
    job = run(a_job("en", "hi"), translate("hi"))
    assert to_run_again(job, PIPELINE) == (translate("hi"), enhance("hi"), render("hi"))


def test_a_retry_of_a_failed_transcription_runs_everything_behind_it():
    planned = by_key(succeeded(PROFILE), succeeded(PLAN))
    job = settle(a_job("en", state=JobState.RUNNING, stages=planned), failed(TRANSCRIBE))
    assert to_run_again(job, PIPELINE) == tuple(key for key in states(job) if key not in (PROFILE, PLAN))


def test_there_is_nothing_to_retry_where_all_went_well_or_was_not_needed():
    assert to_run_again(run(a_job("fr", "en"), language="fr"), PIPELINE) == ()


def test_requests_are_built_from_what_is_asked_for_and_from_the_results_of_what_they_need():
    asked = JobRequest(
        source_language="fr",
        target_languages=("en",),
        context=Context(terms=(Term(source="Rajh", target="Raj"),)),
        overrides=Overrides(asr=AsrOverrides(beam_size=2), translation_engine="nllb", reuse=False),
        subtitle_profile="broadcast",
    )
    job = replace(a_job("en", source="fr", stages=heard(succeeded(translate("en")))), request=asked)
    requests = {stage.key: request_of(job, stage.key, PIPELINE).model_dump(mode="json") for stage in job.stages}
    assert job.media is not None
    assert requests[PROFILE] == {"media": job.media.model_dump(), "language": "fr"}
    assert requests[TRANSCRIBE]["media"] == result_of(PROFILE)["audio"]
    assert (requests[TRANSCRIBE]["language"], requests[TRANSCRIBE]["overrides"]["beam_size"]) == ("fr", 2)
    assert requests[TRANSCRIBE]["reuse"] is False
    assert requests[translate("en")] == {
        "transcript": result_of(TRANSCRIBE)["transcript"],
        "target_language": "en",
        "engine": "nllb",
        "terms": [{"source": "Rajh", "target": "Raj"}],
        "known": [],
    }
    subtitles = requests[render("en")]
    assert subtitles["transcript"] == result_of(TRANSCRIBE)["transcript"]
    assert subtitles["translated"] == result_of(translate("en"))["translated"]  # there is no edited text
    enhancement = requests[enhance("en")]
    assert (enhancement["source_language"], enhancement["target_language"], enhancement["mode"]) == ("fr", "en", "selective")
    assert enhancement["transcript"] == result_of(TRANSCRIBE)["transcript"]
    assert enhancement["translated"] == result_of(translate("en"))["translated"]
    assert enhancement["context"]["terms"] == [{"source": "Rajh", "target": "Raj"}]
    assert enhancement["reuse"] is False
    assert (subtitles["language"], subtitles["profile"], requests[CAPTIONS]["profile"]) == ("en", "broadcast", "broadcast")
    assert enhancement["profile"] == "broadcast"


def test_a_stage_that_one_can_do_without_does_not_stop_what_needs_it():
    polish = Stage("polish", needs=("transcribe",), kind=RENDERINGS, request=lambda *_: None, essential=False)  # type: ignore[arg-type]
    show = Stage("show", needs=("transcribe", "polish"), kind=RENDERINGS, request=lambda *_: None)  # type: ignore[arg-type]
    pipeline = Pipeline([*PIPELINE.stages[:4], polish, show])
    stages = (succeeded(TRANSCRIBE), failed(StageKey("polish")), StageRecord(StageKey("show")))
    decision = decide(replace(a_job(state=JobState.RUNNING), stages=stages), pipeline)
    assert decision.start == (StageKey("show"),)


def translated(**overrides):
    """A job whose draft is there, and what else is asked for."""
    job = a_job("en", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS), succeeded(translate("en"))))
    return replace(job, request=job.request.model_copy(update={"overrides": Overrides(**overrides)}))


def answered(job, **answer):
    """The job once the enhancer has answered so, and its subtitles are rendered if they can be."""
    result = an_enhancement("en", **answer).model_dump(mode="json")
    at = job.created_at
    operation = Operation(
        id=uuid4(), kind="enhancements", state="succeeded", version=2, progress=1, attempt=1, created_at=at, ended_at=at, result=result
    )  # fmt: skip
    stages = tuple(
        observation.absorbed(job, stage, operation, PIPELINE) if stage.key == enhance("en") else stage for stage in job.stages
    )
    return step(replace(job, stages=stages))


def test_subtitles_are_rendered_from_the_edited_text():
    job = answered(step(translated(enhancement="all")))
    assert request_of(job, enhance("en"), PIPELINE).model_dump()["mode"] == "all"
    assert states(job)[render("en")] is StageState.RUNNING
    assert request_of(job, render("en"), PIPELINE).model_dump()["translated"] == result_of(enhance("en"))["translated"]
    assert settle(job, succeeded(render("en"))).degraded == ()


def test_nobody_is_asked_to_edit_where_the_caller_wants_none_of_it():
    job = step(translated(enhancement="off"))
    (stage,) = (stage for stage in job.stages if stage.key == enhance("en"))
    assert (stage.state, stage.note) == (StageState.SKIPPED, "not wanted: overrides.enhancement is off")
    assert states(job)[render("en")] is StageState.RUNNING
    assert settle(job, succeeded(render("en"))).degraded == ()


def test_nobody_is_asked_to_edit_a_text_that_was_in_the_language_already():
    copied = replace(succeeded(translate("en")), result=result_of(translate("en")) | {"engine": "copy"})
    job = step(a_job("en", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS), copied)))
    assert states(job)[enhance("en")] is StageState.SKIPPED


def test_without_a_language_model_the_stage_is_skipped_with_the_reason_and_the_draft_is_delivered():
    job = answered(step(translated()), skipped="not possible: there is no language model")
    (stage,) = (stage for stage in job.stages if stage.key == enhance("en"))
    assert (stage.state, stage.note) == (StageState.SKIPPED, "not possible: there is no language model")
    assert stage.operation_id is not None  # so that it is erased with the job
    assert request_of(job, render("en"), PIPELINE).model_dump()["translated"] == result_of(translate("en"))["translated"]
    done = settle(job, succeeded(render("en")))
    assert (done.state, done.degraded) == (JobState.SUCCEEDED, ())
    assert to_run_again(done, PIPELINE) == ()


def test_an_enhancement_that_could_not_be_paid_is_told():
    job = settle(answered(step(translated()), degraded="The budget is used up."), succeeded(render("en")))
    assert (job.state, job.problem) == (JobState.SUCCEEDED, None)
    assert [(each.stage, each.target, each.reason) for each in job.degraded] == [("enhance", "en", "The budget is used up.")]


def test_an_enhancement_that_fails_leaves_the_draft_and_can_be_tried_again():
    job = settle(step(translated()), failed(enhance("en"), a_problem("worker-died")))
    assert request_of(job, render("en"), PIPELINE).model_dump()["translated"] == result_of(translate("en"))["translated"]
    done = settle(job, succeeded(render("en")))
    assert (done.state, done.problem) == (JobState.SUCCEEDED, None)
    assert [(each.stage, each.target, each.reason) for each in done.degraded] == [("enhance", "en", "It is worker-died.")]
    assert to_run_again(done, PIPELINE) == (enhance("en"), render("en"))


def test_a_job_that_fails_tells_first_what_it_failed_by():
    job = settle(step(translated()), failed(enhance("en"), a_problem("worker-died")))
    failed_job = settle(job, failed(render("en"), a_problem("full")))
    assert failed_job.state is JobState.FAILED
    assert failed_job.problem is not None
    assert failed_job.problem.code == "full"
    assert [each["stage"] for each in failed_job.problem.context["failures"]] == ["render", "enhance"]


def test_a_pipeline_in_the_wrong_order_is_refused():
    with pytest.raises(ValueError, match="translate"):
        Pipeline([*PIPELINE.stages[:3], PIPELINE.stages[6]])
