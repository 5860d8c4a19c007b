"""How much a translation has to do with its line, as far as that can be told without a model."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import meant, renderings
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.lexicon.people import is_english
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.names import sounds
from setu_enhancer.domain.text.numbers import mismatch, read
from setu_enhancer.domain.text.scripts import SMALL_WORDS, foreign_share
from setu_enhancer.domain.text.words import folded, folded_words
from setu_enhancer.domain.text.words import words as cased_words
from setu_enhancer.domain.words import (
    FUNCTION,
    KEPT,
    akin,
    closeness,
    content,
    expanded,
    is_ordinary,
    shared,
    stem,
    words,
)

ENOUGH_KNOWN: Final = 2
TALKATIVE: Final = 2
SMALL_COUNTS: Final = 0.12
FREELY: Final = 1.5
ENOUGH_ENGLISH: Final = 0.4  # words of a text, of which some are capitalised
MOSTLY: Final = 0.6
HARDLY: Final = 0.34
COPIED: Final = 0.75
MOSTLY_FOREIGN: Final = 0.5  # letters of a draft that was left as it was, and has nothing to compare
_LAST_VOWELS: Final = "ािीुूेैोौंँ"
_PEOPLE: Final = {
    word: who
    for who, listed in enumerate(("i me my mine myself we us our", "you your yours", "he him his she her hers they them their"))
    for word in listed.split()
}


@lru_cache(maxsize=KEPT)
def rendered(line: Line, text: str, pair: Pair) -> tuple[int, int]:
    """How many of a line's words are known here, and how many of those a translation renders; nothing is known of most languages."""
    if pair.target != "en":
        return 0, 0
    told = frozenset(map(stem, (*words(text), *expanded(text))))
    said = [each for each in meant(line.source, pair.source) if not each.light]
    return len(said), sum(each.is_said(told) for each in said)


@lru_cache(maxsize=KEPT)
def relatedness(line: Line, text: str, pair: Pair) -> float:
    """How much a text has to do with its line, 0..1: by the draft's words, by the line's, and by what its idioms mean; the best counts.

    Who is spoken of, and whether something is denied, counts a little: where an idiom is rendered freely nothing else may be the same.
    """
    idioms = idioms_in(line.source, pair.source)
    if any(says(idiom.meant, text) for idiom in idioms):
        return 1.0
    known, met = rendered(line, text, pair)
    by_line = met / known if known >= ENOUGH_KNOWN else 0.0
    found = max(shared(line.draft, text, pair.target), by_line)
    freely = FREELY if any(says(idiom.literal, line.draft) and not says(idiom.literal, text) for idiom in idioms) else 1.0
    return min(1.0, found + freely * _same_people(line.draft, text) + SMALL_COUNTS * _same_denial(line.draft, text))


def _same_people(one: str, other: str) -> float:
    """What it counts that two English texts speak of the same people: me, you, somebody else."""
    first, second = _people(one), _people(other)
    return len(first) * SMALL_COUNTS if first == second else 0.0


def speaks_of_others(one: str, other: str) -> bool:
    """Whether two English texts speak of people, and of none in common."""
    first, second = _people(one), _people(other)
    return bool(first) and bool(second) and not first & second


@lru_cache(maxsize=KEPT)
def _people(text: str) -> frozenset[int]:
    return frozenset(_PEOPLE[word] for word in expanded(text) if word in _PEOPLE)


def is_known(line: Line, pair: Pair) -> bool:
    """Whether enough of a line's own words are known here for a translation that has none of them to be suspicious."""
    return rendered(line, "", pair)[0] >= ENOUGH_KNOWN


def _same_denial(one: str, other: str) -> bool:
    return "not" in expanded(one) and "not" in expanded(other)


def is_no_english(line: Line, text: str, pair: Pair) -> bool:
    """Whether most words of an English text are none, and neither the draft's nor, by their sound, the line's: random letters.

    Names are let pass where nothing else of a sentence is strange.
    """
    if pair.target != "en":
        return False
    said = cased_words(text)
    known = frozenset(words(line.draft))
    strange = [
        word
        for at, word in enumerate(said)
        if (at == 0 or word.islower())
        and (plain := folded(word)) not in known
        and not (is_english(plain) or is_ordinary(plain))
    ]
    if len(strange) < TALKATIVE or 2 * len(strange) <= len(said):
        return False
    heard = frozenset[str]().union(*map(sounds, cased_words(line.source)))
    return 2 * sum(heard.isdisjoint(sounds(word)) for word in strange) > len(said)


def says_another(line: Line, text: str, others: Sequence[Line], pair: Pair) -> Line | None:
    """The line of those around that a text says instead of its own; None if there is none.

    Of what its own line says it has nothing that the other does not say as well, and of the other it has most words, or the wording. What a line
    says is told by its draft, by what is known of its words, and by how they sound; who echoes another may well say the same.
    """
    if pair.target != "en":
        return None
    rather = _says_rather(line, text, others, pair) or _is_worded_as(line, text, others, pair)
    told = frozenset(content(text, pair.target))
    if rather is not None or not told:
        return rather
    around = frozenset[str]().union(*(content(other.draft, pair.target) for other in others))
    theirs, mine = akin(told, around), akin(told, frozenset(content(line.draft, pair.target)))
    if mine - theirs or not theirs or any(says(idiom.meant, text) for idiom in idioms_in(line.source, pair.source)):
        return None  # most edits go no further
    heard = frozenset[str]().union(*map(sounds, cased_words(line.source)))
    mine |= told & {stem(folded(word)) for word in cased_words(text) if not heard.isdisjoint(sounds(word))}
    mine |= akin(told, frozenset[str]().union(*(renderings(word, pair.source) for word in folded_words(line.source))))
    return next((other for other in others if not _echoes(line, other, pair) and _is_of(other, line, text, mine, pair)), None)


