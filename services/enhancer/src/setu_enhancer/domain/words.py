"""What two texts in one language have in common, by their words."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from rapidfuzz.distance import Indel

from setu_enhancer.domain.text.words import folded_words

_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"'})
LONG_LETTERS: Final = 4
LONG_TEXT: Final = 60  # words, and no cue has more; longer ones are compared by their longest common sequence, not run by run
KEPT: Final = 1024  # texts whose reading is kept: draft and edit are read by the guards, and again for the score

_ENGLISH: Final = tomllib.loads((Path(__file__).parent / "english.toml").read_text(encoding="utf-8"))
FUNCTION: Final = frozenset(_ENGLISH["function"].split())
COMMON: Final = frozenset(_ENGLISH["common"].split()) | FUNCTION
_IRREGULAR: Final[dict[str, str]] = {form: base for base, forms in _ENGLISH["irregular"].items() for form in forms.split()}


_WHOLE: Final = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "let's": "let us",
    "ain't": "is not",
    "gonna": "going to",
}
_ENDINGS: Final = {"m": "am", "re": "are", "s": "is", "ll": "will", "ve": "have", "d": "would"}


@lru_cache(maxsize=KEPT)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, as they are compared."""
    return tuple(folded_words(text))


@lru_cache(maxsize=4096)  # a line's texts are looked at by many rules
def plain(text: str) -> str:
    """A text with one kind of apostrophe and of quotes, in small letters."""
    return text.translate(_QUOTES).casefold()


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """What the forms of an English word have in common, roughly: ``went`` has none with ``go``, ``tried`` has with ``try``."""
    word = word.removesuffix("'s")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (
        ("iness", "y"),
        ("ies", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("ly", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= LONG_LETTERS - 1:
            return _single(word.removesuffix(ending) + instead).removesuffix("e")
    return word.removesuffix("e") if len(word) > LONG_LETTERS else word


def _single(word: str) -> str:
    """``stopp`` is ``stop``; ``tell`` stays."""
    return word[:-1] if len(word) > LONG_LETTERS and word[-1] == word[-2] and word[-1] not in "lsz" else word


@lru_cache(maxsize=KEPT)
def expanded(text: str) -> tuple[str, ...]:
    """The words of an English text with contractions taken apart: ``don't`` is ``do``, ``not``."""
    found: list[str] = []
    for word in words(text):
        whole = _WHOLE.get(word)
        bare, _, ending = word.partition("'")
        if whole:
            found += whole.split()
        elif word.endswith("n't"):
            found += [word[:-3], "not"]
        elif ending == "s" and bare not in FUNCTION:
            found.append(bare)  # a genitive, mostly
        else:
            found += [bare, *((_ENDINGS[ending],) if ending in _ENDINGS else ())]
    return tuple(found)


@lru_cache(maxsize=KEPT)
def content(text: str, language: str) -> tuple[str, ...]:
    """The words of a text that say what it is about, as stems in English."""
    found = words(text)
    if language == "en":
        return tuple(stem(word) for word in found if word not in FUNCTION and not word.isdigit())
    return tuple(word for word in found if len(word) >= LONG_LETTERS) or found


@lru_cache(maxsize=16_384)
def is_ordinary(word: str) -> bool:
    """Whether an English word, in small letters, is one that people use every day, in whatever form."""
    return word in COMMON or word.removesuffix("'s") in COMMON or stem(word) in _COMMON_STEMS


@lru_cache(maxsize=16_384)
def is_akin(one: str, other: str) -> bool:
    """Whether two stems may stand for each other."""
    if one == other:
        return True
    if min(len(one), len(other)) >= LONG_LETTERS and (one[:LONG_LETTERS] == other[:LONG_LETTERS] or _is_within(one, other)):
        return True
    return not _GROUPS.get(one, _NONE).isdisjoint(_GROUPS.get(other, _NONE))


def akin(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Of some stems those that may stand for any of others, as ``is_akin`` has it, without holding each against each."""
    return frozenset(with_kin(some, others))


def with_kin(some: Iterable[str], others: frozenset[str]) -> list[str]:
    """The same of stems in a row, as often as they stand there."""
    marks, tails, sizes = _marks_of_all(others)
    return [
        word
        for word in some
        if word in others
        or not _marks(word).isdisjoint(marks)
        or (len(word) >= LONG_LETTERS and (word in tails or _has_within(word, others, sizes)))
    ]


def _has_within(word: str, others: frozenset[str], sizes: Sequence[int]) -> bool:
    """Whether any of others, which are so long, is a part of a stem."""
    tail = word[LONG_LETTERS - 1 :]
    if len(tail) < LONG_LETTERS:
        return False
    return any(tail[at : at + size] in others for size in sizes for at in range(len(tail) - size + 1))


@lru_cache(maxsize=16_384)
def _marks(word: str) -> frozenset[str | int]:
    """What a stem has in common with others that may stand for it, parts aside: how it begins, and the groups that it is of."""
    return frozenset((*_GROUPS.get(word, ()), *((word[:LONG_LETTERS],) if len(word) >= LONG_LETTERS else ())))


@lru_cache(maxsize=KEPT)
def _marks_of_all(stems: frozenset[str]) -> tuple[frozenset[str | int], str, tuple[int, ...]]:
    """Of some stems the marks, all in which another may be a part, and how long they are that may be parts of another."""
    long = [word for word in stems if len(word) >= LONG_LETTERS]
    tails = "\n".join(word[LONG_LETTERS - 1 :] for word in long)
    return frozenset[str | int]().union(*map(_marks, stems)), tails, tuple(sorted(set(map(len, long))))


def _is_within(one: str, other: str) -> bool:
    """Whether one stem is a part of the other, as in "bedroom", and not just letters of it, as in "ahead"."""
    short, long = sorted((one, other), key=len)
    return short in long[LONG_LETTERS - 1 :]


_COMMON_STEMS: Final = frozenset(map(stem, COMMON))
_ALIKE: Final = tuple(frozenset(map(stem, group.split())) for group in _ENGLISH["alike"])
_NONE: Final[frozenset[int]] = frozenset()
_GROUPS: Final = {
    word: frozenset(number for number, group in enumerate(_ALIKE) if word in group) for word in frozenset().union(*_ALIKE)
}


@lru_cache(maxsize=KEPT)
def shared(one: str, other: str, language: str) -> float:
    """How much of what the shorter of two texts speaks of the other speaks of as well, 0..1; 1 if there is nothing to compare."""
    first, second = content(one, language), content(other, language)
    fewer, more = sorted((first, second), key=len)
    if not fewer:
        all_first, all_second = set(expanded(one)), set(expanded(other))
        return len(all_first & all_second) / max(1, len(all_first), len(all_second))
    return len(with_kin(fewer, frozenset(more))) / len(fewer)


@lru_cache(maxsize=KEPT)
def closeness(one: str, other: str) -> float:
    """How much of two texts' wording is the same, word by word in order, 0..1."""
    first, second = expanded(one), expanded(other)
    if max(len(first), len(second)) > LONG_TEXT:
        return Indel.normalized_similarity(first, second)
    if first == second:
        return 1.0
    return 2.0 * _in_runs(first, second) / (len(first) + len(second)) if first and second else 0.0


def _in_runs(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words two texts have in common run by run: the longest, then the longest on either side of it.

    The same as by ``difflib.SequenceMatcher``, at a third of the cost for texts of a few words.
    """
    places: dict[str, list[int]] = {}
    for at, word in enumerate(second):
        places.setdefault(word, []).append(at)
    found, parts = 0, [(0, len(first), 0, len(second))]
    while parts:
        start, end, low, high = parts.pop()
        longest, one, other = 0, start, low
        ends: dict[int, int] = {}  # how long the runs are that end at the word before, by where they end in the second text
        for at in range(start, end):
            ends, before = {}, ends
            for place in places.get(first[at], ()):
                if low <= place < high:
                    ends[place] = length = before.get(place - 1, 0) + 1
                    if length > longest:
                        longest, one, other = length, at + 1 - length, place + 1 - length
        if longest:
            found += longest
            parts += [(start, one, low, other), (one + longest, end, other + longest, high)]
    return found
