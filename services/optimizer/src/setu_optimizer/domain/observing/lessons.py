"""What a new model learns from, and what it is tried on: never the same."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.comparison import Comparison, Guess
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import Vector

ONE_IN: Final = 4
"""Of so many series and films one is held back for good: no model ever learns from it, so that each can be tried on it."""


@dataclass(frozen=True)
class Lessons:
    """Examples, dealt out.

    Args:
        taught: what is learned from.
        measured: recordings whose words are known from the start, which nobody learns from.
        observed: jobs whose errors people's corrections told, of series and films that are held back.
    """

    taught: tuple[Example, ...]
    measured: tuple[Example, ...]
    observed: tuple[Example, ...]


def lessons_of(
    shipped: Sequence[Example], kept_back: Sequence[Example], seen: Sequence[Example], models: Collection[str]
) -> Lessons:
    """Deal examples out.

    Args:
        shipped: measured recordings that models learn from.
        kept_back: measured recordings that they are tried on.
        seen: observations.
        models: of which one knows how large they are; others can't be learned about.
    """
    usable = [each for each in seen if each.candidate.model in models]
    return Lessons(
        taught=(*shipped, *(each for each in usable if not is_held(each.group))),
        measured=tuple(kept_back),
        observed=tuple(each for each in usable if is_held(each.group) and each.measured),
    )


def is_held(group: str) -> bool:
    """Whether a series or film is held back. The same one always is, or never."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % ONE_IN == 0


def decisive(on_all: Comparison, on_measured: Comparison | None) -> Comparison:
    """The comparison that decides: that on all that is held back, unless the challenger is worse where the words were known from the start.

    Corrections may be wrong, all of one kind even; those recordings can't. So whatever is sent back, what is promoted is no worse there.
    """
    if on_measured is not None and (on_measured.regret.mean < 0 or on_measured.error.mean < 0):
        return on_measured
    return on_all


def averages(taught: Sequence[Example]) -> Guess:
    """What one expects who knows nothing of a recording: each way's mean. It is set against a challenger where there is no model."""
    errors: dict[Candidate, list[float]] = defaultdict(list)
    factors: dict[Candidate, list[float]] = defaultdict(list)
    for each in taught:
        errors[each.candidate].append(each.wer)
        if each.time_factor is not None:
            factors[each.candidate].append(each.time_factor)
    overall = float(np.mean([each.wer for each in taught]))

    def guess(_recording: Vector, ways: tuple[Candidate, ...]) -> list[tuple[float, float]]:
        return [(_mean(errors.get(way), overall), _mean(factors.get(way), 0.0)) for way in ways]

    return guess


def _mean(values: Sequence[float] | None, otherwise: float) -> float:
    return float(np.mean(values)) if values else otherwise
