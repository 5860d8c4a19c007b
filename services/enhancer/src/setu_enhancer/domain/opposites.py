"""Denials that are said by the opposite: who isn't dead is alive, a shop that is closed isn't open."""

from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.dictionary.forms import SMALL
from setu_enhancer.domain.lexicon.denials import DENIERS, OPPOSITES
from setu_enhancer.domain.text.closed import NEGATIVES
from setu_enhancer.domain.text.negation import NEGATORS, negations
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.words import folded_words
from setu_enhancer.domain.words import FUNCTION, KEPT, expanded, plain, stem

Stems = frozenset[str]


def _read() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in OPPOSITES.strip().splitlines():
        sides = [frozenset(stem(form) for word in side.split() for form in (word, f"{word}s")) for side in line.split("|")]
        for one, other in (sides, sides[::-1]):
            for word in one:
                found.setdefault(word, set()).update(other)
    return found


_OPPOSITE: Final = _read()


@lru_cache(maxsize=KEPT)
def affirms_the_opposite(said: str, text: str, language: str) -> bool:
    """Whether an English text affirms the opposite of what its line denies, and not that itself."""
    opposed = _denied_in(said, language)
    affirmed, _ = _sides(text) if opposed else (frozenset[str](), ())
    itself = _doing_denied(said, language) if affirmed else frozenset()
    return any(not _OPPOSITE[word].isdisjoint(affirmed - ways - itself) and ways.isdisjoint(affirmed) for word, ways in opposed)


@lru_cache(maxsize=KEPT)
def denies_the_opposite(said: str, text: str, language: str) -> bool:
    """Whether all that an English text denies is the opposite of something that its line says."""
    _, denied = _sides(text)
    if not denied or not all(map(_OPPOSITE.__contains__, denied)):
        return False
    ways = frozenset[str]().union(*(renderings(word, language) for word in folded_words(said) if word not in SMALL))
    return all(not ways.isdisjoint(_OPPOSITE[word]) for word in denied) and ways.isdisjoint(denied)


@lru_cache(maxsize=KEPT)
def _denied_in(said: str, language: str) -> tuple[tuple[str, Stems], ...]:
    """What has an opposite of what the words of a line's denied parts may come to, each with all of its word that have one."""
    negators = NEGATORS.get(language, frozenset())
    found = []
    for part in segments(said, pauses=True):
        if negations(part, language):
            for word in folded_words(part):
                if word not in SMALL and word not in negators:
                    ways = renderings(word, language) & _OPPOSITE.keys()
                    found += [(way, frozenset(ways)) for way in sorted(ways)]
    return tuple(found)


@lru_cache(maxsize=KEPT)
def _doing_denied(said: str, language: str) -> Stems:
    """What the words behind those that deny may come to: to tell is not the opposite of a secret that is not to be told."""
    negators = NEGATORS.get(language, frozenset())
    words_of = (folded_words(part) for part in segments(said, pauses=True))
    behind = (after for part in words_of for before, after in pairwise(part) if before in negators and after not in SMALL)
    return frozenset[str]().union(*(renderings(word, language) for word in behind))


@lru_cache(maxsize=KEPT)
def _sides(text: str) -> tuple[Stems, tuple[str, ...]]:
    """The stems that an English text affirms, and of each denial the first word behind it that says something."""
    affirmed, denied = set[str](), []
    for part in (expanded(plain(each)) for each in segments(text, pauses=True)):
        for at, word in enumerate(part):
            if word in NEGATIVES and (behind := next((each for each in part[at + 1 :] if _says(each)), "")):
                denied.append(stem(behind))
            elif _says(word) and DENIERS.isdisjoint(part[:at]):
                affirmed.add(stem(word))
    return frozenset(affirmed), tuple(denied)


def _says(word: str) -> bool:
    return word in _TELLING or (word not in FUNCTION and word not in NEGATIVES)


_TELLING: Final = frozenset(["out", "together", "always"])
