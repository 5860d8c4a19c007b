"""What is learned from: a recording that was transcribed in one way, with what came of it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.features import Vector


@dataclass(frozen=True)
class Example:
    """One recording, transcribed in one way.

    Args:
        recording: its name; others of the same one are of the same sound.
        group: recordings of a group have something in common (a way of being spoiled, a series): all of them are on one side whenever
            what was learned is tried on what was not.
        language: that is spoken.
        figures: of the recording, in the order of FEATURES.
        candidate: the way.
        wer: errors per word that was said, 0..; above 1 where more was invented than said.
        time_factor: seconds of processor time for a second of recording; None: not known, as when a transcript was taken again.
        weight: how much it counts; 1 where the errors were counted, less where they are estimated.
        measured: whether they were counted against the true text.
    """

    recording: str
    group: str
    language: str
    figures: Vector
    candidate: Candidate
    wer: float
    time_factor: float | None = None
    weight: float = 1.0
    measured: bool = True


def hash_of(examples: Sequence[Example]) -> str:
    """SHA-256 of what was learned from, whatever its order."""
    lines = sorted(
        json.dumps(
            [
                each.recording,
                each.group,
                each.language,
                [None if np.isnan(value) else round(float(value), 5) for value in each.figures],
                each.candidate.model_dump(mode="json"),
                round(each.wer, 6),
                None if each.time_factor is None else round(each.time_factor, 6),
                round(each.weight, 6),
            ]
        )
        for each in examples
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def folds_of(groups: Sequence[str], count: int) -> list[list[int]]:
    """Places of ``groups``, dealt into folds so that no group is in two of them, and folds are as equal as groups allow.

    Args:
        groups: of each example.
        count: folds at most; fewer where there are fewer groups.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        places[group].append(place)
    folds: list[list[int]] = [[] for _ in range(min(count, len(places)))]
    for group in sorted(places, key=lambda name: (-len(places[name]), name)):
        min(folds, key=len).extend(places[group])
    return [sorted(fold) for fold in folds]
