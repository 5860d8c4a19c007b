"""Whole lives of jobs, whatever fails in them and in whatever order their stages end."""

from dataclasses import replace
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from setu_common.contracts import JobState, StageState
from setu_gateway.pipeline.decision import decide, to_run_again
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageRecord
from setu_gateway.testing.lives import Failures, settle, states, step
from setu_gateway.testing.samples import FETCH, a_job, translate

LANGUAGES = ["en", "fr", "hi", "pt"]
TARGETS = st.lists(st.sampled_from(LANGUAGES), unique=True, max_size=3)


class WholeLife(NamedTuple):
    """A job, the language that is spoken in it, the stages that fail, and an order in which running stages end."""

    job: JobRecord
    spoken: str
    failures: Failures
    order: list[int]


@st.composite
def whole_lives(draw: st.DrawFn) -> WholeLife:
    url = draw(st.sampled_from([None, "https://media.example/talk.mp4"]))
    job = a_job(*draw(TARGETS), url=url)
    keys = st.sampled_from([stage.key for stage in job.stages])
    at_first = frozenset({translate("en")}) if draw(st.booleans()) else frozenset()
    failures = Failures(frozenset(draw(st.sets(keys))), at_first)
    return WholeLife(job, draw(st.sampled_from(LANGUAGES)), failures, draw(st.lists(st.integers(0, 20), max_size=30)))


def live(job: JobRecord, spoken: str, failures: Failures, order: list[int]) -> JobRecord:
    """End running stages one after the other, in an order of one's choice, and check what must hold on the way."""
    job = step(job)
    turns = iter(order)
    while not job.state.ended:
        check(job)
        ready = [stage for stage in job.stages if stage.state is StageState.RUNNING]
        assert ready, "the job waits for nothing"
        before = job
        job = settle(job, failures.outcome(ready[next(turns, 0) % len(ready)], spoken))
        assert job.progress >= before.progress - 1e-9
    check(job)
    return job


def check(job: JobRecord) -> None:
    if not job.state.ended:
        assert decide(job, PIPELINE).start == decide(job, PIPELINE).detour == ()
    found = states(job)
    for stage in job.stages:
        if stage.state is StageState.RUNNING:
            needs = PIPELINE.needs(stage.key, list(found))
            assert all(found[need].ended for need in needs)
            assert all(found[need] is StageState.SUCCEEDED for need in needs if PIPELINE.stage(need).essential)
    assert job.state.ended == all(state.ended for state in found.values())
    assert 0 <= job.progress <= 1


@given(whole_lives())
@settings(max_examples=150, deadline=None)
def test_every_job_ends_and_says_what_it_could_not_deliver(life):
    job = live(*life)
    delivered = {file.language for file in job.delivered}
    wanted = set(job.request.target_languages) or {life.spoken}
    met = {stage.key for stage in job.stages if stage.state is StageState.FAILED}
    ran = {stage.key for stage in job.stages if stage.state in (StageState.FAILED, StageState.SUCCEEDED)}
    detoured = {stage.key for stage in job.stages if stage.detour is not None}
    assert (job.state is JobState.SUCCEEDED) == bool(delivered & wanted)
    assert (job.problem is None) == (job.state is JobState.SUCCEEDED)
    assert met == life.failures.always & ran
    assert detoured == (life.failures.always | life.failures.at_first) & {translate("en")} & ran
    assert (job.media is None) == (job.request.media_url is not None and FETCH in met)
    if delivered:
        assert {(each.stage, each.target) for each in job.degraded} == met | detoured


@given(whole_lives(), st.lists(st.integers(0, 20), max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_outcome_does_not_depend_on_the_order_in_which_stages_end(life, other_order):
    one, other = live(*life), live(*life._replace(order=other_order))
    assert states(one) == states(other)
    assert (one.state, one.degraded, one.delivered) == (other.state, other.degraded, other.delivered)


@given(whole_lives())
@settings(max_examples=100, deadline=None)
def test_a_retry_in_which_all_goes_well_delivers_all(life):
    job = live(*life)
    again = set(to_run_again(job, PIPELINE))
    assert bool(again) == any(stage.state is StageState.FAILED for stage in job.stages)
    if not again:
        return
    stages = tuple(StageRecord(stage.key, run=2) if stage.key in again else stage for stage in job.stages)
    queued = replace(job, state=JobState.QUEUED, problem=None, progress=0, stages=stages)
    retried = live(queued, life.spoken, Failures(), life.order)
    assert retried.state is JobState.SUCCEEDED
    detoured = {stage.key for stage in retried.stages if stage.detour is not None}
    assert {(each.stage, each.target) for each in retried.degraded} == detoured == detoured - again
    assert {file.language for file in retried.delivered} == {*job.request.target_languages, life.spoken}


@given(whole_lives(), st.integers(0, 8))
@settings(max_examples=100, deadline=None)
def test_a_cancelled_job_ends_whenever_the_cancellation_comes(life, after):
    job = step(life.job)
    for _ in range(after):
        ready = [stage for stage in job.stages if stage.state is StageState.RUNNING]
        if not ready:
            break
        job = settle(job, life.failures.outcome(ready[0], life.spoken))
    if job.state.ended:
        return
    job = step(replace(job, state=JobState.CANCELLING))
    job = settle(
        job, *(StageRecord(stage.key, StageState.CANCELLED) for stage in job.stages if stage.state is StageState.RUNNING)
    )
    assert job.state is JobState.CANCELLED
    assert decide(job, PIPELINE).start == ()
