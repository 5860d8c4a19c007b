"""What must be the same in a line and its translation: numbers, names and terms, script and language. Denial has a module of its own."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Final

from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import SAME, likeness
from setu_enhancer.domain.text.numbers import mismatch, numbers
from setu_enhancer.domain.text.scripts import LATIN, SMALL_WORDS, foreign_share, likely_language, scripts_of
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import KEPT, is_ordinary

MOSTLY: Final = 0.35
SURE: Final = 0.5
ENOUGH_WORDS: Final = 4
LONG_NAME: Final = 3
COPIED_WORDS: Final = 3
_HALF_AN_HOUR: Final = re.compile(r"आध[ेा] घंट|aadhe? ghant|half (?:an )?hour|demi-heure|media hora|meia hora")
# What stays of Hindi in a draft, and looks like a name there.
LEFT_IN_HINDI: Final = frozenset(
    "babuji bhaiya bhai didi beta beti maa amma baba papa chacha chachi mausi nana nani dada dadi kaka kaki bhabhi sahab saheb sahib ji "  # noqa: SIM905
    "maaji pitaji mataji guruji swamiji netaji bhagwan yaar arre arey are haan huzoor janab memsahab bitiya munna namaste namaskar".split()
)
FEW_WORDS, LEFT_SHARE = 2, 0.2
ENGLISH_ENOUGH: Final = 0.75
_TOLD_APART: Final = ("en", "hi", "fr", "es", "pt", "de", "it")
# Capitalised in English wherever they stand, and no name of the story.
_ALWAYS_CAPITAL: Final = frozenset(
    "i i'm i'll i've i'd ok tv god lord mr mrs ms dr sir madam ma'am mom mum dad mama papa mother father grandma grandpa uncle aunt auntie "  # noqa: SIM905
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november "
    "december english hindi urdu french spanish portuguese indian india american british christmas diwali holi eid heaven jesus christ".split()
)
_SENTENCE_ENDS: Final = ".!?…:;।\"“”'‘’«»¡¿(-–—♪\n"


@lru_cache(maxsize=KEPT)
def number_faults(line: Line, text: str, pair: Pair) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """The numbers of a line that its translation lacks, and those that it has and the line has not.

    Neither counts what an idiom needs: nobody who makes off "becomes nine two eleven".
    """
    missing, extra = mismatch(line.source, pair.source, text, pair.target)
    if (half := Decimal("0.5")) in missing and Decimal(30) in extra:  # of an hour, in minutes
        missing.remove(half)
        extra.remove(Decimal(30))
    elif extra == [Decimal(30)] and _HALF_AN_HOUR.search(line.source):
        extra = []
    if missing or extra:
        for idiom in idioms_in(line.source, pair.source):
            missing = [value for value in missing if value not in numbers(idiom.source, pair.source)]
            meant = says(idiom.meant, text)
            extra = [value for value in extra if value not in numbers(meant, pair.target)]
    return tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(extra))


@lru_cache(maxsize=KEPT)
def glossary_faults(line: Line, text: str, glossary: Glossary) -> tuple[Entry, ...]:
    """The entries that a line has and its translation lacks."""
    return glossary.missing(line.source, text)


@lru_cache(maxsize=KEPT)
def lost_names(line: Line, text: str, pair: Pair) -> tuple[str, ...]:
    """Names that the line and its draft have and a text has not, whether or not anyone listed them.

    A name is a capitalised word of the draft that sounds like a word of the line, or stands in it.
    """
    said, told = words(line.source), words(text)
    sayings = [word for idiom in idioms_in(line.source, pair.source) for word in words(idiom.source)]
    found = [
        word
        for word, _ in _capitalised(line.draft)
        if not is_ordinary(folded(word))
        and folded(word) not in LEFT_IN_HINDI
        and _sounds_in(word, said)
        and not _sounds_in(word, sayings)
    ]
    return tuple(dict.fromkeys(name for name in found if not _sounds_in(name, told)))


@lru_cache(maxsize=KEPT)
def strange_names(line: Line, text: str, glossary: Glossary) -> tuple[str, ...]:
    """Names in a text that neither the line nor its draft nor the glossary has."""
    listed, spellings = _listed(glossary)
    known = [*words(line.source), *words(line.draft)]
    listed = listed.union(map(folded, known))
    found = []
    for word, opens in _capitalised(text):
        plain = folded(word).removesuffix("'s")
        if plain in listed or plain in _ALWAYS_CAPITAL or is_ordinary(plain) or (opens and not _is_called(word, text)):
            continue
        if not _sounds_in(word, known) and not _sounds_in(word, spellings):
            found.append(word)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8)
def _listed(glossary: Glossary) -> tuple[frozenset[str], tuple[str, ...]]:
    """All words of a glossary, folded and as they are spelled."""
    spelled = tuple(
        chain.from_iterable(
            words(form) for entry in glossary.entries for form in (entry.target, *entry.accepted, *entry.source)
        )
    )
    return frozenset(map(folded, spelled)), spelled


@lru_cache(maxsize=KEPT)
def _capitalised(text: str) -> tuple[tuple[str, bool], ...]:
    """The capitalised words of a text that is not all in capitals, and whether each opens a sentence."""
    if text == text.upper():
        return ()
    found: list[tuple[str, bool]] = []
    normal, at = unicodedata.normalize("NFC", text), 0
    for word in words(text):
        at = normal.find(word, at)
        before = normal[:at].rstrip()
        at += len(word)
        if word[:1].isupper() and len(word) >= LONG_NAME and folded(word) not in _ALWAYS_CAPITAL:
            found.append((word, not before or before[-1] in _SENTENCE_ENDS))
    return tuple(found)


def _is_called(word: str, text: str) -> bool:
    """Whether somebody is addressed by a word that opens a sentence: "Ravi, come here"."""
    return re.search(rf"\b{re.escape(word)}\s*[,!]", text) is not None


def _sounds_in(name: str, said: Sequence[str]) -> bool:
    plain = name.removesuffix("'s")
    return any(likeness(plain, word) >= SAME or likeness(plain, word.removesuffix("'s")) >= SAME for word in said)


@lru_cache(maxsize=KEPT)
def script_fault(line: Line, text: str, pair: Pair, glossary: Glossary) -> str:
    """What stands in a script that the language is not written in. Names and words in Latin may stand in every script, but not make up the text."""
    share = foreign_share(text, pair.target)
    if not share:
        return ""
    strange = [word for word in words(text) if foreign_share(word, pair.target) > 0]
    if scripts_of(pair.target) == LATIN:
        return f"{_quoted(strange)} is not in the script of the target language."
    kept = frozenset(map(folded, chain(words(line.source), *(words(entry.target) for entry in glossary.entries))))
    left = [word for word in strange if not _may_stay(word, kept, pair)]
    letters = sum(map(len, left))
    return (
        f"{_quoted(left)} is not in the script of the target language."
        if any(not word.isascii() for word in left) or letters > MOSTLY * sum(map(len, words(text)))
        else ""
    )


def _may_stay(word: str, kept: frozenset[str], pair: Pair) -> bool:
    """Whether a word may keep its script: Latin abbreviations, names, and words of a line in Latin that are written so anywhere."""
    if not word.isascii():
        return False
    return word.isupper() or (folded(word) in kept and (scripts_of(pair.source) != LATIN or word[:1].isupper()))


@lru_cache(maxsize=KEPT)
def language_fault(line: Line, text: str, pair: Pair) -> str:
    """What tells that a text is in another language than it should be, the line's own among others."""
    said, told = [folded(word) for word in words(line.source)], [folded(word) for word in words(text)]
    if (
        pair.source != pair.target
        and len(told) >= COPIED_WORDS
        and told == said
        and told != [folded(w) for w in words(line.draft)]
    ):
        return "This is the line itself, not its translation."
    if len(told) < ENOUGH_WORDS:
        return ""
    if left := _romanised_words(told, pair):
        return f"{_quoted(left)} is the line's own language in other letters."
    if pair.target == "en" and sum(map(is_ordinary, told)) >= ENGLISH_ENOUGH * len(told):
        return ""  # small words of one language are words of another: "come" is Italian, too
    language, sure = likely_language(text, dict.fromkeys((pair.target, pair.source, *_TOLD_APART)))
    if language != pair.target and sure >= SURE:
        return f"This reads as {language!r}, and is to be {pair.target!r}."
    return ""


def _romanised_words(told: list[str], pair: Pair) -> list[str]:
    """Small words of Hindi in Latin letters, if they are no rarity in a text."""
    if pair.source != "hi" or pair.target == "hi":
        return []
    own = SMALL_WORDS.get(pair.target, frozenset())
    left = [word for word in told if word in SMALL_WORDS["hi"] and word not in own and not is_ordinary(word)]
    return left if len(left) >= FEW_WORDS and len(left) >= LEFT_SHARE * len(told) else []


@lru_cache(maxsize=KEPT)
def literal_idioms(line: Line, text: str, pair: Pair) -> tuple[str, ...]:
    """The idioms of a line that a text renders word by word. Their meanings are known in English."""
    return tuple(
        idiom.source
        for idiom in idioms_in(line.source, pair.source)
        if says(idiom.literal, text) and not says(idiom.meant, text)
    )


def _quoted(found: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in found[:3])
