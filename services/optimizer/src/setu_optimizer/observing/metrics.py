"""What Prometheus is told of predictions, once it is known what came of them."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_RATIOS: Final = (0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0)
_POINTS: Final = (-0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2)


class LearningMetrics:
    """``setu_optimizer_time_ratio``, ``setu_optimizer_wer_error``, ``setu_optimizer_observations_total``.

    Args:
        registry: where it is counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._time = Histogram(
            "setu_optimizer_time_ratio",
            "Time that transcribing took, over what was predicted",
            buckets=_RATIOS,
            registry=registry,
        )
        self._wer = Histogram(
            "setu_optimizer_wer_error",
            "Errors per word less what was predicted",
            ("basis",),
            buckets=_POINTS,
            registry=registry,
        )
        self._observed = Counter("setu_optimizer_observations", "Jobs that were learned from", ("basis",), registry=registry)

    def observed(self, basis: str | None) -> None:
        """A job was learned from for the first time."""
        self._observed.labels(basis or "none").inc()

    def took(self, model_time_s: float, expected_time_s: float) -> None:
        """A transcription took so long."""
        self._time.observe(model_time_s / expected_time_s)

    def erred(self, wer: float, expected_wer: float, basis: str) -> None:
        """A transcription had so many errors."""
        self._wer.labels(basis).observe(wer - expected_wer)
