"""What a language model read in a text: who and what is named in which of its lines.

Scripts without capitals write a name like any word: राज is Raj or a secret, किरण is Kiran or a ray. Rules tell by what stands around; who reads the whole text knows.
What it makes of a name is believed only if it sounds like it: राज is no "King".
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from setu_enhancer.domain.text.names import is_named, likeness, sounds
from setu_enhancer.domain.text.scripts import LATIN, foreign_share, scripts_of
from setu_enhancer.domain.text.words import folded, words

NEARLY: Final = 0.6
"""How alike a name and what is made of it sound at least: दिल्ली and "Delhi" do, राज and "King" don't."""
MOST_WORDS: Final = 5
BY_SOUND: Final = LATIN | {
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "ORIYA",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
}
"""Scripts of which it is known how a name in them sounds."""


@dataclass(frozen=True)
class Called:
    """A name as a line has it.

    Args:
        said: its words in the line.
        written: how a translation is to write it; empty if that is not known.
        gender: of who bears it, if that is known.
    """

    said: str
    written: str = ""
    gender: str | None = None


class Readings:
    """The names of lines, by what the lines say. A line that was read and has no name here has none.

    Args:
        lines: of each line that was read.
    """

    def __init__(self, lines: Mapping[str, Collection[Called]] | None = None) -> None:
        self.lines: Final = {source: tuple(names) for source, names in (lines or {}).items()}
        self._words = {source: frozenset(_words_of(names)) for source, names in self.lines.items()}

    def has(self, source: str) -> bool:
        """Whether a line was read."""
        return source in self.lines

    def is_name(self, said: Iterable[str], source: str) -> bool | None:
        """Whether words of a line are a name there, or part of one; None if it was not read."""
        names = self._words.get(source)
        return None if names is None else names.issuperset(map(folded, said))

    def is_somebody(self, word: str, source: str) -> bool:
        """Whether a word of a line is the name, or part of one, of somebody of whom it is known whether she or he."""
        plain = folded(word)
        return any(name.gender and plain in map(folded, words(name.said)) for name in self.lines.get(source, ()))

    def names(self) -> tuple[Called, ...]:
        """All names of which it is known how to write them, once each and as most lines have them; those said most often first."""
        found: dict[str, list[Called]] = {}
        for name in (name for names in self.lines.values() for name in names if name.written):
            found.setdefault(" ".join(map(folded, words(name.said))), []).append(name)
        ranked = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
        return tuple(
            Called(
                _most(each.said for each in some),
                _most(each.written for each in some),
                _most(each.gender for each in some if each.gender) or None,
            )
            for _, some in ranked
        )


def called(said: str, written: str, gender: str | None, source: str, language: str) -> Called | None:
    """A name that a model says a line has; None if the line has it not.

    Args:
        said: its words, as the model has them.
        written: what it is in the translation, as the model has it: not believed if it sounds otherwise, or is no name of that language.
        gender: of who bears it.
        source: the line.
        language: of the translation.
    """
    wanted, heard = [folded(word) for word in words(said)], words(source)
    starts = range(len(heard) - len(wanted) + 1) if wanted else ()
    at = next((at for at in starts if [folded(word) for word in heard[at : at + len(wanted)]] == wanted), None)
    if at is None or len(wanted) > MOST_WORDS:
        return None
    said = " ".join(heard[at : at + len(wanted)])
    plain = " ".join(words(written))
    alike = is_named(said, plain) or likeness(said, plain) >= NEARLY
    fits = len(words(plain)) <= MOST_WORDS and not foreign_share(plain, language) and plain[:1].upper() == plain[:1]
    return Called(said, plain if plain and alike and fits else "", gender)


def can_write(language: str) -> bool:
    """Whether what a model makes of a name can be believed in a language: it is known how it sounds."""
    return not BY_SOUND.isdisjoint(scripts_of(language))


def sounding(names: Iterable[str]) -> Callable[[str], Sequence[str]]:
    """Finds those of some names a word of which sounds like a word of a line, each once and in an order that is always the same.

    Args:
        names: in letters of any script that is written by its sound.
    """
    by_sound: dict[str, set[str]] = {}
    for name in names:
        for sound in _sounds(name):
            by_sound.setdefault(sound, set()).add(name)

    def found(source: str) -> Sequence[str]:
        return sorted({name for sound in _sounds(source) for name in by_sound.get(sound, ())}) if by_sound else ()

    return found


def _sounds(text: str) -> Iterator[str]:
    return (sound for word in words(text) for sound in sounds(word))


def _words_of(names: Sequence[Called]) -> Iterator[str]:
    return (folded(word) for name in names for word in words(name.said))


def _most(told: Iterable[str]) -> str:
    counted = Counter(told)
    return min(counted, key=lambda each: (-counted[each], each), default="")
