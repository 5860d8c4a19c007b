"""The metrics service's settings."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from setu_common.settings import DatabaseSettings, LogSettings, SettingsBlock, TracingSettings, TrustSettings

SERVICE: Final = "metrics"
_UNITS: Final = {"k": 2**10, "m": 2**20, "g": 2**30}


class PerformanceSettings(SettingsBlock):
    """What performance is judged by."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_METRICS_")

    memory_limit_bytes: int | None = Field(
        default=None, ge=1, description="What a worker's process may hold; unset: what this service's container or machine has"
    )

    @field_validator("memory_limit_bytes", mode="before")
    @classmethod
    def _as_docker_has_it(cls, value: object) -> object:
        """Takes ``8g`` and its like too: compose tells what limits its containers."""
        number, unit = (value[:-1], value[-1:].lower()) if isinstance(value, str) else ("", "")
        return int(number) * _UNITS[unit] if unit in _UNITS and number.isdecimal() else value


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
