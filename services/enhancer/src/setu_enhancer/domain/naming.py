"""Names that a text shows by itself: words that stand on both sides and sound the same, and known names, whatever a machine made of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.dictionary import is_borrowed, kinds, renderings
from setu_enhancer.domain.given import GIVEN, is_likely, is_surely, is_translated, use_of
from setu_enhancer.domain.lexicon.names import NAMES, Given
from setu_enhancer.domain.lexicon.people import SURNAMES, UNCLES, is_english
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import is_named, likeness, romanised, sounds
from setu_enhancer.domain.text.scripts import LATIN, SMALL_WORDS, scripts_of
from setu_enhancer.domain.text.words import SENTENCE_END, folded, unaccented, words
from setu_enhancer.domain.words import stem

MOST_NAMES: Final = 300
SHORTEST: Final = 3
SHORTEST_UNCASED: Final = 2
OFTEN: Final = 2
NEARLY: Final = 0.6
_IS: Final = re.compile(folded("(?:है|हैं|था|थी|थे|थीं|हूँ|हो.*|हुआ|हुई|हुए|नहीं|पड़.*|दिख.*|लग.*)$"))
CLAUSE: Final = re.compile(r"[,.!?।;…—–]+")

# Words that stand capitalised in a translation, sound as in the source, and are no names: who is addressed, exclamations, loan words.
_LATIN_WORDS: Final = """haan han nahin nahi arre arey are yaar yar bhai bhaiya bhabhi didi beta beti maa ma papa mummy mama mami chacha chachi dada
dadi nana nani bua mausi tau tai ji sahab sahib saab sahiba babu babuji baba bapu amma ammi abba abbu jaan jaanu namaste namaskar salaam shukriya
accha achha theek wah waah hai oye chal chalo bas bus ok okay hello hi bye thank sorry please yes sir madam doctor inspector captain major colonel
professor teacher uncle aunty auntie darling boss master mister miss mrs minister judge lawyer officer police hotel station college school hospital
office bank market road bazaar cinema film party phone mobile computer internet television radio taxi train bus car god allah khuda bhagwan ram
hey oh god's english hindi urdu punjabi tamil bengali marathi gujarati french spanish indian pakistani american british monday tuesday wednesday
thursday friday saturday sunday january february march april may june july august september october november december christmas diwali holi eid i"""
NO_NAMES: Final = frozenset(_LATIN_WORDS.split())


@dataclass(frozen=True)
class Named:
    """A name that a text has.

    Args:
        source: as its source writes it most often.
        target: as its drafts write it most often, or as it is usually written.
        others: what else the drafts call it by sound.
        by_use: whether no draft has it by its sound, and only how it is used shows it.
    """

    source: str
    target: str
    others: tuple[str, ...] = ()
    by_use: bool = False


@dataclass
class _Tally:
    """What speaks for a word of the source being a name."""

    spellings: Counter[str] = field(default_factory=Counter)
    drafted: Counter[str] = field(default_factory=Counter)
    inside: int = 0  # capitalised where no sentence begins
    called: int = 0  # so that a name is likely: a comma behind it


def names_of(lines: Sequence[Line], pair: Pair) -> tuple[Named, ...]:
    """The names of a text, those that it says most often first.

    A word is a name if a draft has it by its sound, with a capital letter where no sentence begins, or more than once; and a Hindi given
    name is one even where all drafts translate it, unless it is always used as a word.

    Args:
        lines: with their drafts.
        pair: of languages.
    """
    found = _tallies(lines, pair)
    lowered = _lowered(lines, pair)
    names = {word: tally for word, tally in found.items() if _is_name(word, tally, lowered)}
    if pair.source == "hi":
        listed = {word: given for word, given in _given(lines, pair) if word not in names}
        having = _having(listed, lines)
        names |= {word: found.get(word) or _nearly(given, having[word]) for word, given in listed.items()}
        if pair.target == "en":
            names |= {word: tally for word, tally in _unlisted(lines) if word not in names}
    ranked = sorted(names.items(), key=lambda each: (-each[1].spellings.total(), each[0]))
    single = tuple(_named(word, tally) for word, tally in ranked[:MOST_NAMES])
    return (*_full(lines, names), *single) if (pair.source, pair.target) == ("hi", "en") else single


def _unlisted(lines: Sequence[Line]) -> Iterator[tuple[str, _Tally]]:
    """Nouns on no list of names of which a line says what is said of people only, and which its draft has as what they mean."""
    for line in lines:
        told = {stem(folded(word.removesuffix("'s"))) for word in words(line.draft)}
        for word in words(line.source):
            name = folded(word)
            if name in GIVEN or told.isdisjoint(renderings(name, "hi")) or not is_surely(word, line.source):
                continue
            if not any(is_named(word, each) for each in words(line.draft)):
                yield name, _Tally(Counter([word]))


def _having(names: Container[str], lines: Sequence[Line]) -> Mapping[str, list[Line]]:
    """The lines that have a name, by its folded form."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        for name in dict.fromkeys(map(folded, words(line.source))):
            if name in names:
                found[name].append(line)
    return found


def _nearly(given: Given, lines: Sequence[Line]) -> _Tally:
    """A name that no draft has by its sound; with what drafts call it much like that, which may well be how its bearer writes it: क़ुरैशी, Qureshi.

    Args:
        given: the name.
        lines: that have it.
    """
    drafted = Counter(
        each.removesuffix("'s")
        for line in lines
        for each in words(line.draft)
        if each[:1].isupper() and not is_english(folded(each).removesuffix("'s")) and likeness(given.target, each) >= NEARLY
    )
    return _Tally(Counter([given.source]), drafted)


