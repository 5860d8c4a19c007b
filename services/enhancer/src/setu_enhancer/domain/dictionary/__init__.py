"""What the words of a language come to in English, and which words of a line are none of its ordinary ones.

The words are files of a folder for each language, written by hand for this project, an entry a line: ``headword / spelling = rendering, rendering``.
Which file an entry is in says how its forms are made; how they are is ``forms`` for Hindi.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from setu_enhancer.domain.dictionary.forms import LIGHT, SMALL, Kind, bases
from setu_enhancer.domain.text.words import folded, folded_words
from setu_enhancer.domain.words import FUNCTION, KEPT, akin, stem

FOLDER: Final = Path(__file__).parent
KINDS: Final[dict[str, Kind]] = {
    "verbs": "verb",
    "phrases": "phrase",
    "things": "noun",
    "matters": "noun",
    "english": "noun",
    "qualities": "quality",
    "manners": "manner",
}
"""By file, what its entries are."""
BETWEEN: Final = 2
"""Words that may stand between two of a phrase: "इंतज़ार मत करो", "याद तो बहुत आया"."""

Rendering = frozenset[str]
"""The stems of one way to say a word, small words aside."""


@dataclass(frozen=True)
class Meant:
    """A word of a line, or some that go together.

    Args:
        said: it, folded.
        renderings: ways to say it in English.
        light: whether it is a verb that mostly helps another one, or makes one of a noun (करना, देना, जाना), or comes to small words alone.
    """

    said: str
    renderings: frozenset[Rendering]
    light: bool = False

    @cached_property
    def stems(self) -> frozenset[str]:
        """Of all its renderings."""
        return frozenset[str]().union(*self.renderings)

    def is_said(self, told: frozenset[str]) -> bool:
        """Whether a text has one of its renderings, or what may stand for it.

        Args:
            told: the stems of the text.
        """
        if not self.stems.isdisjoint(told) and any(way <= told for way in self.renderings):
            return True
        return bool(akin_ := akin(self.stems, told)) and any(way <= akin_ for way in self.renderings)


class Dictionary:
    """The entries of one language.

    Args:
        folder: of their files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[Kind, dict[str, str]] = {kind: {} for kind in KINDS.values()}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for file, kind in KINDS.items():
            if (path := folder / f"{file}.txt").exists():
                self._read(path.read_text(encoding="utf-8"), kind)

    def _read(self, text: str, kind: Kind) -> None:
        for line in text.splitlines():
            heads, is_entry, told = line.partition(" = ")
            if not is_entry or line.startswith("#"):
                continue
            for head in heads.split(" / "):
                said = folded_words(head)
                if len(said) > 1:
                    self._phrases.setdefault(said[0], []).append((tuple(said), told))
                elif said:
                    entries = self._told[kind]
                    entries[said[0]] = f"{entries[said[0]]}, {told}" if said[0] in entries else told

    def renderings(self, word: str) -> frozenset[Rendering]:
        """The ways to say a folded word in English; none if it is not known."""
        return frozenset(each for base, kind in self.entries(word) for each in _read_out(self._told[kind][base]))

    def entries(self, word: str) -> Iterator[tuple[str, Kind]]:
        """The headwords that a folded word may be a form of, and what each is."""
        as_it_stands = False
        for base, kinds in bases(word):
            for kind in kinds:
                if base in self._told[kind] and not (as_it_stands and kind == "verb" and base in LIGHT and base != word):
                    as_it_stands = as_it_stands or base == word
                    yield base, kind

    def phrases(self, said: list[str], at: int) -> Iterator[tuple[frozenset[Rendering], tuple[int, ...]]]:
        """The phrases that begin with a word of some: the ways to say each, and where its words stand."""
        for base in {said[at], *(base for base, _ in self.entries(said[at]))}:
            for parts, told in self._phrases.get(base, ()):
                if found := self._found(parts, said, at):
                    yield frozenset(_read_out(told)), found

    @cached_property
    def borrowed(self) -> frozenset[str]:
        """Words that are English, written in the letters of the language."""
        path = self._folder / "english.txt"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return frozenset(word for line in text.splitlines() for word in folded_words(line.partition(" = ")[0]))

    @cached_property
    def in_phrases(self) -> frozenset[str]:
        """The words of all phrases."""
        return frozenset(word for known in self._phrases.values() for parts, _ in known for word in parts)

    def _found(self, parts: tuple[str, ...], said: list[str], at: int) -> tuple[int, ...]:
        places = [at]
        for part in parts[1:]:
            ahead = range(places[-1] + 1, min(len(said), places[-1] + 2 + BETWEEN))
            place = next((each for each in ahead if said[each] == part or part in _bases_of(said[each])), None)
            if place is None:
                return ()
            places.append(place)
        return tuple(places)


