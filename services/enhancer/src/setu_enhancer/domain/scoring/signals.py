"""What rules can tell of a translation, sign by sign: which part of the score each speaks of, and how much of it it costs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from setu_enhancer.domain.denial import denial_fault
from setu_enhancer.domain.dictionary import is_known as has_dictionary
from setu_enhancer.domain.facts import (
    glossary_faults,
    language_fault,
    literal_idioms,
    lost_names,
    number_faults,
    script_fault,
    strange_names,
    wrong_days,
)
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards.manners import comments, is_refusal, layout_faults, obeys, runs_in_circles
from setu_enhancer.domain.guards.size import proportion_fault
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.likeness import is_known, relatedness, speaks_of_others
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.scoring.changes import STILL_THE_DRAFT, changes
from setu_enhancer.domain.scoring.markers import commonness, familiarity, translated_signs, untidy_signs
from setu_enhancer.domain.scoring.pairs import surprise
from setu_enhancer.domain.text.measures import limit_of, reading_speed
from setu_enhancer.domain.text.names import SAME, likeness
from setu_enhancer.domain.text.scripts import foreign_share
from setu_enhancer.domain.text.sieve import sieve
from setu_enhancer.domain.text.words import words as cased_words
from setu_enhancer.domain.words import KEPT, closeness, content, plain, with_kin, words

Part = Literal["accuracy", "fluency", "consistency", "cultural"]
RELATED: Final = 0.36
UNRELATED_COSTS: Final = 0.6
UNRELATED_UNKNOWN_COSTS: Final = 0.35
UNRELATED_ELSEWHERE_COSTS: Final = 0.2  # where synonyms and the line's words are not known at all
DOUBTED: Final = 0.55
DOUBT_COSTS: Final = 0.6
FAST_COSTS: Final = 0.5
FAST_AT_MOST: Final = 0.15
UNFAMILIAR_COSTS: Final = 0.14
RARE_COSTS: Final = 0.2
SURPRISE_COSTS: Final = 0.2
SURPRISE_AT_MOST: Final = 0.6
SEVERAL: Final = 2
ANOTHER_COSTS: Final = 0.5
CHANGE_COSTS: Final = 0.2  # of which the weights leave what is due
IDIOMATIC: Final = ("idiom", "interjection")


@dataclass(frozen=True)
class Signal:
    """One sign that something is wrong.

    Args:
        part: of the score.
        name: what it is; ``docs/llm-translation-enhancement.md`` lists them.
        severity: the share of the part that it costs, 0..1. Shares multiply: two halves leave a quarter.
    """

    part: Part
    name: str
    severity: float


def signals(line: Line, text: str, pair: Pair, glossary: Glossary, neighbours: Sequence[str] = ()) -> tuple[Signal, ...]:
    """All signs that something is wrong with a translation."""
    before, behind = _by_itself(line, text, pair, glossary)
    around = (*_of_names_around(text, neighbours), *_of_lines_around(line, text, pair, neighbours))
    return (*before, *around, *behind)


@lru_cache(maxsize=KEPT)
def _by_itself(line: Line, text: str, pair: Pair, glossary: Glossary) -> tuple[tuple[Signal, ...], tuple[Signal, ...]]:
    """The signs that no line around has a part in: those that stand before what these tell, and those behind it."""
    return (
        (
            *_of_facts(line, text, pair, glossary),
            *_of_meaning(line, text, pair),
            *_of_manners(line, text, pair),
            *_of_fluency(line, text, pair, glossary),
        ),
        (*_of_culture(line, text, pair), *_of_changes(line, text, pair)),
    )


def _of_facts(line: Line, text: str, pair: Pair, glossary: Glossary) -> Iterator[Signal]:
    if any(number_faults(line, text, pair)):
        yield Signal("accuracy", "number", 0.5)
    if denial_fault(line.source, text, line.draft, pair.source, pair.target):
        yield Signal("accuracy", "negation", 0.5)
    missing = glossary_faults(line, text, glossary, pair.source)
    for kind in sorted({entry.kind for entry in missing}):
        yield Signal("accuracy", kind, 0.35 if kind == "name" else 0.2)
        yield Signal("consistency", kind, 0.4)
    if lost_names(line, text, pair) and not missing:
        yield Signal("accuracy", "name", 0.35)
    if strange_names(line, text, glossary) or wrong_days(line, text, pair):
        yield Signal("consistency", "strange name", 0.3)
    if script_fault(line, text, pair, glossary):
        share = foreign_share(text, pair.target)
        yield Signal("accuracy", "script", min(0.8, 0.3 + share))
        yield Signal("fluency", "script", min(0.8, 0.3 + share))
    if language_fault(line, text, pair):
        yield Signal("accuracy", "language", 0.6)
        yield Signal("fluency", "language", 0.6)


def _of_meaning(line: Line, text: str, pair: Pair) -> Iterator[Signal]:
    if (related := relatedness(line, text, pair)) < RELATED:
        costs = UNRELATED_COSTS if is_known(line, pair) else UNRELATED_UNKNOWN_COSTS
        if pair.target != "en" or not has_dictionary(pair.source):
            costs = UNRELATED_ELSEWHERE_COSTS
        yield Signal("accuracy", "unrelated", costs * (1 - related / RELATED))
    if pair.target == "en" and speaks_of_others(line.draft, text):
        yield Signal("accuracy", "other people", 0.12)
    if proportion_fault(line, text, pair):
        yield Signal("accuracy", "length", 0.3)
    asked = line.source.rstrip("\"'”’ ").endswith(("?", "？", "؟"))
    if asked is not ("?" in text or "？" in text or "؟" in text):
        yield Signal("accuracy", "question", 0.08)
    if line.confidence is not None and line.confidence < DOUBTED:
        # The engine's doubt is in its wording, and goes with it.
        yield Signal("accuracy", "engine's doubt", DOUBT_COSTS * (DOUBTED - line.confidence) * closeness(text, line.draft))
    if gender_fault(line.source, text, pair):
        yield Signal("accuracy", "gender", 0.15)


def _of_manners(line: Line, text: str, pair: Pair) -> Iterator[Signal]:
    if is_refusal(line, text) or any(comments(line, text)) or obeys(line, text, pair.target):
        yield Signal("accuracy", "not the line", 0.6)
        yield Signal("fluency", "not the line", 0.4)
    if runs_in_circles(line, text):
        yield Signal("fluency", "repetition", 0.5)
    if any(layout_faults(line, text)):
        yield Signal("consistency", "layout", 0.15)


def _of_fluency(line: Line, text: str, pair: Pair, glossary: Glossary) -> Iterator[Signal]:
    for name, severity in translated_signs(text, pair.target):
        yield Signal("fluency", name, severity)
    for name, severity in untidy_signs(text, line.source, pair.target):
        yield Signal("fluency", name, severity)
    if (familiar := familiarity(text, pair.target)) is not None:
        yield Signal("fluency", "unfamiliar turns", UNFAMILIAR_COSTS * (1 - familiar))
    if pair.target == "en":
        yield Signal("fluency", "surprising words", min(SURPRISE_AT_MOST, SURPRISE_COSTS * surprise(text)))
    if (common := commonness(text, pair.target, glossary.written)) is not None:
        yield Signal("fluency", "rare words", RARE_COSTS * (1 - common))
    if line.duration_s > 0:
        over = reading_speed(text, line.duration_s, pair.target) / limit_of(pair.target) - 1
        if over > 0:
            yield Signal("fluency", "reading speed", min(FAST_AT_MOST, FAST_COSTS * over))


def _of_changes(line: Line, text: str, pair: Pair) -> Iterator[Signal]:
    """What a text has of its draft, and what it has not."""
    for name, share in changes(line, text, pair):
        yield Signal("fluency" if name == STILL_THE_DRAFT else "accuracy", name, CHANGE_COSTS * share)


def _of_names_around(text: str, neighbours: Sequence[str]) -> Iterator[Signal]:
    """Names that the lines around spell otherwise."""
    names = _names(text)
    around = {word for each in neighbours for word in _names(each)} if names else ()
    for name in names:
        if name not in around and any(likeness(name, other) >= SAME for other in around):
            yield Signal("consistency", "spelled otherwise nearby", 0.3)
            return


def _of_lines_around(line: Line, text: str, pair: Pair, neighbours: Sequence[str]) -> Iterator[Signal]:
    """Whether a text says rather what a line around says: a model that loses count gives each line the next one's translation."""
    told = content(text, pair.target)
    own = len(with_kin(told, _contents(line.draft, pair.target)))
    for each in neighbours if own < len(told) else ():
        met = len(with_kin(told, _contents(each, pair.target)))
        if each != line.draft and met > own and (met >= SEVERAL or (not own and len(told) <= SEVERAL)):
            yield Signal("accuracy", "another line's", ANOTHER_COSTS * (met - own) / len(told))
            return


