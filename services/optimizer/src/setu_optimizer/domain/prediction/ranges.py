"""Ranges that hold what they promise: quantiles, widened by how far they were off where nothing had been learned (conformalised)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

COVERAGE: Final = 0.9
"""How many of 100 recordings a range is to hold, divided by 100."""
TAILS: Final = ((1 - COVERAGE) / 2, 1 - (1 - COVERAGE) / 2)

Column = NDArray[np.float64]
"""float64, shape (n,)."""


@dataclass(frozen=True)
class Margins:
    """By how much quantiles are moved, in the unit of what is predicted: outwards if positive.

    Args:
        low: the lower one.
        high: the upper one.
    """

    low: float
    high: float

    def widen(self, low: Column, high: Column) -> tuple[Column, Column]:
        """The range; quantiles that cross are put in order first."""
        lower, upper = np.minimum(low, high) - self.low, np.maximum(low, high) + self.high
        middle = (lower + upper) / 2
        return np.minimum(lower, middle), np.maximum(upper, middle)


def margins_of(true: Sequence[float] | Column, low: Column, high: Column) -> Margins:
    """How far quantiles have to be moved so that 5 of 100 lie below and 5 of 100 above.

    Source: conformalised quantile regression, two tails apart (Romano, Patterson, Candès 2019, arXiv 1905.03222, theorem 2), on
    predictions for folds that were left out (Barber et al. 2021, arXiv 1905.02928: cross-conformal).

    Args:
        true: what was measured.
        low: the lower quantile that was predicted without having seen it.
        high: the upper one.
    """
    measured = np.asarray(true, dtype=np.float64)
    lower, upper = np.minimum(low, high), np.maximum(low, high)
    return Margins(low=_quantile(lower - measured), high=_quantile(measured - upper))


def _quantile(scores: Column) -> float:
    """The smallest score that is not passed by more than a tail of future ones, with the finite sample's correction."""
    count = len(scores)
    place = min(math.ceil((count + 1) * TAILS[1]), count)
    return float(np.sort(scores)[place - 1])
