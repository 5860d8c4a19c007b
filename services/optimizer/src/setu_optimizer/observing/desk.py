"""What operators do with observations: past jobs of another system are taken in."""

from setu_common.contracts import AsrPlan, Context
from setu_common.db import Database
from setu_common.settings import DatabaseSettings
from setu_optimizer.domain.observing.history import PastJob
from setu_optimizer.domain.observing.labels import ESTIMATED_WEIGHT, KNOWN_WEIGHT, Label, work_of
from setu_optimizer.observing import repository
from setu_optimizer.observing.repository import Observation
from setu_optimizer.settings import SERVICE


async def take_history(database: DatabaseSettings, tenant: str, jobs: tuple[PastJob, ...]) -> int:
    """Take past jobs in, all or none; gives how many are new. Those that were taken before are replaced.

    Args:
        database: the optimizer's.
        tenant: whose jobs they were.
        jobs: from ``read_history``.
    """
    opened = Database(database, SERVICE)
    try:
        async with opened.transaction() as connection:
            new = [(await repository.keep(connection, tenant, _observation(job), _label(job)))[1] for job in jobs]
    finally:
        await opened.close()
    return sum(new)


def _observation(job: PastJob) -> Observation:
    candidate = job.candidate
    return Observation(
        source="history",
        recording=job.recording,
        job_id=None,
        work=work_of(Context(title=job.work), job.recording),
        language=job.language,
        profile={"duration_s": job.duration_s, **job.figures},
        plan=AsrPlan.model_validate(candidate.model_dump()),
        candidate=candidate,
        duration_s=job.duration_s,
        model_time_s=job.time_s,
        estimated_wer=job.wer if job.wer_basis == "estimated" else None,
    )


def _label(job: PastJob) -> Label:
    return Label(job.wer, job.wer_basis, KNOWN_WEIGHT if job.wer_basis == "known" else ESTIMATED_WEIGHT)
