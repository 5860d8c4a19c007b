"""Denials that a line and its translation need not share: those of an idiom, those said twice, and "without" beside what it goes with."""

import re
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.lexicon import Idiom, idioms_in, says
from setu_enhancer.domain.lexicon.denials import DENIERS, SILENT, WITHOUT
from setu_enhancer.domain.text.closed import NEGATIVES
from setu_enhancer.domain.text.negation import NEGATORS, negations
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded_words, unaccented
from setu_enhancer.domain.words import FUNCTION, KEPT, expanded, plain, stem, with_kin, words

LONG_TURN: Final = 4
_TURN: Final = re.compile(
    r"\bhands? off\b|\b(?:joking|kidding|every\w+)\b|^(?:forget|before|until|unless|pressed|short|running|run|out) "
)
_STAR: Final = "*"
_PART: Final = re.compile(r"\.{2,}|…|[।.!?,;]")
_WITHOUT: Final = re.compile(r"\bwithout (?:(?:a|an|the|any|your|my|his|her|our|their|this|that|telling|giving|having) )?(\w+)")
_WITH: Final = r"\b(?:with|having|if you have|once you have) (?:(?:a|an|the|any|your|my|his|her|our|their|this|that) )?{}\b"


@lru_cache(maxsize=KEPT)
def without_idioms(source: str, text: str, language: str) -> str:
    """A text without what it says for idioms of its line that deny nothing, where that denies: "you never value what you have"."""
    told = text
    for idiom in idioms_in(source, language):
        if idiom.kind != "idiom" or negations(idiom.source, language) or _is_denied(idiom, source, language):
            continue
        found = says(idiom.meant, text)
        if found and negations(found.replace(_STAR, ""), "en"):
            told = re.sub(r"\b" + re.escape(unaccented(found)).replace(r"\*", r"\w*"), " ", unaccented(told), count=1)
    return told if any(map(str.isalpha, told)) else text


def _is_denied(idiom: Idiom, source: str, language: str) -> bool:
    """Whether the part of a line that has an idiom in it denies something."""
    first = folded_words(idiom.source)[:1]
    return any(
        negations(part, language) and first == [word for word in folded_words(part) if word in first][:1]
        for part in _PART.split(source)
    )


@lru_cache(maxsize=KEPT)
def denies_for_an_idiom(source: str, text: str, draft: str, language: str) -> bool:
    """Whether what a text denies may be how it says an idiom of its line.

    It may be if the text has none of the ways to say it that are known, and denies no word of these, nor of the line or its draft, and of nobody.
    """
    idioms = [idiom for idiom in idioms_in(source, language) if idiom.kind == "idiom"]
    denied = _denied(text) if idioms and not _OF_SOMEBODY.search(plain(text)) else ()
    if not denied:
        return False
    meant = [phrase for idiom in idioms for phrase in idiom.meant if not negations(phrase.replace(_STAR, ""), "en")]
    known = frozenset(stem(word) for phrase in meant for word in words(phrase) if word not in FUNCTION)
    apart = " ".join(part for part in segments(text, pauses=True) if not negations(part, "en"))
    if with_kin(denied, known) or (apart and says(tuple(meant), apart)):
        return False
    there = {stem(word) for word in expanded(plain(draft)) if word not in FUNCTION}
    return not with_kin(denied, frozenset(there).union(*(renderings(word, language) for word in folded_words(source))))


def _denied(text: str) -> tuple[str, ...]:
    """Of each denial of an English text the first word behind it that says something; before it, if there is none."""
    found = []
    for part in (expanded(plain(each)) for each in segments(text, pauses=True)):
        for at, word in enumerate(part):
            if word in DENIERS and word in _SURELY:
                behind = (each for each in part[at + 1 :] if each not in FUNCTION and each not in DENIERS)
                before = (each for each in reversed(part[:at]) if each not in FUNCTION)
                if told := next(behind, "") or next(before, ""):
                    found.append(stem(told))
    return tuple(found)


_OF_SOMEBODY: Final = re.compile(r"\b(?:i|you|he|she|we|they)(?:'\w+| \w+)?(?:n't| not| never)\b")
_SURELY: Final = NEGATIVES | {"nowhere", "without"}


@lru_cache(maxsize=KEPT)
def distinct_denials(source: str, language: str) -> int:
    """How many things a line denies, if the same said twice counts once: "nothing, just like that, nothing at all"."""
    denied: list[frozenset[str]] = []
    negators = NEGATORS.get(language, frozenset())
    for part in segments(source, pauses=True):
        said = frozenset(folded_words(part))
        if not negations(part, language):
            continue
        rest = said - negators - _EMPHATIC
        if not any(rest <= other or other <= rest for other in denied):
            denied.append(rest)
    return len(denied)


_EMPHATIC: Final = frozenset(["भी", "तो", "ही", "बिल्कुल", "बिलकुल", "कभी", "जी", "bhi", "to", "hi", "bilkul", "kabhi"])


def has_what_the_line_is_without(source: str, text: str, draft: str, language: str) -> bool:
    """Whether a text has with it what line and draft are without: "without the form", "with the form"."""
    said, told = WITHOUT.get(language), plain(text)
    if said is None or "without" in told or not said.search(plain(source)):
        return False
    lacking = _WITHOUT.search(plain(draft))
    return lacking is not None and re.search(_WITH.format(re.escape(lacking[1])), told) is not None


def is_turn(found: str) -> bool:
    """Whether what stands for a denial is a turn whose own verb is not what is denied: "the best that I've ever had"."""
    return len(words(found)) >= LONG_TURN or _TURN.search(found) is not None


def denying_words(text: str, language: str) -> int:
    """How many words of a text deny, however many of them go together."""
    return sum(unaccented(word).partition("'")[0] in NEGATORS[language] or "n't" in word for word in words(plain(text)))


def is_silent(text: str, draft: str, language: str) -> bool:
    """Whether a text has a word that denies in itself, which its draft has not."""
    silent = SILENT.get(language)
    return silent is not None and bool(set(silent.findall(plain(text))) - set(silent.findall(plain(draft))))