@lru_cache(maxsize=16_384)
def _bases_of(word: str) -> frozenset[str]:
    return frozenset(base for base, _ in bases(word))


@lru_cache(maxsize=16_384)
def _read_out(told: str) -> tuple[Rendering, ...]:
    return tuple(_rendering(each.split()) for each in told.split(", "))


def _rendering(words_of: Iterable[str]) -> Rendering:
    told = tuple(map(folded, words_of))
    return frozenset(map(stem, [word for word in told if word not in FUNCTION] or told))


@lru_cache(maxsize=8)
def _dictionary(language: str) -> Dictionary | None:
    folder = FOLDER / language
    return Dictionary(folder) if language.isalpha() and folder.is_dir() else None


def is_known(language: str) -> bool:
    """Whether there is a dictionary of a language."""
    return _dictionary(language) is not None


@lru_cache(maxsize=16_384)
def renderings(word: str, language: str) -> frozenset[str]:
    """The stems by which alone a folded word may be said in English; none if it is not known."""
    found = _dictionary(language)
    ways = found.renderings(word) if found else ()
    return frozenset[str]().union(*[way for way in ways if len(way) == 1] or ways)


@lru_cache(maxsize=16_384)
def is_verb(word: str, language: str) -> bool:
    """Whether a folded word may be a form of a verb that is known."""
    found = _dictionary(language)
    return found is not None and any(kind == "verb" for _, kind in found.entries(word))


@lru_cache(maxsize=16_384)
def is_word(word: str, language: str) -> bool:
    """Whether a folded word is known, be it within a phrase only."""
    found = _dictionary(language)
    return found is not None and (any(True for _ in found.entries(word)) or word in found.in_phrases)


def is_borrowed(word: str, language: str) -> bool:
    """Whether a folded word is one of English in the letters of a language."""
    found = _dictionary(language)
    return found is not None and any(base in found.borrowed for base, _ in bases(word))


@lru_cache(maxsize=16_384)
def kinds(word: str, language: str) -> frozenset[Kind]:
    """What a folded word may be, by the files that have it."""
    found = _dictionary(language)
    return frozenset(kind for _, kind in found.entries(word)) if found else frozenset()


@lru_cache(maxsize=KEPT)
def meant(source: str, language: str) -> tuple[Meant, ...]:
    """What a line says, word by word: those that are known here, without the small ones.

    A phrase is told with its first word; what else it is of stands for itself as well, but for verbs that only help.
    """
    dictionary = _dictionary(language)
    if dictionary is None:
        return ()
    said, found = folded_words(source), []
    for at, word in enumerate(said):
        together = frozenset[Rendering]().union(*(ways for ways, _ in dictionary.phrases(said, at)))
        options = together if word in SMALL else dictionary.renderings(word) | together
        if options:
            helps = any(base in LIGHT for base, kind in dictionary.entries(word) if kind == "verb")
            found.append(Meant(word, options, helps or all(way <= FUNCTION for way in options)))
    return tuple(found)
