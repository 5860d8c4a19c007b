"""Whether recordings are still like those that were learned from, and whether predictions still come true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_optimizer.domain.prediction.features import FEATURES

FEWEST: Final = 30
"""Jobs, below which nothing can be told: ten parts of them would hold three each."""
MOVED: Final = 0.25
"""Population stability from which on a figure has moved. Source: the rule of thumb of credit scoring (Siddiqi 2006): 0.1 little, 0.25 much."""
OFF_TIMES: Final = 0.5
"""Median distance of times from what was predicted, as a logarithm: two thirds more, or two fifths less."""
OFF_ERRORS: Final = 0.05
"""Mean distance of error rates from what was predicted."""
_PARTS: Final = 10


@dataclass(frozen=True)
class Outcome:
    """A job beside what had been predicted of it. What is not known is None."""

    time_s: float | None
    expected_time_s: float | None
    wer: float | None
    expected_wer: float | None


@dataclass(frozen=True)
class Drift:
    """How things stand.

    Args:
        jobs: that it is told from.
        moved: population stability of each figure that is known of both.
        time_off: median distance of times from what was predicted, as a logarithm; None: too few are known.
        time_bias: the same with its sign: above 0, it takes longer than predicted.
        wer_off: mean distance of error rates from what was predicted.
    """

    jobs: int
    moved: Mapping[str, float]
    time_off: float | None
    time_bias: float | None
    wer_off: float | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is past its threshold, as sentences."""
        said = [f"{name} has moved ({value:.2f}, where {MOVED} is much)" for name, value in self.moved.items() if value > MOVED]
        if self.time_off is not None and self.time_off > OFF_TIMES:
            said.append(f"times are off by a factor of {np.exp(self.time_off):.1f}")
        if self.wer_off is not None and self.wer_off > OFF_ERRORS:
            said.append(f"error rates are off by {100 * self.wer_off:.1f} points")
        return tuple(said)


def drift_of(learned: NDArray[np.float32], seen: NDArray[np.float32], outcomes: Sequence[Outcome]) -> Drift:
    """Compare jobs with what was learned from, and with what was predicted of them.

    Args:
        learned: figures of recordings that were learned from, float32, shape (n, features).
        seen: of jobs, shape (m, features).
        outcomes: of jobs.
    """
    times = [np.log(each.time_s / each.expected_time_s) for each in outcomes if each.time_s and each.expected_time_s]
    errors = [each.wer - each.expected_wer for each in outcomes if each.wer is not None and each.expected_wer is not None]
    enough = len(seen) >= FEWEST and len(learned) >= FEWEST
    moved = {
        feature.name: stability(learned[:, place], seen[:, place])
        for place, feature in enumerate(FEATURES)
        if enough and np.isfinite(learned[:, place]).any() and np.isfinite(seen[:, place]).any()
    }
    return Drift(
        jobs=len(seen),
        moved=moved,
        time_off=median(abs(each) for each in times) if len(times) >= FEWEST else None,
        time_bias=median(times) if len(times) >= FEWEST else None,
        wer_off=float(np.mean(np.abs(errors))) if len(errors) >= FEWEST else None,
    )


def stability(learned: NDArray[np.float32], seen: NDArray[np.float32]) -> float:
    """The population stability index over tenths of what was learned from; what is not known is a part of its own. 0: the same.

    Each part's share counts half an example more, or a part in which nobody is would be infinitely far.
    """
    known = learned[np.isfinite(learned)]
    edges = np.unique(np.quantile(known.astype(np.float64), np.linspace(0, 1, _PARTS + 1)[1:-1]))
    before, now = _shares(learned, edges), _shares(seen, edges)
    return float(np.sum((now - before) * np.log(now / before)))


def _shares(values: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    parts = np.where(finite, np.searchsorted(edges, np.where(finite, values, 0.0), side="right"), len(edges) + 1)
    counts = np.bincount(parts, minlength=len(edges) + 2).astype(np.float64)
    shares: NDArray[np.float64] = (counts + 0.5) / (counts + 0.5).sum()
    return shares
