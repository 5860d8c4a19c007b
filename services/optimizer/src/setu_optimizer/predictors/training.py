"""Growing a model from examples: how many trees, how wide its ranges, and how good it is, all told from groups that were left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import Candidate
from setu_optimizer.domain.prediction.examples import Example, folds_of, hash_of
from setu_optimizer.domain.prediction.experience import Experience
from setu_optimizer.domain.prediction.features import COLUMNS, FEATURES, SCHEMA, TRAITS, Sizes, is_probed, rows_of, unprobed
from setu_optimizer.domain.prediction.ranges import TAILS, Column, Margins, margins_of
from setu_optimizer.engines.boosting import VERSION, Growth, Rows, Table, Trees, left_out
from setu_optimizer.errors import TooLittleToLearnFrom
from setu_optimizer.predictors.bundle import files_of, packed, sums_of
from setu_optimizer.predictors.manifest import LearnedCandidate, LearnedFrom, Manifest, Metrics, Ranges

FEWEST: Final = 20
"""Examples, below which nothing is trained."""
FEWEST_GROUPS: Final = 3
FOLDS: Final = 6
MOST_ROUNDS: Final = 400
FEWEST_ROUNDS: Final = 30
LARGEST_WER: Final = 1.5
"""What is worse is as bad: invented words have no limit, and one recording of them would outweigh all others."""
UNPROBED_WEIGHT: Final = 0.5
"""Each probed recording is learned from a second time as if it had not been, so that what has no probe is predicted as well."""

_ERRORS: Final = (*(feature.errors for feature in FEATURES), *(0 for _ in TRAITS))
_TIMES: Final = (*(feature.time for feature in FEATURES), *(trait.time for trait in TRAITS))


@dataclass(frozen=True)
class _Lesson:
    """Examples as a table; each that was probed stands in it twice."""

    table: Table
    roots: Column
    log_times: Column
    weights: Column
    probed: NDArray[np.bool_]
    groups: tuple[str, ...]


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
        TooLittleToLearnFrom: fewer than 20 examples, or than 3 groups.
    """
    groups = {each.group for each in examples}
    if len(examples) < FEWEST or len(groups) < FEWEST_GROUPS:
        raise TooLittleToLearnFrom(
            f"There are {len(examples)} examples of {len(groups)} groups; a model needs {FEWEST} of {FEWEST_GROUPS} at least."
        )
    lesson = _lesson(examples, sizes)
    folds = folds_of(lesson.groups, FOLDS)
    whole = Rows(lesson.table, lesson.roots, lesson.weights)
    rounds, expected = left_out(whole, Growth(MOST_ROUNDS, _ERRORS), folds, FEWEST_ROUNDS)
    quantiles = Growth(rounds, _ERRORS, quantiles=TAILS, depth=3)
    _, bounds = left_out(whole, quantiles, folds)
    margins = {probed: _margins(lesson, bounds, lesson.probed == probed) for probed in (True, False)}
    times, time_rounds, time_errors = _times(lesson)
    experience = _experience(examples)
    files = files_of(Trees.grown(whole, Growth(rounds, _ERRORS)), Trees.grown(whole, quantiles), times, experience)
    sha256 = hash_of(examples)
    off = expected - lesson.roots
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
            groups=len(groups),
            languages=experience.languages,
        ),
        candidates=_candidates(examples),
        rounds=rounds,
        time_rounds=time_rounds,
        root_variance=float(np.average(off**2, weights=lesson.weights)),
        probed=_ranges(margins[True]),
        unprobed=_ranges(margins[False]),
        time_ranges=None if time_errors is None else _ranges(margins_of(time_errors, *np.zeros((2, len(time_errors))))),
        far=experience.far,
        metrics=_metrics(lesson, expected, bounds, margins, time_errors=time_errors, folds=len(folds)),
        files=sums_of(files),
    )
    return packed(manifest, files)


