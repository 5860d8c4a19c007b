"""Words by which people are called, days that have names, and names of English: what stands capitalised, and need not be a name of the story."""

import tomllib
from collections.abc import Set as AbstractSet
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from setu_enhancer.domain.text.words import folded, unaccented, words
from setu_enhancer.domain.words import stem

PACKAGE: Final = "symspellpy"
FILE: Final = "frequency_dictionary_en_82_765.txt"
_PEOPLE: Final = tomllib.loads(Path(__file__).with_name("people.toml").read_text(encoding="utf-8"))
_TITLES: Final = {
    language: {folded(word): frozenset(renderings.split()) for said, renderings in entries for word in said.split()}
    for language, entries in _PEOPLE["titles"].items()
}
_DAYS: Final = {
    language: {folded(word): number for number, group in enumerate(listed.split("|")) for word in group.split()}
    for language, listed in _PEOPLE["days"].items()
}
_PERSONS: Final = frozenset(map(stem, _PEOPLE["names"]["persons"].split()))
_CREATURES: Final = frozenset(map(stem, _PEOPLE["names"]["creatures"].split()))
_NAMES: Final = frozenset(_PEOPLE["names"]["en"].split())
_HINDI: Final = {listed: frozenset(map(folded, text.split())) for listed, text in _PEOPLE["hi"].items()}
CALLS: Final = _HINDI["calls"]
"""What stands before who is called; behind a word it is what is done to that: हाथी देखो."""
HAILS: Final = _HINDI["hails"]
CALLED_BY: Final = _HINDI["called_by"]
"""What stands beside who is called, on either side."""
OWNERS: Final = _HINDI["owners"]
TITLES: Final = _HINDI["titles"]
KIN_BEHIND: Final = _HINDI["kin_behind"]
UNCLES: Final = _HINDI["uncles"]
SURNAMES: Final = _HINDI["surnames"]
KINDRED: Final = _HINDI["kindred"]
TO_YOU: Final = _HINDI["to_you"]
CRIED: Final = _HINDI["cried"]
SHOUTED: Final = _HINDI["shouted"]
HONOURED: Final = _HINDI["honoured"]
DETERMINERS: Final = _HINDI["determiners"]
OWNED: Final = _HINDI["owned"]
STRICTLY_OWNED: Final = _HINDI["strictly_owned"]
STATES: Final = _HINDI["states"]
SPEAKERS: Final = _HINDI["speakers"]


def titles(word: str, language: str) -> frozenset[str]:
    """What a word by which people are called may be in English, in small letters; none if it is not known to be one."""
    return _TITLES.get(language, {}).get(folded(word), frozenset())


def is_somebody(stems: AbstractSet[str]) -> bool:
    """Whether one of some stems of English says what somebody is."""
    return not _PERSONS.isdisjoint(stems)


def is_creature(stems: AbstractSet[str]) -> bool:
    """Whether one of some stems of English does things as people do, and is nobody: animals, the wind, fate."""
    return not _CREATURES.isdisjoint(stems)


def calls(word: str, language: str, text: str) -> bool:
    """Whether an English text has a rendering of a word by which people are called; a name in its own right has none."""
    return not titles(word, language).isdisjoint(_told(text))


@lru_cache(maxsize=1024)
def _told(text: str) -> frozenset[str]:
    return frozenset(folded(word).removesuffix("'s") for word in words(text))


def days(text: str, language: str) -> frozenset[int]:
    """The days of a text that have names, weekdays and feasts, as numbers that are the same in all languages."""
    known = _DAYS.get(language)
    return frozenset(known[word] for each in words(text) if (word := _day(each)) in known) if known else frozenset()


def knows_days(language: str) -> bool:
    """Whether the names of days are known in a language."""
    return language in _DAYS


def _day(word: str) -> str:
    plain = folded(word).removesuffix("'s")
    return plain.removesuffix("s") if plain.endswith("days") else plain


def is_english(word: str) -> bool:
    """Whether a word, in small letters, is one of English, and not the name of a person.

    By a list of 82,000 words that is a data file of the package symspellpy (MIT licence).
    """
    return unaccented(word) in _vocabulary() and word not in _NAMES


def is_ordinary_name(word: str) -> bool:
    """Whether a word of English, in small letters, is no name of a person there, nor what people are called by what they are."""
    return is_english(word) and word not in _CALLED


_CALLED: Final = frozenset().union(
    *(told for known in _TITLES.values() for told in known.values()), _PEOPLE["names"]["roles"].split()
)


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """A twentieth of a second, and 8 MB, once a process."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: it has the words of English")
    lines = (Path(found.origin).parent / FILE).read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.partition(" ")[0] for line in lines)
