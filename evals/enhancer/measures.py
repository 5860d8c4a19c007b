"""How near translations are to what people wrote, and how sure that is."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

ROUNDS: Final = 2000
SURE_PER_CENT: Final = 95.0
SEED: Final = 6

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


def _streams(references: Sequence[Sequence[str]]) -> list[list[str]]:
    """As sacreBLEU takes them; where a text has fewer, its first counts once more, which changes nothing."""
    most = max(map(len, references))
    return [[each[place] if place < len(each) else each[0] for each in references] for place in range(most)]
