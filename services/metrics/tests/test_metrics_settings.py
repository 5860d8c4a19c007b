"""What the metrics service is told."""

import pytest
from pydantic import ValidationError

from setu_metrics.settings import PerformanceSettings


@pytest.mark.parametrize(("told", "limit"), [("4294967296", 2**32), ("8g", 2**33), ("512M", 2**29)])
def test_what_a_worker_may_hold_is_told_as_containers_are_limited(monkeypatch, told, limit):
    monkeypatch.setenv("SETU_METRICS_MEMORY_LIMIT_BYTES", told)
    assert PerformanceSettings().memory_limit_bytes == limit


@pytest.mark.parametrize("told", ["g", "8x", "0g", "much"])
def test_a_limit_that_is_none_is_refused(monkeypatch, told):
    monkeypatch.setenv("SETU_METRICS_MEMORY_LIMIT_BYTES", told)
    with pytest.raises(ValidationError):
        PerformanceSettings()