def _lesson(examples: Sequence[Example], sizes: Sizes) -> _Lesson:
    taken = [(each, each.figures, each.weight, is_probed(each.figures)) for each in examples]
    taken += [(each, unprobed(each.figures), each.weight * UNPROBED_WEIGHT, False) for each, _, _, probed in taken if probed]
    return _Lesson(
        table=np.vstack([rows_of(figures, (each.candidate,), sizes) for each, figures, _, _ in taken]),
        roots=np.sqrt([min(each.wer, LARGEST_WER) for each, _, _, _ in taken]),
        log_times=np.log([each.time_factor or np.nan for each, _, _, _ in taken]),
        weights=np.array([weight for _, _, weight, _ in taken], dtype=np.float64),
        probed=np.array([probed for _, _, _, probed in taken]),
        groups=tuple(each.group for each, _, _, _ in taken),
    )


def _times(lesson: _Lesson) -> tuple[Trees | None, int, Column | None]:
    """Trees for times, how many, and how far they were off where they had not learned; nothing where few times are known."""
    known = np.isfinite(lesson.log_times)
    groups = [group for group, is_known in zip(lesson.groups, known, strict=True) if is_known]
    if known.sum() < FEWEST or len(set(groups)) < FEWEST_GROUPS:
        return None, 0, None
    rows = Rows(lesson.table, lesson.log_times, lesson.weights).only(np.flatnonzero(known))
    rounds, expected = left_out(rows, Growth(MOST_ROUNDS, _TIMES), folds_of(groups, FOLDS), FEWEST_ROUNDS)
    return Trees.grown(rows, Growth(rounds, _TIMES)), rounds, rows.target - expected


def _margins(lesson: _Lesson, bounds: NDArray[np.float64], chosen: NDArray[np.bool_]) -> Margins:
    """Of recordings with a probe, or without; where there are too few of them, of all."""
    if chosen.sum() < FEWEST:
        chosen = np.ones_like(chosen)
    return margins_of(lesson.roots[chosen], bounds[chosen, 0], bounds[chosen, 1])


def _ranges(margins: Margins) -> Ranges:
    return Ranges(low=margins.low, high=margins.high)


def _experience(examples: Sequence[Example]) -> Experience:
    recordings = {each.recording: each for each in examples}
    figures = np.vstack([each.figures for each in recordings.values()]).astype(np.float32)
    languages = tuple(sorted({each.language for each in recordings.values()}))
    return Experience.of(figures, tuple(each.group for each in recordings.values()), languages)


def _candidates(examples: Sequence[Example]) -> tuple[LearnedCandidate, ...]:
    found: dict[Candidate, list[Example]] = {}
    for each in examples:
        found.setdefault(each.candidate, []).append(each)
    learned = []
    for candidate, taken in found.items():
        factors = [each.time_factor for each in taken if each.time_factor]
        easy = float(np.quantile(factors, 0.25)) if factors else None
        learned.append(LearnedCandidate(candidate=candidate, examples=len(taken), time_factor=easy))
    return tuple(sorted(learned, key=lambda each: (each.candidate.model, each.candidate.beam_size, -each.examples)))


def _metrics(
    lesson: _Lesson,
    expected: Column,
    bounds: NDArray[np.float64],
    margins: dict[bool, Margins],
    *,
    time_errors: Column | None,
    folds: int,
) -> Metrics:
    """Of recordings as they come: with their probe, where they have one."""
    seen = lesson.probed if lesson.probed.any() else ~lesson.probed
    true, guessed = lesson.roots[seen] ** 2, np.maximum(expected[seen], 0) ** 2
    low, high = margins[bool(lesson.probed.any())].widen(bounds[seen, 0], bounds[seen, 1])
    within = (lesson.roots[seen] >= low) & (lesson.roots[seen] <= high)
    varies = np.std(true) > 0 and np.std(guessed) > 0
    return Metrics(
        wer_error=float(np.mean(np.abs(true - guessed))),
        wer_correlation=float(np.corrcoef(true, guessed)[0, 1]) if varies else 0.0,
        wer_coverage=float(within.mean()),
        time_error=None if time_errors is None else float(np.mean(np.abs(time_errors))),
        folds=folds,
    )
