"""Growing a model from examples: how many trees, how wide its ranges, and how good it is, all told from groups that were left out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.examples import Example, folds_of, hash_of
from setu_optimizer.domain.prediction.experience import Experience
from setu_optimizer.domain.prediction.features import COLUMNS, FEATURES, SCHEMA, TRAITS, Sizes, is_probed, rows_of, unprobed
from setu_optimizer.domain.prediction.ranges import TAILS, Column, margins_of
from setu_optimizer.domain.prediction.shrinking import Heard, apart, shrunk, trust
from setu_optimizer.engines.boosting import VERSION, Growth, Rows, Table, Trees, left_out
from setu_optimizer.errors import TooLittleToLearnFrom
from setu_optimizer.predictors.bundle import Grown, files_of, packed, sums_of
from setu_optimizer.predictors.manifest import LearnedCandidate, LearnedFrom, Manifest, Metrics, Side

FEWEST: Final = 20
"""Examples whose errors were counted, below which nothing is trained, and no way and no language counts as learned: estimates alone teach neither."""
FEWEST_GROUPS: Final = 3
"""Of which those are, at least."""
FOLDS: Final = 6
MOST_ROUNDS: Final = 300
MOST_TIME_ROUNDS: Final = 150
FEWEST_ROUNDS: Final = 30
DEPTHS: Final = (2, 3)
"""Of trees: what is tried. Deeper ones were worse on the project's own recordings, and so was a model for each way (docs/ml-optimization.md)."""
CONTRAST: Final = 5.0
"""How many times as much it counts how the ways differ on one recording as how hard that is: choices are made of the differences. Chosen
among 0, 5, 20 and 50 on the training side of the measured table, with groups left out: without it, choices cost twice as much."""
LARGEST_WER: Final = 1.5
"""What is worse is as bad: invented words have no limit, and one recording of them would outweigh all others."""
_ERRORS: Final = (*(feature.errors for feature in FEATURES), *(0 for _ in TRAITS))
_TIMES: Final = (*(feature.time for feature in FEATURES), *(trait.time for trait in TRAITS))


@dataclass(frozen=True)
class _Lesson:
    """Examples as a table."""

    table: Table
    roots: Column
    log_times: Column
    weights: Column
    together: NDArray[np.int64]
    ways: NDArray[np.int64]
    groups: tuple[str, ...]
    counted: NDArray[np.bool_]


@dataclass(frozen=True)
class _Taught:
    """Trees, how they were grown, and how they did on what was left out.

    Args:
        grown: the trees.
        side: how they were grown.
        metrics: how they did.
    """

    grown: Grown
    side: Side
    metrics: Metrics


def train(examples: Sequence[Example], sizes: Sizes, *, kind: str, description: str, now: datetime) -> bytes:
    """Train a model.

    Args:
        examples: what is learned from.
        sizes: of the models in them.
        kind: the first part of the model's name.
        description: of the examples, for people.
        now: when this is.

    Returns:
        The model as one file.

    Raises:
        TooLittleToLearnFrom: fewer than 20 examples whose errors were counted, or of fewer than 3 groups.
    """
    if not _enough(examples):
        counted = [each for each in examples if each.measured]
        raise TooLittleToLearnFrom(
            f"There are {len(counted)} examples of {len({each.group for each in counted})} groups whose errors were counted; "
            f"a model needs {FEWEST} of {FEWEST_GROUPS} at least."
        )
    probed = [each for each in examples if is_probed(each.figures)]
    # Recordings without a probe have trees of their own: what has been learned of probes would mislead where there is none.
    with_probe = _taught(_lesson(probed, sizes)) if _enough(probed) else None
    without = _taught(_lesson([replace(each, figures=unprobed(each.figures)) for each in examples], sizes))
    experience = _experience(examples)
    files = files_of(with_probe.grown if with_probe else None, without.grown, experience)
    sha256 = hash_of(examples)
    manifest = Manifest(
        name=f"{kind}-{sha256[:10]}",
        created_at=now,
        schema_version=SCHEMA,
        columns=COLUMNS,
        xgboost=VERSION,
        learned_from=LearnedFrom(
            description=description,
            sha256=sha256,
            recordings=len({each.recording for each in examples}),
            examples=len(examples),
            groups=len({each.group for each in examples}),
            languages=experience.languages,
        ),
        candidates=_candidates(examples),
        probed=with_probe.side if with_probe else None,
        unprobed=without.side,
        far=experience.far,
        metrics=(with_probe or without).metrics,
        files=sums_of(files),
    )
    return packed(manifest, files)


