"""The optimizer's settings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from setu_common.contracts import AsrPlan, ComputeType
from setu_common.cost.settings import PriceSettings
from setu_common.settings import CoreSettings, SettingsBlock, TrustSettings, read_core_settings

SERVICE: Final = "optimizer"


class PredictionSettings(SettingsBlock):
    """How recordings are predicted."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_OPTIMIZER_")

    predict: bool = Field(default=True, description="false: every recording gets the asr service's own plan")
    timeout_s: float = Field(default=1.0, gt=0, description="A prediction that takes longer is left; the default plan is taken")
    asr_url: str = Field(default="http://127.0.0.1:8081", description="Of the asr service, which says what is installed there")
    look_every_s: float = Field(
        default=60.0, gt=0, description="How often a process looks for another model and other candidates"
    )


class LearningSettings(SettingsBlock):
    """What is learned of jobs that are over."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_OPTIMIZER_")

    retrain: bool = Field(default=True, description="Once a week, if there is anything new; false: on demand alone")
    second_share: float = Field(
        default=0.02, ge=0, le=1, description="Of jobs, of which another way hears a minute as well, when nothing else waits"
    )


class DefaultSettings(SettingsBlock):
    """What the asr service does where no plan says otherwise: the same variables as its own, since the plan it gets by default is that one."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_ASR_")

    device: Literal["cpu", "cuda"] = "cpu"
    model: str = "whisper-base"
    compute_type: ComputeType = "int8"
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=8, ge=1, le=64)

    def plan(self) -> AsrPlan:
        """As a plan."""
        return AsrPlan(
            model=self.model,
            beam_size=self.beam_size,
            batch_size=self.batch_size,
            compute_type=self.compute_type,
            source="default",
        )


@dataclass(frozen=True)
class OptimizerSettings:
    """All that the service's processes are told."""

    core: CoreSettings
    trust: TrustSettings
    prediction: PredictionSettings
    learning: LearningSettings
    default: DefaultSettings
    prices: PriceSettings

    @property
    def usd_per_hour(self) -> Decimal:
        """The price of an hour of what recognises speech."""
        return self.prices.cpu_usd_per_hour if self.default.device == "cpu" else self.prices.gpu_usd_per_hour


def read_settings() -> OptimizerSettings:
    """Read them from the environment; for entry points."""
    return OptimizerSettings(
        core=read_core_settings(),
        trust=TrustSettings(),
        prediction=PredictionSettings(),
        learning=LearningSettings(),
        default=DefaultSettings(),
        prices=PriceSettings(),
    )


def read_trust() -> TrustSettings:
    """What the API accepts; for its entry point."""
    return TrustSettings()
