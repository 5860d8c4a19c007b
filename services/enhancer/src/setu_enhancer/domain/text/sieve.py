"""Patterns that are tried only on texts which have the letters for it: most texts have not, and a set tells so sooner than a pattern.

What a pattern can't do without is read from the pattern itself: of each of its alternatives some letters in a row that stand in whatever it matches.
A text is cut into all its pairs and triples of letters once, and each pattern looks whether any that it needs is among them. What a sieve finds is
exactly what its pattern finds.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from operator import add
from typing import Any, Final

_parser: Final[Any] = import_module("re._parser")  # reads patterns as Python itself does; not annotated
PAIR, TRIPLE, SIX = 2, 3, 6
MOST: Final = 1000  # alternatives that are told apart
FEW: Final = 8  # letters of a class, such as [ei], that are alternatives each
# The rarest triple of a word says most. Letters by how often English has them; all others are rarer.
_FREQUENT: Final = {letter: place for place, letter in enumerate(" etaoinshrdlucmwfgypbvk'")}
_RARE: Final = len(_FREQUENT)
_COMMON: Final = frozenset(
    ("ing", "you", "the", "her", "his", "and", "was", "hat", "tha", "ere", " is", " am", " my", " of", " us", " in", " do", " go", "are", "hav", "ver", "for")
)  # fmt: skip

Parsed = Any  # a list of pairs, whose second depends on the first
Needed = frozenset[str]


class Sieves:
    """Several patterns at once, of which hardly any is ever tried.

    Args:
        patterns: they, in their order.
    """

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self.patterns = tuple(patterns)
        self._always: list[int] = []
        self._others: dict[int, list[Needed]] = {}
        self._by_gram: dict[str, list[tuple[int, str]]] = {}
        for at, pattern in enumerate(self.patterns):
            needs = sorted(needed(pattern), key=_says, reverse=True)
            if not needs:
                self._always.append(at)
                continue
            self._others[at] = [frozenset(map(_rarest, runs)) for runs in needs[1:]]
            for run in needs[0]:
                self._by_gram.setdefault(_rarest(run), []).append((at, run))

        self._grams = frozenset(self._by_gram)

    def among(self, text: str) -> list[int]:
        """The places of the patterns that may find anything in a text, in order."""
        there = grams(text)
        if self._grams.isdisjoint(there):
            return self._always
        found = {at for gram in self._grams & there for at, run in self._by_gram[gram] if run in text}
        likely = [at for at in found if not any(map(there.isdisjoint, self._others[at]))]
        return sorted([*self._always, *likely])


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
        return bool(self._sieves.among(text))

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
def grams(text: str) -> frozenset[str]:
    """Whatever a text has of two, three and six letters in a row."""
    pairs = list(map(add, text, text[1:]))
    triples = list(map(add, pairs, text[2:]))
    return frozenset((*pairs, *triples, *map(add, triples, triples[3:])))


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
