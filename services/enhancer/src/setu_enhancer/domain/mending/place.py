"""Where a draft has an entry as a word, or misspelt."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.bearing import CALLING
from setu_enhancer.domain.dictionary import is_verb
from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lexicon.people import titles
from setu_enhancer.domain.lines import Pair
from setu_enhancer.domain.mending.account import BESIDE, Account
from setu_enhancer.domain.mending.drafts import CLAUSE, SENTENCE, Word, clauses_of, runs, sentence_of, split
from setu_enhancer.domain.mending.meant import does, hinted, meanings
from setu_enhancer.domain.said import is_said
from setu_enhancer.domain.text.closed import ARTICLES
from setu_enhancer.domain.text.names import is_named, likeness
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import FUNCTION, is_akin, is_ordinary

NEARLY: Final = 0.6
"""From here on a word that is none of English may be a misspelt name. Source: the table of pairs in the tests."""
MOST_BETWEEN_COMMAS: Final = 3
NEAR: Final = 3
OF_OTHERS: Final = {"male": frozenset({"she", "her"}), "female": frozenset({"he", "him", "his"})}
BEFORE: Final = ARTICLES | {"my"}
_ARTICLES: Final = frozenset("le la les un une des el los las una unos unas o os as um uma au aux du al del".split())  # noqa: SIM905
Span = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Looks for what stands for an entry in a draft.

    Args:
        entry: it.
        said: its words in the line.
        target: how it is written here: with what the line has behind it, where that belongs to it.
        source: the line.
        pair: its languages.
        others: entries that the draft has.
    """

    entry: Entry
    said: tuple[str, ...]
    target: str
    source: str
    pair: Pair
    others: tuple[Entry, ...]

    @cached_property
    def account(self) -> Account:
        """What the rest of the line accounts for."""
        return Account(self.source, (tuple(map(folded, self.said)),), self.pair, self.others)

    @cached_property
    def heard(self) -> tuple[str, ...]:
        """The words of the line."""
        return tuple(words(self.source))

    @property
    def at(self) -> int:
        """Where in the line it begins."""
        size = len(self.said)
        return next(at for at in range(len(self.heard)) if self.heard[at : at + size] == self.said)

    @property
    def behind(self) -> tuple[str, ...]:
        """The words behind it in the line, folded."""
        return tuple(map(folded, self.heard[self.at + len(self.said) :]))

    @property
    def case(self) -> str:
        """The word right behind it, which may be a postposition."""
        return self.behind[0] if self.behind else ""

    def fitting(self, pronouns: frozenset[str]) -> frozenset[str]:
        """Of some pronouns those that are said of who bears the name."""
        given = GIVEN.get(folded(self.said[0]))
        gender = self.entry.gender or (given.gender if given else None)
        return pronouns - OF_OTHERS.get(gender or "", frozenset())

    @property
    def ahead(self) -> str:
        """The word before it, folded."""
        return folded(self.heard[self.at - 1]) if self.at else ""

    @cached_property
    def times(self) -> int:
        """How often the line has it."""
        size = len(self.said)
        return sum(self.heard[at : at + size] == self.said for at in range(len(self.heard)))

    @cached_property
    def is_shared(self) -> bool:
        """Whether the line says a part of the full name elsewhere as well: शेर सिंह ने शेर को मारा."""
        return len(self.said) > 1 and not self.account.said.isdisjoint(self.account.rest)

    @cached_property
    def is_called_and_said(self) -> bool:
        """Whether a sentence of the line calls the name between commas, and has its word between others: चाँदी, चाँदी कहाँ है?"""
        if self.times == 1:
            return False
        parts = [[tuple(words(part)) for part in CLAUSE.split(sentence)] for sentence in SENTENCE.split(self.source)]
        return any(
            self.said in clauses
            and any(
                self.calls_in(each) and any(word not in self.said and folded(word) not in CALLING for word in each)
                for each in clauses
            )
            for clauses in parts
        )

    @cached_property
    def hints(self) -> frozenset[str]:
        """The stems of what its words mean, or may be made of."""
        return frozenset[str]().union(*(hinted(word, self.pair.source) for word in self.said))

    def hits(self, word: Word) -> bool:
        """Whether a word may stand for a part of it."""
        if any(is_akin(word.stem, each) for each in self.hints):
            return True
        if len(self.said) > 1 and any(word.plain in titles(said, self.pair.source) for said in self.said):
            return True
        return any(is_named(part, word.bare) for part in words(self.target))

    def spans(self, draft: str) -> tuple[Span, ...] | None:
        """Where the draft has the entry as a word or misspelt; None if nowhere, or if nothing tells where."""
        drafted = split(draft)
        found = self._candidates(drafted, loosely=False) or self._candidates(drafted, loosely=True)
        found = _joined(found) if len(self.said) == 1 else found
        for surer in (self._alone, self._outright, self._capital):
            if len(found) > self.times:
                found = [span for span in found if surer(span)] or found
        if not found or len(found) > self.times or len({" ".join(word.stem for word in span) for span in found}) > 1:
            return None  # of two different words one may be the word, and not the name
        return tuple((span[0].start, span[-1].end) for span in found)

    def is_unclear(self, draft: str) -> bool:
        """Whether the line has the name's word more than once, or another that means the same, and nothing tells which of them the draft has."""
        if self.entry.kind != "name" or len(self.said) > 1 or self.pair.target != "en" or not self.meant:
            return False
        said = folded(self.said[0])
        told = [
            word for word in split(draft) if word.plain not in FUNCTION and any(is_akin(word.stem, each) for each in self.meant)
        ]
        told = [word for word in told if not does(word.plain)]
        if self.pair.source != "hi":
            return len(told) > self.times or self._is_cased_word(said)
        clauses = [
            list(map(folded, words(part))) for sentence in SENTENCE.split(self.source) for part in CLAUSE.split(sentence)
        ]
        having = [clause for clause in clauses if said in clause]
        if sum(clause.count(said) for clause in having) > 1:
            if any(clause.count(said) > 1 or is_said(said, " ".join(clause)) for clause in having):
                return self.spans(draft) is not None or self.called(draft) is None
            called = all(word == said or word in CALLING for clause in having for word in clause)
            return len(told) < len(having) and not called
        rest = [word for word in split(draft) if word not in told]
        same = [each for each in self.account.rest if not is_verb(each, self.pair.source)]
        same = [each for each in same if not any(self.account.renders(each, word) for word in rest)]
        return bool(told) and all(any(self.account.renders(each, word) for each in same) for word in told)

    def _is_cased_word(self, said: str) -> bool:
        """Whether a line of a language with capitals has the name's word in small letters, of many, with an article, or as all that is cried."""
        plain = [folded(word) for word in self.heard]
        if set(plain) == {said} or any(one in _ARTICLES and other == said for one, other in pairwise(plain)):
            return True
        many = {f"{said}s", f"{said}es"}
        return any(
            each in many or (each == said and word not in self.said) for each, word in zip(plain, self.heard, strict=True)
        )

    def is_together(self, draft: str) -> bool:
        """Whether the draft has words for each of its own within one phrase."""
        hints = [hinted(word, self.pair.source) for word in self.said]
        for run in runs(draft):
            told = [{part for part, some in enumerate(hints) if any(is_akin(word.stem, each) for each in some)} for word in run]
            for at in range(len(told)):
                if len(set[int]().union(*told[at : at + NEAR])) == len(hints):
                    return True
                if at and told[at] == {len(hints) - 1} and self.account.is_left(run[at - 1]):
                    return True
        return False

    @cached_property
    def meant(self) -> frozenset[str]:
        """The stems of what its words mean."""
        return frozenset[str]().union(*(meanings(said, self.pair.source) for said in self.said))

    def is_meant(self, draft: str) -> bool:
        """Whether the draft has what it means as a word, be it as the word."""
        return any(word.stem in self.meant for word in split(draft))

    def called(self, draft: str) -> Span | None:
        """What stands between commas in a draft where the line calls a name between commas, first or last in its sentence."""
        heard = [part for part in SENTENCE.split(self.source) if words(part)]
        at = next((number for number, part in enumerate(heard) if self.calls_in(words(part))), 0)
        clauses = [heard_in for part in CLAUSE.split("".join(heard[at : at + 1])) if (heard_in := words(part))]
        calling = [place for place in (0, len(clauses) - 1) if clauses and self.calls(clauses[place])]
        own = min(calling, key=lambda place: len(clauses[place]), default=None)
        sentence = sentence_of(heard, at, draft) if own is not None else None
        parts = list(clauses_of(sentence.group(), sentence.start())) if sentence else []
        if own is None or not parts or (len(parts) == 1 and len(clauses) > 1):
            return None
        clause = parts[0 if own == 0 else -1]
        called = [word for word in clause if word.plain not in BESIDE | BEFORE or (len(self.said) > 1 and self.hits(word))]
        alone = len(clauses[own]) == len(self.said) and len(parts) == len(clauses) > 1
        return (called[0].start, called[-1].end) if called and self._is_called_by(called, alone=alone) else None

    def _is_called_by(self, called: Sequence[Word], *, alone: bool) -> bool:
        """Whether words between commas may be who is called; alone: whether the name is all that the line has there."""
        accounted = all(self.account.has(word) and not self.hits(word) for word in called)
        if accounted or any(self.account.is_other(word) or not word.plain[:1].isalpha() for word in called):
            return False  # "Stop!" is no name
        if len(called) == len(self.said) and (len(called) == 1 or not any(word.plain in FUNCTION for word in called)):
            return True
        left = [self.account.is_left(word) for word in called]
        hits = [self.hits(word) for word in called]
        fitting = all(one or other or word.plain in FUNCTION for one, other, word in zip(left, hits, called, strict=True))
        return alone and fitting and len(called) <= MOST_BETWEEN_COMMAS and (any(hits) or all(left))

    def calls(self, heard: Sequence[str]) -> bool:
        """Whether the words between two commas have it, and hardly anything else."""
        return len(heard) <= MOST_BETWEEN_COMMAS and self.calls_in(heard)

    def _candidates(self, drafted: Sequence[Word], *, loosely: bool) -> list[Sequence[Word]]:
        """Words in a row of which one stands for the entry, and the others, too, or for nothing else."""
        size = len(self.said)
        tells = [self._tells(place, drafted) for place in range(size)]
        found = []
        for at in range(len(drafted) - size + 1):
            span = drafted[at : at + size]
            meant = [self._stands_for(word, place, loosely=loosely) for place, word in enumerate(span)]
            if any(sure and own for sure, own in zip(meant, tells, strict=True)) and all(
                sure or self.account.is_left(word) for sure, word in zip(meant, span, strict=True)
            ):
                found.append(span)
        return found

    def _tells(self, place: int, drafted: Sequence[Word]) -> bool:
        """Whether one of its words tells where the name is: a draft has it more often than the line has it elsewhere."""
        elsewhere = self.account.rest.count(folded(self.said[place])) if self.is_shared else 0
        return not elsewhere or sum(self._stands_for(word, place, loosely=False) for word in drafted) > elsewhere

    def _alone(self, span: Sequence[Word]) -> bool:
        return not any(self.account.has(word) for word in span)

    def _outright(self, span: Sequence[Word]) -> bool:
        return all(self._stands_for(word, place, loosely=False) for place, word in enumerate(span))

    def _capital(self, span: Sequence[Word]) -> bool:
        return span[0].start > 0 and span[0].text[:1].isupper()

    def _stands_for(self, word: Word, place: int, *, loosely: bool) -> bool:
        """Whether a word is what one of the name's words means (loosely: much like that), or nearly that word itself."""
        said, written = self.said[place], self._written(place)
        if written and is_named(written, word.bare):
            return word.text[:1].isupper() or not is_ordinary(word.plain) or len(self.said) > 1
        plain = word.plain
        meant = meanings(said, self.pair.source)
        if plain.removesuffix("ly") in meant - {plain}:
            return False  # "kingly" is no king
        alike = word.stem in meant or (loosely and any(is_akin(word.stem, each) for each in meant))
        if self.pair.target == "en" and plain not in FUNCTION and alike:
            return True
        if self.entry.kind != "name" or not written or is_ordinary(plain) or self.account.is_other(word):
            return False
        return word.text[:1].isupper() and likeness(written, word.bare) >= NEARLY

    def _written(self, place: int) -> str:
        written = words(self.target)
        return written[place] if len(written) == len(self.said) else ""

    def calls_in(self, heard: Sequence[str]) -> bool:
        """Whether some words of the line have it."""
        size = len(self.said)
        return any(tuple(heard[at : at + size]) == self.said for at in range(len(heard)))


def _joined(found: list[Sequence[Word]]) -> list[Sequence[Word]]:
    """Words that all stand for a name, as one where they stand side by side: "the little bird" for Muniya."""
    doing = [span for span in found if any(does(word.plain) for word in span)]
    found = [span for span in found if span not in doing] or found
    beside = all(1 <= other[0].start - one[-1].end <= 1 for one, other in pairwise(found))
    return [[word for span in found for word in span]] if len(found) > 1 and beside else found
