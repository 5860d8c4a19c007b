"""Patterns that are tried only on texts which have the letters for it: most texts have not, and a look-up tells so sooner than a pattern.

What a pattern can't do without is read from the pattern itself: of each of its alternatives some letters in a row that stand in whatever it matches.
A text is cut where there is space, and which patterns each of its pieces has letters for is looked up once: people use the same words again and
again. What a sieve finds is exactly what its pattern finds.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from operator import add
from string import digits
from typing import Any, Final

_parser: Final[Any] = import_module("re._parser")  # reads patterns as Python itself does; not annotated
PAIR, TRIPLE, SIX = 2, 3, 6
MOST: Final = 1000  # alternatives that are told apart
MOST_BESIDE: Final = 24  # of what a pattern needs beside what it is looked up by
KEPT_PIECES: Final = 16_384
KEPT_TEXTS: Final = 4096
FEW: Final = 8  # letters of a class, such as [ei], that are alternatives each
# The rarest triple of a word says most. Letters by how often English has them; all others are rarer.
_FREQUENT: Final = {letter: place for place, letter in enumerate(" etaoinshrdlucmwfgypbvk'")}
_RARE: Final = len(_FREQUENT)
_COMMON: Final = frozenset(
    ("ing", "you", "the", "her", "his", "and", "was", "hat", "tha", "ere", " is", " am", " my", " of", " us", " in", " do", " go", "are", "hav", "ver", "for")
)  # fmt: skip

Parsed = Any  # a list of pairs, whose second depends on the first
Needed = frozenset[str]


Hit = tuple[int, int, str, tuple[Needed, ...]]
"""A pattern that something in a text may be the beginning of: the number of the sieves that it is behind, its place there, letters in a row that the
text must have, and others, of each of which it must have one at least."""


class _Index:
    """All patterns that are behind sieves, so that a text is looked at once for all of them: at its pieces, and where one goes on to the next."""

    def __init__(self) -> None:
        self.owners = 0
        self._by_gram: dict[str, list[tuple[str, Hit]]] = {}
        self._by_joint: dict[str, list[Hit]] = {}
        self._grams: set[str] = set()
        self._digits = digits  # with which nothing begins that is looked for
        self._hits: dict[str, tuple[Hit, ...]] = {}
        self._met: dict[str, dict[int, set[int]]] = {}
        self._joined: dict[str, tuple[Hit, ...]] = {}

    def add(self, hit: Hit) -> None:
        """Look for a pattern by letters that it needs."""
        run = hit[2]
        if joints := [joint for place in range(len(run)) if (joint := _joint(run, place))]:
            self._by_joint.setdefault(max(joints, key=_rarity), []).append(hit)
        else:
            piece = max(run.split(), key=lambda each: _rarity(_rarest(each)))
            self._by_gram.setdefault(_rarest(piece), []).append((piece, hit))
            self._grams.add(_rarest(piece))
            self._digits = self._digits.replace(piece[0], "")
        self._hits.clear()
        self._met.clear()
        self._joined.clear()

    def among(self, text: str) -> Mapping[int, Collection[int]]:
        """The places of the patterns that may find anything in a text, by the number of their sieves."""
        met = self._met.get(text)
        if met is None:
            if len(self._met) >= KEPT_TEXTS:
                self._met.clear()
            met = self._met[text] = self._looked_at(text)
        return met

    def _looked_at(self, text: str) -> dict[int, set[int]]:
        met: dict[int, set[int]] = {}
        pieces = text.split()
        likely: list[Hit] = []
        for piece in pieces:
            if piece[0] in self._digits:
                piece = piece.lstrip(self._digits)  # noqa: PLW2901 - each number would be a piece of its own
            hits = self._hits.get(piece)
            likely += self._looked_up(piece) if hits is None else hits
        for before, after in pairwise(pieces):
            hits = self._joined.get(joint := f"{before[-PAIR:]} {after[:PAIR]}")
            likely += self._looked_up_at(joint) if hits is None else hits
        for owner, at, run, others in likely:
            if run in text and (not others or all(any(each in text for each in runs) for runs in others)):
                met.setdefault(owner, set()).add(at)
        return met

    def _looked_up_at(self, joint: str) -> tuple[Hit, ...]:
        if len(self._joined) >= KEPT_PIECES:
            self._joined.clear()
        before, _, after = joint.partition(" ")
        joints = (f"{left} {right}" for left in {before[-1], before} for right in {after[0], after})
        self._joined[joint] = hits = tuple(hit for each in joints for hit in self._by_joint.get(each, ()))
        return hits

    def _looked_up(self, piece: str) -> tuple[Hit, ...]:
        if len(self._hits) >= KEPT_PIECES:
            self._hits.clear()
        met = (each for gram in self._grams & grams(piece) for each in self._by_gram[gram])
        self._hits[piece] = hits = tuple(hit for needed_, hit in met if needed_ in piece)
        return hits


_INDEX: Final = _Index()


def _joint(run: str, place: int) -> str:
    """The letters on both sides of a single space; none if there is no such space."""
    before, after = run[max(0, place - PAIR) : place], run[place + 1 : place + 1 + PAIR]
    if run[place] != " " or not before or not after or before[-1].isspace() or after[0].isspace():
        return ""
    return f"{before.split()[-1]} {after.split()[0]}"


class Sieves:
    """Several patterns at once, of which hardly any is ever tried.

    Args:
        patterns: they, in their order.
    """

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self.patterns = tuple(patterns)
        self._always: list[int] = []
        self._number = _INDEX.owners
        _INDEX.owners += 1
        for at, pattern in enumerate(self.patterns):
            needs = [runs for runs in needed(pattern) if not any(map(str.isspace, runs))]
            if not needs:
                self._always.append(at)
                continue
            first, *others = sorted(needs, key=_says, reverse=True)
            beside = tuple(runs for runs in others if len(runs) <= MOST_BESIDE)
            for run in first:
                _INDEX.add((self._number, at, run, beside))

    def among(self, text: str) -> Sequence[int]:
        """The places of the patterns that may find anything in a text, in order."""
        found = _INDEX.among(text).get(self._number)
        return self._always if found is None else sorted((*self._always, *found))

    def may(self, text: str) -> bool:
        """Whether any of them may find anything in a text."""
        return bool(self._always) or self._number in _INDEX.among(text)


class Sieve:
    """A pattern, and the letters without which it finds nothing.

    Args:
        pattern: the pattern.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self._sieves = Sieves((pattern,))

    def may(self, text: str) -> bool:
        """Whether the pattern may find anything in a text; False if it surely does not."""
        return self._sieves.may(text)

    def search(self, text: str) -> re.Match[str] | None:
        """As the pattern's own."""
        return self.pattern.search(text) if self.may(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As the pattern's own."""
        return self.pattern.finditer(text) if self.may(text) else iter(())

    def sub(self, instead: str, text: str, count: int = 0) -> str:
        """As the pattern's own."""
        return self.pattern.sub(instead, text, count=count) if self.may(text) else text


class Either:
    """One pattern of many alternatives, of which hardly any is ever tried.

    Args:
        pattern: it; nothing in it refers to a group.
    """

    def __init__(self, pattern: str) -> None:
        self._sieves = Sieves(map(re.compile, alternatives(pattern)))

    def finds(self, text: str) -> bool:
        """Whether the pattern finds anything."""
        return any(self._sieves.patterns[at].search(text) for at in self._sieves.among(text))


def alternatives(pattern: str) -> list[str]:
    """The alternatives that a pattern consists of."""
    found, depth, in_class, escaped = [""], 0, False, False
    for letter in pattern:
        if not escaped and not in_class and letter == "|" and depth == 0:
            found.append("")
            continue
        if not escaped and not in_class:
            depth += {"(": 1, ")": -1}.get(letter, 0)
        if not escaped and letter in "[]":
            in_class = letter == "["
        escaped = letter == "\\" and not escaped
        found[-1] += letter
    return found


def sieve(pattern: str, flags: int = 0) -> Sieve:
    """A pattern behind a sieve."""
    return Sieve(re.compile(pattern, flags))


@lru_cache(maxsize=4096)
def grams(piece: str) -> frozenset[str]:
    """Whatever letters a piece of text has, and what it has of two, three and six in a row."""
    pairs = list(map(add, piece, piece[1:]))
    triples = list(map(add, pairs, piece[2:]))
    return frozenset((*piece, *pairs, *triples, *map(add, triples, triples[3:])))


def needed(pattern: re.Pattern[str]) -> list[Needed]:
    """Sets of letters in a row, of each of which a text has one at least if a pattern finds something in it."""
    return [] if pattern.flags & re.IGNORECASE else _runs(_parser.parse(pattern.pattern, pattern.flags))


def _rarest(run: str) -> str:
    size = SIX if len(run) >= SIX else min(len(run), TRIPLE)
    return max((run[at : at + size] for at in range(len(run) - size + 1)), key=_rarity)


def _rarity(cut: str) -> int:
    return 0 if cut in _COMMON else sum(_FREQUENT.get(letter, _RARE) for letter in cut)


def _says(needs: Needed) -> tuple[int, int]:
    """How much it says that none of some letters is there."""
    return min(TRIPLE, *map(len, needs)), -len(needs)


def _runs(parsed: Parsed) -> list[Needed]:
    """Letters in a row, in sets, of each of which one stands in whatever is found."""
    found: list[Needed] = []
    block: Needed = frozenset([""])
    for step in parsed:
        whole = _whole((step,))
        if whole is not None and len(block) * len(whole) <= MOST:
            block = frozenset(before + after for before in block for after in whole)
            continue
        found.append(block)
        block = frozenset([""]) if whole is None else whole
        if whole is None:
            found += _inner(step)
    return [runs for runs in (*found, block) if runs and min(map(len, runs)) >= PAIR]


def _inner(step: tuple[Any, Any]) -> list[Needed]:
    """What a part that stands for more texts than can be listed can't do without."""
    kind, told = str(step[0]), step[1]
    match kind:
        case "SUBPATTERN":
            return _runs(told[3]) if not told[1] & re.IGNORECASE else []
        case "ATOMIC_GROUP":
            return _runs(told)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _runs(told[2]) if told[0] else []
        case "BRANCH":
            each = _united(max(_runs(branch), key=_says, default=None) for branch in told[1])
            return [] if each is None else [each]
        case _:
            return []


def _whole(parsed: Sequence[tuple[Any, Any]]) -> Needed | None:
    """All texts that some parts in a row stand for; None if they can't be listed."""
    found: Needed = frozenset([""])
    for kind, told in parsed:
        step = _texts(str(kind), told)
        if step is None or len(found) * len(step) > MOST:
            return None
        found = frozenset(before + after for before in found for after in step)
    return found


def _texts(kind: str, told: Any) -> Needed | None:  # noqa: ANN401  see Parsed
    found: Needed | None = None
    match kind:
        case "LITERAL":
            found = frozenset([chr(told)])
        case "AT" | "ASSERT" | "ASSERT_NOT":  # they take no letters
            found = frozenset([""])
        case "IN" if len(told) <= FEW and all(str(each) == "LITERAL" for each, _ in told):
            found = frozenset(chr(letter) for _, letter in told)
        case "SUBPATTERN" if not told[1] & re.IGNORECASE:
            found = _whole(told[3])
        case "BRANCH":
            found = _united(map(_whole, told[1]))
        case "MAX_REPEAT" | "MIN_REPEAT" if told[1] == 1:
            once = _whole(told[2])
            found = once if once is None or told[0] else once | {""}
    return found


def _united(parts: Iterable[Needed | None]) -> Needed | None:
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found) if len(found) <= MOST else None