def _full(lines: Sequence[Line], names: Mapping[str, _Tally]) -> Iterator[Named]:
    """Names with the surname, the other name or the kin that some line has behind them, since machines translate both: "flame lion", "Uncle Sea"."""
    for line in lines:
        for clause in CLAUSE.split(line.source):
            said = words(clause)
            for at, (one, other) in enumerate(pairwise(said)):
                first, last = folded(one), folded(other)
                if _is_said_of(said[at + 1 : at + 3]):
                    continue  # "the flower is red"
                if first not in names or first not in GIVEN or use_of(one, line.source) <= 0:
                    continue
                if last in SURNAMES or (last in GIVEN and not GIVEN[last].meanings):
                    target = GIVEN[last].target if last in GIVEN else romanised(other)
                    yield Named(f"{one} {other}", f"{GIVEN[first].target} {target}", (GIVEN[first].target,), by_use=True)
                elif last in UNCLES and GIVEN[first].meanings:
                    called = romanised(other)
                    yield Named(f"{one} {other}", f"{GIVEN[first].target} {called}", (GIVEN[first].target,), by_use=True)


def _is_said_of(behind: Sequence[str]) -> bool:
    """Whether what stands behind a word is how it is, and no surname: "लाल है", "लाल हो"."""
    return len(behind) == OFTEN and "quality" in kinds(folded(behind[0]), "hi") and bool(_IS.match(folded(behind[1])))


def _named(word: str, tally: _Tally) -> Named:
    given = GIVEN.get(word)
    source = min(tally.spellings, key=lambda each: (-tally.spellings[each], each))
    drafted = [spelling for spelling, _ in sorted(tally.drafted.items(), key=lambda each: (-each[1], each[0]))]
    target = drafted[0] if drafted else given.target if given else source
    others = dict.fromkeys((*drafted[1:], *(given.others if given else ())))
    return Named(source, target, tuple(others), by_use=not drafted)


def _is_name(word: str, tally: _Tally, lowered: frozenset[str]) -> bool:
    if word not in GIVEN and renderings(word, "hi") and (tally.drafted.total() < OFTEN or is_borrowed(word, "hi")):
        return False  # a word of Hindi that some draft left as it is, or English in Devanagari
    if not tally.drafted or any(unaccented(each) in lowered for each in tally.drafted):
        return word in GIVEN and bool(tally.inside)
    return bool(tally.inside) or tally.drafted.total() >= OFTEN or bool(tally.called)


def _tallies(lines: Sequence[Line], pair: Pair) -> dict[str, _Tally]:
    """For each word of the source that some draft has by its sound: how."""
    small = SMALL_WORDS.get(pair.source, frozenset()) | SMALL_WORDS.get(pair.target, frozenset())
    cased = scripts_of(pair.source) == LATIN, scripts_of(pair.target) == LATIN
    found: dict[str, _Tally] = defaultdict(_Tally)
    if not any(cased):
        return found
    for line in lines:
        drafted = list(_candidates(line.draft, small, cased=cased[1]))
        by_sound = {sound: each for each in drafted for sound in sounds(each[0])}
        for word, opens in _candidates(line.source, small, cased=cased[0]):
            match = next((by_sound[sound] for sound in sounds(word) if sound in by_sound), None)
            if match is None or not is_named(word, match[0]):
                continue
            tally = found[folded(word)]
            tally.spellings[word] += 1
            tally.drafted[match[0]] += 1
            tally.inside += not (match[1] if cased[1] else opens)
            tally.called += f"{match[0]}," in line.draft and f"{word}," in line.source
    return found


def _candidates(text: str, small: frozenset[str], *, cased: bool) -> Iterator[tuple[str, bool]]:
    """The words that may be names, each with whether a sentence begins with it. In a text all in capitals nothing tells names."""
    if cased and text == text.upper():
        return
    for sentence in SENTENCE_END.split(text):
        for at, word in enumerate(words(sentence)):
            bare = word.removesuffix("'s").removesuffix("’s")
            plain = unaccented(bare)
            if len(bare) < (SHORTEST if cased else SHORTEST_UNCASED) or plain in NO_NAMES or folded(bare) in small:
                continue
            if not cased or bare[:1].isupper():
                yield bare, at == 0


def _lowered(lines: Sequence[Line], pair: Pair) -> frozenset[str]:
    """The words that a draft writes small somewhere: no names."""
    if scripts_of(pair.target) != LATIN:
        return frozenset()
    return frozenset(unaccented(word) for line in lines for word in words(line.draft) if word[:1].islower())


def _given(lines: Sequence[Line], pair: Pair) -> Iterator[tuple[str, Given]]:
    """The Hindi given names of a text: those that are nothing else, and those that some line surely uses as a name, or two in all likelihood."""
    seen: set[str] = set()
    likely: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        said = words(line.source)
        for at, word in enumerate(said):
            name = folded(word)
            given = GIVEN.get(name)
            behind = said[at + 1 : at + 3]
            if given is None or name in seen or (folded("".join(behind[:1])) in SURNAMES and _is_said_of(behind)):
                continue
            use = use_of(word, line.source)
            if name not in NAMES.forces and is_likely(word, line.source):
                likely[name].add(line.source)  # that songs call upon fate in each line makes nobody of it
            neutral = use == 0 and not given.seldom and name not in NAMES.forces
            translated = neutral and pair.target == "en" and is_translated(given, line.draft)
            if use > 0 or translated or len(likely[name]) >= OFTEN:
                seen.add(name)
                yield name, given
