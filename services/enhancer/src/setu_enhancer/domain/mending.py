"""Names put right by rule: where a draft has what a name means, or misspells it, the name stands again as the glossary writes it.

A word of the draft stands for a name where it is the name itself in the line's letters; where it is nearly the name; where it is what the name means
as a word; where it fills the same place between commas; and where it is the only word that nothing else in the line accounts for. If two words may be
meant and nothing tells which, the draft is left alone.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from setu_enhancer.domain.bearing import qualifies
from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.given import GIVEN, is_shown, is_translated, use_of
from setu_enhancer.domain.glossary import Entry, says
from setu_enhancer.domain.lexicon.people import DETERMINERS
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import is_named, likeness
from setu_enhancer.domain.text.scripts import SMALL_WORDS, script_counts, scripts_of
from setu_enhancer.domain.text.words import WORD, folded, unaccented, words
from setu_enhancer.domain.words import FUNCTION, is_akin, is_ordinary, stem

NEARLY: Final = 0.6
"""From here on a word that is none of English may be a misspelt name. Source: the table of pairs in the tests."""
LETTER: Final = r"[\w\u0300-\u036f\u0900-\u0d7f]"  # Indic vowel signs are no word characters to Python
MOST_BETWEEN_COMMAS: Final = 3
ENOUGH: Final = 2
_ARTICLE: Final = re.compile(r"(?i)(?<![\w'’])(?:the|a|an)\s+$")
_OWNED: Final = re.compile(r"(?i)(?<![\w'’])(?:my|your|his|her|our|their|this|that)\s+$")
_ENDING: Final = re.compile(r"(?:['’]s|['’])$")
_CLAUSE: Final = re.compile(r"[,;:—–]+|\s-\s")
_SENTENCE: Final = re.compile(r"[.!?।…\n]+")
# What stands beside a name where somebody is called, and is no name.
_BESIDE: Final = frozenset(
    "ji sir madam hey oh o listen yes no dear brother sister son uncle aunt friend please okay ok well look mr mrs miss dear man hello bye goodbye "  # noqa: SIM905
    "arre are yaar sahab beta didi bhai bhaiya".split()
)
_OF: Final = frozenset(map(folded, ("का", "की", "के")))
_BEFORE: Final = frozenset({"the", "a", "an", "my"})
# What follows whom a sentence is about.
_VERBS: Final = frozenset(
    "is was has had will would can could did does may must should isn't wasn't hasn't hadn't won't wouldn't can't couldn't didn't doesn't said says "  # noqa: SIM905
    "told tells came comes went goes gave gives took takes got gets made makes knows knew wants wanted thinks thought never always also".split()
)
# Forms of verbs that stand beside others in Hindi and say little themselves.
_LIGHT: Final = frozenset(
    map(
        folded,
        "किया की किए कीजिए करो करना दिया दी दिए दो दे देना लिया ली लिए लो ले लेना हुआ हुई हुए होगा होगी होंगे होता होती होते जाए जाएगा जाएगी जाता जाती "  # noqa: SIM905
        "जाना आया आई आए आता आती चुका चुकी सका सकी सकता सकती पाया पाई लगा लगी लगे वाला वाली वाले अरे जी".split(),
    )
)
# How people are called by what they are: as good a translation as the word that a list of characters has for them.
_ADDRESSES: Final = frozenset(
    "mother mom mum mama mummy mommy father dad papa daddy grandma grandmother granny grandpa grandfather granddad uncle aunt auntie sir "  # noqa: SIM905
    " madam ma'am mister missus mr mrs miss doctor nurse teacher professor master boss chief warden inspector constable officer judge "
    "lawyer minister captain major colonel guard watchman driver conductor shopkeeper waiter priest landlord landlady principal".split()
)
_MEANINGS: Final = {
    language: {unaccented(each.split()[0]): frozenset(map(stem, each.split()[1:])) for each in text.strip().splitlines()}
    for language, text in tomllib.loads((Path(__file__).parent / "meanings.toml").read_text(encoding="utf-8")).items()
}
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class _Word:
    """A word of a draft, and where it stands there."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """Without an ending that English gives to names."""
        return _ENDING.sub("", self.text)

    @property
    def stem(self) -> str:
        """What its forms have in common."""
        return stem(folded(self.bare))


def mended(line: Line, entries: Sequence[Entry], pair: Pair) -> str:
    """A draft in which names and terms stand as the glossary writes them, where it is plain what stands for them; else the draft as it is.

    Args:
        line: what is said, and its draft.
        entries: those of the line.
        pair: its languages. What names mean is known in English only.
    """
    text = line.draft
    for entry in sorted(entries, key=lambda each: -len(words(each.target))):
        text = _uncopied(entry, text, pair.target)
        if not says(entry, text):
            text = _put(entry, line.source, text, pair, entries)
    return text


def _put(entry: Entry, source: str, draft: str, pair: Pair, entries: Sequence[Entry]) -> str:
    """A draft with one entry in it; the draft itself where it is not plain what stands for it."""
    said = _said(entry, source)
    if not said or _is_another_word(said, entry, pair):
        return draft
    place = _Place(entry, said, source, pair, tuple(each for each in entries if each is not entry and says(each, draft)))
    spans = place.spans(_split(draft))
    if spans is None and entry.kind == "name" and pair.target == "en":
        called = place.called(draft) or place.left_over(_split(draft)) or place.leading(draft)
        spans = (called,) if called else None
    for span in reversed(spans or ()):
        if place.is_free(draft, span):
            draft = _replaced(draft, span, entry, owns=place.owns(draft[span[1] :]))
    return draft


def _uncopied(entry: Entry, draft: str, language: str) -> str:
    """A draft in which an entry that was left in the letters of the line is written as it is to be."""
    for spelling in sorted(entry.source, key=len, reverse=True):
        if set(script_counts(spelling)) <= scripts_of(language):
            continue
        draft = re.sub(rf"(?<!{LETTER}){re.escape(spelling)}(?!{LETTER})", lambda _: entry.target, draft)
    return draft


@dataclass(frozen=True)
class _Place:
    """Looks for what stands for an entry in a draft.

    Args:
        entry: it.
        said: its words in the line.
        source: the line.
        pair: its languages.
        others: entries that the draft has.
    """

    entry: Entry
    said: tuple[str, ...]
    source: str
    pair: Pair
    others: tuple[Entry, ...]

    def spans(self, drafted: Sequence[_Word]) -> tuple[tuple[int, int], ...] | None:
        """Where the draft has the entry as a word or misspelt; None if nowhere, or if nothing tells where."""
        found = self._candidates(drafted, loosely=False) or self._candidates(drafted, loosely=True)
        for surer in (self._alone, self._outright, self._capital):
            if len(found) > self._times():
                found = [span for span in found if surer(span)] or found
        found = _joined(found) if len(self.said) == 1 else found
        if not found or len(found) > self._times() or len({" ".join(word.stem for word in span) for span in found}) > 1:
            return None  # of two different words one may be the word, and not the name
        return tuple((span[0].start, span[-1].end) for span in found)

    def _candidates(self, drafted: Sequence[_Word], *, loosely: bool) -> list[Sequence[_Word]]:
        """Words in a row of which one stands for the entry, and the others, too, or for nothing else."""
        size = len(self.said)
        found = []
        for at in range(len(drafted) - size + 1):
            span = drafted[at : at + size]
            meant = [self._stands_for(word, place, loosely=loosely) for place, word in enumerate(span)]
            if any(meant) and all(sure or self._unknown(word) for sure, word in zip(meant, span, strict=True)):
                found.append(span)
        return found

    def _alone(self, span: Sequence[_Word]) -> bool:
        return not any(self._accounted(word) for word in span)

    def _outright(self, span: Sequence[_Word]) -> bool:
        return all(self._stands_for(word, place, loosely=False) for place, word in enumerate(span))

    def _capital(self, span: Sequence[_Word]) -> bool:
        return span[0].start > 0 and span[0].text[:1].isupper()

    def called(self, draft: str) -> tuple[int, int] | None:
        """The one word between commas in a draft where the line calls a name between commas, first or last in its sentence."""
        heard = [part for part in _SENTENCE.split(self.source) if words(part)]
        told = [found for found in re.finditer(r"[^.!?।…\n]+", draft) if words(found.group())]
        at = next((number for number, part in enumerate(heard) if self._is_in(words(part))), None)
        if at is None or not told:
            return None
        clauses = [part for part in _CLAUSE.split(heard[at]) if words(part)]
        calling = [place for place in (0, len(clauses) - 1) if self._calls(words(clauses[place]))]
        own = min(calling, key=lambda place: len(words(clauses[place])), default=None)
        if own is None:
            return None
        sentence = told[at] if len(told) == len(heard) else told[0 if at == 0 else -1] if at in (0, len(heard) - 1) else None
        if sentence is None:
            return None
        parts = list(_clauses_of(sentence.group(), sentence.start()))
        if len(parts) == 1 and len(clauses) > 1:
            return None
        called = [word for word in parts[0 if own == 0 else -1] if folded(word.bare) not in _BESIDE | _BEFORE]
        if len(called) != len(self.said) or any(self._is_other(word) for word in called):
            return None
        return called[0].start, called[-1].end

    def left_over(self, drafted: Sequence[_Word]) -> tuple[int, int] | None:
        """The only word of a draft that no other word of the line accounts for, if all others of the line are known."""
        others = [word for word in map(folded, words(self.source)) if word not in map(folded, self.said)]
        small = SMALL_WORDS.get(self.pair.source, _NOTHING) | _LIGHT
        if not all(word in small or renderings(word, self.pair.source) or self._names(word) for word in others):
            return None
        left = [word for word in drafted if self._unknown(word)]
        return (left[0].start, left[0].end) if len(left) == 1 == len(self.said) else None

    def leading(self, draft: str) -> tuple[int, int] | None:
        """The word that a sentence of the draft speaks of first, where the line's sentence speaks of the name first."""
        heard = [part for part in _SENTENCE.split(self.source) if words(part)]
        told = [found for found in re.finditer(r"[^.!?।…\n]+", draft) if words(found.group())]
        at = next((number for number, part in enumerate(heard) if tuple(words(part)[: len(self.said)]) == self.said), None)
        if at is None or len(heard) != len(told) or len(self.said) > 1:
            return None
        first = _split(told[at].group(), told[at].start())
        first = first[1:] if folded(first[0].text) in _BEFORE else first
        if len(first) < ENOUGH or folded(first[1].text) not in _VERBS or not self._unknown(first[0]):
            return None
        return first[0].start, first[0].end

    def owns(self, behind: str) -> bool:
        """Whether the line has a genitive of a name that is an adjective as a word, behind which the draft has a noun: "the beautiful talk"."""
        heard = words(self.source)
        at = heard.index(self.said[-1]) + 1
        case = folded(heard[at]) if at < len(heard) else ""
        if self.entry.kind != "name" or case not in _OF or not qualifies(folded(self.said[0])):
            return False
        following = re.match(r"\s+([\w'’]+)", behind)
        return following is not None and folded(following.group(1)) not in FUNCTION

    def is_free(self, draft: str, span: tuple[int, int]) -> bool:
        """Whether nothing speaks against putting the entry there: the word is a good one, or belongs to what is around it."""
        before = draft[: span[0]]
        if all(folded(word) in _ADDRESSES for word in words(draft[span[0] : span[1]])):
            return False  # who is called Dadi may be called Grandma
        if self.entry.shown_by == "place" or is_shown(self.said[0], self.source):
            return True
        given = GIVEN.get(folded(self.said[0])) if self.entry.shown_by == "use" and len(self.said) == 1 else None
        if given and given.meanings and use_of(self.said[0], self.source) <= 0 and not is_translated(given, draft):
            return False  # "hope" and "pearls" tell nothing
        if self.entry.provenance == "text" and _ARTICLE.search(before):
            return False  # that it is a name is a guess, and a name has no article
        heard = words(self.source)
        ahead = folded(heard[heard.index(self.said[0]) - 1]) if heard.index(self.said[0]) else ""
        owned = ahead in DETERMINERS and bool(renderings(folded(self.said[0]), self.pair.source))
        return not (owned and _OWNED.search(before))

    def _stands_for(self, word: _Word, place: int, *, loosely: bool) -> bool:
        """Whether a word is what one of the name's words means (loosely: much like that), or nearly that word itself."""
        said, written = self.said[place], self._written(place)
        if written and is_named(written, word.bare):
            return word.text[:1].isupper() or not is_ordinary(folded(word.bare)) or len(self.said) > 1
        plain = folded(word.bare)
        meant = meanings(said, self.pair.source)
        if plain.removesuffix("ly") in meant - {plain}:
            return False  # "kingly" is no king
        alike = word.stem in meant or (loosely and any(is_akin(word.stem, each) for each in meant))
        if self.pair.target == "en" and plain not in FUNCTION and alike:
            return True
        if self.entry.kind != "name" or not written or is_ordinary(plain) or self._is_other(word):
            return False
        return word.text[:1].isupper() and likeness(written, word.bare) >= NEARLY

    def _unknown(self, word: _Word) -> bool:
        """Whether a word says something that no other word of the line accounts for."""
        plain = folded(word.bare)
        if plain in FUNCTION or plain in _BESIDE or not plain.isalpha() or plain.endswith("ly") or self._is_other(word):
            return False  # "kingly" says how somebody is, and not who
        return not self._accounted(word)

    def _accounted(self, word: _Word) -> bool:
        others = [each for each in map(folded, words(self.source)) if each not in map(folded, self.said)]
        return any(is_akin(word.stem, each) for other in others for each in renderings(other, self.pair.source))

    def _is_other(self, word: _Word) -> bool:
        """Whether a word is another name, of the glossary or of the line."""
        if any(is_named(part, word.bare) for entry in self.others for part in words(entry.target)):
            return True
        others = [each for each in words(self.source) if each not in self.said]
        return word.text[:1].isupper() and any(is_named(each, word.bare) for each in others)

    def _names(self, word: str) -> bool:
        return any(is_named(spelling, word) for entry in self.others for spelling in (*entry.source, entry.target))

    def _written(self, place: int) -> str:
        written = words(self.entry.target)
        return written[place] if len(written) == len(self.said) else ""

    def _times(self) -> int:
        """How often the line has it."""
        heard, size = words(self.source), len(self.said)
        return sum(tuple(heard[at : at + size]) == self.said for at in range(len(heard)))

    def _calls(self, heard: Sequence[str]) -> bool:
        """Whether the words between two commas have it, and hardly anything else."""
        return len(heard) <= MOST_BETWEEN_COMMAS and self._is_in(heard)

    def _is_in(self, heard: Sequence[str]) -> bool:
        size = len(self.said)
        return any(tuple(heard[at : at + size]) == self.said for at in range(len(heard)))


