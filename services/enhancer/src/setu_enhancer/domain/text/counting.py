"""Numbers where they stand in a text, with what they count: "two leaves and a bud" has two of leaf, and one of bud."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.numerals import NUMERALS, OTHERS
from setu_enhancer.domain.text.reckoning import NUMERIC, Reading, Token, rewritten, tokens

ONE: Final = Decimal(1)
NEAR: Final = 4
"""Words behind a number among which is what it counts."""
_ARTICLES: Final = {"en": frozenset({"a", "an"})}
_SKIPPED: Final = frozenset("of the a an my your his her our their more other old new whole full big small good little".split())  # noqa: SIM905
_NO_MORE: Final = frozenset("joint or dash gap".split())  # noqa: SIM905
_LABELS: Final = frozenset({"number", "no", "num"})


@dataclass(frozen=True, slots=True)
class Count:
    """A number of a text.

    Args:
        values: what it says; several if it is a guess, of which the last two are what it is between.
        start: the place of its first token.
        end: the place behind its last.
        is_sure: whether it is surely a number.
    """

    values: tuple[Decimal, ...]
    start: int
    end: int
    is_sure: bool

    @property
    def is_guess(self) -> bool:
        """Whether it is between two numbers."""
        return len(self.values) > 1

    @property
    def between(self) -> tuple[Decimal, Decimal]:
        """The least and the most that it may be."""
        return self.values[-2 if self.is_guess else -1], self.values[-1]


@dataclass(frozen=True, slots=True)
class Counted:
    """A text with its numbers where they stand.

    Args:
        words: of the text as it is read for numbers; of what is no word the kind, between angle brackets.
        counts: its numbers, in their order.
    """

    words: tuple[str, ...]
    counts: tuple[Count, ...]

    def behind(self, count: Count) -> tuple[str, ...]:
        """The words behind a number among which is what it counts, up to another number or a pause; before it, if there are none."""
        found: list[str] = []
        for word in self.words[count.end : count.end + NEAR + 2]:
            if word.startswith("<"):
                break
            if word not in _SKIPPED:
                found.append(word)
        if not found:
            before = [word for word in self.words[max(0, count.start - 2) : count.start] if word not in _LABELS]
            found = [word for word in before[-1:] if not word.startswith("<") and word not in _SKIPPED]
        return tuple(found[:NEAR])

    def clauses(self, joints: frozenset[str] = frozenset()) -> Iterator[tuple[Count, tuple[str, ...]]]:
        """The numbers that are the only ones between two pauses, each with the words there.

        Args:
            joints: words that part as pauses do.
        """
        ends = [at for at, word in enumerate(self.words) if word == "<pause>" or word in joints]
        start = 0
        for end in (*ends, len(self.words)):
            within = [count for count in self.counts if start <= count.start < end]
            sure = [count for count in within if count.is_sure] or within
            if len(sure) == 1:
                yield sure[0], tuple(word for word in self.words[start:end] if not word.startswith("<"))
            start = end + 1


class _Placing(Reading):
    """Reads a text as ``Reading`` does, and keeps where each number stands."""

    def counts(self) -> tuple[Count, ...]:
        found = []
        while (start := self.at) < len(self.tokens):
            self.said, self.possible = Counter(), Counter()
            self.step()
            if values := sorted({*self.said, *self.possible}):
                found.append(Count(tuple(values), start, self.at, bool(self.said)))
        return tuple(found)


@lru_cache(maxsize=4096)
def counted(text: str, language: str) -> Counted:
    """A text with its numbers where they stand, articles among them where they are a one before what is counted."""
    numerals = NUMERALS.get(language, OTHERS)
    found = tokens(rewritten(text, language, numerals), language)
    counts = _Placing(found, numerals).counts()
    within = {at for count in counts for at in range(count.start, count.end)}
    articles = _ARTICLES.get(language, frozenset())
    ones = [
        Count((ONE,), at, at + 1, is_sure=False)
        for at, token in enumerate(found)
        if token.text in articles and at not in within and at + 1 not in within
    ]
    everywhere = sorted((*counts, *ones), key=lambda count: count.start)
    within.update(count.start for count in ones)
    return Counted(tuple(_word(token, at in within) for at, token in enumerate(found)), tuple(everywhere))


def _word(token: Token, is_number: bool) -> str:  # noqa: FBT001 - of one token
    if is_number or token.kind in NUMERIC:
        return "<number>"
    return "<pause>" if token.kind in _NO_MORE else token.text or f"<{token.kind}>"
