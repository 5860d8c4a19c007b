"""What is to be done for a job next: a pure function of where it and its stages stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from setu_common.contracts import Degradation, JobState, Problem, StageState
from setu_common.cost import BudgetExhausted
from setu_gateway.pipeline.stage import Media, Pipeline, Results
from setu_gateway.records import DeliveredFile, JobRecord, StageKey, StageRecord

_RETRY_HINT: Final = "POST /jobs/{id}/retry runs the failed stages again."
_BUDGET_HINT: Final = "Raise the budget, then POST /jobs/{id}/retry makes what is missing."


@dataclass(frozen=True)
class Skip:
    """A stage that won't run, and why."""

    key: StageKey
    reason: str


@dataclass(frozen=True)
class Decision:
    """What to do for a job now, and what it then is.

    Args:
        start: waiting stages that have what they need.
        detour: failed stages whose fallback is to do them.
        skip: waiting stages that are not needed, or impossible; and failed ones that only advise others, who go on without.
        cancel: waiting stages of a job that is being cancelled.
        state: the job's, once all this is done.
        progress: 0..1.
        degraded: what is missing or less than asked so far.
        delivered: the files that can be fetched.
        source_language: the recording's, once known.
        media: the recording that a stage has brought; None if none has.
        problem: why the job failed.
    """

    start: tuple[StageKey, ...]
    detour: tuple[StageKey, ...]
    skip: tuple[Skip, ...]
    cancel: tuple[StageKey, ...]
    state: JobState
    progress: float
    degraded: tuple[Degradation, ...]
    delivered: tuple[DeliveredFile, ...]
    source_language: str | None
    media: Media | None
    problem: Problem | None


def decide(job: JobRecord, pipeline: Pipeline) -> Decision:
    """Say what to start, what to give up, and what the job's state becomes.

    The same job gives the same decision, and a job on which the decision was carried out gives an empty one.
    """
    view = _View(job, pipeline)
    detour = view.detours() if job.state is not JobState.CANCELLING else ()
    for key in detour:
        view.put(key, StageState.RUNNING)
    skip = view.waivers()
    for each in skip:
        view.put(each.key, StageState.SKIPPED)
    start: list[StageKey] = []
    cancel: list[StageKey] = []
    for stage in job.stages:
        if stage.state is not StageState.WAITING:
            continue
        if job.state is JobState.CANCELLING:
            cancel.append(stage.key)
            view.put(stage.key, StageState.CANCELLED)
        elif reason := view.why_not(stage.key):
            skip.append(Skip(stage.key, reason))
            view.put(stage.key, StageState.SKIPPED)
        elif view.can_start(stage.key):
            start.append(stage.key)
            view.put(stage.key, StageState.RUNNING)
    state = view.verdict()
    delivered = view.delivered()
    return Decision(
        start=tuple(start),
        detour=detour,
        skip=tuple(skip),
        cancel=tuple(cancel),
        state=state,
        progress=1.0 if state is JobState.SUCCEEDED else view.progress(),
        degraded=view.degraded() if delivered or not state.ended else (),
        delivered=delivered,
        source_language=view.source_language,
        media=view.media(),
        problem=view.problem() if state is JobState.FAILED else None,
    )


def request_of(job: JobRecord, key: StageKey, pipeline: Pipeline) -> BaseModel:
    """The request of a stage whose needs are met. The same as long as the stage's run and way are, so good under an idempotency key."""
    (record,) = (stage for stage in job.stages if stage.key == key)
    return pipeline.stage(key).way(record).request(job, key.target, Results(results_of(job, pipeline)))


def results_of(job: JobRecord, pipeline: Pipeline) -> dict[StageKey, BaseModel]:
    """The parsed results of the stages that ended well."""
    return {
        stage.key: pipeline.stage(stage.key).kind.result.model_validate(stage.result)
        for stage in job.stages
        if stage.state is StageState.SUCCEEDED and stage.result is not None
    }


def to_run_again(job: JobRecord, pipeline: Pipeline) -> tuple[StageKey, ...]:
    """The stages that a retry runs: those that failed or were cancelled, and all that come after them. Empty if none did."""
    keys = [stage.key for stage in job.stages]
    again: list[StageKey] = []
    for stage in job.stages:
        undone = stage.state in (StageState.FAILED, StageState.CANCELLED)
        if undone or any(need in again for need in pipeline.needs(stage.key, keys)):
            again.append(stage.key)
    return tuple(again)