def _enough(examples: Sequence[Example]) -> bool:
    counted = [each.group for each in examples if each.measured]
    return len(counted) >= FEWEST and len(set(counted)) >= FEWEST_GROUPS


def _lesson(examples: Sequence[Example], sizes: Sizes) -> _Lesson:
    return _Lesson(
        table=np.vstack([rows_of(each.figures, (each.candidate,), sizes) for each in examples]),
        roots=np.array([_root(each) for each in examples]),
        log_times=np.log([each.time_factor or np.nan for each in examples]),
        weights=np.array([each.weight for each in examples], dtype=np.float64),
        together=np.unique([each.recording for each in examples], return_inverse=True)[1],
        ways=_ways(examples),
        groups=tuple(each.group for each in examples),
        counted=np.array([each.measured for each in examples]),
    )


def _taught(lesson: _Lesson) -> _Taught:
    """Grow trees; how, and how wide their ranges are, is told from groups that were left out."""
    folds = folds_of(lesson.groups, FOLDS)
    rows = Rows(lesson.table, lesson.roots, lesson.weights, lesson.together)
    growth, expected = _best(rows, folds)
    quantiles = replace(growth, quantiles=TAILS)
    _, bounds = left_out(rows, quantiles, folds)
    # An estimate lies near what was expected: of estimates ranges would become too narrow for what is counted.
    counted = lesson.counted
    margins = margins_of(lesson.roots[counted], bounds[counted, 0], bounds[counted, 1])
    trusted, usual = _trusted(lesson, expected)
    squares = np.maximum(shrunk(expected, usual, lesson.together, trusted), 0.0) ** 2
    bias = np.average(lesson.roots**2, weights=lesson.weights) / max(np.average(squares, weights=lesson.weights), 1e-6)
    side = Side(rounds=growth.rounds, depth=growth.depth, low=margins.low, high=margins.high, bias=float(bias), trust=trusted)
    times, side, time_error = _times(lesson, side)
    metrics = Metrics(
        wer_error=float(np.mean(np.abs(lesson.roots**2 - bias * squares))),
        wer_correlation=_correlation(lesson.roots**2, squares),
        wer_coverage=_coverage(lesson, bounds, folds),
        time_error=time_error,
        folds=len(folds),
    )
    return _Taught(Grown(Trees.grown(rows, growth), Trees.grown(rows, quantiles), times), side, metrics)


def _trusted(lesson: _Lesson, expected: Column) -> tuple[float, Column]:
    """How much of what was expected of differences between ways came true where nothing had been learned, and how far ways usually lie apart."""
    heard = Heard(lesson.together, lesson.ways, lesson.weights)
    offsets = apart(lesson.roots, heard)
    usual = np.array([offsets.get(int(way), np.nan) for way in lesson.ways])
    groups = np.unique(lesson.groups, return_inverse=True)[1]
    return trust(expected, lesson.roots, usual, heard, groups), usual


def _coverage(lesson: _Lesson, bounds: NDArray[np.float64], folds: Sequence[Sequence[int]]) -> float:
    """How many of the counted errors lie in ranges whose margins are those of the other folds."""
    within: list[bool] = []
    for fold in folds:
        left = np.isin(np.arange(len(lesson.roots)), fold)
        one, others = left & lesson.counted, ~left & lesson.counted
        if one.any() and others.any():
            margins = margins_of(lesson.roots[others], bounds[others, 0], bounds[others, 1])
            low, high = margins.widen(bounds[one, 0], bounds[one, 1])
            within.extend((lesson.roots[one] >= low) & (lesson.roots[one] <= high))
    return float(np.mean(within)) if within else 0.0


