"""The numbers that a text says, in digits of any script or in words."""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.text.numerals import NUMERALS, OTHERS, Numerals
from setu_enhancer.domain.text.reckoning import Reading, kept, rewritten, tokens
from setu_enhancer.domain.text.sieve import sieve
from setu_enhancer.domain.text.words import unaccented, words

_LONE: Final = re.compile(r"(?<!\S)[0-9]{1,15}(?![^\s.!?,;…।])(?!\s?[kK])")
_DASHES: Final = frozenset("-−–")
_DASH: Final = re.compile(r"(?<![\w.,])[-−–](?=\d)")
PARTS: Final = (60, 12)
"""Minutes of an hour, months of a year."""
NOON: Final = 12
LONGEST_SAID: Final = 4  # words of a number behind a minus
_MINUS: Final = {
    language: sieve(rf"(?<!\w)(?:{words_of})\s+")
    for language, words_of in (
        ("en", "minus|negative"),
        ("hi", "माइनस|ऋण|minus"),
        ("fr", "moins"),
        ("es", "menos"),
        ("pt", "menos"),
    )
}


@dataclass(frozen=True)
class Numbers:
    """What numbers a text says.

    Args:
        said: those that it says for certain.
        possible: those that it may be read as saying: "one" and "एक", which are articles as well; guesses ("दो-चार", "two or three");
            words that are other things too ("half", "second", दोनों for "the two").
        runs: digits that are read out one by one, three or more in a row, of which the order counts.
    """

    said: Counter[Decimal]
    possible: Counter[Decimal]
    runs: tuple[str, ...] = ()


def numbers(text: str, language: str) -> Counter[Decimal]:
    """The numbers that a text says for certain, each as often as it says it.

    Known are digits of every script, and the words of Hindi (in both scripts, with English ones between), English, French, Spanish and
    Portuguese: "दो लाख", "2 lakh", "2,00,000" and "two hundred thousand" are all 200000. Times are hours, from 1 on to 12.98, so that "3:30", "15:30",
    "half past three" and "साढ़े तीन" are all 3.5. Ordinals count from the third on.

    A one never counts, in words or digits, since languages use it as an article ("एक आदमी" is "a man"); nor do guesses, and words that
    are other things as well: ``read`` gives them apart.
    """
    return Counter(read(text, language).said)


def knows_numbers(language: str) -> bool:
    """Whether a language's words for numbers are known here. Where they aren't, ``numbers`` finds digits only."""
    return language in NUMERALS


@lru_cache(maxsize=8192)
def below_zero(text: str, language: str) -> frozenset[Decimal]:
    """The numbers of a text before which there is a minus, negative."""
    before = _MINUS.get(language)
    if before is None:
        return frozenset()
    found, plain = set(), unaccented(text)
    dashes = _DASH.finditer(plain) if not _DASHES.isdisjoint(plain) else ()
    for each in (*before.finditer(plain), *dashes):
        following = " ".join(words(plain[each.end() :])[:LONGEST_SAID])
        said = read(following, language).said
        if said and _begins_with_one(following, language):
            found.add(-max(said))
    return frozenset(found)


def _begins_with_one(text: str, language: str) -> bool:
    first = words(text)[0]
    numerals = NUMERALS.get(language, OTHERS)
    return first.isnumeric() or numerals.stem(unaccented(first)) in numerals.vocabulary


def mismatch(source: str, source_language: str, target: str, target_language: str) -> tuple[list[Decimal], list[Decimal]]:
    """The numbers of a source that its translation lacks, and those of the translation that the source does not say.

    What one side may be read as saying counts for it, not against it; half an hour may be thirty minutes. Where a language's number
    words aren't known here, only the digits of the other side can be missed.
    """
    there, here = read(source, source_language), read(target, target_language)
    if dict.__eq__(there.said, here.said) and (there.runs == here.runs or not there.runs or not here.runs):
        return [], []
    missing = there.said - here.said - here.possible - _in_minutes(here)
    if not knows_numbers(target_language) and not here.said:
        missing = Counter()  # they may be there in words
    extra = here.said - there.said - there.possible - _in_minutes(there)
    if not knows_numbers(source_language):
        extra = Counter()
    missing = Counter({value: times for value, times in missing.items() if not _are_parts(value, here.said - there.said)})
    extra = Counter({value: times for value, times in extra.items() if not _are_parts(value, there.said - here.said)})
    _without_times(missing, extra)
    _without_times(extra, missing)
    if there.runs and here.runs and there.runs != here.runs and not missing and not extra:
        missing, extra = Counter(map(Decimal, there.runs)), Counter(map(Decimal, here.runs))
    return sorted(missing.elements()), sorted(extra.elements())


