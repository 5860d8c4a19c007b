"""The pieces that a line of dialogue is said in, between stops and commas, so that two languages' can be laid side by side."""

import re
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.words import folded, words

# Dots of abbreviations, of numbers and of who falters are no stops.
_NO_STOP: Final = re.compile(
    r"\b(?:mrs?|ms|dr|st|mme|sr|sra|dra)\.|(?<=\d)[.,:](?=\d)|\.{2,}(?=\s*\w)|…(?=\s*\w)", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"[^.!?।॥;:\n]+[.!?।॥;:]*")
_PAUSE: Final = re.compile(r"(?:(?!\s[-–—]+\s)[^.!?।॥;:\n,–—])+[.!?।॥;:]*")
_QUOTES: Final = re.compile(r"[\"“”«»„]")
# What is said beside the matter, on one side or on both: who is called, tags, exclamations.
_ADDRESSES: Final = (
    "sir madam ma'am mam man dude buddy pal bro brother sister friend dear darling honey love son boy miss mister uncle aunt auntie "
    "oh ah hey well okay ok right so please god look listen see come on wow ugh oi um uh "
    "अरे ओ ए हे अबे यार भाई भैया बहन दीदी बेटा बेटी साहब सर मैडम मैम जी ना न है रे आह ओह उफ़ सुनो देखो अच्छा ठीक अंकल आंटी "
    "monsieur madame mademoiselle mon ma vieux oh ah bon ben eh hein allez tiens "
    "señor señora señorita hijo hija hombre mujer tío oye mira bueno pues eh ay vaya "
    "senhor senhora filho filha cara moço olha bom né ah"
)
_ASIDE: Final = frozenset(map(folded, _ADDRESSES.split()))
_TAG: Final = re.compile(
    r"^(?:(?:is|are|was|were|do|does|did|have|has|had|wo|ca|could|would|should|ai|must)n't (?:it|he|she|they|you|we|i|there)"
    r"|(?:is|are|was|were|do|does|did|have|has|had|will|can|could|would|should) (?:it|he|she|they|you|we|i|there)|no|eh|yeah)$"
)


@lru_cache(maxsize=4096)
def segments(text: str, *, pauses: bool) -> tuple[str, ...]:
    """The sentences of a text, or what stands between commas as well; with their marks, and without asides that say nothing ("sir", "isn't it?").

    Args:
        text: of any language.
        pauses: whether commas and dashes part, too.
    """
    plain = _QUOTES.sub(" ", _NO_STOP.sub(" ", text))
    parts = (_PAUSE if pauses else _SENTENCE).findall(plain)
    return tuple(part.strip() for part in parts if not _is_aside(part))


def _is_aside(part: str) -> bool:
    said = [folded(word) for word in words(part)]
    return all(word in _ASIDE for word in said) or _TAG.match(" ".join(said)) is not None