@lru_cache(maxsize=KEPT)
def _contents(text: str, language: str) -> frozenset[str]:
    return frozenset(content(text, language))


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    """The words that are capitalised within a sentence."""
    found = (word.removesuffix("'s").removesuffix("’s") for word in cased_words(text)[1:] if word[:1].isupper())
    return tuple(word for word in found if len(word) > 2 and not word.isupper())  # noqa: PLR2004


_RUDE: Final = sieve(r"\b(?:shut up|bastard|idiot|fuck\w*|screw you|get lost|damn you|scum|moron|bloody hell|piss off)\b")
_POLITE: Final = re.compile(
    r"(?:^|\s)(?:आप|आपका|आपकी|आपके|आपको|जी|श्रीमान|साहब|कृपया|[^\s,।]*(?:इए|िए|इये|िये)|aap\w*|ji|sahab)(?=[\s,।.!?]|$)"
)
_FEMALE: Final = re.compile(
    r"(?:^|[\s,।])(?:वह|वो|woh|vo) (?:[^\s।,?!]+ ){0,5}?[^\s।,?!]*(?:एगी|येगी|ेगी|ती है|ती थी|रही है|रही थी|गई|गयी|आई|आयी|चुकी है|थी)(?=[\s।,?!.]|$)"
)
_MALE: Final = re.compile(
    r"(?:^|[\s,।])(?:वह|वो|woh|vo) (?:[^\s।,?!]+ ){0,5}?[^\s।,?!]*(?:एगा|येगा|ेगा|ता है|ता था|रहा है|रहा था|गया|आया|चुका है|था)(?=[\s।,?!.]|$)"
)