@lru_cache(maxsize=4096)
def meanings(word: str, language: str) -> frozenset[str]:
    """The stems of what a word that is a name, too, may come to in English."""
    plain = folded(word)
    given = GIVEN.get(plain) if language == "hi" else None
    found = frozenset(map(stem, given.meanings)) if given else _NOTHING
    own = _MEANINGS.get(language, {})
    return found | own.get(unaccented(word), _NOTHING) | renderings(plain, language)


def _said(entry: Entry, source: str) -> tuple[str, ...]:
    """The words of a line that are an entry, in whatever spelling."""
    heard = words(source)
    sizes = sorted({len(words(spelling)) for spelling in entry.source}, reverse=True)
    for size in sizes:
        for at in range(len(heard) - size + 1):
            part = " ".join(heard[at : at + size])
            if any(is_named(spelling, part) for spelling in entry.source if len(words(spelling)) == size):
                return tuple(heard[at : at + size])
    return ()


def _is_another_word(said: Sequence[str], entry: Entry, pair: Pair) -> bool:
    """Whether what sounds like a name in a line is spelt as another word that is known: खाना is food, and not Mr Khanna."""
    if not any(renderings(folded(word), pair.source) for word in said):
        return False
    scripts = set(script_counts(" ".join(said)))
    spelt = [spelling for spelling in entry.source if set(script_counts(spelling)) == scripts]
    return bool(spelt) and not any({*map(folded, said)} <= {*map(folded, words(spelling))} for spelling in spelt)