def _best(rows: Rows, folds: Sequence[Sequence[int]]) -> tuple[Growth, Column]:
    """How trees for errors are best grown, and what those expect that were grown so without a row's fold."""
    tried = []
    for depth in DEPTHS:
        rounds, expected = left_out(rows, Growth(MOST_ROUNDS, _ERRORS, depth=depth, contrast=CONTRAST), folds, FEWEST_ROUNDS)
        tried.append((float(np.average((expected - rows.target) ** 2, weights=rows.weights)), depth, rounds, expected))
    _, depth, rounds, expected = min(tried, key=lambda each: each[:2])
    return Growth(rounds, _ERRORS, depth=depth, contrast=CONTRAST), expected


def _times(lesson: _Lesson, side: Side) -> tuple[Trees | None, Side, float | None]:
    """Trees for times, how they were grown, and how far they were off where they had not learned; nothing where few times are known."""
    known = np.isfinite(lesson.log_times)
    groups = [group for group, is_known in zip(lesson.groups, known, strict=True) if is_known]
    if known.sum() < FEWEST or len(set(groups)) < FEWEST_GROUPS:
        return None, side, None
    rows = Rows(lesson.table, lesson.log_times, lesson.weights, lesson.together).only(np.flatnonzero(known))
    rounds, expected = left_out(rows, Growth(MOST_TIME_ROUNDS, _TIMES), folds_of(groups, FOLDS), FEWEST_ROUNDS)
    margins = margins_of(rows.target, expected, expected)
    told = {"time_rounds": rounds, "time_low": margins.low, "time_high": margins.high}
    return (
        Trees.grown(rows, Growth(rounds, _TIMES)),
        side.model_copy(update=told),
        float(np.mean(np.abs(rows.target - expected))),
    )


def _correlation(one: Column, other: Column) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if np.std(one) > 0 and np.std(other) > 0 else 0.0


def _experience(examples: Sequence[Example]) -> Experience:
    recordings = {each.recording: each for each in examples}
    figures = np.vstack([each.figures for each in recordings.values()]).astype(np.float32)
    languages = tuple(
        language
        for language in sorted({each.language for each in examples})
        if _enough([each for each in examples if each.language == language])
    )
    return Experience.of(figures, tuple(each.group for each in recordings.values()), languages)


def _candidates(examples: Sequence[Example]) -> tuple[LearnedCandidate, ...]:
    found: dict[Candidate, list[Example]] = {}
    for each in examples:
        found.setdefault(each.candidate, []).append(each)
    recordings = np.unique([each.recording for each in examples], return_inverse=True)[1]
    roots, weights = (np.array(values) for values in zip(*((_root(each), each.weight) for each in examples), strict=True))
    offsets = apart(roots, Heard(recordings, _ways(examples), weights))
    learned = []
    for number, (candidate, taken) in enumerate(found.items()):
        if not _enough(taken):
            continue
        factors = [each.time_factor for each in taken if each.time_factor]
        easy = float(np.quantile(factors, 0.25)) if factors else None
        learned.append(LearnedCandidate(candidate=candidate, examples=len(taken), time_factor=easy, apart=offsets.get(number)))
    return tuple(sorted(learned, key=lambda each: (each.candidate.model, each.candidate.beam_size, -each.examples)))


def _root(example: Example) -> float:
    return math.sqrt(min(example.wer, LARGEST_WER))


def _ways(examples: Sequence[Example]) -> NDArray[np.int64]:
    """Ways as numbers, in the order in which they come first."""
    numbers: dict[Candidate, int] = {}
    return np.array([numbers.setdefault(each.candidate, len(numbers)) for each in examples], dtype=np.int64)
