"""Moving a job on: look at what runs, decide, write it down, until there is nothing to do but to wait.

An operation of the gateway's own (kind ``advances``) does this for one run of one job, from its acceptance to its end, and parks in
between. It may be run twice, killed anywhere, or see stale data:

* That a stage is started is committed *before* its operation is submitted, and submitting is idempotent (key: job, stage, target, run,
  and whether its fallback does it).
  So no operation is ever under way that its job does not know of, and none is made twice.
* Every write names the version of the job that it is based on. Who comes second writes nothing, and looks again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog
from psycopg.types.json import Jsonb

from setu_common.contracts import JobState, Operation, OperationState, StageState, Submission
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable, SetuError, is_retryable
from setu_common.operations import Ending, Park, Statement, Work, write_aside_in
from setu_gateway import repository
from setu_gateway.errors import PipelineFailed
from setu_gateway.learning.lessons import Lessons
from setu_gateway.pipeline import observation
from setu_gateway.pipeline.decision import Decision, decide, request_of
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.kinds import ADVANCES, PIPELINE_QUEUE, Advanced, AdvanceRequest, run_of
from setu_gateway.pipeline.outcomes import outcome_of
from setu_gateway.pipeline.ports import OperationsPort, Ports
from setu_gateway.pipeline.stage import Pipeline
from setu_gateway.records import JobRecord, StageRecord
from setu_gateway.settings import PipelineSettings

log = structlog.get_logger()

# A job whose stages end as fast as they are looked at gives others their turn after so many rounds.
MOST_ROUNDS: Final = 20
# A running stage is looked at again after a tenth of the time that it has run: what a watcher sees is at most a tenth behind.
POLL_SHARE: Final = 0.1


class Advancer:
    """The handler of ``advances``.

    Args:
        database: the gateway's.
        ports: where each service takes operations.
        eraser: erases a job that has ended, when that was asked for.
        pipeline: the stages.
        settings: how often to look, and how long to wait for a service.
        lessons: writes down what a job teaches.
    """

    def __init__(
        self,
        *,
        database: Database,
        ports: Ports,
        eraser: Eraser,
        pipeline: Pipeline,
        settings: PipelineSettings,
        lessons: Lessons,
    ) -> None:
        self._lessons = lessons
        self._database = database
        self._ports = ports
        self._eraser = eraser
        self._pipeline = pipeline
        self._settings = settings

    async def __call__(self, request: AdvanceRequest, work: Work) -> Advanced | Park:
        """Move the job on as far as it goes now."""
        try:
            for _ in range(MOST_ROUNDS):
                answer = await self._round_or_stale(request, work.tenant)
                if answer is not None:
                    return answer
        except DependencyUnavailable as error:
            # The database is away, or the store while erasing: no fault of this job's, so no attempt is counted.
            log.warning("job.advance_postponed", reason=error.detail)
            return Park(error.retry_after_s or self._settings.shortest_poll_s)
        return Park(0)

    async def _round_or_stale(self, request: AdvanceRequest, tenant: str) -> Advanced | Park | None:
        try:
            return await self._round(request, tenant)
        except repository.StaleJob:
            log.info("job.changed_meanwhile")
            return None

    async def _round(self, request: AdvanceRequest, tenant: str) -> Advanced | Park | None:
        """One look, one decision, one write. None: look again at once.

        Raises:
            StaleJob: someone else changed the job meanwhile; nothing was written.
        """
        async with self._database.reading() as connection:
            job = await repository.load_job(connection, tenant, request.job_id)
        if job is None or job.run != request.run:
            return Advanced(state=None)
        if job.state.ended and job.purge_asked_at is not None:
            erased = await self._eraser.erase(job)
            return Advanced(state=None) if erased else Park(self._pause_s(job, job.purge_asked_at))
        if job.state.ended:
            return Advanced(state=job.state)
        seen = await self._look(job)
        after = carried_out(seen, decide(seen, self._pipeline))
        if after == job:
            return Park(self._pause_s(job))
        async with self._database.transaction() as connection:
            await repository.save_job(connection, job, after)
            taught = await self._lessons.write(connection, after)
            if after.state.ended:
                await write_aside_in(connection, outcome_of(job.id, job.run))
        if taught:
            self._lessons.announce()
        _log_changes(job, seen, after)
        return None if _standing(after) != _standing(job) else Park(self._pause_s(replace(after, changed_at=job.read_at)))

    async def _look(self, job: JobRecord) -> JobRecord:
        """The job with its running stages as their services have them."""
        stages = await asyncio.gather(*(self._look_at(job, stage) for stage in job.stages))
        return replace(job, stages=tuple(stages))

    async def _look_at(self, job: JobRecord, stage: StageRecord) -> StageRecord:
        if stage.state is not StageState.RUNNING:
            return stage
        declared = self._pipeline.stage(stage.key)
        service = declared.way(stage).kind.service
        patience = self._patience(job, stage)
        try:
            operation = await self._operation(job, stage, self._ports[service])
            if self._in_vain(job, stage, operation, patience):
                operation = await self._ports[service].cancel(job.tenant, operation.id)
                # A worker that took it at this very moment is stopped, unless it is done already.
                if operation.state not in (OperationState.SUCCEEDED, OperationState.FAILED):
                    return observation.given_up(stage, declared, operation, service, patience)
        except SetuError as error:
            return self._troubled(job, stage, error, patience)
        return observation.absorbed(job, stage, operation, self._pipeline)

    def _troubled(self, job: JobRecord, stage: StageRecord, error: SetuError, patience: timedelta) -> StageRecord:
        """The stage whose service did not say how its work stands."""
        declared, status = self._pipeline.stage(stage.key), error.problem().status
        service = declared.way(stage).kind.service
        if stage.operation_id is None and status == HTTPStatus.TOO_MANY_REQUESTS:
            log.info("stage.service_busy", stage=stage.key.stage, target=stage.key.target, reason=error.detail)
            return observation.busy(job, stage, declared, service, patience)
        if isinstance(error, DependencyUnavailable) or is_retryable(error):
            log.warning("stage.service_away", stage=stage.key.stage, target=stage.key.target, reason=error.detail)
            return observation.unreachable(job, stage, declared, service, patience)
        if stage.operation_id is not None and status == HTTPStatus.NOT_FOUND:
            return observation.lost(stage, service)
        return observation.refused(stage, error)

    async def _operation(self, job: JobRecord, stage: StageRecord, port: OperationsPort) -> Operation:
        """The stage's operation: submitted if need be, cancelled if the job is."""
        if stage.operation_id is None:
            submission = Submission(
                tenant=job.tenant,
                job_id=job.id,
                idempotency_key=operation_key(job, stage),
                reply_to=PIPELINE_QUEUE,
            )
            kind = self._pipeline.stage(stage.key).way(stage).kind
            operation = await port.submit(kind, request_of(job, stage.key, self._pipeline), submission)
        else:
            operation = await port.get(job.tenant, stage.operation_id)
        cancellable = operation.state in (OperationState.QUEUED, OperationState.RUNNING)
        if job.state is JobState.CANCELLING and cancellable:
            return await port.cancel(job.tenant, operation.id)
        return operation

    def _in_vain(self, job: JobRecord, stage: StageRecord, operation: Operation, patience: timedelta) -> bool:
        """Whether a job that goes on waits too long for a worker to begin with what it can do without, or for advice to come."""
        declared = self._pipeline.stage(stage.key)
        if job.state is JobState.CANCELLING or declared.essential:
            return False
        if declared.advice:
            return observation.overdue(job, operation, patience)
        return observation.untaken(job, stage, operation, patience)

    def _patience(self, job: JobRecord, stage: StageRecord) -> timedelta:
        if job.state is JobState.CANCELLING:
            return timedelta(seconds=self._settings.cancel_patience_s)
        declared = self._pipeline.stage(stage.key)
        if declared.advice:
            return timedelta(seconds=self._settings.plan_patience_s)
        return timedelta(seconds=self._settings.stage_patience_s if declared.essential else self._settings.optional_patience_s)

    def _pause_s(self, job: JobRecord, *waited_for_since: datetime) -> float:
        """When to look again, if nobody calls earlier."""
        running = [self._pause_of_stage_s(job, stage) for stage in job.stages if stage.state is StageState.RUNNING]
        waited_for = [POLL_SHARE * (job.read_at - since).total_seconds() for since in waited_for_since]
        soonest_s = min((*running, *waited_for), default=0.0)
        return min(max(self._settings.shortest_poll_s, soonest_s), self._settings.longest_poll_s)

    def _pause_of_stage_s(self, job: JobRecord, stage: StageRecord) -> float:
        """When to look at a stage again. Of work that is queued one is told when it begins, but not when patience is at its end."""
        if observation.is_queued(stage):
            waited_s = (job.read_at - job.changed_at).total_seconds()
            left_s = self._patience(job, stage).total_seconds() - waited_s
            return left_s if left_s > 0 else self._settings.longest_poll_s
        since = stage.started_at or observation.busy_since(stage) or job.read_at
        return POLL_SHARE * (job.read_at - since).total_seconds()


