"""Names put right by rule: where a draft has what a name means, or misspells it, the name stands again as the glossary writes it.

A word of the draft stands for a name where it is the name itself in the line's letters; where it is nearly the name; where it is what the name means
as a word; where it fills the same place between commas; and where it is of the only phrase that nothing else in the line accounts for. Of a name that
the draft dropped its kin, a pronoun or the place where it is called may tell. If two words may be meant and nothing tells which, or if the draft has the
word and not the name, the draft is left alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.glossary import Entry, says
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import lacking
from setu_enhancer.domain.mending.account import Account
from setu_enhancer.domain.mending.checking import checked
from setu_enhancer.domain.mending.drafts import split
from setu_enhancer.domain.mending.keeping import is_another_word, is_free
from setu_enhancer.domain.mending.meant import meanings, sites
from setu_enhancer.domain.mending.phrases import assigned, is_bound, widened
from setu_enhancer.domain.mending.place import NEARLY, Place, Span
from setu_enhancer.domain.mending.writing import written
from setu_enhancer.domain.spelt import spelt_otherwise
from setu_enhancer.domain.text.closed import folded_set
from setu_enhancer.domain.text.names import is_named
from setu_enhancer.domain.text.scripts import script_counts, scripts_of
from setu_enhancer.domain.text.words import folded, words
from setu_enhancer.domain.words import LONG_TEXT

__all__ = ["LETTER", "NEARLY", "meanings", "mended", "repeated"]

MOST_TIMES: Final = 8
_PRONOUNS: Final = frozenset("he him his she her hers".split())  # noqa: SIM905
_SAID_SO: Final = folded_set(
    "वो वह वे उस उसे उसको उसने उससे उसका उसकी उसके उन्हें उनको उन्होंने उनका उनकी उनके ये यह इस इसे इसको इसने इससे इसका इसकी इसके"
)
LETTER: Final = r"[\w\u0300-\u036f\u0900-\u0d7f]"  # Indic vowel signs are no word characters to Python


def mended(line: Line, entries: Sequence[Entry], pair: Pair) -> str:
    """A draft in which names and terms stand as the glossary writes them, where it is plain what stands for them; else the draft as it is.

    Args:
        line: what is said, and its draft.
        entries: those of the line.
        pair: its languages. What names mean is known in English only.
    """
    return checked(line.draft, _Mending(line, tuple(entries), pair).text(), entries)


def repeated(source: str, text: str, entries: Sequence[Entry]) -> frozenset[Literal["name", "term"]]:
    """The kinds of entries that a line has more often than a text has them: one that stands once may be in the place of another.

    Args:
        source: the line.
        text: what was made of its draft.
        entries: those of the line.
    """
    return frozenset(entry.kind for entry in entries if 0 < _told(entry, text) < _runs(_said(entry, source), source))


def _told(entry: Entry, text: str) -> int:
    return sum(_runs(tuple(words(form)), text) for form in {entry.target, *entry.accepted})


def _runs(part: tuple[str, ...], text: str) -> int:
    """How often some words stand in a text."""
    looked, heard = tuple(map(folded, part)), tuple(map(folded, words(text)))
    return sum(heard[at : at + len(looked)] == looked for at in range(len(heard) - len(looked) + 1)) if looked else 0


@dataclass(frozen=True)
class _Mending:
    """The work on one line.

    Args:
        line: it.
        entries: those that it has.
        pair: its languages.
    """

    line: Line
    entries: tuple[Entry, ...]
    pair: Pair

    def text(self) -> str:
        """Its draft with what belongs there."""
        text, missing = self.line.draft, []
        settled = _settled(self.entries, self.line.source, text)
        for entry, said in settled:
            text = _uncopied(entry, text, self.pair.target)
            for start, end in reversed(spelt_otherwise(entry, self.line.source, text)):
                text = text[:start] + entry.target + text[end:]
            if says(entry, text) or not (place := self._place(entry, said, text)):
                continue
            text, is_word = _put(place, text)
            if entry.kind == "name" and not is_word:
                missing.append((entry, said))
        if self.pair.target != "en" or self.pair.source != "hi":
            return text
        left = [place for entry, said in missing if not says(entry, text) and (place := self._place(entry, said, text))]
        return self._left(sorted(left, key=lambda place: place.at), text) if left else text

    def _left(self, missing: Sequence[Place], text: str) -> str:
        """A draft with the names for which no word of it stood plainly: by the phrases that are left, or because they were dropped."""
        said = tuple(tuple(map(folded, place.said)) for place in missing)
        account = Account(self.line.source, said, self.pair, missing[0].others)
        for span, place in sorted(assigned(text, missing, account), key=lambda each: each[0], reverse=True):
            if is_free(place, text, span) and not is_bound(text, span, place) and not self._is_another(span, place, text):
                text = written(place, text, span)
        dropped = [place for place in missing if not says(place.entry, text)]
        for place in dropped:
            text = lacking.put(place, text, several=len(dropped) > 1)
        return text

    @cached_property
    def _heard(self) -> tuple[str, ...]:
        """The words of the line, folded."""
        return tuple(map(folded, words(self.line.source)))

    @cached_property
    def _is_long(self) -> bool:
        """Whether the line or its draft is so long that nothing in it tells what stands for what."""
        return max(len(self._heard), len(words(self.line.draft))) > LONG_TEXT

    def _is_another(self, span: Span, place: Place, text: str) -> bool:
        """Whether a phrase that only is left over says something else: the draft has the name as a pronoun: "He tied the knot"."""
        meant = any(place.hits(word) for word in split(text) if span[0] <= word.start < span[1])
        pronouns = _PRONOUNS.intersection(word.plain for word in split(text))
        said = not _SAID_SO.isdisjoint(map(folded, words(self.line.source)))
        return bool(pronouns) and not meant and not said

    def _place(self, entry: Entry, said: tuple[str, ...], draft: str) -> Place | None:
        """Where to look for an entry; None if it is not looked for."""
        source = self.line.source
        if self._is_long or self._heard.count(folded(said[0])) > MOST_TIMES:
            return None
        others = tuple(each for each in self.entries if each is not entry and says(each, draft))
        place = Place(entry, said, entry.target, source, self.pair, others)
        if _is_another_word(said, entry, self.pair) or is_another_word(place) or place.is_unclear(draft):
            return None
        if entry.kind != "name" or self.pair.source != "hi" or len(said) > 1:
            return place
        given = GIVEN.get(folded(said[0]))
        if folded(said[0]) in sites() and (given is None or given.seldom or given.gender is None):
            return None  # a market, and no name by itself
        following = "".join(place.heard[place.at + 1 : place.at + 2])
        site = sites().get(folded(following))
        if site is None or not re.search(rf"{re.escape(said[0])}\s+{re.escape(following)}", source):
            return place
        whole = replace(place, said=(said[0], following), target=f"{entry.target} {site[0]}")
        return whole if whole.is_together(draft) else place


def _put(place: Place, draft: str) -> tuple[str, bool]:
    """A draft with one entry in it, and whether the draft has it as the word; the draft itself where it is not plain what stands for it."""
    in_english = place.entry.kind == "name" and place.pair.target == "en"
    whole = in_english and len(place.said) > 1 and place.pair.source == "hi"
    spans = None if whole and not place.is_shared else place.spans(draft)
    if in_english and (spans is None or len(spans) == 1):
        called = place.called(draft)
        if called and (spans is None or (called[0] <= spans[0][0] and spans[0][1] <= called[1])):
            spans = (called,)
    if spans is None and whole:
        spans = tuple(span for span, _ in assigned(draft, [place], place.account)) or place.spans(draft)
    made = draft
    for span in sorted(spans or (), reverse=True):
        wide = widened(made, span, place) if in_english else span
        if in_english and is_bound(made, wide, place):
            continue
        if is_free(place, made, span) and (wide == span or is_free(place, made, wide)):
            made = written(place, made, wide)
    return made, bool(spans) and made == draft


def _settled(entries: Sequence[Entry], source: str, draft: str) -> list[tuple[Entry, tuple[str, ...]]]:
    """The entries of a line with their words there, the longest first, but for those that are parts of others."""
    found = sorted(
        ((entry, said) for entry in entries if (said := _said(entry, source))),
        key=lambda each: (each[0].provenance == "text", -len(each[1])),
    )
    kept: list[tuple[Entry, tuple[str, ...]]] = []
    for entry, said in found:
        longer = next((other for other, parts in kept if entry.kind == "name" == other.kind and set(said) < set(parts)), None)
        if longer is None or says(longer, draft) or not _is_within(said, source, kept):
            kept.append((_respelt(entry, said, kept), said))
    return sorted(kept, key=lambda each: -len(words(each[0].target)))


def _is_within(said: tuple[str, ...], source: str, kept: Sequence[tuple[Entry, tuple[str, ...]]]) -> bool:
    """Whether a name stands in a line only as a part of longer ones."""
    heard = words(source)
    covered = {
        place
        for _, parts in kept
        if len(parts) > len(said)
        for at in range(len(heard))
        if tuple(heard[at : at + len(parts)]) == parts
        for place in range(at, at + len(parts))
    }
    return all(place in covered for place, word in enumerate(heard) if word in said)


def _respelt(entry: Entry, said: tuple[str, ...], kept: Sequence[tuple[Entry, tuple[str, ...]]]) -> Entry:
    """A name of several words that the text shows, spelt as who knows better spells the first of them."""
    target = entry.target.split()
    if entry.provenance != "text" or len(target) != len(said) or len(said) == 1:
        return entry
    known = {parts[0]: other.target for other, parts in kept if len(parts) == 1 and other.kind == "name"}
    spelt = " ".join(known.get(word, written) for word, written in zip(said, target, strict=True))
    return replace(entry, target=spelt) if spelt != entry.target else entry


def _uncopied(entry: Entry, draft: str, language: str) -> str:
    """A draft in which an entry that was left in the letters of the line is written as it is to be."""
    for spelling in sorted(entry.source, key=len, reverse=True):
        if set(script_counts(spelling)) <= scripts_of(language):
            continue
        draft = re.sub(rf"(?<!{LETTER}){re.escape(spelling)}(?!{LETTER})", lambda _: entry.target, draft)
    return draft


def _said(entry: Entry, source: str) -> tuple[str, ...]:
    """The words of a line that are an entry, in whatever spelling."""
    heard = words(source)
    sizes = sorted({len(words(spelling)) for spelling in entry.source}, reverse=True)
    exact = {tuple(words(spelling)) for spelling in entry.source}
    for size in sizes:
        parts = [tuple(heard[at : at + size]) for at in range(len(heard) - size + 1)]
        if as_told := next((part for part in parts if part in exact), None):
            return as_told
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
