"""What a recording's figures did to the expected errors of the way that was chosen, in sentences."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import PlanReason
from setu_optimizer.domain.prediction.features import FEATURES, Vector

REASONS: Final = 5
SMALLEST_POINTS: Final = 0.05


def points_of(contributions: NDArray[np.float64], bias: float) -> NDArray[np.float64]:
    """Contributions to the root of an error rate, as points of error rate. They add up to what all of them did.

    Of ``(bias + sum)² - bias² = sum * (2 * bias + sum)`` each has its share.

    Args:
        contributions: float64, shape (columns,).
        bias: the root that is expected of no recording in particular.
    """
    points: NDArray[np.float64] = 100 * contributions * (2 * bias + contributions.sum())
    return points


def reasons_of(points: NDArray[np.float64], recording: Vector) -> tuple[PlanReason, ...]:
    """The figures that mattered most, those first.

    Args:
        points: of the recording's figures, in the order of FEATURES; more at the end are left out. float64.
        recording: its figures.
    """
    order: Sequence[int] = np.argsort(-np.abs(points[: len(FEATURES)])).tolist()
    return tuple(
        _reason(place, float(points[place]), float(recording[place]))
        for place in order[:REASONS]
        if abs(points[place]) >= SMALLEST_POINTS
    )


def _reason(place: int, points: float, value: float) -> PlanReason:
    feature = FEATURES[place]
    direction = "raises" if points > 0 else "lowers"
    effect = f"{direction} the expected errors by {abs(points):.1f} in 100 words"
    if not np.isfinite(value):
        return PlanReason(
            feature=feature.name,
            value=None,
            wer_points=round(points, 2),
            said=f"That its {feature.said} is not known {effect}.",
        )
    unit = f" {feature.unit}" if feature.unit else ""
    said = f"Its {feature.said} of {value:{feature.scale}}{unit} {effect}."
    return PlanReason(feature=feature.name, value=round(value, 4), wer_points=round(points, 2), said=said)
