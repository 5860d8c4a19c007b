"""Names in corrected subtitles: words that stand on both sides and sound the same, written as names are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from setu_common.spelling.names import SAME, ends_open, likeness, sounds
from setu_common.spelling.words import SENTENCE_END, unaccented, words
from setu_optimizer.domain.knowledge.aligning import Passage
from setu_optimizer.domain.knowledge.entries import plain

SHORTEST: Final = 3
SHORTEST_UNCASED: Final = 2
LONGEST: Final = 3
"""Words of a name."""
ENDING: Final = re.compile(r"['’]s?$")
# Who is addressed, and what is said in passing: written like names where a sentence begins, and sounding alike in many languages.
_ADDRESSED: Final = (
    "sir madam mister mr mrs miss doctor dr hello hi hey okay ok yes no please sorry thank thanks bye god uncle aunty auntie mom mama papa mummy "
    "boss baby darling oh ah wow hmm well the and but so"
)
_NO_NAMES: Final = frozenset(_ADDRESSED.split())


@dataclass(frozen=True)
class Found:
    """A name as both sides have it, and how many passages do.

    Args:
        source: as it is said.
        target: as the corrected text has it.
        count: passages that have both.
        put: whether a person put it there, and did not only leave it.
    """

    source: str
    target: str
    count: int
    put: bool


@dataclass(frozen=True)
class Texts:
    """All passages of a correction, and what can be seen only of all of them together."""

    passages: Sequence[Passage] = field(repr=False)

    @cached_property
    def cased(self) -> tuple[bool, bool]:
        """Whether source and corrected text tell names by capitals: they have both cases."""
        said, edited = ("".join(texts) for texts in zip(*((each.source, each.edited) for each in self.passages), strict=True))
        return _has_cases(said), _has_cases(edited)

    @cached_property
    def lowered(self) -> frozenset[str]:
        """Words that the corrected text writes small somewhere: no names."""
        return frozenset(unaccented(word) for each in self.passages for word in words(each.edited) if word[:1].islower())


def names_in(texts: Texts) -> list[Found]:
    """The names of corrected subtitles, as people put them or left them.

    A word is a name if the source has it by its sound, and if it is written like one: with a capital, never without, and not only where
    a sentence begins, unless it stands there in more than one passage or a person put it there.
    """
    tallies: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    if not texts.passages:
        return []
    for passage in texts.passages:
        was = {unaccented(word) for word in words(passage.delivered)}
        for source, target, opens in _pairs(passage, texts):
            tally = tallies[source, target]
            tally["count"] += 1
            tally["inside"] += not opens
            tally["put"] += any(unaccented(word) not in was for word in words(target))
    found = [
        Found(source, target, tally["count"], put=tally["put"] > 0)
        for (source, target), tally in tallies.items()
        if tally["inside"] or tally["put"] or tally["count"] > 1
    ]
    return sorted(found, key=lambda each: (-each.count, each.source, each.target))


def _pairs(passage: Passage, texts: Texts) -> Iterator[tuple[str, str, bool]]:
    """What sounds the same on both sides, the longest first, no word twice; with whether a sentence begins with it."""
    cased = texts.cased
    said = [word for word, _ in _candidates(passage.source, cased=cased[0])]
    taken: set[int] = set()
    listed = list(_candidates(passage.edited, cased=cased[1]))
    for size in range(min(LONGEST, len(listed)), 0, -1):
        for start in range(len(listed) - size + 1):
            part = listed[start : start + size]
            places = set(range(start, start + size))
            if places & taken or not all(word for word, _ in part):
                continue
            target = " ".join(word for word, _ in part)
            if size == 1 and (plain(target) in _NO_NAMES or plain(target) in texts.lowered):
                continue
            source = _heard_as(target, said, size)
            if source:
                taken |= places
                yield source, target, part[0][1]


def _candidates(text: str, *, cased: bool) -> Iterator[tuple[str, bool]]:
    """The words of a text, empty where one can't be of a name, each with whether a sentence begins with it."""
    for sentence in SENTENCE_END.split(text):
        for at, word in enumerate(words(sentence)):
            bare = ENDING.sub("", word)
            may_be = bare[:1].isupper() and len(bare) >= SHORTEST if cased else len(bare) >= SHORTEST_UNCASED
            yield bare if may_be and not bare.isdigit() else "", at == 0


def _heard_as(target: str, said: Sequence[str], size: int) -> str:
    """The words of a source that sound like a target; empty if none do."""
    wanted, open_ended = sounds(target), ends_open(target)
    for start in range(len(said) - size + 1):
        part = said[start : start + size]
        if not all(part):
            continue
        spoken = " ".join(part)
        if plain(spoken) == plain(target) or (
            wanted & sounds(spoken) and open_ended == ends_open(spoken) and likeness(spoken, target) >= SAME
        ):
            return spoken
    return ""


def _has_cases(text: str) -> bool:
    return any(each.isupper() for each in text) and any(each.islower() for each in text)
