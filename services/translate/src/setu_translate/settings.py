"""The translate service's settings."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from setu_common.settings import (
    DatabaseSettings,
    LogSettings,
    OperationSettings,
    RedisSettings,
    SettingsBlock,
    StoreSettings,
    TrustSettings,
)


class LlmSettings(SettingsBlock):
    """The language model's server: any with the OpenAI-compatible route ``/v1/completions``, serving a base model."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TRANSLATE_LLM_")

    url: str = Field(default="http://127.0.0.1:8090/v1", description="Its base URL")
    model: str = Field(default="gemma3-270m", description="What the server calls the model")
    api_key: SecretStr | None = Field(default=None, description="If the server wants one")
    timeout_s: float = Field(default=60.0, gt=0, description="How long one line may take")
    parallel: int = Field(default=4, ge=1, le=64, description="Lines under way at once; what the server has slots for")


class WorkerProcessSettings(SettingsBlock):
    """What the worker's process is told by whoever starts it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_WORKER_")

    ready_file: Path | None = None
    concurrency: int = Field(default=1, ge=1, description="Transcripts at once")
    nice: int = Field(default=10, ge=0, le=19, description="How far the worker stands back for others on its machine")


@dataclass(frozen=True)
class TranslateSettings:
    """All that the service's processes are told."""

    database: DatabaseSettings
    redis: RedisSettings
    store: StoreSettings
    operations: OperationSettings
    log: LogSettings
    llm: LlmSettings
    worker: WorkerProcessSettings


def read_settings() -> TranslateSettings:
    """Read them from the environment; for entry points."""
    return TranslateSettings(
        database=DatabaseSettings(),
        redis=RedisSettings(),
        store=StoreSettings(),
        operations=OperationSettings(),
        log=LogSettings(),
        llm=LlmSettings(),
        worker=WorkerProcessSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
