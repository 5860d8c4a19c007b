"""What becomes of a job whose budget holds something back: a pure function of how its stages ended."""

from setu_common.contracts import JobState
from setu_common.cost import PriceUnknown
from setu_gateway.pipeline.decision import to_run_again
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.testing.lives import heard, settle
from setu_gateway.testing.samples import CAPTIONS, a_job, a_problem, failed, running, succeeded, translate


def test_a_job_whose_only_target_its_budget_held_back_is_degraded_and_not_failed():
    job = settle(
        a_job("hi", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS))),
        failed(translate("hi"), a_problem("budget-exhausted")),
    )
    assert (job.state, job.problem) == (JobState.SUCCEEDED, None)
    assert {file.language for file in job.delivered} == {"fr"}
    (degradation,) = job.degraded
    assert (degradation.stage, degradation.target) == ("translate", "hi")
    assert degradation.reason.startswith("It is budget-exhausted. Raise the budget, then POST /jobs/{id}/retry")
    assert translate("hi") in to_run_again(job, PIPELINE)


def test_a_job_of_whose_targets_one_was_held_back_and_one_failed_is_failed():
    job = settle(
        a_job("hi", "pl", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS))),
        failed(translate("hi"), a_problem("budget-exhausted")),
        failed(translate("pl"), a_problem("llm-refused")),
    )
    assert job.state is JobState.FAILED


def test_a_job_whose_model_has_no_price_is_failed_and_nobody_is_told_to_raise_its_budget():
    heard_alone = a_job("hi", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS)))
    job = settle(heard_alone, failed(translate("hi"), a_problem(PriceUnknown.code)))
    assert job.problem is not None
    assert (job.state, job.problem.code, job.problem.context["captions"]) == (JobState.FAILED, "price-unknown", ["fr"])
    told = [job.problem.detail, *(each.reason for each in job.degraded)]
    assert len(told) == 2
    assert not any("Raise the budget" in each for each in told)


def test_a_job_of_whose_targets_one_was_held_back_and_one_has_no_price_is_failed():
    job = settle(
        a_job("hi", "pl", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS))),
        failed(translate("hi"), a_problem("budget-exhausted")),
        failed(translate("pl"), a_problem(PriceUnknown.code)),
    )
    assert job.state is JobState.FAILED


def test_a_job_whose_last_resort_failed_after_its_budget_is_failed():
    job = a_job("en", state=JobState.RUNNING, stages=heard(succeeded(CAPTIONS), running(translate("en"))))
    job = settle(job, failed(translate("en"), a_problem("budget-exhausted")))
    assert job.state is JobState.RUNNING
    job = settle(job, failed(translate("en"), a_problem("model-missing")))
    assert job.state is JobState.FAILED
