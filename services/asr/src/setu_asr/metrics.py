"""What Prometheus is told of models in memory.

| metric | labels | |
|---|---|---|
| ``setu_model_leases_total`` | model, outcome | ``hit``: it was in memory; ``load``: it had to be loaded; ``failed``: it could not be |
| ``setu_model_load_seconds`` | model | how long loading took |
| ``setu_models_loaded`` | model | in memory now, of all children of a worker together |
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from setu_common.observability.labels import BoundedNames

_SECONDS: Final = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class PoolMetrics:
    """Counts what a pool of models is asked for.

    Args:
        registry: where it is counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._leases = Counter("setu_model_leases", "Uses of models", ("model", "outcome"), registry=registry)
        self._load = Histogram("setu_model_load_seconds", "Seconds of loading", ("model",), buckets=_SECONDS, registry=registry)
        self._loaded = Gauge(
            "setu_models_loaded", "Models in memory", ("model",), registry=registry, multiprocess_mode="livesum"
        )
        self._named = BoundedNames()

    def leased(self, model: str, outcome: str) -> None:
        """A model is used."""
        self._leases.labels(self._named(model), outcome).inc()

    def loaded(self, model: str, took_s: float) -> None:
        """A model came into memory."""
        self._load.labels(self._named(model)).observe(took_s)
        self._loaded.labels(self._named(model)).inc()

    def dropped(self, model: str) -> None:
        """A model left it."""
        self._loaded.labels(self._named(model)).dec()
