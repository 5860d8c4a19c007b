"""The settings of prices."""

from decimal import Decimal
from typing import Final

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from setu_common.contracts import Contract
from setu_common.settings import SettingsBlock

OWN: Final = "own"
"""The provider of what is computed on hardware that is paid for anyway, or by the hour."""


class Rates(Contract):
    """What a model costs, US dollars. What is absent has no price, but caches, whose tokens then cost what other input does."""

    input_mtok: Decimal | None = Field(default=None, ge=0, description="A million tokens of input")
    cache_read_mtok: Decimal | None = Field(default=None, ge=0)
    cache_write_mtok: Decimal | None = Field(default=None, ge=0)
    cache_write_1h_mtok: Decimal | None = Field(default=None, ge=0)
    input_audio_mtok: Decimal | None = Field(default=None, ge=0)
    output_mtok: Decimal | None = Field(default=None, ge=0)
    audio_minute: Decimal | None = Field(default=None, ge=0, description="A minute of sound")


class PriceSettings(SettingsBlock):
    """What stands beside or above published prices."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_PRICES_")

    cpu_usd_per_hour: Decimal = Field(default=Decimal(0), ge=0, description="An hour of one of our own processors, at work")
    gpu_usd_per_hour: Decimal = Field(default=Decimal(0), ge=0, description="An hour of one of our own GPUs, at work")
    overrides: dict[str, Rates] = Field(
        default_factory=dict,
        description='By provider/model, as JSON: {"openai/gpt-5-mini": {"input_mtok": "0.2", "output_mtok": "1.6"}}',
    )
