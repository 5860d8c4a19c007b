"""The names and terms of a text: what they are called in the language it is translated into, and who says so."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from setu_common.contracts import Context, GlossaryEntry
from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.given import GIVEN, SURELY_A_WORD, is_seldom, is_shown, is_surely, use_of
from setu_enhancer.domain.lexicon.names import NAMES
from setu_enhancer.domain.lexicon.people import titles
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.naming import names_of
from setu_enhancer.domain.placing import is_placed, places
from setu_enhancer.domain.readings import MOST_WORDS, Readings
from setu_enhancer.domain.text.devanagari import is_brahmic
from setu_enhancer.domain.text.names import is_named, named_in, romanised, sounds
from setu_enhancer.domain.text.scripts import SMALL_WORDS
from setu_enhancer.domain.text.words import folded, folded_words, unaccented, words

MOST_ENTRIES: Final = 1000
KEPT_LINES: Final = 4096
START: Final = 2  # sounds of a name by which it is ruled out at a glance
LONGEST_ENDING: Final = 3
SHORTEST_STEM: Final = 4
SHORTEST_PART: Final = 3
SMALL: Final = frozenset().union(*SMALL_WORDS.values())
VOWELS: Final = frozenset("aeioy")
OBLIQUE: Final = {"ा": ("े", "ों"), "ी": ("ियां", "ियों")}  # folded
Provenance = Literal["caller", "tmdb", "learned", "model", "text"]
_NO_NAMES: Final = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "the",
        "of",
        "and",
        "sir",
        "inspector",
        "captain",
        "uncle",
        "aunt",
        "aunty",
        "self",
        "voice",
        "himself",
        "herself",
    ]
)


@dataclass(frozen=True)
class Entry:
    """A name or a term.

    Args:
        source: its spellings in the source text; other spellings of a name are found by their sound.
        target: what it is to be in the translation.
        accepted: what else it may be there.
        kind: whether it is a name or a term.
        provenance: who says so: the caller, The Movie Database, what was learned from corrections, a language model that read the text, or the
            text itself.
        gender: of who bears the name, if that is known.
        verdict: what people decided of what was learned.
        shown_by: of an entry of the text, what shows it: its sound in a draft, how a line uses it, or that it is a place of a list; of any, as an entry
            of a line, that a model read it there.
    """

    source: tuple[str, ...]
    target: str
    accepted: tuple[str, ...]
    kind: Literal["name", "term"]
    provenance: Provenance
    gender: str | None = None
    verdict: Literal["accepted", "vetoed"] | None = None
    shown_by: Literal["sound", "use", "place", "read"] | None = None


class Glossary:
    """What is known of the names and terms of a text.

    Args:
        entries: those that say more first; of two with the same source the first holds. More than ``MOST_ENTRIES`` are left out.
        readings: in which lines a word that may be a name is one.
    """

    def __init__(self, entries: Iterable[Entry] = (), readings: Readings | None = None) -> None:
        self.entries = _distinct(entries)
        self.readings: Final = readings or Readings()
        self._by_sound: dict[str, list[Entry]] = {}
        self._word_by_word: list[tuple[str, Entry]] = []
        self._longest = 1
        for entry in self.entries:
            for spelling in entry.source if entry.kind == "name" else ():
                if _is_long(spelling):
                    self._word_by_word.append((_apart(spelling), entry))
                    continue
                self._longest = max(self._longest, len(words(spelling)) + 1)
                for sound in sounds(spelling):
                    self._by_sound.setdefault(sound, []).append(entry)
        self._starts = frozenset(sound[:START] for sound in self._by_sound)
        self._found: dict[str, tuple[Entry, ...]] = {}  # by line: each of its drafts and edits is looked at for them
        self._begins: dict[str, bool] = {}  # by word
        self._terms = tuple(entry for entry in self.entries if entry.kind == "term")

    @cached_property
    def sha256(self) -> str:
        """The same for the same entries in whatever order."""
        told = sorted(
            [list(entry.source), entry.target, list(entry.accepted), entry.kind, entry.gender or ""] for entry in self.entries
        )
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()

    @cached_property
    def written(self) -> frozenset[str]:
        """The words of all that entries may be in a translation, folded."""
        return frozenset(
            word for entry in self.entries for form in (entry.target, *entry.accepted) for word in folded_words(form)
        )

    def in_line(self, source_text: str) -> tuple[Entry, ...]:
        """The entries that a line of the source has, in their own order.

        A name is found in any spelling and script that sounds the same, of more than ``MOST_WORDS`` words in its own spelling alone; one that
        is a word as well, only where nothing says that it is the word.
        """
        if source_text not in self._found:
            if len(self._found) == KEPT_LINES:
                self._found.clear()
            self._found[source_text] = self._in_line(source_text)
        return self._found[source_text]

    def _in_line(self, source_text: str) -> tuple[Entry, ...]:
        said = words(source_text)
        cased = any(word[:1].isupper() for word in said)
        read: set[int] = set()
        found = {id(entry) for entry in self._terms if any(_has_term(said, spelling) for spelling in entry.source)}
        if self._word_by_word:
            apart = _apart(source_text)
            found |= {id(entry) for spelling, entry in self._word_by_word if spelling in apart}
        for start, word in enumerate(said):
            if not self._may_begin(word):
                continue
            for size in range(1, min(self._longest, len(said) - start) + 1):
                names = set(self._names_at(said[start : start + size], source_text, cased=cased))
                found |= names
                if self._is_read(said[start : start + size], source_text):
                    read |= names
        here = (entry for entry in self.entries if id(entry) in found) if found else ()
        return tuple(replace(entry, shown_by="read") if id(entry) in read else entry for entry in here)

    def _is_read(self, part: Sequence[str], text: str) -> bool:
        """Whether a model surely read words of a line as a name: a common word that is no known name has to be that of somebody."""
        if not self.readings.is_name(part, text):
            return False
        return len(part) > 1 or not _is_common(part[0]) or self.readings.is_somebody(part[0], text)

    def _may_begin(self, word: str) -> bool:
        """Whether a name may begin with a word, as far as its first sounds tell."""
        if word not in self._begins:
            if len(self._begins) == KEPT_LINES:
                self._begins.clear()
            self._begins[word] = any(len(sound) < START or sound[:START] in self._starts for sound in sounds(word))
        return self._begins[word]

    def missing(self, source_text: str, target_text: str) -> tuple[Entry, ...]:
        """The entries that a line of the source has and its translation lacks."""
        return tuple(entry for entry in self.in_line(source_text) if not says(entry, target_text))

    def _names_at(self, part: Sequence[str], text: str, *, cased: bool) -> Iterator[int]:
        """The entries that some words in a row may be."""
        if cased and not is_brahmic(part[0]) and not part[0][:1].isupper():
            return
        if len(part) == 1 and (plain := folded(part[0])) in SMALL and not is_placed(plain, text):
            return
        said = " ".join(part)
        for sound in sounds(said):
            for entry in self._by_sound.get(sound, ()):
                if _is_another_word(said, entry):
                    continue
                if any(is_named(spelling, said, exact=len(words(spelling)) != len(part)) for spelling in entry.source):
                    read = self.readings.is_name(part, text)
                    if _is_meant(entry, part, text) if read is None else read or not _may_be_word(entry, part, text):
                        yield id(entry)


def _is_long(spelling: str) -> bool:
    """Whether a name has so many words that it is not looked for by its sound: each run of as many words would have to be spelt out."""
    return len(words(spelling)) > MOST_WORDS


def _apart(text: str) -> str:
    """The words of a text, folded, with a space before and after each."""
    return f" {' '.join(folded_words(text))} "


def _is_meant(entry: Entry, part: Sequence[str], text: str) -> bool:
    """Whether what sounds like a name in a line is one, as far as rules tell. Who says that there is somebody of that name is believed, unless it is surely the word."""
    if len(part) > 1:
        return True
    if entry.shown_by == "use" and is_seldom(folded(part[0])):
        return is_shown(part[0], text) or is_placed(folded(part[0]), text) is True
    return use_of(part[0], text) > (-1 if entry.provenance == "text" else SURELY_A_WORD)


def _is_common(word: str) -> bool:
    """Whether a word is one of Hindi that no list has as a name."""
    plain = folded(word)
    return plain not in GIVEN and bool(renderings(plain, "hi"))


def _may_be_word(entry: Entry, part: Sequence[str], text: str) -> bool:
    """Whether a name that a model has not read in a line may be none there: it is a word as well, or a guess, and nothing else says that it is one."""
    plain = folded(part[0]) if len(part) == 1 else ""
    if not plain or is_surely(part[0], text):
        return False
    return entry.provenance == "text" or bool(renderings(plain, "hi")) or (plain in GIVEN and bool(GIVEN[plain].meanings))


def _is_another_word(said: str, entry: Entry) -> bool:
    """Whether a word in Devanagari is a common one that only sounds like a name, whose own spelling is known: खाना is no खन्ना."""
    parts = () if titles(said, "hi") else (word for spelling in entry.source for word in words(spelling))
    if not is_brahmic(said) or folded(said) in map(folded, (*entry.source, *parts)) or not any(map(is_brahmic, entry.source)):
        return False
    return bool(renderings(folded(said), "hi"))


def says(entry: Entry, text: str) -> bool:
    """Whether a translation has an entry, in any of the forms that are accepted."""
    if entry.kind == "name" and named_in((entry.target, *entry.accepted), text):
        return True
    said = words(text)
    return any(_has_term(said, form) for form in (entry.target, *entry.accepted)) if entry.kind == "term" else False


def glossary(
    context: Context,
    lines: Sequence[Line],
    pair: Pair,
    cast: Sequence[str] = (),
    *,
    learned: Sequence[Entry] = (),
    readings: Readings | None = None,
) -> Glossary:
    """All that is known of the names and terms of a text, those who know better first.

    The caller, what people accepted in earlier work, The Movie Database, what was learned otherwise, a model that read the text, the text. What
    people vetoed is taken from the caller alone.

    Args:
        context: what the caller knows.
        lines: of the text, with their drafts.
        pair: its languages.
        cast: the characters as The Movie Database writes them: "Raj Malhotra / Bunty (voice)".
        learned: entries of earlier work.
        readings: what a model read in the text.
    """
    of_text = tuple(_of_text(lines, pair))
    read = _of_reading(readings, of_text) if readings else ()
    accepted, other, vetoed = (
        [each for each in learned if each.verdict == verdict] for verdict in ("accepted", None, "vetoed")
    )
    found = (entry for entries in (accepted, _of_cast(cast), other, read, of_text) for entry in entries)
    return Glossary([*_of_caller(context), *(entry for entry in found if not _is_vetoed(entry, vetoed))], readings)


def _is_vetoed(entry: Entry, vetoed: Sequence[Entry]) -> bool:
    """Whether an entry says what people said is wrong, by itself or with other words, in whatever spelling its source is."""
    target = f" {' '.join(folded_words(entry.target))} "
    wrong = [each for each in vetoed if f" {' '.join(folded_words(each.target))} " in target]
    said = [part for spelling in entry.source for part in (spelling, *words(spelling))] if wrong else []
    plain = {unaccented(part) for part in said}
    heard = frozenset[str]().union(*map(sounds, said)) if entry.kind == "name" else frozenset()
    return any(
        unaccented(spelling) in plain or not heard.isdisjoint(sounds(spelling)) for each in wrong for spelling in each.source
    )


def learned_of(known: Iterable[GlossaryEntry]) -> tuple[Entry, ...]:
    """What earlier work taught, whoever said it then: it was learned, and is weighed as that."""
    return tuple(
        Entry(each.source, each.target, each.accepted, each.kind, "learned", each.gender, each.verdict) for each in known
    )


def _of_caller(context: Context) -> Iterator[Entry]:
    for character in context.characters:
        spellings = tuple(dict.fromkeys(each for each in (character.source, character.name, *character.aliases) if each))
        yield Entry(spellings, character.name, character.aliases, "name", "caller", character.gender)
        yield from _parts(character.name, character.source, "caller", character.gender)
    for term in context.terms:
        yield Entry((term.source,), term.target, (), "term", "caller")


def _of_cast(cast: Sequence[str]) -> Iterator[Entry]:
    for told in cast:
        for name in told.partition("(")[0].split("/"):
            plain = name.strip(" \"'“”‘’")
            if words(plain) and not all(unaccented(word) in _NO_NAMES for word in words(plain)):
                yield Entry((plain,), plain, (), "name", "tmdb")
                yield from _parts(plain, "", "tmdb", None)


def _parts(name: str, source: str, provenance: Provenance, gender: str | None) -> Iterator[Entry]:
    """The first and the last name of who has both: people call one another by one of them."""
    parts, heard = words(name), words(source)
    if len(parts) == 1:
        return
    for at, part in enumerate(parts):
        if len(part) >= SHORTEST_PART and unaccented(part) not in _NO_NAMES and part[:1].isupper():
            spelling = heard[at] if len(heard) == len(parts) else part
            shown_by: Literal["use"] | None = (
                "use" if {folded(spelling)} & (NAMES.animals | NAMES.forces) else None
            )  # Sher Singh, and a lion
            found = tuple(dict.fromkeys((spelling, part)))
            yield Entry(found, part, (), "name", provenance, gender if at == 0 else None, shown_by=shown_by)


def _of_reading(readings: Readings, of_text: Sequence[Entry]) -> Iterator[Entry]:
    """The names that a model read, spelt as drafts spell them where some do; a common word only if it is somebody's name, and no title."""
    drafted = [entry.target for entry in of_text if entry.shown_by == "sound"]
    for name in readings.names():
        said = words(name.said)
        if len(said) == 1 and (titles(said[0], "hi") or (_is_common(said[0]) and not name.gender)):
            continue
        target = next((each for each in drafted if is_named(name.written, each)), name.written)
        accepted = (name.written,) if target != name.written else ()
        yield Entry((name.said,), target, accepted, "name", "model", name.gender)
        if name.gender and not any(titles(word, "hi") for word in said):
            yield from _parts(target, name.said, "model", name.gender)


