"""The metrics service's settings."""

from dataclasses import dataclass
from typing import Final

from setu_common.settings import DatabaseSettings, LogSettings, TrustSettings

SERVICE: Final = "metrics"


@dataclass(frozen=True)
class MetricsSettings:
    """All that the service's processes are told."""

    database: DatabaseSettings
    log: LogSettings


def read_settings() -> MetricsSettings:
    """Read them from the environment; for entry points."""
    return MetricsSettings(database=DatabaseSettings(), log=LogSettings())


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
