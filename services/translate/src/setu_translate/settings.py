"""The translate service's settings."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from setu_common.contracts import TranslationEngine
from setu_common.cost.settings import PriceSettings
from setu_common.settings import CoreSettings, ModelSettings, SettingsBlock, TrustSettings, read_core_settings

SERVICE: Final = "translate"


def _names(value: object) -> object:
    return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value


class TranslationSettings(SettingsBlock):
    """What translates, and how a transcript is put before it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TRANSLATE_")

    engines: Annotated[tuple[TranslationEngine, ...], NoDecode, BeforeValidator(_names)] = Field(
        default=("llm",),
        min_length=1,
        description="Engines in the order in which they are tried, with commas between; those that can't do a pair of languages "
        "or have no model are passed over",
    )
    join_sentences: bool = Field(default=True, description="Translate a sentence that spans segments as one")


class LlmSettings(SettingsBlock):
    """The language model's server: any with the OpenAI-compatible routes ``/v1/completions`` or ``/v1/chat/completions``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TRANSLATE_LLM_")

    url: str = Field(default="http://127.0.0.1:8090/v1", description="Its base URL")
    model: str = Field(default="gemma3-270m", description="What the server calls the model")
    api_key: SecretStr | None = Field(default=None, description="If the server wants one")
    style: Literal["auto", "completion", "chat"] = Field(
        default="auto",
        description="completion: the model only goes on with a text (a base model). chat: it follows instructions and can answer in "
        "JSON. auto: each worker tries it once, with five lines whose translation is known",
    )
    lines_per_request: int = Field(default=10, ge=1, le=50, description="Lines asked for together; chat only")
    timeout_s: float = Field(default=60.0, gt=0, description="How long one answer may take")
    billed_as: str | None = Field(
        default=None, description="Whose prices count, as genai-prices names it, or own; unset: told by the URL"
    )
    parallel: int = Field(default=4, ge=1, le=64, description="Requests under way at once; what the server has slots for")


class LocalSettings(SettingsBlock):
    """The models of the engines ``nllb`` and ``indictrans2``: names of the catalogue, or paths of folders that CTranslate2 reads."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TRANSLATE_LOCAL_")

    nllb: str = Field(default="nllb-200-distilled-600m", description="Between any two languages; mind its licence")
    indictrans2_to_english: str = Field(default="indictrans2-indic-en-200m", description="From Indian languages into English")
    indictrans2_from_english: str = Field(default="indictrans2-en-indic-200m", description="From English into Indian languages")
    device: Literal["cpu", "cuda", "auto"] = Field(default="auto", description="Where they are computed")
    compute_type: str = Field(
        default="default", description="CTranslate2's, such as int8 or float16; default: as they are stored"
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="Threads of one translation on a CPU; 0: CTranslate2's own choice"
    )
    beam_size: int = Field(default=4, ge=1, le=16, description="1 is fastest")


@dataclass(frozen=True)
class TranslateSettings:
    """All that the service's processes are told."""

    core: CoreSettings
    translation: TranslationSettings
    llm: LlmSettings
    local: LocalSettings
    models: ModelSettings
    prices: PriceSettings


def read_settings() -> TranslateSettings:
    """Read them from the environment; for entry points."""
    return TranslateSettings(
        core=read_core_settings(),
        translation=TranslationSettings(),
        llm=LlmSettings(),
        local=LocalSettings(),
        models=ModelSettings(),
        prices=PriceSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
