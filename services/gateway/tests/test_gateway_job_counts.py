"""What Prometheus is told of jobs as the operations that move them on end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from setu_common.contracts import Operation, OperationState
from setu_common.operations import Ending
from setu_gateway.pipeline.metrics import JobMetrics

BEGUN = datetime(2026, 11, 26, tzinfo=UTC)


def ending(state: OperationState, result: dict[str, object] | None, kind: str = "advances") -> Ending:
    operation = Operation(
        id=uuid4(), kind=kind, state=state, version=2, progress=1, attempt=0, created_at=BEGUN, result=result,
        ended_at=BEGUN + timedelta(seconds=42) if state.ended else None,
    )  # fmt: skip
    return Ending(operation, "acme", "pipeline", uuid4(), None, due=False, idempotency_key="a/1/advance")


@pytest.mark.parametrize(
    ("left", "counted"),
    [
        (ending(OperationState.SUCCEEDED, {"state": "succeeded"}), {"succeeded": 1}),
        (ending(OperationState.SUCCEEDED, {"state": "failed"}), {"failed": 1}),
        (ending(OperationState.SUCCEEDED, {"state": "cancelled"}), {"cancelled": 1}),
        (ending(OperationState.FAILED, None), {"failed": 1}),  # its job is given up
        (ending(OperationState.SUCCEEDED, {"state": None}), {}),  # it is gone, or another run's
        (ending(OperationState.QUEUED, None), {}),  # parked
        (ending(OperationState.FAILED, None, "renderings"), {}),
    ],
)
def test_a_job_is_counted_once_by_how_it_ended(left, counted):
    registry = CollectorRegistry()
    JobMetrics(registry)(left)
    ends = {
        state: registry.get_sample_value("setu_job_ends_total", {"state": state})
        for state in ("succeeded", "failed", "cancelled")
    }
    assert ends == {"succeeded": 0, "failed": 0, "cancelled": 0} | counted
    assert registry.get_sample_value("setu_job_seconds_sum") == (42 if "succeeded" in counted else 0)
