"""Signs that a text was translated word by word, or is how people speak: rules and tables by language, no model."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from setu_enhancer.domain.text.sieve import Sieve, Sieves
from setu_enhancer.domain.words import KEPT, is_ordinary, plain, words

LONGEST_CHUNK: Final = 6
OFTEN: Final = 3
BARE_NOUN: Final = 0.14
_FOLDER: Final = Path(__file__).parent
_TOKEN: Final = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+|[^\sa-z\d]")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?…]\s++|\n)(?:[\"'“‘«¿¡(\-–—♪]|[^\S\n])*+([^\W\d_])")
_LONE_I: Final = re.compile(r"\bi(?:'(?:m|ll|ve|d))?\b")
_SPACED: Final = re.compile(r"\s[,.!?;:](?:\s|$)|  +|,,|\.\.(?!\.)(?<!\.\.\.)\s|[!?.,]{4,}")
_END: Final = re.compile(r"[.!?…।♪:;—–\-\"”'’)\]]\s*$")


@dataclass(frozen=True)
class Marker:
    """Something that people don't say.

    Args:
        name: what it is, in a few words.
        weight: the share of fluency that each place costs, 0..1.
        patterns: what it looks like, in small letters.
        spare: what looks so and is none.
    """

    name: str
    weight: float
    patterns: tuple[re.Pattern[str], ...]
    spare: re.Pattern[str] | None = None

    @cached_property
    def spared(self) -> Sieve | None:
        """What finds what is spared."""
        return Sieve(self.spare) if self.spare is not None else None

    def places(self, text: str, tried: Sequence[int], sieves: Sieves, first: int) -> int:
        """In how many places a text has it.

        Args:
            text: in small letters.
            tried: the places of those of its patterns that may find something in it.
            sieves: which has those of all markers.
            first: the place of its own first pattern there.
        """
        plain_ = self.spared.sub("", text) if self.spared is not None else text
        if plain_ != text:
            text, tried = plain_, [at for at in sieves.among(plain_) if first <= at < first + len(self.patterns)]
        return sum(1 for at in tried for _ in sieves.patterns[at].finditer(text))


def _markers(listed: Sequence[Mapping[str, Any]]) -> tuple[Marker, ...]:  # Any: TOML
    return tuple(
        Marker(
            each["name"],
            each["weight"],
            tuple(map(re.compile, each["patterns"])),
            re.compile(rf"\b{each['spare']}\b") if "spare" in each else None,
        )
        for each in listed
    )


_ENGLISH: Final = tomllib.loads((_FOLDER / "english.toml").read_text(encoding="utf-8"))
_OTHERS: Final = tomllib.loads((_FOLDER / "others.toml").read_text(encoding="utf-8"))
MARKERS: Final[Mapping[str, tuple[Marker, ...]]] = {
    "en": _markers(_ENGLISH["marker"]),
    **{language: _markers(listed["marker"]) for language, listed in _OTHERS.items()},
}
_CHUNKS: Final = frozenset(
    tuple(words(chunk)) for chunk in _ENGLISH["chunks"]["en"].split("|") if 0 < len(words(chunk)) <= LONGEST_CHUNK
)
_LENGTHS: Final = {
    first: sorted({len(chunk) for chunk in _CHUNKS if chunk[0] == first}, reverse=True)
    for first in {chunk[0] for chunk in _CHUNKS}
}
_COUNT: Final = frozenset(_ENGLISH["nouns"]["count"].split())
_CALLED: Final = frozenset(("mother", "father", "doctor", "teacher", "boss", "god"))  # names, too
_ARTICLED: Final = frozenset(_ENGLISH["nouns"]["articled"].split())
_BEFORE: Final = frozenset(_ENGLISH["nouns"]["before"].split())
_DETERMINERS: Final = frozenset(("a", "an", "the", "my", "your", "his", "her", "our", "their"))
_AFTER_SUBJECT: Final = frozenset(
    ("is", "was", "will", "has", "had", "came", "went", "comes", "goes", "said", "says", "isn't", "wasn't")
)
_ADJECTIVES: Final = frozenset(_ENGLISH["nouns"]["adjectives"].split())


@lru_cache(maxsize=KEPT)
def translated_signs(text: str, language: str) -> tuple[tuple[str, float], ...]:
    """What in a text people don't say: the name of each kind, and the share of fluency that it costs."""
    told = plain(text)
    found = []
    sieves, markers = _sieves(language)
    for (first, marker), tried in groupby(sieves.among(told), key=markers.__getitem__):
        if places := marker.places(told, tuple(tried), sieves, first):
            found.append((marker.name, 1 - (1 - marker.weight) ** min(OFTEN, places)))
    if language == "en" and (lone := bare_nouns(told)):
        found.append(("noun without an article", 1 - (1 - BARE_NOUN) ** min(OFTEN, len(lone))))
    return tuple(found)


