"""BLEU and chrF of lines that people have translated, too. The scorer never sees what they wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

DIGITS = 2


@dataclass(frozen=True)
class CorpusScores:
    """Of all lines that have a reference, 0..100; None if there are none.

    Args:
        bleu: sacreBLEU, by the tokenizer that it has for the language.
        chrf: chrF.
        lines: how many lines they are of.
    """

    bleu: float | None
    chrf: float | None
    lines: int


def corpus_scores(lines: Sequence[tuple[str, str | None]], language: str) -> CorpusScores:
    """How near translations are to those of people.

    Args:
        lines: each translation, with its reference where there is one.
        language: of the translations.
    """
    known = [(text, reference) for text, reference in lines if reference is not None and reference.strip()]
    if not known:
        return CorpusScores(None, None, 0)
    texts, references = [text for text, _ in known], [reference for _, reference in known]
    # "char" for the languages whose own tokenizers are packages of their own (ja, ko) or that put no spaces between words.
    tokenizer = {"zh": "zh", "yue": "zh", "ja": "char", "ko": "char", "th": "char", "lo": "char", "km": "char", "my": "char"}
    bleu = BLEU(tokenize=tokenizer.get(language, "13a")).corpus_score(texts, [references]).score
    chrf = CHRF().corpus_score(texts, [references]).score
    return CorpusScores(round(bleu, DIGITS), round(chrf, DIGITS), len(known))