def _of_text(lines: Sequence[Line], pair: Pair) -> Iterator[Entry]:
    if (pair.source, pair.target) == ("hi", "en"):
        for place in dict.fromkeys(place for line in lines for place in places(line.source)):
            yield Entry((place.source,), place.target, place.others, "name", "text", shown_by="place")
    for found in names_of(lines, pair):
        given = GIVEN.get(folded(found.source))
        target = romanised(found.target) if pair.target == "en" else found.target
        gender = given.gender if given else None
        yield Entry((found.source,), target, found.others, "name", "text", gender, shown_by="use" if found.by_use else "sound")


def _distinct(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each source once, as the first that has it says; without those that are no words, as "???"."""
    kept: list[Entry] = []
    known: set[str] = set()
    for entry in entries:
        keys = {unaccented(spelling) for spelling in entry.source}
        if entry.kind == "name":
            keys |= {sound for spelling in entry.source if not _is_long(spelling) for sound in sounds(spelling)}
        if not keys or keys & known or len(kept) == MOST_ENTRIES or not words(entry.target):
            continue
        known |= keys
        kept.append(entry)
    return tuple(kept)


def _has_term(said: Sequence[str], term: str) -> bool:
    """Whether the words of a text have those of a term in a row, each with an ending or without."""
    wanted = [unaccented(word) for word in words(term)]
    if not wanted:
        return False
    plain = [unaccented(word) for word in said]
    return any(
        all(_is_form(word, each) for word, each in zip(plain[start:], wanted, strict=False))
        for start in range(len(plain) - len(wanted) + 1)
    )


def _is_form(word: str, term: str) -> bool:
    word = word.removesuffix("'s").removesuffix("'")
    if word in (term, f"{term}s"):
        return True
    if term[-1] in OBLIQUE and len(term) >= SHORTEST_PART and word in (term[:-1] + ending for ending in OBLIQUE[term[-1]]):
        return True
    stem = term[:-1] if len(term) > SHORTEST_STEM and term[-1] in VOWELS else term
    return len(term) >= SHORTEST_STEM and word.startswith(stem) and len(word) - len(stem) <= LONGEST_ENDING