def gender_fault(source: str, text: str, pair: Pair) -> bool:
    """Whether Hindi says by its verb that it is about her, and English about him, or the other way round."""
    if str(pair) != "hi-en":
        return False
    told = set(words(text))
    male, female = bool(told & {"he", "he's", "he'll", "he'd"}), bool(told & {"she", "she's", "she'll", "she'd"})
    if male is female:
        return False
    is_female, is_male = bool(_FEMALE.search(source)), bool(_MALE.search(source))
    return is_female is not is_male and ((is_female and male) or (is_male and female))


def _of_culture(line: Line, text: str, pair: Pair) -> Iterator[Signal]:
    literal = literal_idioms(line, text, pair)
    if literal:
        yield Signal("cultural", "idiom word by word", 0.5)
        yield Signal("accuracy", "idiom word by word", 0.25)
    elif any(
        idiom.kind in IDIOMATIC and idiom.meant and not says(idiom.meant, text) for idiom in idioms_in(line.source, pair.source)
    ):
        yield Signal("cultural", "idiom in doubt", 0.45)
    told = plain(text)
    if _RUDE.search(told) and _POLITE.search(line.source):
        yield Signal("cultural", "rude where the line is polite", 0.15)
    stiff = sum(severity for name, severity in translated_signs(text, pair.target) if name in ("stiff word", "left in Hindi"))
    if stiff:
        yield Signal("cultural", "register", min(0.3, stiff))