def operation_key(job: JobRecord, stage: StageRecord) -> str:
    """The idempotency key of the operation that does a stage now: one for each run, and for each way that it goes in it."""
    fallback = "/fallback" if stage.detour is not None else ""
    return f"{job.id}/{stage.key.stage}/{stage.key.target}/{stage.run}{fallback}"


def carried_out(job: JobRecord, decision: Decision) -> JobRecord:
    """The job once a decision about it is carried out."""
    skipped = {skip.key: skip.reason for skip in decision.skip}

    def changed(stage: StageRecord) -> StageRecord:
        if stage.key in decision.start:
            return replace(stage, state=StageState.RUNNING, note="")
        if stage.key in decision.detour:
            return observation.detoured(stage)
        if stage.key in skipped:
            return replace(stage, state=StageState.SKIPPED, note=skipped[stage.key], problem=None)
        if stage.key in decision.cancel:
            return replace(stage, state=StageState.CANCELLED, note="")
        return stage

    return replace(
        job,
        state=decision.state,
        progress=round(decision.progress, 4),
        source_language=decision.source_language,
        media_name=decision.media.name if decision.media is not None else job.media_name,
        media=decision.media.reference if decision.media is not None else job.media,
        degraded=decision.degraded,
        delivered=decision.delivered,
        problem=decision.problem,
        stages=tuple(changed(stage) for stage in job.stages),
    )