def _in_minutes(numbers_said: Numbers) -> Counter[Decimal]:
    """What fractions are in minutes, if they are of hours, and in months, if they are of years."""
    fractions = [value for value in (*numbers_said.said, *numbers_said.possible) if value % 1]
    return Counter(kept(value * parts) for value in fractions for parts in PARTS if value > 1 or parts == PARTS[0])


def _are_parts(value: Decimal, said: Counter[Decimal]) -> bool:
    """Whether a fraction of an hour or a year is said in minutes or months."""
    return kept(value * PARTS[0]) in said or (value > 1 and value % 1 != 0 and kept(value * PARTS[1]) in said)


def _without_times(ones: Counter[Decimal], others: Counter[Decimal]) -> None:
    """Take out times of day that one side says as one number, and the other as hours and minutes, or as so much before one."""
    for value in [value for value in ones if value % 1]:
        hour, minutes = Decimal(int(value)), Decimal(round(value % 1 * PARTS[0]))
        if others[hour] > 0 and others[minutes] > 0:
            others.subtract((hour, minutes))
            del ones[value]
        elif value > NOON and others[value - NOON] > 0:
            others.subtract((value - NOON,))
            del ones[value]


@lru_cache(maxsize=32_768)
def is_of_numbers(word: str, language: str) -> bool:
    """Whether a word, or what stands before or behind its apostrophe, stands in numbers or is one."""
    numerals = NUMERALS.get(language, OTHERS)
    plain = unaccented(word)
    return any(numerals.stem(part) in numerals.vocabulary for part in (plain, *plain.split("'")))


def _in_digits(text: str, language: str, numerals: Numerals) -> Numbers | None:
    """The numbers of a text, if all stand there in digits, each by itself, and nothing near one makes another number of it."""
    found = list(_LONE.finditer(text))
    if not found or sum(map(str.isnumeric, text)) != sum(len(each[0]) for each in found):
        return None
    if not all(any(map(str.isalpha, text[one.end() : other.start()])) for one, other in pairwise(found)):
        return None
    plain, (rewriting, _) = unaccented(text), numerals.rewriting
    if numerals.idiom.may(plain) or any(rewriting.patterns[at].search(plain) for at in rewriting.among(plain)):
        return None
    said = {unaccented(word) for word in words(text)}.difference(each[0] for each in found)
    joining = numerals.joining if len(found) > 1 else numerals.before_hour
    if not joining.isdisjoint(said) or any(is_of_numbers(word, language) for word in said):
        return None
    values = [kept(Decimal(each[0])) for each in found]
    return Numbers(Counter(value for value in values if value != 1), Counter(value for value in values if value == 1))


@lru_cache(maxsize=8192)
def read(text: str, language: str) -> Numbers:
    """The numbers of a text, the certain and the possible ones. Not to be changed: they are kept."""
    numerals = NUMERALS.get(language, OTHERS)
    if not any(map(str.isnumeric, text)) and not any(is_of_numbers(word, language) for word in words(text)):
        return Numbers(Counter(), Counter(), ())
    if (in_digits := _in_digits(text, language, numerals)) is not None:
        return in_digits
    reading = Reading(tokens(rewritten(text, language, numerals), language), numerals)
    reading.run()
    if language == "en":
        for idiom in numerals.idiom.finditer(unaccented(text)):  # "a thousand times" may be just that
            within = Reading(tokens(idiom[0], language), numerals)
            within.run()
            reading.possible.update(within.said)
    return Numbers(reading.said, reading.possible, tuple(reading.runs()))
