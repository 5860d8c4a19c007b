"""What calls cost: usage, prices, the ledger and budgets. ``metering`` is what those who call providers need, and needs nothing else."""

from setu_common.cost.metering import (
    Attribution,
    BudgetExhausted,
    Call,
    Meter,
    Outcome,
    PriceUnknown,
    Unmetered,
    attributed,
    attribution,
)
from setu_common.cost.usage import Usage

__all__ = [
    "Attribution",
    "BudgetExhausted",
    "Call",
    "Meter",
    "Outcome",
    "PriceUnknown",
    "Unmetered",
    "Usage",
    "attributed",
    "attribution",
]