def give_up(ending: Ending) -> Sequence[Statement]:
    """What is written when an ``advances`` operation ends without having brought its job to an end: the job fails, and says why.

    Stages that ran fail with it, those that waited are cancelled, so that a retry runs both. A run that came after is not touched.
    A job that was to be erased once it has ended is given an operation that does that: this one was to, and can't any more.
    """
    if ending.operation.state is OperationState.SUCCEEDED or ending.job_id is None or ending.idempotency_key is None:
        return ()
    cause = ending.operation.problem.detail if ending.operation.problem else "It was cancelled."
    problem = PipelineFailed(
        f"{cause} POST /jobs/{{id}}/retry runs what is left.", operation_id=str(ending.operation.id)
    ).problem()
    return [
        (
            """
            WITH given_up AS (
                UPDATE job SET state = 'failed', version = version + 1, problem = %(problem)s, ended_at = now(), updated_at = now()
                WHERE id = %(job_id)s AND run = %(run)s AND state IN ('queued', 'running', 'cancelling')
                RETURNING id, tenant, run, version, purge_asked_at
            ), erasing AS (
                INSERT INTO operation
                    (id, tenant, kind, queue, job_id, idempotency_key, request, request_sha256, max_attempts, timeout_s)
                SELECT gen_random_uuid(), job.tenant, %(kind)s, %(queue)s, job.id, job.id || '/' || job.run || '/erase/' || job.version,
                       asked.request, encode(sha256(convert_to(asked.request::text, 'UTF8')), 'hex'), %(max_attempts)s, %(timeout_s)s
                FROM given_up AS job, LATERAL (SELECT jsonb_build_object('job_id', job.id, 'run', job.run) AS request) AS asked
                WHERE job.purge_asked_at IS NOT NULL
                ON CONFLICT DO NOTHING
            )
            UPDATE stage SET
                state = CASE stage.state WHEN 'running' THEN 'failed' ELSE 'cancelled' END,
                problem = CASE stage.state WHEN 'running' THEN %(problem)s ELSE stage.problem END,
                note = '', ended_at = now()
            FROM given_up WHERE stage.job_id = given_up.id AND stage.state IN ('running', 'waiting')
            """,
            {
                "job_id": ending.job_id,
                "run": run_of(ending.idempotency_key),
                "problem": Jsonb(problem.model_dump(mode="json")),
                "kind": ADVANCES.name,
                "queue": ADVANCES.queue,
                "max_attempts": ADVANCES.max_attempts,
                "timeout_s": ADVANCES.timeout_s,
            },
        )
    ]


def _standing(job: JobRecord) -> tuple[JobState, list[tuple[StageState, bool]]]:
    """What there is something to be done about at once, where it has changed."""
    return job.state, [(stage.state, stage.detour is not None) for stage in job.stages]


def _log_changes(before: JobRecord, seen: JobRecord, after: JobRecord) -> None:
    for old, looked, new in zip(before.stages, seen.stages, after.stages, strict=True):
        if old.detour is None and new.detour is not None:
            log.warning("stage.detoured", stage=new.key.stage, target=new.key.target, run=new.run, problem=new.detour.code)
        if old.state is not new.state:
            problem = new.problem or looked.problem  # of advice that failed only what was seen has one
            code = problem.code if problem else None
            log.info(
                "stage.changed", stage=new.key.stage, target=new.key.target, state=new.state.value, run=new.run, problem=code
            )
    if before.state is not after.state:
        log.info("job.changed", state=after.state.value, problem=after.problem.code if after.problem else None)