def _says_rather(line: Line, text: str, others: Sequence[Line], pair: Pair) -> Line | None:
    """The line of those around of whose words a text says most, and of its own line's hardly any, where enough of both are known."""
    known, met = rendered(line, text, pair)
    if (
        known < ENOUGH_KNOWN
        or met > HARDLY * known
        or any(says(idiom.meant, text) for idiom in idioms_in(line.source, pair.source))
    ):
        return None
    for other in others:
        theirs, of_theirs = rendered(other, text, pair)
        if of_theirs >= ENOUGH_KNOWN and of_theirs > met and of_theirs >= MOSTLY * theirs and not _echoes(line, other, pair):
            return other
    return None


def _is_worded_as(line: Line, text: str, others: Sequence[Line], pair: Pair) -> Line | None:
    """The line of those around whose draft a text is, but for a word, where it has hardly anything of its own line's."""
    known, met = rendered(line, text, pair)
    if (
        met > HARDLY * known
        or closeness(text, line.draft) >= HARDLY
        or any(says(idiom.meant, text) for idiom in idioms_in(line.source, pair.source))
    ):
        return None
    return next((each for each in others if closeness(text, each.draft) >= COPIED and not _echoes(line, each, pair)), None)


def _echoes(line: Line, other: Line, pair: Pair) -> bool:
    """Whether most words of a line, and more than one, are another's as well, as in a question after what was just said."""
    said = _bare_words(line.source, pair.source)
    repeated = len(said & _bare_words(other.source, pair.source))
    return line.source == other.source or (repeated >= TALKATIVE and 2 * repeated > len(said))


def _bare_words(text: str, language: str) -> frozenset[str]:
    """Words that say what a text is about, without the vowels that forms of verbs and nouns end in; all of them, if it has no such."""
    found = frozenset(folded_words(text))
    small = SMALL_WORDS.get(language, frozenset())
    return frozenset(word.rstrip(_LAST_VOWELS) or word for word in found - small or found)


def _is_of(other: Line, line: Line, text: str, mine: frozenset[str], pair: Pair) -> bool:
    """Whether a text is another line's, of which it has ``mine`` of its own line's words."""
    told = frozenset(content(text, pair.target))
    theirs = akin(told, frozenset(content(other.draft, pair.target)))
    only = theirs - mine
    if mine - theirs or not only:
        return False
    if len(only) >= max(TALKATIVE, MOSTLY * len(told - (mine & theirs))):
        return True
    return closeness(text, other.draft) >= MOSTLY and closeness(text, line.draft) < MOSTLY / 2


def is_unrelated(line: Line, text: str, pair: Pair) -> bool:
    """Whether a text has nothing at all in common with its line or draft, though both say enough to have.

    Where an idiom is in the line, its draft may be all wrong; then a text is unrelated only if it says none of what the idiom means, and
    not even speaks of the same people.
    """
    if idioms := idioms_in(line.source, pair.source):
        free = any(not idiom.meant for idiom in idioms) or len(content(text, pair.target)) < TALKATIVE
        return not free and relatedness(line, text, pair) == 0
    if read(line.source, pair.source).said and not any(mismatch(line.source, pair.source, text, pair.target)):
        return False
    foreign = foreign_share(line.draft, pair.target)
    if foreign > MOSTLY_FOREIGN or (foreign > 0 and _says_nothing_of(line, text, pair, enough=ENOUGH_KNOWN)):
        return _says_nothing_of(line, text, pair, enough=1) or not _is_written_in_words(text, pair.target)
    drafted, told = content(line.draft, pair.target), content(text, pair.target)
    if min(len(drafted), len(told)) < TALKATIVE and not _is_lone(told, drafted):
        return False
    known, met = rendered(line, text, pair)
    if met or shared(line.draft, text, pair.target) or _same_denial(line.draft, text):
        return False
    small = set(expanded(text)) & set(expanded(line.draft)) & FUNCTION
    return len(small) < TALKATIVE or (known > 0 and not _same_people(line.draft, text))


def _says_nothing_of(line: Line, text: str, pair: Pair, *, enough: int) -> bool:
    """Whether enough words of a line are known, and a text has none of them."""
    known, met = rendered(line, text, pair)
    return known >= enough and not met


def _is_written_in_words(text: str, language: str) -> bool:
    """Whether most words of an English text, names aside, are words of English; of other languages nothing is known."""
    small = [word for word in cased_words(text) if word.islower()]
    return language != "en" or sum(is_english(word) or is_ordinary(word) for word in small) >= ENOUGH_ENGLISH * len(words(text))


def _is_lone(told: tuple[str, ...], drafted: tuple[str, ...]) -> bool:
    """Whether one word stands for a whole sentence."""
    return len(told) == 1 and len(drafted) > TALKATIVE
