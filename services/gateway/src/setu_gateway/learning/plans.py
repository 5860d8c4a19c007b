"""A job's plan, as its stage gave it."""

from typing import Final

from setu_common.contracts import PlanResult, StageState
from setu_gateway.learning.errors import PlanMissing
from setu_gateway.records import JobRecord

PLAN: Final = "plan"


def plan_of(job: JobRecord) -> PlanResult:
    """How a job's recording is transcribed, and why.

    Raises:
        PlanMissing: nobody said, and why not.
    """
    stage = next((stage for stage in job.stages if stage.key.stage == PLAN), None)
    if stage is None:
        raise PlanMissing("This job was submitted before there were plans; its recording is transcribed by default.")
    if stage.result is not None:
        return PlanResult.model_validate(stage.result)
    if stage.state is StageState.SKIPPED:
        raise PlanMissing(f"There was no plan, so the recording was {stage.note}", state=stage.state.value)
    if stage.state.ended or job.state.ended:
        raise PlanMissing("The job ended before it was planned.", state=stage.state.value)
    raise PlanMissing("It is not planned yet. Follow GET /jobs/{id}/events, or ask again later.", state=stage.state.value)
