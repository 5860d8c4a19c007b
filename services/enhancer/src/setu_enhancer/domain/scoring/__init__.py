"""How good a translation is, 0..100: by rules, by a language model's judgement, by a language model's probability.

Rules know what is wrong, and little of what is good, so a score of theirs alone is told with low confidence. Two scores of the same line may be
compared if they were found in the same way.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from setu_common.contracts import QualityScore
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring.markers import MARKERS
from setu_enhancer.domain.scoring.signals import Part, Signal, signals
from setu_enhancer.domain.text.negation import knows_negation
from setu_enhancer.domain.text.numbers import knows_numbers
from setu_enhancer.domain.words import words

__all__ = ["LEARNED", "MARGIN", "PARTS", "WEIGHTS", "Judgement", "Signal", "better", "score", "signals"]

WEIGHTS: Final[dict[Part, int]] = {"accuracy": 30, "fluency": 30, "consistency": 20, "cultural": 20}
PARTS: Final[tuple[Part, ...]] = tuple(WEIGHTS)
MARGIN: Final = 1.0
"""By how many points an edit is to beat its draft, unless settings say otherwise. Source: the table of `python -m evals.enhancer.fitting`."""
RULES_CONFIDENCE: Final = 0.3
"""How sure rules are that know the target language; what they can't read takes a third of it each."""
SUREST: Final = 0.95
LIKELY: Final = -7.0
"""The mean log-probability a token, in nats, that is worth half of fluency.

Source: Gemma 3 270M held to sixteen short lines gave -3.6 to -8.7 for fluent and -5.8 to -10.3 for literal ones.
"""
LIKELY_SPREAD: Final = 1.5
LIKELY_COUNTS: Final = 0.3
LONG_ENOUGH_WORDS: Final = 6
DIGITS: Final = 2
LEARNED: Final[dict[str, float]] = tomllib.loads((Path(__file__).parent / "weights.toml").read_text(encoding="utf-8"))["counts"]
Method = Literal["signals", "judge", "logprob"]


@dataclass(frozen=True)
class Judgement:
    """What a language model thinks of a translation, 0..100 by part, and how sure it is, 0..1."""

    accuracy: float
    fluency: float
    consistency: float
    cultural: float
    confidence: float


def score(
    line: Line,
    text: str,
    pair: Pair,
    glossary: Glossary,
    *,
    judgement: Judgement | None = None,
    mean_logprob: float | None = None,
    neighbours: Sequence[str] = (),
) -> QualityScore:
    """How good a text is as the translation of a line.

    Each part is 100 times what the signals leave of it. A judgement is blended in by how sure it is beside the rules; a
    log-probability is a part of fluency, less so for short texts, whose probability says little.

    Args:
        line: what is said, and how a machine translated it.
        text: the draft, or an edit.
        pair: from which language into which.
        glossary: the names and terms of the text.
        judgement: a language model's.
        mean_logprob: of the text a token, natural logarithm, under a model of the target language.
        neighbours: final texts of the lines around.
    """
    left = dict.fromkeys(PARTS, 1.0)
    for signal in signals(line, text, pair, glossary, neighbours):
        left[signal.part] *= (1 - min(1.0, max(0.0, signal.severity))) ** counts_of(signal, pair)
    found: dict[Part, float] = {part: 100 * share for part, share in left.items()}
    methods: list[Method] = ["signals"]
    sure = _rules_confidence(pair)
    if mean_logprob is not None and math.isfinite(mean_logprob):
        methods.append("logprob")
        counts = LIKELY_COUNTS * min(1.0, len(words(text)) / LONG_ENOUGH_WORDS)
        found["fluency"] = (1 - counts) * found["fluency"] + counts * likely(mean_logprob)
        sure = 1 - (1 - sure) * (1 - counts / 2)
    if judgement is not None:
        methods.append("judge")
        opinion = {part: _within(getattr(judgement, part)) for part in PARTS}
        trust = min(1.0, max(0.0, judgement.confidence))
        weight = trust / (trust + sure) if trust else 0.0
        found = {part: (1 - weight) * found[part] + weight * opinion[part] for part in PARTS}
        sure = 1 - (1 - sure) * (1 - trust)
    parts = {part: round(_within(value), DIGITS) for part, value in found.items()}
    total = sum(WEIGHTS[part] * value for part, value in parts.items()) / sum(WEIGHTS.values())
    return QualityScore(
        total=round(_within(total), DIGITS), **parts, methods=tuple(methods), confidence=round(min(SUREST, sure), DIGITS)
    )


def counts_of(signal: Signal, pair: Pair) -> float:
    """How much a sign counts: its share of the part is raised to this power. Learned for texts in English; 1 for others, and for facts."""
    return LEARNED.get(f"{signal.part}.{signal.name}", 1.0) if pair.target == "en" else 1.0


def better(before: QualityScore, after: QualityScore, margin: float) -> bool:
    """Whether one text's score beats another's by a margin. Scores that were found in different ways can't be compared: then it does not.

    Args:
        before: the draft's.
        after: the edit's.
        margin: in points of the total; with 0 an edit must still be better.
    """
    return before.methods == after.methods and after.total > before.total and after.total - before.total >= margin


def likely(mean_logprob: float) -> float:
    """A mean log-probability a token as points, 0..100."""
    return 100 / (1 + math.exp(min(50.0, (LIKELY - mean_logprob) / LIKELY_SPREAD)))


def _rules_confidence(pair: Pair) -> float:
    readable = (pair.target in MARKERS, knows_numbers(pair.source), knows_negation(pair.source))
    return RULES_CONFIDENCE * (1 + sum(readable)) / (1 + len(readable))


def _within(value: float) -> float:
    return min(100.0, max(0.0, value))
