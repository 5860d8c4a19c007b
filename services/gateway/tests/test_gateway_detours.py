"""Where a stage's first way fails for good, its fallback does it, and the job says so."""

from dataclasses import replace

import pytest

from setu_common.contracts import (
    SPEECH_TRANSLATIONS,
    TRANSLATIONS,
    JobRequest,
    JobState,
    ProfileResult,
    StageState,
    Transcription,
)
from setu_gateway.pipeline.decision import request_of
from setu_gateway.pipeline.kinds import RENDERINGS
from setu_gateway.pipeline.stage import Fallback, Stage
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.testing.lives import heard, run, settle, states, step
from setu_gateway.testing.samples import (
    CAPTIONS,
    PROFILE,
    TRANSCRIBE,
    a_job,
    a_problem,
    failed,
    result_of,
    running,
    succeeded,
    translate,
)


def test_where_english_can_not_be_translated_the_recogniser_does_it_and_the_job_says_so():
    job = a_job("en", "hi", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS)))
    job = settle(step(job), failed(translate("en"), a_problem("language-pair-unsupported")))
    stage = next(stage for stage in job.stages if stage.key == translate("en"))
    assert stage.state is StageState.RUNNING
    assert (stage.operation_id, stage.problem) == (None, None)
    assert len(stage.former_operations) == 1
    assert stage.detour is not None
    assert stage.detour.code == "language-pair-unsupported"
    assert PIPELINE.stage(stage.key).way(stage).kind is SPEECH_TRANSLATIONS
    assert request_of(job, translate("en"), PIPELINE).model_dump() == {
        "media": ProfileResult.model_validate(result_of(PROFILE)).audio.model_dump(),
        "transcript": Transcription.model_validate(result_of(TRANSCRIBE)).transcript.model_dump(),
    }
    assert request_of(job, translate("hi"), PIPELINE).model_dump()["target_language"] == "hi"
    done = run(job)
    assert done.state is JobState.SUCCEEDED
    assert [(each.stage, each.target) for each in done.degraded] == [("translate", "en")]
    assert "recogniser itself" in done.degraded[0].reason
    assert "It is language-pair-unsupported." in done.degraded[0].reason


def test_a_last_resort_that_fails_too_is_not_tried_again_and_the_first_failure_counts():
    job = a_job("en", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS), running(translate("en"))))
    job = settle(job, failed(translate("en"), a_problem("language-pair-unsupported")))
    job = settle(job, failed(translate("en"), a_problem("away", status=503, retryable=True)))
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert (job.problem.code, job.problem.retryable) == ("language-pair-unsupported", True)
    assert "It is away." in job.problem.detail


def test_other_languages_have_no_last_resort_and_a_cancelled_job_takes_none():
    stages = heard(succeeded(CAPTIONS), running(translate("en")), running(translate("hi")))
    job = settle(a_job("en", "hi", state=JobState.RUNNING, stages=stages), failed(translate("hi")))
    assert states(job)[translate("hi")] is StageState.FAILED
    cancelling = settle(a_job("en", "hi", state=JobState.CANCELLING, stages=stages), failed(translate("en")))
    assert states(cancelling)[translate("en")] is StageState.FAILED


def test_a_detour_never_moves_the_bar_back():
    under_way = replace(running(translate("en")), progress=0.8)
    before = step(a_job("en", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS), under_way)))
    after = settle(before, replace(failed(translate("en")), progress=0.8))
    assert after.progress == before.progress


def test_a_fallback_with_another_result_is_refused():
    other = Fallback(RENDERINGS, lambda *_: JobRequest(), frozenset({"en"}), "Otherwise")
    with pytest.raises(ValueError, match="another result"):
        Stage("translate", needs=(), kind=TRANSLATIONS, request=lambda *_: JobRequest(), fallback=other)
