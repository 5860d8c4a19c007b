"""What an English text changes of its draft: the only witness of a meaning that rules can't read.

A machine's draft is literal: most of its words are right, and few are how one would say it. So it counts for a text that it is not the draft any
more, and against it what it says beside the draft with nothing in the line that speaks for it.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import log
from typing import Final

from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import SAME, likeness
from setu_enhancer.domain.text.negation import negations
from setu_enhancer.domain.text.words import folded_words
from setu_enhancer.domain.text.words import words as cased_words
from setu_enhancer.domain.words import KEPT, content, expanded, with_kin

STILL_THE_DRAFT: Final = "as the machine put it"
MOST: Final = 4  # words said beside the draft, from which on more change nothing
SHORT: Final = 4  # characters, which every text is given beside its own, for few more or less mean little
SHORTEST_NAME: Final = 3


def changes(line: Line, text: str, pair: Pair) -> Iterator[tuple[str, float]]:
    """What a text has and has not of its draft: the name of each kind, and how much of it, 0..1. Of other languages than English nothing is told.

    With the same words it is still the draft, whatever its marks and contractions.
    """
    if pair.target != "en" or not line.draft:
        return
    known = _known(line, pair)  # of the draft nothing is held against it, but it is kept for edits
    if expanded(text) == expanded(line.draft):
        yield STILL_THE_DRAFT, 1.0
        return
    if not any(says(each.meant, text) for each in idioms_in(line.source, pair.source)):
        yield "said beside the draft", min(1.0, len(_new(line, text, known)) / MOST)
    by = log((len(text) + SHORT) / (len(line.draft) + SHORT))
    yield ("longer", min(1.0, by)) if by > 0 else ("shorter", min(1.0, -by))
    due = negations(line.source, pair.source)
    if negations(line.draft, "en") != due == negations(text, "en"):
        yield "denies unlike a draft that was wrong", 1.0
    if ("?" in text) is not ("?" in line.draft):
        yield "asks unlike the draft", 1.0


def _new(line: Line, text: str, known: frozenset[str]) -> list[str]:
    """The stems of a text that neither draft nor line have, as far as the line's words are known, and that are no names of it."""
    names = [word for word in cased_words(line.source) if len(word) >= SHORTEST_NAME]
    told = content(text, "en")
    explained = frozenset(with_kin(told, known))
    return [word for word in told if word not in explained and not any(likeness(word, each) >= SAME for each in names)]


@lru_cache(maxsize=KEPT)
def _known(line: Line, pair: Pair) -> frozenset[str]:
    """The stems of a line's draft, and of what its words may come to."""
    return frozenset(content(line.draft, "en")).union(*(renderings(word, pair.source) for word in folded_words(line.source)))
