"""What a text affirms word by word of what its line or draft denies, and the other way round, where the words that deny tell nothing."""

import re
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import is_verb, renderings
from setu_enhancer.domain.dictionary.forms import SMALL
from setu_enhancer.domain.lexicon.denials import DENIERS
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import FUNCTION, KEPT, content, expanded, plain, shared, stem, words

UNSAID_WITH: Final = frozenset("do make have be either even yet just really only ever again at".split())  # noqa: SIM905
"""Words that may stand between what denies and what is denied: "don't do improvise"."""
FORBIDS: Final = frozenset({"मत", "mat"})  # of which each translation is a denial of its own
DENIES: Final = frozenset(map(folded, ["नहीं", "नही"]))
DENY: Final = FORBIDS | DENIES | frozenset({"ना", "न"})
LIGHT: Final = ("कर", "हो", "दे", "ले", "लग", "सक", "पा", "रह", "चाह", "है", "था", "थी", "थे", "kar", "ho", "de", "le")
"""Verbs of Hindi that say little: of what is forbidden with them the word before tells."""
HEAVY: Final = ("देख", "लेट", "पाल", "लगाम", "होश", "dekh", "let")  # which begin as they do, and are others
MORE: Final = (("more",), ("less",), ("only",), ("just",))
"""Words behind a denial of which only they are denied: "not more than ten"."""
_NEGATIVE_QUESTION: Final = re.compile(
    r"\b(?:do|does|did|is|are|was|were|have|has|ca|wo|would|could|should)n't (?:i|you|he|she|it|we|they)\b"
)
_ASKS: Final = re.compile(r"\b(?:how|why|what|where|when|who|whose|which)\b")
_OUT_OF: Final = ("out", "of")
_NEEDLESS: Final = re.compile(r"\b(?:no need (?:to|for)|needn't|don't bother(?: to| with)?) (\w+)")


def affirms_what_the_draft_denies(text: str, draft: str, language: str) -> bool:
    """Whether what a draft denies stands in a text with nothing before it that denies: "don't open it", "open it"."""
    if language != "en" or not draft:
        return False
    denied = _denied_words(draft)
    return bool(denied) and any(
        stem(word) in denied and not any(before in DENIERS for before in part[:at]) and part[at - 2 : at] != _OUT_OF
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
            if word in ("not", "never", "no", "neither", "nor"):
                if said[at + 1 : at + 2] in MORE:
                    continue
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
    if not denied:
        return False
    told = frozenset(map(stem, expanded(plain(text))))
    done = frozenset[str]().union(*(verbs for verbs, beside in denied if not beside or not beside.isdisjoint(told)))
    return any(
        stem(word) in done and not any(before in DENIERS for before in part[:at])
        for part in (expanded(plain(each)) for each in segments(text, pauses=True))
        for at, word in enumerate(part)
    )


@lru_cache(maxsize=KEPT)
def _denied_verbs(said: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """What the words that a Hindi line denies may come to in English: what stands behind मत or नहीं, or before where that is a light verb.

    Each with what may render the noun before it, with which it may go together: who is told not to speak lies may speak.
    """
    found = []
    for part in segments(said, pauses=True):
        heard = words(part)
        for at, word in enumerate(heard):
            if word not in DENY:
                continue
            behind, before = next(iter(heard[at + 1 : at + 2]), ""), heard[at - 1] if at else ""
            is_light = not behind or (behind.startswith(LIGHT) and not behind.startswith(HEAVY))
            if not is_light:
                beside = frozenset[str]() if before in SMALL else renderings(before, "hi")
                found.append((renderings(behind, "hi") - beside, frozenset[str]() if is_verb(before, "hi") else beside))
            elif word not in DENIES:
                found.append((renderings(before or behind, "hi"), frozenset[str]()))
    return tuple(each for each in found if each[0])


def denies_what_the_draft_says(text: str, draft: str, language: str) -> bool:
    """Whether a text says of what its draft affirms or asks that it is not so, in a way that may be none: "no need to", "why don't you"."""
    if language != "en":
        return False
    told, drafted = plain(text), plain(draft)
    if (needless := _NEEDLESS.search(told)) is not None:
        return stem(needless[1]) in map(stem, expanded(drafted))
    if not _ASKS.search(drafted) or not _NEGATIVE_QUESTION.search(told):
        return False
    same = bool(content(draft, language)) and shared(draft, text, language) == 1.0
    return same or set(expanded(told)) - {"not", "do"} <= set(expanded(drafted))
