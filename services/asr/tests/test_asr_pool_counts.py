"""What Prometheus is told of models in memory."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Recogniser
from setu_asr.metrics import PoolMetrics


def test_uses_loads_and_models_in_memory_are_counted():
    registry = CollectorRegistry()
    pool = RecogniserPool(60, 1, observer=PoolMetrics(registry))
    small, large = (ModelKey("faster-whisper", name, "int8") for name in ("small", "large"))

    def load() -> Recogniser:
        return cast("Recogniser", SimpleNamespace())  # nothing is asked of it

    def broken() -> Recogniser:
        raise OSError(Path("model.bin"))

    for key in (small, small, large):
        with pool.lease(key, load):
            pass
    with pytest.raises(OSError, match="model"), pool.lease(small, broken):
        pass

    def value(name: str, model: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"model": model, **labels})

    leases = {each: value("setu_model_leases_total", "small", outcome=each) for each in ("load", "hit", "failed")}
    assert leases == {"load": 1, "hit": 1, "failed": 1}
    assert value("setu_model_load_seconds_count", "small") == 1
    assert (value("setu_models_loaded", "small"), value("setu_models_loaded", "large")) == (0, 0), (
        "room was made for each in turn"
    )
    with pool.lease(large, load):
        assert value("setu_models_loaded", "large") == 1
    pool.close()
    assert value("setu_models_loaded", "large") == 0
