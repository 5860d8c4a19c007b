"""What error rate a recogniser's own confidence speaks for: a line through measured recordings, bent so that it is right on average.

An estimate is no measurement. It is marked as one, and counts less wherever something is learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from setu_common.contracts import Contract
from setu_optimizer.domain.observing.signals import Signals
from setu_optimizer.domain.prediction.examples import folds_of

FEWEST: Final = 40
"""Transcripts, below which no line is drawn."""
FEWEST_GROUPS: Final = 3
FEWEST_OF_LANGUAGE: Final = 20
"""Transcripts in a language, below which nothing is estimated of others in it: each is recognised with a confidence of its own."""
FOLDS: Final = 6
RIDGE: Final = 1.0
LARGEST_WER: Final = 1.5
_KNOTS: Final = 12
_FIGURES: Final = ("avg_logprob", "low_logprob", "no_speech_prob", "compression_ratio", "removed_ratio", "words_per_s")

Column = NDArray[np.float64]
"""float64, shape (n,)."""


class Estimator(Contract):
    """How signals become an error rate.

    Args:
        engine: whose signals they are: another's probabilities mean something else.
        languages: in which enough was measured; of others nothing is estimated.
        centres: of the figures, in their order; what is not known counts as this.
        widths: their standard deviations.
        weights: of the figures in widths from their centre, for the root of the error rate.
        intercept: the root of the error rate where all figures are at their centres.
        raw: points of the line, ascending.
        calibrated: what error rate was really found there, ascending.
        recordings: that it was made from.
        correlation: Pearson's, of estimated and true error rates of groups that were left out.
        wer_error: mean distance of both.
        description: of what it was made from.
    """

    engine: str
    languages: tuple[str, ...]
    centres: tuple[float, ...]
    widths: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    recordings: int
    correlation: float
    wer_error: float
    description: str = ""

    def knows(self, engine: str, language: str) -> bool:
        """Whether it was made of transcripts of this engine in this language."""
        return engine == self.engine and language in self.languages

    def estimate(self, signals: Signals) -> float | None:
        """Errors per word, 0..1.5; None where a recogniser says nothing of how sure it was."""
        if signals.avg_logprob is None:
            return None
        line = self.intercept + _standard(_row(signals)[None, :], self.centres, self.widths) @ np.array(self.weights)
        return float(np.interp(line[0], self.raw, self.calibrated))


@dataclass(frozen=True)
class Confided:
    """A transcript whose errors were counted, with what its recogniser said of it.

    Args:
        group: of recordings that have something in common.
        signals: the recogniser's.
        wer: errors per word.
        language: that is spoken.
    """

    group: str
    signals: Signals
    wer: float
    language: str = "en"


def fit(known: Sequence[Confided], *, engine: str, description: str = "") -> Estimator:
    """Draw the line, and tell from groups that were left out how good it is.

    Args:
        known: transcripts whose errors were counted; those without log-probabilities are passed over.
        engine: whose they are.
        description: of them.

    Raises:
        ValueError: there are too few.
    """
    told = [each for each in known if each.signals.avg_logprob is not None]
    groups = [each.group for each in told]
    if len(told) < FEWEST or len(set(groups)) < FEWEST_GROUPS:
        raise ValueError(
            f"{len(told)} transcripts of {len(set(groups))} groups are too few: {FEWEST} of {FEWEST_GROUPS} are needed"
        )
    table = np.vstack([_row(each.signals) for each in told])
    true = np.minimum([each.wer for each in told], LARGEST_WER)
    lines, left = np.zeros(len(told)), np.zeros(len(told))
    for fold in folds_of(groups, FOLDS):
        rest = np.setdiff1d(np.arange(len(told)), fold)
        centres, widths, weights, intercept = _line(table[rest], np.sqrt(true[rest]))
        lines[fold] = intercept + _standard(table[fold], centres, widths) @ weights
        own = intercept + _standard(table[rest], centres, widths) @ weights
        left[fold] = np.interp(lines[fold], *_bent(own, true[rest]))
    centres, widths, weights, intercept = _line(table, np.sqrt(true))
    raw, calibrated = _bent(lines, true)
    varies = np.std(left) > 0 and np.std(true) > 0
    return Estimator(
        engine=engine,
        languages=_languages(told),
        centres=tuple(centres.tolist()),
        widths=tuple(widths.tolist()),
        weights=tuple(weights.tolist()),
        intercept=intercept,
        raw=tuple(raw.tolist()),
        calibrated=tuple(calibrated.tolist()),
        recordings=len(told),
        correlation=float(np.corrcoef(left, true)[0, 1]) if varies else 0.0,
        wer_error=float(np.mean(np.abs(left - true))),
        description=description,
    )


def _languages(told: Sequence[Confided]) -> tuple[str, ...]:
    groups = {
        language: [each.group for each in told if each.language == language] for language in {each.language for each in told}
    }
    return tuple(
        sorted(
            language
            for language, found in groups.items()
            if len(found) >= FEWEST_OF_LANGUAGE and len(set(found)) >= FEWEST_GROUPS
        )
    )


def signals_from(row: Mapping[str, float | None], duration_s: float) -> Signals:
    """The signals of a row of the measured table, whose names they share; there what was removed is in seconds."""
    known = {name: row.get(name) for name in ("avg_logprob", "low_logprob", "no_speech_prob", "compression_ratio")}
    removed = (row.get("removed_s") or 0.0) / max(duration_s, 1e-3)
    return Signals(removed_ratio=min(max(removed, 0.0), 1.0), words_per_s=row.get("words_per_s") or 0.0, **known)


def _row(signals: Signals) -> Column:
    values = (getattr(signals, name) for name in _FIGURES)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _standard(
    table: NDArray[np.float64], centres: Sequence[float] | Column, widths: Sequence[float] | Column
) -> NDArray[np.float64]:
    """Figures in widths from their centres, three at most: far out nothing was measured."""
    steps = (table - np.asarray(centres)) / np.asarray(widths)
    clipped: NDArray[np.float64] = np.clip(np.nan_to_num(steps, nan=0.0), -3.0, 3.0)
    return clipped


def _line(table: NDArray[np.float64], target: Column) -> tuple[Column, Column, Column, float]:
    """Ridge regression on standardised figures."""
    known = np.isfinite(table)
    centres = np.array([column[each].mean() if each.any() else 0.0 for column, each in zip(table.T, known.T, strict=True)])
    spread = np.array([column[each].std() if each.any() else 0.0 for column, each in zip(table.T, known.T, strict=True)])
    widths = np.where(spread > 0, spread, 1.0)
    steps = _standard(table, centres, widths)
    middle = steps.mean(axis=0)
    apart = steps - middle
    weights = np.linalg.solve(apart.T @ apart + RIDGE * np.eye(table.shape[1]), apart.T @ (target - target.mean()))
    return centres, widths, weights, float(target.mean() - middle @ weights)


def _bent(line: Column, true: Column) -> tuple[Column, Column]:
    """A rising function from the line to error rates: means of groups of equal size, then pooled until none falls.

    Source: pool adjacent violators (Ayer et al. 1955), on means, so that two recordings are no step of their own.
    """
    order = np.argsort(line, kind="stable")
    parts = [part for part in np.array_split(order, min(_KNOTS, len(order))) if part.size]
    pools: list[list[float]] = []
    for part in parts:
        pools.append([float(line[part].sum()), float(true[part].sum()), float(part.size)])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    raw = np.array([pool[0] / pool[2] for pool in pools])
    calibrated = np.array([pool[1] / pool[2] for pool in pools])
    return raw, calibrated
