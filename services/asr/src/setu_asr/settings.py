"""The asr service's settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from setu_common.contracts import AsrPlan
from setu_common.cost.settings import PriceSettings
from setu_common.settings import CoreSettings, ModelSettings, SettingsBlock, TrustSettings, read_core_settings

SERVICE: Final = "asr"


class RecognitionSettings(SettingsBlock):
    """How speech is recognised where the request's plan doesn't say."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ASR_")

    model: str = Field(default="whisper-base", description="A speech model of the catalogue")
    device: Literal["cpu", "cuda"] = "cpu"
    compute_type: Literal["int8", "int8_float16", "float16", "float32"] = "int8"
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64, description="Clips of up to 30 s that are decoded at once")
    cpu_threads: int = Field(
        default=0, ge=0, description="Threads of one recognition; 0: the worker's recordings share the cores"
    )
    vad_threshold: float = Field(
        default=0.5, gt=0, lt=1, description="Above this probability sound counts as speech; smaller hears more"
    )
    idle_ttl_s: float = Field(default=900.0, ge=0, description="A model that nobody used for so long is dropped from memory")
    loaded_models: int = Field(default=1, ge=1, description="Models that a process keeps in memory at once, if it can")
    probe: bool = Field(
        default=True, description="Whether a short share of each recording is heard beforehand, to tell how hard it is"
    )
    probe_seconds: float = Field(default=24.0, gt=0, le=120, description="How much of a recording is heard so, at most")
    probe_twice: bool = Field(
        default=False,
        description="Whether it is heard a little faster as well, which tells how far both hearings agree, for twice the time",
    )
    probe_model: str | None = Field(
        default=None,
        description="By which model; unset: the smallest that is here and knows the language. None is fetched for it",
    )
    max_duration_s: float = Field(default=12 * 3600, gt=0, description="Longer recordings are refused")
    split_above_s: Annotated[float | None, BeforeValidator(lambda told: None if told == "" else told)] = Field(
        default=600.0,
        gt=0,
        description="Longer recordings are heard by all workers together, piece by piece; empty: none are",
    )
    piece_s: float = Field(
        default=240.0,
        gt=0,
        description="So much sound is in a piece, rounded up to whole batches of clips of 30 s",
    )
    scratch_folder: Path | None = Field(
        default=None, description="For decoded audio, 115 MB an hour; the system's default if unset"
    )

    def default_plan(self) -> AsrPlan:
        """The plan for requests that bring none."""
        return AsrPlan(
            model=self.model,
            beam_size=self.beam_size,
            batch_size=self.batch_size,
            compute_type=self.compute_type,
            source="default",
        )


class HostedSettings(SettingsBlock):
    """The engine ``openai``: any server with OpenAI's route ``/v1/audio/transcriptions``, in ``verbose_json`` with times of words."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ASR_OPENAI_")

    url: str = Field(default="https://api.openai.com/v1", description="Its base URL")
    api_key: SecretStr | None = Field(default=None, description="Without it the engine is not there")
    model: str = Field(default="whisper-1", description="The model, where a plan names none of the server's")
    timeout_s: float = Field(default=300.0, gt=0, description="How long the answer to one upload may take")
    patience_s: float = Field(default=900.0, gt=0, description="How long one upload may take in all, when it is repeated")
    billed_as: str | None = Field(
        default=None, description="Whose prices count, as genai-prices names it, or own; unset: told by the URL"
    )
    max_upload_bytes: int = Field(
        default=24_000_000, ge=200_000, description="Longer stretches of sound go in several uploads; OpenAI takes 25 MB"
    )


class WhisperxSettings(SettingsBlock):
    """The engine ``whisperx``, where the package's extra of that name is installed."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ASR_WHISPERX_")

    aligners_folder: Path | None = Field(
        default=None,
        description="Has a wav2vec2 model for each language that words are to be aligned in, as <folder>/<language code>/",
    )
    hf_token: SecretStr | None = Field(
        default=None, description="Speakers are told apart by a model that the hub gives to whom it knows"
    )
    diariser: str = Field(
        default="pyannote/speaker-diarization-3.1", description="That model: its name on the hub, or its folder"
    )


@dataclass(frozen=True)
class AsrSettings:
    """All that the service's processes are told."""

    core: CoreSettings
    models: ModelSettings
    recognition: RecognitionSettings
    hosted: HostedSettings = field(default_factory=HostedSettings)
    whisperx: WhisperxSettings = field(default_factory=WhisperxSettings)
    prices: PriceSettings = field(default_factory=PriceSettings)


def read_settings() -> AsrSettings:
    """Read them from the environment; for entry points."""
    return AsrSettings(
        core=read_core_settings(),
        models=ModelSettings(),
        recognition=RecognitionSettings(),
        hosted=HostedSettings(),
        whisperx=WhisperxSettings(),
        prices=PriceSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
