"""What Prometheus is told of operations by those who do them. Needs the extra ``service``.

| metric | labels | |
|---|---|---|
| ``setu_operation_attempts_total`` | kind, outcome | as in ``StageMetrics``: ``succeeded``, ``failed``, ``stopped``, ``died``, ``lost`` |
| ``setu_operation_attempt_seconds`` | kind | how long attempts took that were measured to their end |
| ``setu_operation_queue_wait_seconds`` | kind | from when they could have begun to when they began |
| ``setu_operation_cpu_seconds_total`` | kind | of processors |
| ``setu_operation_audio_seconds_total`` | kind | of sound that attempts which succeeded were about; over their seconds: how much faster than real time |
| ``setu_operation_reused_total`` | kind | whose result was taken from earlier work |
| ``setu_operation_ends_total`` | kind, state | ended for good: ``succeeded``, ``failed``, ``cancelled`` |
| ``setu_operation_results_refused_total`` | kind | results of workers that had lost their lease |

Kinds are named by code alone. Those that a worker does are there from its beginning, at 0: of what appears with its first failure Prometheus
sees no rise.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from setu_common.contracts import OperationState
from setu_common.contracts.cost import StageMetrics
from setu_common.operations.endings import Ending

_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_SUCCEEDED: Final = "succeeded"
_OUTCOMES: Final = (_SUCCEEDED, "failed", "stopped", "died", "lost")


class OperationMetrics:
    """Counts attempts and ends, in a worker's parent and in each of its children.

    Args:
        registry: where it is counted.
        kinds: what the worker does.
    """

    def __init__(self, registry: CollectorRegistry, kinds: Sequence[str] = ()) -> None:
        self._attempts = Counter("setu_operation_attempts", "Attempts by outcome", ("kind", "outcome"), registry=registry)
        self._took = Histogram(
            "setu_operation_attempt_seconds", "Seconds that attempts took", ("kind",), buckets=_SECONDS, registry=registry
        )
        self._waited = Histogram(
            "setu_operation_queue_wait_seconds", "Seconds that attempts waited", ("kind",), buckets=_SECONDS, registry=registry
        )
        self._cpu = Counter("setu_operation_cpu_seconds", "Processor seconds of attempts", ("kind",), registry=registry)
        self._audio = Counter("setu_operation_audio_seconds", "Seconds of sound worked on", ("kind",), registry=registry)
        self._reused = Counter("setu_operation_reused", "Results taken from earlier work", ("kind",), registry=registry)
        self._ends = Counter("setu_operation_ends", "Operations that ended", ("kind", "state"), registry=registry)
        self._refused = Counter(
            "setu_operation_results_refused", "Results of those who had lost their lease", ("kind",), registry=registry
        )
        for kind in kinds:
            self._begin(kind)

    def _begin(self, kind: str) -> None:
        for outcome in _OUTCOMES:
            self._attempts.labels(kind, outcome)
        for state in OperationState:
            if state.ended:
                self._ends.labels(kind, state.value)
        for each in (self._took, self._waited, self._cpu, self._audio, self._reused, self._refused):
            each.labels(kind)

    def attempted(self, metrics: StageMetrics) -> None:
        """An attempt is over."""
        kind = metrics.stage
        self._attempts.labels(kind, metrics.outcome).inc()
        self._waited.labels(kind).observe(metrics.queue_wait_s)
        if metrics.cpu_s is None:  # how long it took is a guess as well
            return
        self._took.labels(kind).observe(metrics.wall_s)
        self._cpu.labels(kind).inc(metrics.cpu_s)
        if metrics.cached:
            self._reused.labels(kind).inc()
        elif metrics.audio_s is not None and metrics.outcome == _SUCCEEDED:
            self._audio.labels(kind).inc(metrics.audio_s)

    def left(self, ending: Ending) -> None:
        """A row left its worker's hands."""
        if ending.operation.state.ended:
            self._ends.labels(ending.operation.kind, ending.operation.state.value).inc()

    def refused(self, kind: str) -> None:
        """A result came too late: the row was another's by then."""
        self._refused.labels(kind).inc()
