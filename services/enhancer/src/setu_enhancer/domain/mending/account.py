"""What of a draft the words of its line account for, and what is left for a name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import kinds, renderings
from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lexicon.people import KIN_BEHIND, titles
from setu_enhancer.domain.lines import Pair
from setu_enhancer.domain.mending.drafts import Word, split
from setu_enhancer.domain.text.closed import folded_set
from setu_enhancer.domain.text.names import is_named
from setu_enhancer.domain.text.numbers import is_of_numbers
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import FUNCTION, is_akin

# What stands beside a name where somebody is called, and is no name.
BESIDE: Final = frozenset(
    "ji sir madam hey oh o listen yes no dear brother sister son uncle aunt friend please okay ok well look mr mrs miss dear man hello bye goodbye "  # noqa: SIM905
    "arre are yaar sahab beta didi bhai bhaiya".split()
)
# Forms of verbs that stand beside others in Hindi and say little themselves.
_LIGHT: Final = folded_set(
    "किया की किए कीजिए करो करना दिया दी दिए दो दे देना लिया ली लिए लो ले लेना हुआ हुई हुए होगा होगी होंगे होता होती होते जाए जाएगा जाएगी जाता जाती "
    "जाना आया आई आए आता आती चुका चुकी सका सकी सकता सकती पाया पाई लगा लगी लगे वाला वाली वाले वालों अरे जी"
)
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Account:
    """A line but for some words of it.

    Args:
        source: it.
        runs: those words, folded, in a row as they stand there: what a full name is of may be said elsewhere as a word.
        pair: its languages.
        others: entries that its draft has.
    """

    source: str
    runs: tuple[tuple[str, ...], ...]
    pair: Pair
    others: tuple[Entry, ...]

    @cached_property
    def rest(self) -> tuple[str, ...]:
        """Its other words, folded."""
        heard = tuple(map(folded, words(self.source)))
        taken = {
            place
            for run in self.runs
            for at in range(len(heard) - len(run) + 1)
            if heard[at : at + len(run)] == run
            for place in range(at, at + len(run))
        }
        return tuple(word for at, word in enumerate(heard) if at not in taken)

    @cached_property
    def said(self) -> frozenset[str]:
        """The words that it is without, each of them."""
        return frozenset(word for run in self.runs for word in run)

    @cached_property
    def known(self) -> bool:
        """Whether all other words are known, so that what is left of a draft is the name."""
        small = SMALL_WORDS.get(self.pair.source, _NOTHING) | _LIGHT
        return all(
            word in small
            or renderings(word, self.pair.source)
            or titles(word, self.pair.source)
            or is_of_numbers(word, self.pair.source)
            or self._names(word)
            for word in self.rest
        )

    def is_left(self, word: Word) -> bool:
        """Whether a word says something that no other word of the line accounts for."""
        plain = word.plain
        if plain in FUNCTION or plain in BESIDE or not plain.isalpha() or plain.endswith("ly") or self.is_other(word):
            return False  # "kingly" says how somebody is, and not who
        return not self.has(word) and not (self.counts and is_of_numbers(plain, self.pair.target))

    @cached_property
    def counts(self) -> bool:
        """Whether the rest of the line says a number."""
        return any(is_of_numbers(word, self.pair.source) or word.isdecimal() for word in self.rest)

    def has(self, word: Word) -> bool:
        """Whether another word of the line accounts for a word of the draft."""
        return _has(word.stem, word.plain, self.rest, self.pair.source)

    def renders(self, heard: str, word: Word) -> bool:
        """Whether a word of the draft is what a folded word of the line means."""
        return _has(word.stem, word.plain, (heard,), self.pair.source)

    def is_told(self, draft: str, beside: Collection[str]) -> bool:
        """Whether each noun of the rest has a word in a draft, so that what is left of that is none of them.

        Args:
            draft: it.
            beside: the words behind names, folded: Brother Raj may be Raj.
        """
        told = split(draft)
        nouns = {word for word in self.rest if self._is_thing(word) and not (word in beside and word in KIN_BEHIND)}
        return all(any(self.renders(noun, word) or is_named(noun, word.bare) for word in told) for noun in nouns)

    def is_thing(self, word: Word) -> bool:
        """Whether a word of the draft is what a noun of the rest means that tells of nobody."""
        nouns = [each for each in dict.fromkeys(self.rest) if self._is_thing(each) and not titles(each, self.pair.source)]
        return word.plain != "name" and any(self.renders(noun, word) for noun in nouns)

    def _is_thing(self, word: str) -> bool:
        known = kinds(word, self.pair.source)
        small = word in SMALL_WORDS.get(self.pair.source, _NOTHING) or word in _LIGHT
        return not small and "verb" not in known and ("noun" in known or bool(titles(word, self.pair.source)))

    def is_other(self, word: Word) -> bool:
        """Whether a word is another name, of the glossary or of the line."""
        if any(is_named(part, word.bare) for part in self._targets):
            return True
        return word.text[:1].isupper() and any(is_named(each, word.bare) for each in self._heard)

    @cached_property
    def _targets(self) -> tuple[str, ...]:
        """The words of the entries that the draft has."""
        return tuple(dict.fromkeys(part for entry in self.others for part in words(entry.target)))

    @cached_property
    def _heard(self) -> tuple[str, ...]:
        """The other words of the line, each once."""
        return tuple(dict.fromkeys(each for each in words(self.source) if folded(each) not in self.said))

    def _names(self, word: str) -> bool:
        return any(is_named(spelling, word) for entry in self.others for spelling in (*entry.source, entry.target))


@lru_cache(maxsize=16_384)
def _has(plain_stem: str, plain: str, rest: Sequence[str], language: str) -> bool:
    if any(plain in titles(other, language) for other in rest):
        return True
    return any(is_akin(plain_stem, each) for other in rest for each in renderings(other, language))