class _View:
    """A job's stages while a decision about them is made."""

    def __init__(self, job: JobRecord, pipeline: Pipeline) -> None:
        self._job = job
        self._pipeline = pipeline
        self._keys: Sequence[StageKey] = [stage.key for stage in job.stages]
        self._stages: dict[StageKey, StageRecord] = {stage.key: stage for stage in job.stages}
        self._results: Mapping[StageKey, BaseModel] = results_of(job, pipeline)
        self.source_language = self._heard() or job.request.source_language

    def put(self, key: StageKey, state: StageState) -> None:
        self._stages[key] = replace(self._stages[key], state=state)

    def detours(self) -> tuple[StageKey, ...]:
        """The stages that have failed in their first way, and have another for their target."""
        return tuple(
            key for key, stage in self._stages.items() if stage.state is StageState.FAILED and self._has_fallback(stage)
        )

    def waivers(self) -> list[Skip]:
        """The stages that failed and only advise others, with what is done without them."""
        return [
            Skip(key, f"{advice}: {_reason(stage.problem)}")
            for key, stage in self._stages.items()
            if stage.state is StageState.FAILED and (advice := self._pipeline.stage(key).advice)
        ]

    def _held_back(self) -> bool:
        """Whether all that is missing was not made since its caller did not want to spend more: what was made is what was asked for."""
        failed = [
            stage
            for key, stage in self._stages.items()
            if stage.state is StageState.FAILED and self._pipeline.stage(key).essential
        ]
        return bool(failed) and all(_for_its_budget(stage) for stage in failed)

    def _has_fallback(self, stage: StageRecord) -> bool:
        fallback = self._pipeline.stage(stage.key).fallback
        return stage.detour is None and fallback is not None and stage.key.target in fallback.targets

    def why_not(self, key: StageKey) -> str | None:
        """Why a waiting stage need not or can't run; None if it may yet."""
        if key.target and key.target == self.source_language:
            return "not needed: the recording is in this language, and its captions are delivered"
        for need in self._pipeline.needs(key, self._keys):
            state = self._stages[need].state
            if self._pipeline.stage(need).essential and state.ended and state is not StageState.SUCCEEDED:
                return f"impossible: the stage {need.stage!r} before it {_ENDED_AS[state]}"
        pointless = self._pipeline.stage(key).pointless
        if pointless is not None and self.can_start(key):
            return pointless(self._job, key.target, Results(self._results)) or None
        return None

    def can_start(self, key: StageKey) -> bool:
        return all(self._stages[need].state.ended for need in self._pipeline.needs(key, self._keys))

    def verdict(self) -> JobState:
        """The job's state, now that its stages stand as they do."""
        states = {stage.state for stage in self._stages.values()}
        cancelling = self._job.state is JobState.CANCELLING
        if not all(state.ended for state in states):
            if cancelling:
                return JobState.CANCELLING
            return JobState.QUEUED if states == {StageState.WAITING} else JobState.RUNNING
        # A cancellation that came too late to end anything changes nothing.
        if cancelling and StageState.CANCELLED in states:
            return JobState.CANCELLED
        delivered = {file.language for file in self.delivered()}
        if delivered & set(self._wanted()) or (delivered and self._held_back()):
            return JobState.SUCCEEDED
        return JobState.FAILED

    def progress(self) -> float:
        weights = {key: self._pipeline.stage(key).weight for key in self._keys}
        done = sum(weights[key] * (1.0 if stage.state.ended else stage.progress) for key, stage in self._stages.items())
        return min(1.0, done / sum(weights.values()))

    def delivered(self) -> tuple[DeliveredFile, ...]:
        files: list[DeliveredFile] = []
        for key, result in self._results.items():
            if delivers := self._pipeline.stage(key).delivers:
                files.extend(delivers(result))
        return tuple(files)

    def degraded(self) -> tuple[Degradation, ...]:
        found: list[Degradation] = []
        for key, stage in self._stages.items():
            if stage.state is StageState.FAILED:
                hint = f" {_BUDGET_HINT}" if _for_its_budget(stage) else ""
                reasons: tuple[str, ...] = (f"{_reason(stage.problem)}{hint}",)
            else:
                reasons = self._caveats(stage)
            found.extend(Degradation(stage=key.stage, target=key.target, reason=reason) for reason in reasons)
        return tuple(found)

    def _caveats(self, stage: StageRecord) -> tuple[str, ...]:
        if stage.key not in self._results:
            return ()
        declared = self._pipeline.stage(stage.key)
        told = declared.caveats(self._results[stage.key]) if declared.caveats else ()
        if stage.detour is None or declared.fallback is None:
            return told
        return (f"{declared.fallback.remark}: {_reason(stage.detour)}", *told)

    def problem(self) -> Problem:
        """Why nothing that was asked for could be delivered: the first failure, with the others beside it."""
        failed = [stage for stage in self._stages.values() if stage.state is StageState.FAILED]
        failed.sort(key=lambda stage: not self._pipeline.stage(stage.key).essential)  # those that count first, in their order
        first = next(
            (stage.problem for stage in failed if stage.problem),
            Problem(title="The job could not be done", status=500, code="internal-error", detail="A stage did not end well."),
        )
        captions = sorted({file.language for file in self.delivered()})
        failures = [
            {"stage": stage.key.stage, "target": stage.key.target, "code": stage.problem.code if stage.problem else None}
            for stage in failed
        ]
        detail = first.detail
        if captions:
            detail += f" Captions in the recording's own language ({', '.join(captions)}) can be fetched."
        if first.retryable or first.status >= 500:  # noqa: PLR2004  (the fault is not the request's)
            detail += f" {_RETRY_HINT}"
        context = {**first.context, "failures": failures, "captions": captions}
        return first.model_copy(update={"detail": detail.strip(), "context": context})

    def media(self) -> Media | None:
        """The recording, if a stage has brought it."""
        for key, result in self._results.items():
            if brings := self._pipeline.stage(key).brings:
                return brings(result)
        return None

    def _heard(self) -> str | None:
        for key, result in self._results.items():
            if hears := self._pipeline.stage(key).hears:
                return hears(result)
        return None

    def _wanted(self) -> tuple[str, ...]:
        if self._job.request.target_languages:
            return self._job.request.target_languages
        return (self.source_language,) if self.source_language else ()


_ENDED_AS: Final = {
    StageState.FAILED: "failed",
    StageState.SKIPPED: "was skipped",
    StageState.CANCELLED: "was cancelled",
}


def _for_its_budget(stage: StageRecord) -> bool:
    """Whether a stage failed for its budget alone, which more money mends, and not after its last resort as well."""
    return stage.problem is not None and stage.problem.code == BudgetExhausted.code and stage.detour is None


def _reason(problem: Problem | None) -> str:
    if problem is None:
        return "It failed without saying why."
    return problem.detail or problem.title
