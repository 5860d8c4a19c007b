"""A draft taken apart: its words, and what stands between commas."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.words import WORD, folded, words
from setu_enhancer.domain.words import stem

ENDING: Final = re.compile(r"(?:['’]s|['’])$")
CLAUSE: Final = re.compile(r"(?:,(?!\d)|[;:—–])+|\s-\s")
SENTENCE: Final = re.compile(r"[.!?।…\n]+")
TOLD: Final = re.compile(r"[^.!?।…\n]+")
_BREAK: Final = re.compile(r"[^\w\s'’-]|\s-\s|--")


@dataclass(frozen=True)
class Word:
    """A word of a draft, and where it stands there."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """Without an ending that English gives to names."""
        return ENDING.sub("", self.text)

    @property
    def plain(self) -> str:
        """The same in small letters."""
        return folded(self.bare)

    @property
    def stem(self) -> str:
        """What its forms have in common."""
        return stem(self.plain)


@lru_cache(maxsize=1024)
def split(text: str, offset: int = 0) -> tuple[Word, ...]:
    """The words of a text, which begins so far into a draft."""
    return tuple(Word(found.group(), offset + found.start(), offset + found.end()) for found in WORD.finditer(text))


@lru_cache(maxsize=1024)
def runs(draft: str) -> tuple[tuple[Word, ...], ...]:
    """The words of a draft with no punctuation between them."""
    found: list[list[Word]] = []
    for word in split(draft):
        if not found or _BREAK.search(draft[found[-1][-1].end : word.start]):
            found.append([])
        found[-1].append(word)
    return tuple(map(tuple, found))


def clauses_of(sentence: str, offset: int) -> Iterator[tuple[Word, ...]]:
    """What stands between the commas of a sentence, which begins so far into a draft."""
    start = 0
    for comma in [*CLAUSE.finditer(sentence), None]:
        end = comma.start() if comma else len(sentence)
        if found := split(sentence[start:end], offset + start):
            yield found
        start = comma.end() if comma else end


def sentence_of(heard: Sequence[str], at: int, draft: str) -> re.Match[str] | None:
    """The sentence of a draft that renders one of a line; None where nothing tells which.

    Args:
        heard: the sentences of the line.
        at: which of them.
        draft: it.
    """
    told = [found for found in TOLD.finditer(draft) if words(found.group())]
    if len(told) == len(heard):
        return told[at]
    return told[0 if at == 0 else -1] if told and at in (0, len(heard) - 1) else None
