"""Names: the same one in another spelling, in another script, in another case."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from setu_common.spelling.devanagari import RUN, is_brahmic, latin
from setu_common.spelling.words import folded, unaccented, words

SAME: Final = 0.85
"""From here on two spellings are taken for the same name. Source: the table of pairs in the tests."""

SOUNDS_ALIKE: Final = 0.95
ENDS_OTHERWISE: Final = 0.16  # Sita and the word sit
DIFFERENCE_COSTS: Final = 1.3

# How sounds that English spells in several ways are written in a key, in this order. Capitals stand for one sound each: S for sh, C for
# ch, E for the vowel of "day" and "Naina", O for that of "Gaurav", Y for a consonant.
_RESPELLED: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"geo", "jo"),
        (r"ge$", "j"),
        (r"^hr", "r"),
        (r"^mu(?=h)", "mo"),
        (r"chh", "C"),
        (r"(?:sch|sh)", "S"),
        (r"ch", "C"),
        (r"(?:ksh|kS|ks)", "x"),
        (r"(?:jn|dny|gny)", "gy"),
        (r"ph", "f"),
        (r"ck|cc", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"q", "k"),
        (r"w", "v"),
        (r"n(?=[bp])", "m"),
        (r"(.)\1+", r"\1\1"),
        (r"aa", "a"),
        (r"(?:ee|ea(?!h)|(?<![aou])ei(?![ae]))", "i"),
        (r"oo", "u"),
        (r"([^aeiou])\1", r"\1"),
        (r"a(?:iy|yi|y|i)e?(?![aou])", "E"),
        (r"(?:au|av|ou|ov)(?=[^aeiou]|$)", "O"),
        (r"(?<=[aeiou])h$", ""),
        (r"(?:iy|ey|(?<=[^aeiouEO])y)(?=[aeou])", "i"),
        (r"y(?![aeiou])", "i"),
        (r"y", "Y"),
        (r"i[ie]+", "i"),
        (r"([uoe])\1+", r"\1"),
    )
)
_SCHWA: Final = re.compile(r"(?<=.)a")
_NASAL: Final = re.compile(r"n(?=[bp])")  # also where no vowel is heard between: सोनपरी
_FLAP: Final = re.compile(r"([डढ])़")
_BREATH: Final = re.compile(r"(?<=.)h")
_LAST_E: Final = re.compile(r"(?<=[^\WaeiouyAEIOUY])e(?=[^\WaeiouyAEIOUY]+$)")
_POSSESSIVE: Final = re.compile(r"(?:['’]s|['’])$")
_PLURAL: Final = re.compile(r"(?<=[^\Ws])s$")


def romanised(text: str) -> str:
    """A text in which every word in Devanagari, or in a script like it, stands as a name is written in English: राज is "Raj"."""
    return RUN.sub(lambda found: latin(found.group()).title(), text)


@lru_cache(maxsize=32_768)
def key(name: str) -> str:
    """How a name sounds: equal for its usual spellings, in Latin or in an Indian script. Empty for what can't be read."""
    return _key(_spelled(name))


@lru_cache(maxsize=32_768)
def sounds(name: str) -> frozenset[str]:
    """The keys of a name without the breath of its consonants (Geetha, Geeta), and with a last "e" that isn't heard (Ahmed, Ahmad).

    A flapped consonant has both of the letters that English writes for it (लकड़ी: Lakri, Lakdi). Names that have one in common are most likely the same.
    """
    spelled = _spelled(name)
    ways = {spelled, _LAST_E.sub("a", spelled)}
    if _FLAP.search(bare := unicodedata.normalize("NFD", name)):
        ways.add(_spelled(_FLAP.sub(r"\1", bare)))
    found = {_breathless(_key(each)) for each in ways}
    return frozenset(each for each in found if each)


@lru_cache(maxsize=131_072)
def likeness(one: str, other: str) -> float:
    """How likely two spellings are of the same name, 0..1: राज and "Raj" 1.0, "Ram" and "Raj" 0.35. From ``SAME`` on they are.

    Both are written as they sound; keys that are the same, or the same but for breath or an unstressed vowel, are alike; what is left
    is told by the edits between them, harder for short names, with which one letter makes another name.
    """
    if folded(one) == folded(other):
        return 1.0 if one.strip() else 0.0
    first, second = key(one), key(other)
    if not first or not second:
        return 0.0
    ending = ENDS_OTHERWISE if ends_open(one) != ends_open(other) else 0.0
    if first == second:
        return 1.0 - ending
    if sounds(one) & sounds(other):
        return SOUNDS_ALIKE - ending
    return max(0.0, 1.0 - DIFFERENCE_COSTS * Levenshtein.normalized_distance(_breathless(first), _breathless(second)))


def named_in(name: Collection[str], text: str) -> bool:
    """Whether a text names someone, in any of the spellings, of either script, with an ending or without ("Raj's", "the Sharmas").

    Where a text has capital letters at all, names have one: "Sit down" doesn't name Sita, nor "the dev team" Dev.
    """
    found = words(text)
    cased = any(_is_capitalised(word) for word in found)
    return any(_names(spelling, found, cased=cased) for spelling in name)


def _names(spelling: str, text: list[str], *, cased: bool) -> bool:
    """Whether a spelling stands somewhere in the words of a text; "Shah Rukh" is "Shahrukh" too."""
    if not (size := len(words(spelling))):
        return False
    for length in {size, size + 1, max(1, size - 1)}:
        for start in range(len(text) - length + 1):
            part = text[start : start + length]
            if cased and not is_brahmic(part[0]) and not _is_capitalised(part[0]) and _is_capitalised(spelling):
                continue
            if is_named(spelling, " ".join(part), exact=length != size):
                return True
    return False


@lru_cache(maxsize=131_072)
def is_named(spelling: str, said: str, *, exact: bool = False) -> bool:
    """Whether what a text says is a name in this spelling, or a form of it.

    Args:
        spelling: the name.
        said: as many words of a text.
        exact: whether they must sound the same in all, since they are more words, or fewer.
    """
    bare = _POSSESSIVE.sub("", said)
    for form in (bare, _PLURAL.sub("", bare)):
        if unaccented(form) == unaccented(spelling):
            return True
        if ends_open(form) == ends_open(spelling):
            if exact:
                if key(form) and key(form) == key(spelling):
                    return True
            elif sounds(form) & sounds(spelling):
                return True
    return _oblique(spelling) == folded(said)


def _oblique(name: str) -> str:
    """The form that Hindi gives a name in "a" before a postposition: मुन्ना, मुन्ने."""
    return f"{folded(name)[:-1]}े" if name.endswith("ा") else ""


def _spelled(name: str) -> str:
    return unaccented("".join(latin(word) if is_brahmic(word) else word for word in words(name)))


def _key(spelled: str) -> str:
    if spelled.isdecimal():
        return ""
    for pattern, sound in _RESPELLED:
        spelled = pattern.sub(sound, spelled)
    return _NASAL.sub("m", _SCHWA.sub("", spelled))


def _breathless(sound: str) -> str:
    return _BREATH.sub("", sound).replace("z", "j")


def _is_capitalised(word: str) -> bool:
    return word[:1].isupper()


@lru_cache(maxsize=32_768)
def ends_open(name: str) -> bool:
    """Whether a name ends in an "a" that is heard: Kamala, not Kamal."""
    return _spelled(name).removesuffix("h").endswith("a")
