"""What a job will take and cost, from what earlier ones took and cost for a second of sound."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
# Lengths that are not twice apart tell nothing of what is fixed; and where that is less than a tenth, it may be chance.
_APART: Final = 2.0
_BY_CHANCE: Final = 0.1
# Seconds of work for a second of sound on two slow processors with the models that come with Setu. Measured with `setu demo`, roundly.
PRIOR_RATES: Final = {
    "fetches": 0.05,
    "profiles": 0.05,
    "transcriptions": 0.5,
    "translations": 0.4,
    "enhancements": 0.4,
    "renderings": 0.02,
}


@dataclass(frozen=True)
class Rate:
    """Something for a second of sound, or as a multiple of what a ``Line`` tells.

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


@dataclass(frozen=True)
class Line:
    """What something takes for a recording of a length: a part that is fixed, as loading a model is, and one for each second.

    Args:
        fixed: whatever the length.
        a_second: for each second of sound.
        shortest_s: the shortest recording that it is known from,
        longest_s: and the longest.
    """

    fixed: float
    a_second: float
    shortest_s: float
    longest_s: float

    def at(self, length_s: float) -> float:
        """For so long a recording."""
        return self.fixed + self.a_second * length_s

    def seen(self, length_s: float) -> bool:
        """Whether recordings both as short and as long were seen."""
        return self.shortest_s <= length_s <= self.longest_s


def line_of(lengths_s: Sequence[float], amounts: Sequence[float]) -> Line:
    """What grows with the length and what does not, of jobs that were done; one for each second where that can't be told apart.

    The line goes by the medians of the shortest and of the longest third, so single jobs that went wrong don't move it.
    Source: J. W. Tukey, "Exploratory Data Analysis", 1977, the resistant line.
    """
    pairs = sorted(zip(lengths_s, amounts, strict=True))
    shortest_s, longest_s, third = pairs[0][0], pairs[-1][0], len(pairs) // 3
    in_proportion = Line(0, 1, shortest_s, longest_s)
    if third == 0:
        return in_proportion
    (short_s, little), (long_s, much) = (
        (median(length_s for length_s, _ in group), median(amount for _, amount in group))
        for group in (pairs[:third], pairs[-third:])
    )
    if long_s < short_s * _APART:
        return in_proportion
    a_second = max(0.0, (much - little) / (long_s - short_s))
    fixed = median(amount - a_second * length_s for length_s, amount in pairs)
    if fixed <= _BY_CHANCE * median(amounts):
        return in_proportion
    return Line(fixed, a_second, shortest_s, longest_s)


def unseen(rate: Rate) -> Rate:
    """A rate for a length that none of the samples had: it may be less, or more, by half."""
    return replace(rate, low=rate.low / _WIDENED, high=rate.high * _WIDENED)


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


A_MINUTE: Final = Length(60.0, 60.0, 60.0)
"""What is told of where nobody knows how long it is."""

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
