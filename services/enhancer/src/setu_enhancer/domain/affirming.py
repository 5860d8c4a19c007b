"""What a text affirms word by word of what its line or draft denies, and the other way round, where the words that deny tell nothing."""

import re
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.lexicon.denials import DENIERS
from setu_enhancer.domain.likeness import renderings
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import FUNCTION, KEPT, content, expanded, plain, shared, stem, words

UNSAID_WITH: Final = frozenset("do make have be either even yet just really only ever again at".split())  # noqa: SIM905
"""Words that may stand between what denies and what is denied: "don't do improvise"."""
FORBIDS: Final = frozenset({"मत", "mat"})  # of which each translation is a denial of its own
DENIES: Final = frozenset(map(folded, ["नहीं", "नही"]))
LIGHT: Final = frozenset(["कर", "हो", "दे", "ले", "लग", "सक", "पा", "रह", "चाह", "है", "था", "थी", "थे", "kar", "ho", "de", "le"])
"""Verbs of Hindi that say little: of what is denied by them the word before tells."""
_NEGATIVE_QUESTION: Final = re.compile(
    r"\b(?:do|does|did|is|are|was|were|have|has|ca|wo|would|could|should)n't (?:i|you|he|she|it|we|they)\b"
)
_ASKS: Final = re.compile(r"\b(?:how|why|what|where|when|who|whose|which)\b")
_NEEDLESS: Final = re.compile(r"\bno need (?:to|for)\b|\bnever mind\b|\bdon't bother\b")


def affirms_what_the_draft_denies(text: str, draft: str, language: str) -> bool:
    """Whether what a draft denies stands in a text with nothing before it that denies: "don't open it", "open it"."""
    if language != "en" or not draft:
        return False
    denied = _denied_words(draft)
    return bool(denied) and any(
        stem(word) in denied and not any(before in DENIERS for before in part[:at])
        for part in (expanded(plain(each)) for each in segments(text, pauses=True))
        for at, word in enumerate(part)
        if word not in FUNCTION
    )


@lru_cache(maxsize=KEPT)
def _denied_words(text: str) -> frozenset[str]:
    """The stems of the words that an English text denies: of each negation the first behind it that says something."""
    found, affirmed = set(), set()
    for part in segments(text, pauses=True):
        said = expanded(plain(part))
        for at, word in enumerate(said):
            if word in ("not", "never", "no"):
                behind = (each for each in said[at + 1 :] if each not in FUNCTION and each not in UNSAID_WITH)
                found.add(stem(next(behind, "")))
            elif word not in FUNCTION and not any(before in DENIERS for before in said[:at]):
                affirmed.add(stem(word))
    return frozenset(found - affirmed - {""})


def does_what_is_denied(said: str, text: str, source_language: str, target_language: str) -> bool:
    """Whether a text affirms the very verb that its line denies, as far as the line's words are known: "छोड़ना मत" is not "Let go"."""
    if target_language != "en" or source_language != "hi":
        return False
    denied = _denied_verbs(said)
    return bool(denied) and any(
        stem(word) in denied and not any(before in DENIERS for before in part[:at])
        for part in (expanded(plain(each)) for each in segments(text, pauses=True))
        for at, word in enumerate(part)
    )


@lru_cache(maxsize=KEPT)
def _denied_verbs(said: str) -> frozenset[str]:
    """What the words that a Hindi line denies may come to in English: what stands behind मत or नहीं, or before where that is a light verb."""
    found: set[str] = set()
    for part in segments(said, pauses=True):
        heard = words(part)
        for at, word in enumerate(heard):
            if word not in FORBIDS and word not in DENIES:
                continue
            behind = next(iter(heard[at + 1 : at + 2]), "")
            word_of = behind if behind and not behind.startswith(tuple(LIGHT)) else heard[at - 1] if at else ""
            found |= renderings(word_of, "hi")
    return frozenset(found)


def denies_what_the_draft_says(text: str, draft: str, language: str) -> bool:
    """Whether a text says of what its draft affirms or asks that it is not so, in a way that may be none: "no need to", "why don't you"."""
    if language != "en":
        return False
    told, drafted = plain(text), plain(draft)
    if _NEEDLESS.search(told):
        return shared(draft, text, language) == 1.0 and bool(content(draft, language))
    asks = bool(_ASKS.search(drafted))
    return asks and bool(_NEGATIVE_QUESTION.search(told)) and shared(draft, text, language) == 1.0
