"""What a request costs, put down to its lines."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from itertools import accumulate, pairwise
from typing import Final, Protocol

from setu_common.cost import Usage
from setu_common.llm import Spent

FREE: Final = Decimal(0)
SMALLEST_USD: Final = Decimal("0.000001")
"""What is split is split into as many of these: a smaller figure is written with an exponent where it is told as text."""
_SOMETHING: Final = Usage(input_tokens=1, output_tokens=1)


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
    """A cost split by weights, such as tokens, each part to within ``SMALLEST_USD``; the parts are exactly the whole.

    Args:
        cost_usd: of the request; None if there is no price.
        weights: at least one, none negative.
    """
    if cost_usd is None:
        return [None] * len(weights)
    total = sum(weights)
    weights, total = (weights, total) if total else ([1] * len(weights), len(weights))
    ends = [(cost_usd * until / total).quantize(SMALLEST_USD, ROUND_DOWN) for until in accumulate(weights, initial=0)]
    parts = [end - start for start, end in pairwise(ends)]
    parts[parts.index(max(parts))] += cost_usd - sum(parts)
    return [told(part) for part in parts]


def told(cost_usd: Decimal | None) -> Decimal | None:
    """The same cost as it is written: nothing is "0" and not "0E-12", and no figure ends in zeros."""
    if cost_usd is None:
        return None
    digits = f"{cost_usd:f}"
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)


def spent_usd(spent: Iterable[Spent], price: Priced) -> Decimal | None:
    """What requests cost, whatever came of them; None if one of them has no price. Of which nobody knows what they used, nothing is counted."""
    total: Decimal | None = FREE
    for each in spent:
        cost_usd = price(each.provider, each.model, each.usage or _SOMETHING)
        total = added(total, cost_usd if each.usage is not None or cost_usd is None else FREE)
    return total


def note_of_unknown(spent: Iterable[Spent], price: Priced) -> str:
    """That requests cost something of which nobody knows how much; empty if there are none, or they have no price or are free whatever they used."""
    count = sum(each.usage is None and bool(price(each.provider, each.model, _SOMETHING)) for each in spent)
    if not count:
        return ""
    which, whose = ("a request", "its answer") if count == 1 else (f"{count} requests", "their answers")
    return (
        f"What {which} used nobody knows, since {whose} broke off, came too late or told nothing of it: that is no part of `cost_usd`, and the "
        "ledger counts the most that it can be."
    )


def summed(costs: Iterable[Decimal | None]) -> Decimal | None:
    """All together; None if one of them is not known."""
    total: Decimal | None = FREE
    for each in costs:
        total = added(total, each)
    return told(total)


def added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Both together; None if one of them is not known."""
    return None if one is None or other is None else one + other
