"""The metrics service's settings."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from setu_common.settings import DatabaseSettings, LogSettings, SettingsBlock, TracingSettings, TrustSettings

SERVICE: Final = "metrics"


class PerformanceSettings(SettingsBlock):
    """What performance is judged by."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_METRICS_")

    memory_limit_bytes: int | None = Field(
        default=None, ge=1, description="What a worker's process may hold; unset: what this service's container or machine has"
    )


@dataclass(frozen=True)
class MetricsSettings:
    """All that the service's processes are told."""

    database: DatabaseSettings
    log: LogSettings
    tracing: TracingSettings = field(default_factory=TracingSettings)
    performance: PerformanceSettings = field(default_factory=PerformanceSettings)


def read_settings() -> MetricsSettings:
    """Read them from the environment; for entry points."""
    return MetricsSettings(
        database=DatabaseSettings(), log=LogSettings(), tracing=TracingSettings(), performance=PerformanceSettings()
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
