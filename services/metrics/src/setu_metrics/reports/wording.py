"""Figures as people read them."""

from decimal import Decimal
from typing import Final

from setu_common.contracts.cost import CostSums
from setu_common.contracts.performance import Bottleneck

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_MIB: Final = 1 << 20
_LEAST_USD: Final = Decimal("0.0001")


def time(seconds: float) -> str:
    """Such as ``4.2 s``, ``3 min 21 s``, ``2 h 05 min``."""
    if round(seconds, 1) < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02} s"
    minutes = round(seconds / _MINUTE_S)
    return f"{minutes // _MINUTE_S} h {minutes % _MINUTE_S:02} min"


def size(count_bytes: int) -> str:
    """Such as ``512 MiB``."""
    return f"{count_bytes / _MIB:,.0f} MiB" if count_bytes >= _MIB else "under 1 MiB"


def usd(amount: Decimal) -> str:
    """To a hundredth of a cent; what is less, and not nothing, says so."""
    if not amount:
        return "0 USD"
    return f"{amount:,.4f} USD" if amount >= _LEAST_USD else "under 0.0001 USD"


def share(part: float) -> str:
    """Such as ``62%``."""
    return f"{part:.0%}" if part == 0 or part >= 0.005 else "under 1%"  # noqa: PLR2004  (what would be rounded to 0)


def count(number: int, one: str, many: str) -> str:
    """Such as ``1 call``, ``2,000 calls``."""
    return f"{number:,} {one if number == 1 else many}"


def name(stage: str, target: str, attempt: int = 1) -> str:
    """What was done: such as ``translations [hi], attempt 2``."""
    return f"{stage}{f' [{target}]' if target else ''}{f', attempt {attempt}' if attempt > 1 else ''}"


def reservations(cost: CostSums) -> tuple[str, ...]:
    """What must be known of a sum, as sentences."""
    told = []
    if cost.unresolved:
        told.append(
            f"{usd(cost.unresolved_usd)} of it are of {count(cost.unresolved, 'call that is', 'calls that are')} under way or broke off: "
            "that is their most."
        )
    if cost.wasted_usd:
        told.append(f"{usd(cost.wasted_usd)} of it were in vain: calls that failed or broke off, or work that was done again.")
    if cost.unpriced:
        told.append(
            f"What {count(cost.unpriced, 'call', 'calls')} cost nobody knows; it is missing here (SETU_PRICES_OVERRIDES)."
        )
    return tuple(told)


def verdict(bottleneck: Bottleneck) -> str:
    """Why something is a bottleneck, in a few words."""
    if bottleneck.cause == "share":
        return f"{share(bottleneck.share)} of the work"
    if bottleneck.usual_p95_s is None:
        return "slower than usual"
    return f"usually under {time(bottleneck.usual_p95_s)}"