@lru_cache(maxsize=len(MARKERS) + 1)
def _sieves(language: str) -> tuple[Sieves, tuple[tuple[int, Marker], ...]]:
    """The patterns of a language, and of each its marker, behind the place of that one's first."""
    patterns: list[re.Pattern[str]] = []
    markers: list[tuple[int, Marker]] = []
    for marker in MARKERS.get(language, ()):
        markers += [(len(patterns), marker)] * len(marker.patterns)
        patterns += marker.patterns
    return Sieves(patterns), tuple(markers)


def bare_nouns(told: str) -> tuple[str, ...]:
    """Countable nouns of an English text, in small letters, that want an article: "he is good friend"."""
    tokens = _TOKEN.findall(told)
    found = []
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else "."
        if token not in _COUNT or following in _COUNT or following in ("-", "'", "number") or following.endswith("ing"):
            continue
        before = at - 1
        while before >= 0 and tokens[before] in _ADJECTIVES:
            before -= 1
        bare_object = before >= 0 and tokens[before] in _BEFORE and tokens[before] not in _ARTICLED
        bare_subject = (before < 0 or not tokens[before][0].isalnum()) and following in _AFTER_SUBJECT and token not in _CALLED
        if bare_object or bare_subject:
            found.append(token)
    return tuple(found)


@lru_cache(maxsize=4096)
def familiarity(text: str, language: str) -> float | None:
    """The share of a text's words that stand in turns that people use, 0..1; None where none are known."""
    if language != "en":
        return None
    said = words(text)
    if not said:
        return None
    met = [False] * len(said)
    for at in range(len(said)):
        for length in _LENGTHS.get(said[at], ()):
            if at + length <= len(said) and said[at : at + length] in _CHUNKS:
                met[at : at + length] = [True] * length
                break
    for at, word in enumerate(said[:-1]):
        if word in _DETERMINERS and is_ordinary(said[at + 1]):
            met[at] = met[at + 1] = True
    return sum(met) / len(said)


def commonness(text: str, language: str, left: Collection[str] = ()) -> float | None:
    """The share of a text's words that people use every day, 0..1; None where they are not known.

    Args:
        text: it.
        language: of it.
        left: words of names, which are left out.
    """
    if language != "en":
        return None
    said = [word for word in words(text) if word.removesuffix("'s") not in left and not word.isdigit()]
    return sum(map(is_ordinary, said)) / len(said) if said else None


def untidy_signs(text: str, source: str, language: str) -> Iterator[tuple[str, float]]:
    """What is wrong with a text's capitals and punctuation: the name of each kind, and the share of fluency that it costs."""
    if any(start[1].islower() for start in _SENTENCE_START.finditer(text)) and any(map(str.isalpha, text)):
        yield "small letter at the start", 0.05
    if language == "en" and _LONE_I.search(text):
        yield "small i", 0.05
    if _SPACED.search(text):
        yield "punctuation", 0.04
    shouts = text.isupper() and len(words(text)) > 1 and not source.isupper()
    if shouts:
        yield "all in capitals", 0.06
    if _END.search(source) and not _END.search(text):
        yield "no mark at the end", 0.04
