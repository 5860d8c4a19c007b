"""The enhancer's settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from setu_common.clients.tmdb import TmdbSettings
from setu_common.contracts import EnhancementMode
from setu_common.cost.settings import PriceSettings
from setu_common.llm import listed_providers
from setu_common.llm.settings import LlmSettings, name_of
from setu_common.settings import CoreSettings, SettingsBlock, TrustSettings, read_core_settings
from setu_enhancer.domain.prompts import read_prompts_with
from setu_enhancer.domain.thresholds import Thresholds

SERVICE: Final = "enhancer"


class EditingSettings(SettingsBlock):
    """How lines are put before a language model, and when its edit is kept."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ENHANCER_")

    mode: EnhancementMode | None = Field(
        default=None, description="off, selective or all, whatever is asked for; unset: as it is asked for"
    )
    lines_per_request: int = Field(default=12, ge=1, le=50, description="Lines that are asked for together, at most")
    lines_before: int = Field(default=4, ge=0, le=20, description="Lines before them that a model sees, as they stand now")
    lines_after: int = Field(default=2, ge=0, le=20, description="Lines after them of which a model sees what is said")
    scene_gap_s: float = Field(default=4.0, gt=0, description="A silence as long as this ends a scene")
    margin: float = Field(default=1.0, ge=0, le=100, description="By how much an edit has to score better than its draft")
    parallel: int = Field(
        default=8, ge=1, le=64, description="Requests under way at once, scenes in order each, and as many that read names"
    )
    repairs: int = Field(default=1, ge=0, le=5, description="How often lines that came back wrong are asked for again")
    judge: bool = Field(
        default=True,
        description="Let a language model judge each edit beside the rules, where there is one; costs money, see the guide",
    )
    judge_provider: str = Field(
        default="", description="Which of SETU_LLM_PROVIDERS judges edits and texts, by its name; unset: the first"
    )
    read_names: bool = Field(
        default=True,
        description="Let a language model read a text for its names, once, where its script is one of India; costs money, see the guide",
    )
    reader_provider: str = Field(
        default="", description="Which of SETU_LLM_PROVIDERS reads names, by its name; unset: the first"
    )
    timeout_s: float = Field(
        default=60.0, gt=0, description="How long one answer may take once its turn has come, attempts and pauses included"
    )


class SelectionSettings(SettingsBlock):
    """Which lines are worth a call."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ENHANCER_SELECT_")

    confidence: float = Field(
        default=Thresholds.confidence, ge=0, le=1, description="A line of whose translation its engine was less sure is chosen"
    )
    longer: float = Field(default=Thresholds.longer, gt=1, description="How many times as long as usual a draft may be")
    shorter: float = Field(default=Thresholds.shorter, gt=1, description="How many times as short as usual")
    reading_speed: float = Field(
        default=Thresholds.reading_speed,
        gt=0,
        description="A draft is chosen that must be read so many times as fast as one may",
    )

    @property
    def thresholds(self) -> Thresholds:
        """As selection takes them."""
        return Thresholds(
            confidence=self.confidence, longer=self.longer, shorter=self.shorter, reading_speed=self.reading_speed
        )


class MemorySettings(SettingsBlock):
    """What is kept of earlier edits."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ENHANCER_MEMORY_")

    enabled: bool = Field(default=True, description="Take what was edited before in the same context again")
    similarity: float = Field(default=0.6, gt=0, le=1, description="How alike a source line has to be to serve as an example")
    examples: int = Field(default=3, ge=0, le=20, description="Earlier edits that a model is shown for a line, at most")


class LocalModelSettings(SettingsBlock):
    """A base model behind ``/v1/completions``, such as llama.cpp's server has: how probable a line is, and edits where nobody else can."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ENHANCER_LOCAL_")

    url: str = Field(default="", description="Its base URL; empty: there is none")
    model: str = Field(default="gemma3-270m", description="What the server calls the model")
    api_key: SecretStr | None = Field(default=None, description="If the server wants one")
    edits: bool = Field(default=False, description="Ask it for edits, after all of SETU_LLM_PROVIDERS")
    fluency: bool = Field(
        default=False,
        description="Take a line's probability as a sign of how fluent it is where edits are judged, too; takes its time for each",
    )
    timeout_s: float = Field(default=30.0, gt=0, description="How long one answer may take")
    parallel: int = Field(default=4, ge=1, le=64, description="Requests under way at once; what the server has slots for")


class TrialSettings(SettingsBlock):
    """Another model, or other prompts, tried beside the usual ones; costs what its requests cost, see the guide."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ENHANCER_TRIAL_")

    share: float = Field(default=0.0, ge=0, le=1, description="Of the scenes that are edited, how many it is tried on; 0: none")
    provider: str = Field(default="", description="Which of SETU_LLM_PROVIDERS is tried, by its name; unset: the first")
    prompts: str = Field(
        default="", description="A folder with prompts in place of Setu's own of the same names; unset: Setu's own"
    )


@dataclass(frozen=True)
class EnhancerSettings:
    """All that the service's processes are told."""

    core: CoreSettings
    editing: EditingSettings
    selection: SelectionSettings
    memory: MemorySettings
    local: LocalModelSettings
    llm: LlmSettings
    tmdb: TmdbSettings
    prices: PriceSettings
    trial: TrialSettings

    def __post_init__(self) -> None:
        """Refuse a judge, a reader or one to be tried whom nobody knows, and a trial of nothing.

        Raises:
            ValueError: none of the providers has its name, or nothing is named that is to be tried, or no good prompts are.
        """
        names = [name_of(each) for each in listed_providers(self.llm)]
        for whose, name in (
            ("JUDGE", self.editing.judge_provider),
            ("READER", self.editing.reader_provider),
            ("TRIAL", self.trial.provider),
        ):
            if name and name not in names:
                raise ValueError(
                    f"SETU_ENHANCER_{whose}_PROVIDER is {name!r}, which is none of SETU_LLM_PROVIDERS: {', '.join(names) or 'there are none'}"
                )
        if not self.trial.share:
            return
        if self.trial.prompts:
            read_prompts_with(Path(self.trial.prompts))
        elif self.trial.provider in ("", *names[:1]):
            raise ValueError(
                "SETU_ENHANCER_TRIAL_SHARE needs what is to be tried: SETU_ENHANCER_TRIAL_PROVIDER, another than the first, or _TRIAL_PROMPTS"
            )


def read_settings() -> EnhancerSettings:
    """Read them from the environment; for entry points."""
    return EnhancerSettings(
        core=read_core_settings(),
        editing=EditingSettings(),
        selection=SelectionSettings(),
        memory=MemorySettings(),
        local=LocalModelSettings(),
        llm=LlmSettings(),
        tmdb=TmdbSettings(),
        prices=PriceSettings(),
        trial=TrialSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
