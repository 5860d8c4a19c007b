"""What a job will take and cost, from what earlier ones took and cost for a second of sound."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Final, Literal

Basis = Literal["history", "little history", "prior"]

# Left out on each side. Half of what nine in ten would allow: of fifty jobs, 45 are to lie in the range, and not on average alone.
_TAIL: Final = Fraction(1, 40)
ENOUGH: Final = 19
"""Fewer samples can't bound nine in ten of what is to come on both sides."""
LEAST: Final = 3
_WIDENED: Final = 1.5
_PRIOR_WIDENED: Final = 4.0
# Seconds of work for a second of sound on two slow processors with the models that come with Setu. Measured with `setu demo`, roundly.
PRIOR_RATES: Final = {"profiles": 0.05, "transcriptions": 0.5, "translations": 0.4, "renderings": 0.02}


@dataclass(frozen=True)
class Rate:
    """Something for a second of sound.

    Args:
        expected: as likely too little as too much.
        low: nine in ten lie between this
        high: and this.
        samples: how many jobs it is known from.
        basis: how it is known.
    """

    expected: float
    low: float
    high: float
    samples: int
    basis: Basis


def rate_of(samples: Sequence[float]) -> Rate | None:
    """What earlier jobs tell of the next; None if there are too few.

    With enough of them the range is that of order statistics: for n samples, of the ⌊(n+1)/40⌋-th, or the first, and of its like from above.
    If jobs come in no order, the next lies between them with a probability of at least 0.9 for n = 19, and of 0.95 from n = 39 on, whatever
    their distribution.
    Source: V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", 2005. With few, it is what was seen, widened by half.
    """
    if len(samples) < LEAST:
        return None
    ordered = sorted(samples)
    middle = median(ordered)
    if len(ordered) < ENOUGH:
        return Rate(middle, ordered[0] / _WIDENED, ordered[-1] * _WIDENED, len(ordered), "little history")
    lowest = max(1, math.floor(_TAIL * (len(ordered) + 1)))
    highest = min(len(ordered), math.ceil((1 - _TAIL) * (len(ordered) + 1)))
    return Rate(middle, ordered[lowest - 1], ordered[highest - 1], len(ordered), "history")


def prior_time(stage: str) -> Rate:
    """What is assumed of a stage's time where nothing is known."""
    rate = PRIOR_RATES[stage]
    return Rate(rate, rate / _PRIOR_WIDENED, rate * _PRIOR_WIDENED, 0, "prior")


@dataclass(frozen=True)
class Length:
    """How long a recording is, seconds: as it was told, or as its size lets one guess."""

    expected_s: float
    low_s: float
    high_s: float


_BITS_A_SECOND: Final = {"audio": 128_000, "video": 2_000_000}
_SIZE_WIDENED: Final = 4.0


def length_of(size_bytes: int, kind: str) -> Length:
    """What a file's size lets one guess of its length: usual rates, and four times less or more.

    Args:
        size_bytes: of the file.
        kind: ``audio`` or ``video``.
    """
    expected_s = size_bytes * 8 / _BITS_A_SECOND[kind]
    return Length(expected_s, expected_s / _SIZE_WIDENED, expected_s * _SIZE_WIDENED)
