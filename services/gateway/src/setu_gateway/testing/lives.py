"""Jobs that are moved on by decisions alone, without a database or services."""

from dataclasses import dataclass, replace

from setu_common.contracts import StageState
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.advance import carried_out
from setu_gateway.pipeline.decision import decide
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageKey, StageRecord
from setu_gateway.testing.samples import PLAN, PROFILE, TRANSCRIBE, by_key, failed, succeeded


def states(job: JobRecord) -> dict[StageKey, StageState]:
    """Where its stages stand."""
    return {stage.key: stage.state for stage in job.stages}


def step(job: JobRecord) -> JobRecord:
    """The job with what follows from its stages decided."""
    return carried_out(job, decide(job, PIPELINE))


def settle(job: JobRecord, *outcomes: StageRecord) -> JobRecord:
    """The job with these stages ended, and what follows from that decided."""
    ended = by_key(*outcomes)

    def seen(stage: StageRecord) -> StageRecord:
        if stage.key not in ended:
            return stage
        outcome = replace(ended[stage.key], detour=stage.detour, former_operations=stage.former_operations)
        return observation.failed(outcome, outcome.problem) if outcome.problem else outcome

    return step(replace(job, stages=tuple(seen(stage) for stage in job.stages)))


@dataclass(frozen=True)
class Failures:
    """Stages that fail: in every way that they go, or in the first one only."""

    always: frozenset[StageKey] = frozenset()
    at_first: frozenset[StageKey] = frozenset()

    def outcome(self, stage: StageRecord, language: str) -> StageRecord:
        """How a running stage ends."""
        fails = stage.key in self.always or (stage.key in self.at_first and stage.detour is None)
        return failed(stage.key) if fails else succeeded(stage.key, language)


def run(job: JobRecord, *failures: StageKey, language: str = "fr") -> JobRecord:
    """Run a job to its end: every stage that starts succeeds, but those named."""
    fate = Failures(frozenset(failures))
    job = step(job)
    while not job.state.ended:
        started = [stage for stage in job.stages if stage.state is StageState.RUNNING]
        if not started:
            raise AssertionError("the job waits for nothing")
        job = settle(job, *(fate.outcome(stage, language) for stage in started))
    return job


def heard(*others: StageRecord) -> dict[StageKey, StageRecord]:
    """Stages of a job whose recording has been transcribed."""
    return by_key(succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE), *others)
