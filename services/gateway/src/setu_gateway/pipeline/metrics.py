"""What Prometheus is told of jobs, by who moves them on.

| metric | labels | |
|---|---|---|
| ``setu_job_ends_total`` | state | runs of jobs that ended: ``succeeded`` (degraded ones too), ``failed``, ``cancelled`` |
| ``setu_job_seconds`` | | from a run's acceptance to its end, of those that delivered |

How many are under way: the operations of the queue ``pipeline``, one a job (``setu_queue_operations``).
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from setu_common.contracts import JobState, OperationState
from setu_common.operations import Ending
from setu_gateway.pipeline.kinds import ADVANCES

_SECONDS: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)


class JobMetrics:
    """Counts jobs as the operations that move them on end.

    Args:
        registry: where it is counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ends = Counter("setu_job_ends", "Runs of jobs that ended", ("state",), registry=registry)
        self._took = Histogram(
            "setu_job_seconds", "Seconds from a job's acceptance to its end", buckets=_SECONDS, registry=registry
        )
        for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
            self._ends.labels(state.value)

    def __call__(self, ending: Ending) -> None:
        """A row left its worker's hands."""
        state = _state_of(ending)
        if state is None:
            return
        self._ends.labels(state).inc()
        operation = ending.operation
        if state == JobState.SUCCEEDED and operation.ended_at is not None:
            self._took.observe((operation.ended_at - operation.created_at).total_seconds())


def _state_of(ending: Ending) -> str | None:
    """How a job ended, if it was its end: one that is gone, or was taken over by another run, has none."""
    operation = ending.operation
    if operation.kind != ADVANCES.name or not operation.state.ended:
        return None
    if operation.state is not OperationState.SUCCEEDED:
        return JobState.FAILED.value  # see ``give_up``
    state = operation.result.get("state") if isinstance(operation.result, dict) else None
    return state if isinstance(state, str) else None