def _joined(found: list[Sequence[_Word]]) -> list[Sequence[_Word]]:
    """Words that all stand for a name, as one where they stand side by side: "the little bird" for Muniya."""
    beside = all(1 <= other[0].start - one[-1].end <= 1 for one, other in pairwise(found))
    return [[word for span in found for word in span]] if len(found) > 1 and beside else found


def _split(text: str, offset: int = 0) -> list[_Word]:
    return [_Word(found.group(), offset + found.start(), offset + found.end()) for found in WORD.finditer(text)]


def _clauses_of(sentence: str, offset: int) -> Iterator[list[_Word]]:
    start = 0
    for comma in [*_CLAUSE.finditer(sentence), None]:
        end = comma.start() if comma else len(sentence)
        if found := _split(sentence[start:end], offset + start):
            yield found
        start = comma.end() if comma else end


def _replaced(draft: str, span: tuple[int, int], entry: Entry, *, owns: bool) -> str:
    """A draft with an entry in the place of some words: a name takes no article, and keeps an ending, or takes one where it owns what follows."""
    start, end = span
    ending = found.group() if (found := _ENDING.search(draft[start:end])) else "'s" if owns else ""
    before = draft[:start]
    if entry.kind == "name":
        before = _ARTICLE.sub("", before)
    return before + entry.target + ending + draft[end:]
