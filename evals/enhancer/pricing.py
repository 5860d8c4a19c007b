"""What models cost at the prices that genai-prices knows today."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

from setu_common.cost import Usage
from setu_common.cost.pricing import Prices
from setu_common.cost.settings import PriceSettings


class Tier(NamedTuple):
    """Models of about one price, and what a video of ten minutes may cost with each of them, US dollars."""

    name: str
    models: tuple[tuple[str, str], ...]
    goal_usd: float


# The vendors' current models in November 2026, by provider and model.
TIERS: Final = (
    Tier("small", (("openai", "gpt-6-luna"), ("anthropic", "claude-haiku-5-5")), 0.02),
    Tier("middle", (("openai", "gpt-6.1-terra"), ("anthropic", "claude-sonnet-5-5")), 0.05),
    Tier("top", (("openai", "gpt-6.1-sol"), ("anthropic", "claude-opus-5-5")), 0.20),
)


# Tokens from which on a vendor keeps the beginning of a prompt. Source: OpenAI's and Anthropic's guides to prompt caching, of the last models that
# they were found to tell it of (Sonnet 5, Opus 5, Haiku 4.5).
KEPT_FROM: Final = {"openai": 1024, "claude-sonnet": 1024, "claude-opus": 512, "claude-haiku": 4096}


def is_kept(provider: str, model: str, tokens: int) -> bool:
    """Whether a vendor keeps the beginning of a prompt that has so many tokens."""
    return any(tokens >= least for name, least in KEPT_FROM.items() if name == provider or model.startswith(name))


def usd(provider: str, model: str, usage: Usage) -> Decimal | None:
    """What a usage costs now; None if nobody knows the price."""
    return _prices().price(provider, model, usage, datetime.now(UTC)).usd


@cache
def _prices() -> Prices:
    return Prices(PriceSettings())
