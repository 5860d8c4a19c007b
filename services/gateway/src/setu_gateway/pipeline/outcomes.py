"""How a job ended, as the ledger keeps it for trends and reports: written with the job's end, whoever ends it."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from setu_common.contracts import OperationState
from setu_common.cost.outcomes import writes_outcome
from setu_common.operations import Aside, Ending
from setu_gateway.pipeline.kinds import run_of

# How long it took is of its last run: that somebody tried it again days later made no recording slow.
# Of the rows as they are once the job has ended, so that it is the same whether the pipeline ended it or gave it up.
_WRITE: Final[LiteralString] = writes_outcome("""
    SELECT job.id AS job_id, job.tenant, job.state, job.degraded <> '[]' AS degraded, job.problem ->> 'code' AS problem,
        (profile.result #>> '{profile,duration_s}')::float8 AS audio_s,
        CASE job.run WHEN 1 THEN job.created_at ELSE coalesce(
            (SELECT created_at FROM operation WHERE operation.job_id = job.id
                AND idempotency_key = job.id::text || '/' || job.run || '/advance'), job.created_at) END AS created_at,
        job.ended_at,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'target', target, 'lines', result -> 'segment_count', 'edited', result -> 'edited_count',
                'score_before', result -> 'score_before', 'score_after', result -> 'score_after') ORDER BY position), '[]')
            FROM stage WHERE stage.job_id = job.id AND stage.stage = 'enhance' AND stage.state = 'succeeded'
                AND stage.result IS NOT NULL) AS targets,
        (plan.result #>> '{prediction,plan,expected_time_s}')::float8 AS expected_time_s
    FROM job
    LEFT JOIN stage profile ON profile.job_id = job.id AND profile.stage = 'profile' AND profile.state = 'succeeded'
    LEFT JOIN stage plan ON plan.job_id = job.id AND plan.stage = 'plan' AND plan.state = 'succeeded'
    WHERE job.id = %(job_id)s AND job.run = %(run)s AND job.state IN ('succeeded', 'failed', 'cancelled')
""")


def outcome_of(job_id: UUID, run: int) -> Aside:
    """What is written once a run of a job has ended, in the same transaction. The end does not fail for it."""
    return Aside(_WRITE, {"job_id": job_id, "run": run})


def outcome_given_up(ending: Ending) -> Sequence[Aside]:
    """What is written when an ``advances`` operation ends without having brought its job to an end, behind what ends the job."""
    if ending.operation.state is OperationState.SUCCEEDED or ending.job_id is None or ending.idempotency_key is None:
        return ()
    return [outcome_of(ending.job_id, run_of(ending.idempotency_key))]
