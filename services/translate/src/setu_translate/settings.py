"""The translate service's settings."""

from dataclasses import dataclass
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from setu_common.settings import CoreSettings, SettingsBlock, TrustSettings, read_core_settings

SERVICE: Final = "translate"


class LlmSettings(SettingsBlock):
    """The language model's server: any with the OpenAI-compatible route ``/v1/completions``, serving a base model."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TRANSLATE_LLM_")

    url: str = Field(default="http://127.0.0.1:8090/v1", description="Its base URL")
    model: str = Field(default="gemma3-270m", description="What the server calls the model")
    api_key: SecretStr | None = Field(default=None, description="If the server wants one")
    timeout_s: float = Field(default=60.0, gt=0, description="How long one line may take")
    parallel: int = Field(default=4, ge=1, le=64, description="Lines under way at once; what the server has slots for")


@dataclass(frozen=True)
class TranslateSettings:
    """All that the service's processes are told."""

    core: CoreSettings
    llm: LlmSettings


def read_settings() -> TranslateSettings:
    """Read them from the environment; for entry points."""
    return TranslateSettings(
        core=read_core_settings(),
        llm=LlmSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
