"""Recordings with what came of each way to transcribe them: the measured table, as the evaluation reads it."""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from setu_common.contracts import AudioProbe, AudioProfile, Candidate, Contract
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.policy import utility
from setu_optimizer.predictors.learning_table import CLEAN, example_of

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Outcome:
    """What came of a way.

    Args:
        errors: words that are wrong, missing or added.
        words: that were said.
        time_factor: seconds of processor time for a second of recording.
    """

    errors: int
    words: int
    time_factor: float

    @property
    def wer(self) -> float:
        """Errors per word."""
        return self.errors / self.words


@dataclass(frozen=True)
class Recording:
    """A recording, what is known of it beforehand, and what came of each way.

    Args:
        name: unique.
        kind: how it is spoiled.
        level: how much, 0..4.
        group: recordings of a group are alike, and no evidence apart from one another.
        profile: its sound.
        probe: what a small model made of a share of it; None: nobody speaks in it.
        profiled: what its profile took, seconds of processor time for a second of recording.
        probed: what its probe took, likewise.
        outcomes: by way.
        examples: what is learned from it, one for each way.
    """

    name: str
    kind: str
    level: int
    group: str
    profile: AudioProfile
    probe: AudioProbe | None
    profiled: float
    probed: float
    outcomes: Mapping[Candidate, Outcome]
    examples: tuple[Example, ...]

    @property
    def clean(self) -> bool:
        """Whether it is not spoiled."""
        return self.kind == CLEAN

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.profile.duration_s

    @property
    def snr_db(self) -> float:
        """As its profile says; NaN where it can't be told."""
        return math.nan if self.profile.snr_db is None else self.profile.snr_db

    def worth(self, way: Candidate, rate: float, overhead: float = 0.0) -> float:
        """The utility of a way.

        Args:
            way: one of the outcomes.
            rate: lambda.
            overhead: what choosing took, seconds of processor time for a second of recording.
        """
        outcome = self.outcomes[way]
        return utility(outcome.wer, outcome.time_factor + overhead, rate)

    def best(self, rate: float) -> Candidate:
        """The way that an oracle takes."""
        return max(self.outcomes, key=lambda way: self.worth(way, rate))


def read(path: Path, split: Split) -> list[Recording]:
    """Read one side of the table.

    Raises:
        KeyError: a column is missing.
        ValueError: a recording was not heard in every way.
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["split"] == split]
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in lines:
        found[line["recording"]].append(line)
    recordings = [_recording(own) for own in found.values()]
    ways = {frozenset(each.outcomes) for each in recordings}
    if len(ways) > 1:
        raise ValueError(f"not every recording of {path} was heard in every way: run `make bench-asr`")
    return recordings


def _recording(lines: Sequence[dict[str, str]]) -> Recording:
    first = lines[0]
    examples = tuple(example_of(line) for line in lines)
    duration_s = float(first["duration_s"])
    outcomes = {
        example.candidate: Outcome(
            errors=sum(int(line[name]) for name in ("substitutions", "deletions", "insertions")),
            words=int(line["words"]),
            time_factor=float(line["cpu_s"]) / duration_s,
        )
        for line, example in zip(lines, examples, strict=True)
    }
    return Recording(
        name=first["recording"],
        kind=first["kind"],
        level=int(first["level"]),
        group=examples[0].group,
        profile=AudioProfile.model_validate(_cells(first, AudioProfile) | {"track": "", "language": examples[0].language}),
        probe=AudioProbe.model_validate(probe) if (probe := _cells(first, AudioProbe, "probe_")) else None,
        profiled=float(first["profile_cpu_s"]) / duration_s,
        probed=float(first["probe_cpu_s"]) / duration_s,
        outcomes=outcomes,
        examples=examples,
    )


def _cells(line: Mapping[str, str], contract: type[Contract], prefix: str = "") -> dict[str, str]:
    """The fields of a contract that the line has."""
    return {name: text for name in contract.model_fields if (text := line.get(f"{prefix}{name}"))}


def examples_of(recordings: Sequence[Recording]) -> list[Example]:
    """What is learned from them."""
    return [example for recording in recordings for example in recording.examples]


def known(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Those that are numbers."""
    found = np.asarray(values, dtype=np.float64)
    return found[np.isfinite(found)]
