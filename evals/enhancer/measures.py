"""How near translations are to what people wrote, and how sure that is."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

ROUNDS: Final = 2000
SURE_PER_CENT: Final = 95.0
SEED: Final = 6
FOLDS: Final = 5
STEPS: Final = 25

_CHRF: Final = CHRF()
_BLEU: Final = BLEU(effective_order=False)

Interval = tuple[float, float]


def chrf(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """The chrF of texts together, 0..100.

    Args:
        texts: translations.
        references: of each text one or more.
    """
    return float(_CHRF.corpus_score(texts, _streams(references)).score)


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """The BLEU of texts together, 0..100."""
    return float(_BLEU.corpus_score(texts, _streams(references)).score)


def nearness(text: str, references: Sequence[str]) -> float:
    """The chrF of one text to the nearest of its references, 0..100."""
    return float(_CHRF.sentence_score(text, list(references)).score)


def interval(scenes: Sequence[Sequence[float]], of: Callable[[np.ndarray], float] = np.mean) -> Interval:
    """Where a statistic of all values lies, 95 %, by bootstrap: whole scenes are drawn, for lines of one scene are alike.

    Args:
        scenes: the values of each scene's lines; scenes may be empty.
        of: the statistic.

    Returns:
        The lower and the upper end; both 0 where there is no value.
    """
    groups = [np.asarray(values, dtype=np.float64) for values in scenes if values]
    if not groups:
        return 0.0, 0.0
    random = np.random.default_rng(SEED)
    drawn = (random.integers(len(groups), size=len(groups)) for _ in range(ROUNDS))
    found = [of(np.concatenate([groups[each] for each in draw])) for draw in drawn]
    low, high = np.percentile(found, [(100 - SURE_PER_CENT) / 2, (100 + SURE_PER_CENT) / 2])
    return float(low), float(high)


def share(values: Sequence[bool]) -> float:
    """How many of them are true, 0..1; 1 where there are none."""
    return sum(values) / len(values) if values else 1.0


def apart(above: Sequence[float], below: Sequence[float]) -> float:
    """The share of pairs of which the first is above; equal ones count half. Source: Mann and Whitney 1947, as AUC."""
    difference = np.asarray(above)[:, None] - np.asarray(below)[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def left_out(signs: Sequence[Sequence[float]], good: Sequence[bool], scenes: Sequence[str]) -> list[float]:
    """What a logistic regression over signs says of each case, learned from the cases of other scenes.

    Args:
        signs: each with a value for each case.
        good: what is to be told.
        scenes: to which each case belongs.
    """
    raw, wanted = np.array(signs, dtype=np.float64).T, np.array(good, dtype=np.float64)
    spread = raw.std(axis=0)
    inputs = np.hstack([(raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1.0), np.ones((len(raw), 1))])
    names = sorted(set(scenes))
    fold = np.array([names.index(scene) % FOLDS for scene in scenes])
    told = np.zeros(len(raw))
    for number in range(FOLDS):
        some, weights = fold != number, np.zeros(inputs.shape[1])
        for _ in range(STEPS):  # Newton's, towards small weights
            likely = 1 / (1 + np.exp(-np.clip(inputs[some] @ weights, -30, 30)))
            curve = (inputs[some].T * (likely * (1 - likely))) @ inputs[some] + np.eye(inputs.shape[1])
            weights += np.linalg.solve(curve, inputs[some].T @ (wanted[some] - likely) - weights)
        told[~some] = inputs[~some] @ weights
    return [float(each) for each in told]


def _streams(references: Sequence[Sequence[str]]) -> list[list[str]]:
    """As sacreBLEU takes them; where a text has fewer, its first counts once more, which changes nothing."""
    most = max(map(len, references))
    return [[each[place] if place < len(each) else each[0] for each in references] for place in range(most)]
