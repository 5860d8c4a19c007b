"""Whether a recording is like any that was learned from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_optimizer.domain.prediction.features import FEATURES, Vector

NEIGHBOURS: Final = 3
BEYOND: Final = 1.0
"""A figure may lie so many widths outside of what was seen: those of the middle half of what was learned from, and a step at least."""
FAR_QUANTILE: Final = 0.99
"""As far as the farthest hundredth of what was learned from is from all other groups, a recording may be."""
_COUNTED: Final = np.array([feature.counts for feature in FEATURES])


@dataclass(frozen=True)
class Experience:
    """The recordings that were learned from, and how far apart they are.

    Args:
        figures: float32, shape (recordings, features).
        far: a recording is strange that is on average farther than this from the nearest ones.
        languages: that were spoken.
    """

    figures: NDArray[np.float32]
    far: float
    languages: tuple[str, ...]

    @classmethod
    def of(cls, figures: NDArray[np.float32], groups: tuple[str, ...], languages: tuple[str, ...]) -> "Experience":
        """Learn how far recordings are from those of other groups, since a new recording will be of a group of its own.

        Args:
            figures: float32, shape (recordings, features).
            groups: of each of them.
            languages: that were spoken in all.
        """
        bare = cls(figures, np.inf, languages)
        named = np.array(groups)
        distances = [
            bare._distance(figure, figures[named != group])
            for figure, group in zip(figures, groups, strict=True)
            if (named != group).any()
        ]
        far = float(np.quantile(distances, FAR_QUANTILE)) if distances else np.inf
        return cls(figures, far, languages)

    def strange(self, recording: Vector) -> str:
        """Why a recording is out of experience, as the end of a sentence; empty if it is not."""
        width, low, high = self._spread
        for feature, value, span, least, most in zip(FEATURES, recording, width, low, high, strict=True):
            if not feature.counts or not np.isfinite([value, span, least, most]).all():
                continue
            if not least - BEYOND * span <= value <= most + BEYOND * span:
                unit = f" {feature.unit}" if feature.unit else ""
                seen = f"{least:{feature.scale}} to {most:{feature.scale}}{unit}"
                return f"its {feature.said}, {value:{feature.scale}}{unit}, is far from all that was learned from ({seen})"
        distance = self._distance(recording, self.figures)
        if distance > self.far:
            return f"it is unlike all that was learned from (at a distance of {distance:.2f}, where {self.far:.2f} is usual at most)"
        return ""

    @cached_property
    def _spread(self) -> tuple[Vector, Vector, Vector]:
        """Each figure's width, least and greatest among the recordings; NaN where nobody knew it."""
        width = np.full(len(FEATURES), np.nan, dtype=np.float32)
        low, high = width.copy(), width.copy()
        for place, feature in enumerate(FEATURES):
            known = self.figures[:, place]
            known = known[np.isfinite(known)]
            if known.size:
                quarters = np.quantile(known, [0.25, 0.75])
                width[place] = max(float(quarters[1] - quarters[0]), float(np.std(known)), feature.step)
                low[place], high[place] = known.min(), known.max()
        return width, low, high

    def _distance(self, recording: Vector, others: NDArray[np.float32]) -> float:
        """Mean distance to the nearest ones, in widths, over the figures that both know."""
        width, _, _ = self._spread
        steps = (others - recording) / np.where(width > 0, width, np.float32(np.nan))
        steps = np.where(_COUNTED & np.isfinite(steps), steps, np.float32(np.nan))
        shared = np.isfinite(steps).sum(axis=1)
        squares = np.nansum(steps**2, axis=1)
        apart = np.sqrt(np.divide(squares, shared, out=np.zeros_like(squares), where=shared > 0))
        nearest = np.sort(apart[shared > 0])[:NEIGHBOURS]
        return float(nearest.mean()) if nearest.size else 0.0
