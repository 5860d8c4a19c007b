"""What a text counts in: minutes or hours, rupees or dollars."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.words import unaccented, words

NEAR: Final = {"en": 2}
"""How many words before a unit may have its number: "three long years"; one in other languages."""
_SIGN: Final = re.compile(r"([₹$€£])\s?\d|\brs\.?\s?\d")
_READ: Final = tomllib.loads((Path(__file__).parent.parent / "units.toml").read_text(encoding="utf-8"))
_UNITS: Final[dict[str, dict[str, set[tuple[str, str]]]]] = {}
for _language, _kinds in _READ.items():
    _known = _UNITS.setdefault(_language, {})
    for _kind, _units in _kinds.items():
        for _unit, _listed in _units.items():
            for _word in _listed.split():
                _known.setdefault(unaccented(_word), set()).add((_kind, _unit))


def knows_units(language: str) -> bool:
    """Whether units of a language can be told here."""
    return language in _UNITS


@lru_cache(maxsize=8192)
def counted(text: str, language: str) -> frozenset[tuple[str, str]]:
    """The units that a text counts in, each with what it is a unit of; of a word that is several, all."""
    known = _UNITS.get(language, {})
    said, units_at = _said(text, language)
    found: set[tuple[str, str]] = set()
    for at, units in units_at:
        before = said[max(0, at - NEAR.get(language, 1)) : at]
        if any(each.isnumeric() or is_of_numbers(each, language) for each in before):
            found.update(units)
    for sign in _SIGN.finditer(unaccented(text)):
        found.update(known.get(sign[1] or "rs", ()))
    return frozenset(found)


@lru_cache(maxsize=8192)
def named(text: str, language: str) -> frozenset[tuple[str, str]]:
    """The units that a text names, whether or not it counts in them, each with what it is a unit of."""
    _, units_at = _said(text, language)
    return frozenset(unit for _, units in units_at for unit in units)


@lru_cache(maxsize=8192)
def _said(text: str, language: str) -> tuple[list[str], list[tuple[int, set[tuple[str, str]]]]]:
    """The words of a text, folded, and where units stand among them."""
    known = _UNITS.get(language, {})
    said = [unaccented(word) for word in words(text)]
    bare = (word.removesuffix("'s").removesuffix("'") for word in said)
    return said, [(at, known[word]) for at, word in enumerate(bare) if word in known]


def exchanged(source: str, source_language: str, text: str, target_language: str, draft: str) -> tuple[str, str] | None:
    """A unit that line and draft name and a text does not, and one of the same kind that the text alone has: "last week", "last month"."""
    drafted, told = named(draft, target_language), named(text, target_language)
    if drafted == told:
        return None
    for kind, unit in sorted((named(source, source_language) & drafted) - told):
        others = sorted(each for of, each in told - drafted - named(source, source_language) if of == kind)
        if others:
            return unit, others[0]
    return None


def swapped(source: str, source_language: str, text: str, target_language: str) -> tuple[str, str] | None:
    """A unit that a line counts in and its translation does not, and one of the same kind that the translation has instead."""
    said, told = counted(source, source_language), counted(text, target_language)
    for kind, unit in sorted(said - told - named(text, target_language)):  # "an hour and thirty minutes" are hours
        others = sorted(each for of, each in told - said if of == kind)
        if others and not any(of == kind for of, _ in said & told):
            return unit, others[0]
    return None
