"""How far it is believed that one way does better on this very recording than it does on the others: as far as that came true before.

Trees are sure of how hard a recording is long before they are sure which way is the better one on it: ways of one recording are near to each
other, and in a text of two hundred words chance alone sets them apart by a point or two. So what is expected of ways is drawn towards the
distances that they have on all recordings, by as much as expected differences were wrong where nothing had been learned (shrinkage; Source:
Copas 1983, "Regression, prediction and shrinkage": the slope of what came true on what was expected). With a trust of 0 the choice is that of
the best fixed way for recordings of this hardness; with 1 all that trees say is believed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""float64, shape (n,)."""
Places = NDArray[np.int64]
"""int64, shape (n,): rows with the same number belong together."""
ROUNDS: Final = 50


@dataclass(frozen=True)
class Heard:
    """Recordings that were heard in several ways, a row for each.

    Args:
        recordings: of each row.
        ways: of each row.
        weights: how much each counts; above 0.
    """

    recordings: Places
    ways: Places
    weights: Column

    def several(self) -> NDArray[np.bool_]:
        """Rows of recordings that have others."""
        _, place, counts = np.unique(self.recordings, return_inverse=True, return_counts=True)
        found: NDArray[np.bool_] = counts[place] > 1
        return found


def apart(true: Column, heard: Heard) -> dict[int, float]:
    """How far each way lies from the mean of all ways, by recordings that were heard in several; ways that were not are left out.

    Args:
        true: what was measured.
        heard: the rows.
    """
    rows = heard.several()
    if not rows.any():
        return {}
    names, way = np.unique(heard.ways[rows], return_inverse=True)
    recording = np.unique(heard.recordings[rows], return_inverse=True)[1]
    weights, values, offsets = heard.weights[rows], true[rows], np.zeros(len(names))
    # Not all ways were tried on all recordings: what a recording's are worth, and what a way does, are told by turns.
    for _ in range(ROUNDS):
        offsets = _means(values - _means(values - offsets[way], recording, weights)[recording], way, weights)
    offsets -= offsets.mean()
    return {int(name): float(offset) for name, offset in zip(names, offsets, strict=True)}


def trust(expected: Column, true: Column, usual: Column, heard: Heard, groups: Places) -> float:
    """How much of what was expected of differences, beyond the usual ones, came true: 0 nothing, 1 all of it.

    A standard error is taken off, over groups, so that little evidence moves no choice.

    Args:
        expected: for each row, by whoever had not seen its group.
        true: what was measured.
        usual: how far the row's way lies from the mean of all.
        heard: the rows.
        groups: of each row; rows of one are no evidence apart from one another.
    """
    rows = heard.several() & np.isfinite(usual)
    if not rows.any():
        return 0.0
    recordings, weights = np.unique(heard.recordings[rows], return_inverse=True)[1], heard.weights[rows]
    said, came = (_within(values[rows] - usual[rows], recordings, weights) for values in (expected, true))
    power = float((weights * said**2).sum())
    if power <= 0:
        return 0.0
    slope = float((weights * said * came).sum()) / power
    place = np.unique(groups[rows], return_inverse=True)[1]
    off = np.bincount(place, weights * said * (came - slope * said))
    return float(np.clip(slope - np.sqrt((off**2).sum()) / power, 0.0, 1.0))


def shrunk(expected: Column, usual: Column, recordings: Places, trusted: float) -> Column:
    """What is expected, its differences within a recording drawn towards the usual ones.

    Args:
        expected: of each row.
        usual: how far the row's way lies from the mean of all; NaN: not known, and it stays as it is.
        recordings: of each row.
        trusted: as ``trust`` says.
    """
    known = np.isfinite(usual)
    drawn = expected.copy()
    if known.any():
        place = np.unique(recordings[known], return_inverse=True)[1]
        even = np.ones(int(known.sum()))
        beyond = _within(expected[known] - usual[known], place, even)
        drawn[known] = expected[known] - (1 - trusted) * beyond
    return drawn


def _means(values: Column, places: Places, weights: Column) -> Column:
    means: Column = np.bincount(places, weights * values) / np.bincount(places, weights)
    return means


def _within(values: Column, places: Places, weights: Column) -> Column:
    """Distances from the mean of those that belong together."""
    return values - _means(values, places, weights)[places]
