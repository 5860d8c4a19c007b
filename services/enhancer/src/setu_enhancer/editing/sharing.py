"""What a request costs, put down to its lines."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final, Protocol

from setu_common.cost import Usage

SMALLEST_USD: Final = Decimal("1e-12")


class Priced(Protocol):
    """Looks up what a request cost."""

    def __call__(self, provider: str, model: str, usage: Usage) -> Decimal | None:
        """US dollars; None if there is no price.

        Args:
            provider: its name, as ``LlmProvider`` has it.
            model: which model was asked.
            usage: what the request used.
        """


def shares(cost_usd: Decimal | None, weights: Sequence[int]) -> list[Decimal | None]:
    """A cost split by weights, such as tokens; the parts are exactly the whole.

    Args:
        cost_usd: of the request; None if there is no price.
        weights: at least one, none negative.
    """
    if cost_usd is None:
        return [None] * len(weights)
    total = sum(weights)
    weights, total = (weights, total) if total else ([1] * len(weights), len(weights))
    parts = [(cost_usd * weight / total).quantize(SMALLEST_USD, ROUND_DOWN) for weight in weights]
    parts[-1] += cost_usd - sum(parts)
    return list(parts)


def added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Both together; None if one of them is not known."""
    return None if one is None or other is None else one + other
