"""Whether a text's numbers count what its line's do: the same numbers bound to other things are other facts.

"Two leaves and a bud" and "one leaf and two buds" have the same numbers in them. What counts what is read from the draft, which keeps to the line's order,
and from the line itself as far as its words are known; a text is at fault only if it changes places: what one number counted another one counts now,
and the other way round.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.dictionary import is_known, renderings
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.closed import folded_set
from setu_enhancer.domain.text.counting import Count, Counted, counted
from setu_enhancer.domain.text.numbers import Numbers, knows_numbers, numbers, read
from setu_enhancer.domain.text.reckoning import kept
from setu_enhancer.domain.text.sieve import sieve
from setu_enhancer.domain.text.units import named
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import FUNCTION, KEPT, plain, stem

Values = frozenset[Decimal]
SEVERAL: Final = 2
_ONE: Final = Decimal(1)
ELSEWHERE: Final = "It counts other things with the numbers of the line than the line does: give each thing its own number."
WHOLE: Final = "It takes a part for the whole: the line says of how many how many are meant."
GUESSED: Final = "The line guesses, and none of the numbers here is within that guess."
AGED: Final = "It tells somebody's age, and the line counts years of something else."
EACH: Final = "It says how often, and the line does not."
TIMED: Final = "It tells another time of day than the line."
PRICED: Final = "The line asks how much, and this how many."
_JOINTS: Final = folded_set("और पर लेकिन मगर aur par")
_WHICH: Final = re.compile(
    r"\b(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|\w+tieth|\d+th)\b"
)
_WHICH_UNIT: Final = re.compile(
    r"(?:th|third) (?:minute|hour|day|night|week|month|year)|(?:minute|hour|day|night|week|month|year)s"
)
_WHICH_SAID: Final = re.compile(
    r"[\u0900-\u0963](?:वाँ|वां|वीं|वें)|तीसर|चौथ|छठ|i[eè]me\b|\w+[eé]sim|\d[ºª°]|tercer|cuart|quint|sext|ter[cç]eir|quart"
)
_WHO: Final = {"i": "<i>", "me": "<i>", "he": "<he>", "him": "<he>", "she": "<she>", "we": "<we>", "they": "<they>"}
_PAST_OR_TO: Final = {"past": 1, "after": 1, "to": -1, "before": -1}
NOON: Final = 12
_AGE: Final = sieve(
    r"\byears?[ -]old\b|\b(?:i'm|i am|he's|she's|(?<!there )is|you're|you are|we're|turn(?:ed|ing|s)?|aged?) (?:only |just |over |almost |nearly )?"
    r"(?P<number>[a-z]+(?:-[a-z]+)?|\d+)(?= now\b|[.,!?;]|$)|\bat (?P<at>[a-z]+(?:-[a-z]+)?|\d+)(?=[.,!?;]|$)|\bof age\b"
)
_OF_YEARS: Final = re.compile(
    r"\byears\b|\b(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b|\d(?:rd|th)\b"
)
_AGED: Final = re.compile(
    r"उम्र|आयु|उमर|(?:साल|बरस|वर्ष)\s+(?:का|की|के)\s+(?:हूँ|हूं|हो|है|हैं|था|थी|थे|हुआ|हुई|हुए|ह[उो]|लड़क|बच्च|बूढ़|जवान|आदमी|औरत)|\b(?:ans|años|anos)\b"
)
_RATE: Final = sieve(
    r"\b(?:times?|once|twice|rupees|\d+|thousand|hundred|dollars|hours) (?:a|per|each|every) (?P<unit>day|week|month|year|hour|minute|night)\b"
)
_TIMES_TOLD: Final = sieve(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twenty|\d+) times\b(?! (?:as|more|the|over|bigger|better|\w+er)\b)"
)
_OFTEN: Final = re.compile(r"बार|दफ़|दफ|मर्तबा|गुन|दुबारा|baar|\bbar\b|dafa|fois|ve[cz]e?s|\d")
_HOW_MUCH: Final = {"hi": re.compile(r"कितने\s+(?:का|की|के|में|को)(?![\u0900-\u0963])|\bkitne (?:ka|ki|ke|me|mein|ko)\b")}


@lru_cache(maxsize=KEPT)
def misbound(line: Line, text: str, pair: Pair) -> str:
    """What is wrong with what a text's numbers count, or take a part of; empty if nothing is, or nothing can be told."""
    if pair.target != "en" or not knows_numbers(pair.source):
        return ""
    return next(_faults(line, text, pair), "")


def _faults(line: Line, text: str, pair: Pair) -> Iterator[str]:
    told = plain(text)
    if _asks_how_many(line, told, pair):
        yield PRICED
    if _TIMES_TOLD.search(told) and "time" not in plain(line.draft) and not _OFTEN.search(line.source):
        yield EACH
    if (rate := _RATE.search(told)) is not None and _is_new(rate["unit"], line):
        yield EACH
    if _says_any(read(text, "en")) and _says_any(read(line.source, pair.source)):
        yield from _of_counts(line, text, pair)


def _of_counts(line: Line, text: str, pair: Pair) -> Iterator[str]:
    """What is wrong with the numbers of a text, of a line that has some, too."""
    said, here = read(line.source, pair.source), counted(text, "en")
    if _tells_age(line, plain(text)):
        yield AGED
    if _is_another_time(said, here):
        yield TIMED
    if _counts_hours(line, here) or _turns_which_into_how_many(line, text, here):
        yield ELSEWHERE
    if not _is_guess_kept(line.source, pair.source, here):
        yield GUESSED
    if len(here.counts) >= SEVERAL:
        if _exceeds_whole(here, Values((*said.said, *said.possible))):
            yield WHOLE
        if _changes_places(line, here, pair):
            yield ELSEWHERE


def _says_any(numbers: Numbers) -> bool:
    return bool(numbers.said or numbers.possible)


def _asks_how_many(line: Line, told: str, pair: Pair) -> bool:
    asks = _HOW_MUCH.get(pair.source)
    if asks is None or "how many" not in told or "how many" in plain(line.draft):
        return False
    return asks.search(plain(line.source)) is not None


def guesses(text: str, language: str) -> tuple[Count, ...]:
    """What a text guesses: two to three, sixty or seventy."""
    read_ = read(text, language)
    if len(read_.possible) < SEVERAL:
        return ()
    return tuple(count for count in counted(text, language).counts if count.is_guess)


def _is_guess_kept(source: str, language: str, here: Counted) -> bool:
    """Whether a text has no number at all for a guess of its line, or one within it."""
    for guess in guesses(source, language):
        low, high = guess.between
        said = read(source, language)
        others = {*said.said, *said.possible}.difference(guess.values)
        told = [count for count in here.counts if count.between[1] != _ONE and not others.intersection(count.values)]
        if told and not any(low <= value <= high for count in told for value in count.between):
            return False
    return True


def within_guess(values: Iterable[Decimal], source: str, language: str) -> list[Decimal]:
    """Of some numbers those that are within what a line guesses, and as round: 65 of "sixty or seventy", not 67."""
    ranges = [guess.between for guess in guesses(source, language)]
    return [value for value in values if any(low <= value <= high and 2 * value % (high - low) == 0 for low, high in ranges)]


def _is_new(unit: str, line: Line) -> bool:
    """Whether neither a line nor its draft has a time in it that some unit of it can be."""
    return unit not in plain(line.draft) and "daily" not in plain(line.draft) and not _TIMES.search(line.source)


_CLOCK_SAID: Final = re.compile(r"बजे|बजकर|\bbaje\b")
_CLOCK_TOLD: Final = re.compile(r"\bat ([a-z]+|\d+)\b|\b([a-z]+|\d+) o'clock")
_TIMES: Final = re.compile(
    r"दिन|रोज|रोज़|हर|प्रति|हफ्त|हफ़्त|सप्ताह|महीन|माह|साल|बरस|वर्ष|घंट|मिनट|रात|per|par|cada|por|chaque|din|roz|har|hafte|mahin|saal|ghant"
)


def _tells_age(line: Line, told: str) -> bool:
    """Whether a text tells how old somebody is, of whom neither draft nor line tells it."""
    if (found := _AGE.search(told)) is None or _AGE.search(plain(line.draft)):
        return False
    number = found["number"] or found["at"]
    if (number and not numbers(number, "en")) or (found["at"] and _CLOCK_SAID.search(line.source)):
        return False
    return _OF_YEARS.search(plain(line.draft)) is not None and not _AGED.search(line.source)


def _is_another_time(said: Numbers, here: Counted) -> bool:
    """Whether a text tells minutes past or to an hour that are not the line's time: "nine past ten" for "ten past nine"."""
    times = [value for value in said.said if value % 1]
    for minutes, hour in zip(here.counts, here.counts[1:], strict=False):
        between = [word for word in here.words[minutes.end : hour.start] if word not in ("minute", "minutes")]
        is_span = (
            here.words[max(0, minutes.start - 1) : minutes.start] == ("from",) or minutes.values[0] % 1 or hour.values[0] % 1
        )
        if len(between) == 1 and between[0] in _PAST_OR_TO and times and hour.values[0] <= NOON and not is_span:
            told = kept(hour.values[0] + _PAST_OR_TO[between[0]] * minutes.values[0] / 60)
            return told not in times
    return False


def _counts_hours(line: Line, here: Counted) -> bool:
    """Whether a text counts things with the hour that its line and draft tell: "two calls" for "a call at two"."""
    if not _CLOCK_SAID.search(line.source):
        return False
    hours = {value for found in _CLOCK_TOLD.finditer(plain(line.draft)) for value in numbers(found[1] or found[2], "en")}
    for count in here.counts if hours else ():
        thing = here.words[count.end : count.end + 1]
        if (
            count.values[-1] in hours
            and thing
            and thing[0].endswith("s")
            and thing[0] not in FUNCTION
            and not named(thing[0], "en")
        ):
            return here.words[max(0, count.start - 1) : count.start] != ("at",) and thing[0] not in plain(line.draft)
    return False


def _exceeds_whole(here: Counted, said: Values) -> bool:
    """Whether a text says more of fewer, with numbers of the line: "twenty of twelve"."""
    for part, whole in zip(here.counts, here.counts[1:], strict=False):
        between = here.words[part.end : whole.start]
        if "of" not in between[-2:] or "<pause>" in between or part.is_guess or whole.is_guess:
            continue
        if part.values[0] > whole.values[0] and {part.values[0], whole.values[0]} <= said:
            return True
    return False


def _changes_places(line: Line, here: Counted, pair: Pair) -> bool:
    """Whether a text counts with one number what draft or line count with another, and the other way round."""
    there = counted(line.draft, "en")
    for bind, bind_line in ((_bound, _bound_in_line), (_beside, _beside_in_line)):
        told = bind(here)
        if len({value for values in told.values() for value in values}) < SEVERAL:
            continue
        drafted = bind(there)
        new = {word: values for word, values in told.items() if drafted.get(word) != values}
        if _is_crossed(drafted, told) or (is_known(pair.source) and _is_crossed(bind_line(line.source, pair.source), new)):
            return True
    return _is_of_another(_heads(there), _heads(here))


def _is_of_another(there: Mapping[str, Values], told: Mapping[str, Values]) -> bool:
    """Whether a text counts something with another number of its draft than its own; one of it may be an article."""
    for thing, values in told.items():
        before = there.get(thing, values)
        if values == before or len(values) > 1 or len(before) > 1:
            continue
        if _ONE not in values and any(values <= each for each in there.values()):
            return True
    return False


def _heads(text: Counted) -> dict[str, Values]:
    """By the stem of what stands first behind each number of an English text, that number."""
    found: dict[str, set[Decimal]] = {}
    for count in text.counts:
        behind = [word for word in text.words[count.end : count.end + 2] if word not in FUNCTION or word == "of"][:1]
        if behind and not behind[0].startswith("<") and behind[0] != "of" and not count.is_guess:
            found.setdefault(_thing(behind[0]), set()).update(count.values)
    return {word: frozenset(values) for word, values in found.items()}


def _which(told: str) -> frozenset[Decimal]:
    """The ordinals of an English text, from the third on."""
    return frozenset(value for each in _WHICH.finditer(told) for value in numbers(each[0], "en"))


def _turns_which_into_how_many(line: Line, text: str, here: Counted) -> bool:
    """Whether what is the seventh of its kind in line and draft is seven of another: "failed the seventh time", "failed seven subjects"."""
    which = _which(plain(line.draft)) - _which(plain(text))
    if not which or not _WHICH_SAID.search(line.source):
        return False
    drafted = plain(line.draft)
    for count in here.counts:
        thing = here.words[count.end : count.end + 1]
        if not thing or not thing[0].endswith("s") or thing[0] in FUNCTION or thing[0] == "times":
            continue
        if _WHICH_UNIT.search(drafted) if named(thing[0], "en") else thing[0].rstrip("s") in drafted:
            continue
        if count.is_sure and count.values[-1] in which:
            return True
    return False


def _is_crossed(there: Mapping[str, Values], told: Mapping[str, Values]) -> bool:
    moved = [
        (there[word], values)
        for word, values in told.items()
        if word in there and len(values) == len(there[word]) == 1 and values != there[word]
    ]
    return any((now, before) in moved for before, now in moved)


def _bound(text: Counted) -> dict[str, Values]:
    """By the stem of each thing that an English text counts, with what."""
    found: dict[str, set[Decimal]] = {}
    for count in text.counts:
        if not count.is_guess:
            for word in text.behind(count):
                if word not in FUNCTION:
                    found.setdefault(_thing(word), set()).update(count.values)
    return {word: frozenset(values) for word, values in found.items()}


@lru_cache(maxsize=KEPT)
def _bound_in_line(source: str, language: str) -> dict[str, Values]:
    """By each stem that may render what a line counts, with what; of words that the line counts with two, both."""
    text = counted(source, language)
    found: dict[str, set[Decimal]] = {}
    for count in text.counts:
        if not count.is_guess:
            behind = [ways for word in text.behind(count) if (ways := renderings(folded(word), language))]
            for way in frozenset[str]().union(*behind[:2]):
                found.setdefault(way, set()).update(count.values)
    return {word: frozenset(values) for word, values in found.items()}


def _beside(text: Counted) -> dict[str, Values]:
    """By the stem of each word of an English text that stands between pauses with one number, that number."""
    found: dict[str, set[Decimal]] = {}
    for count, beside in text.clauses():
        for word in beside:
            if word not in FUNCTION or word in _WHO:
                found.setdefault(_WHO.get(word) or _thing(word), set()).update(count.values)
    return {word: frozenset(values) for word, values in found.items()}


@lru_cache(maxsize=KEPT)
def _beside_in_line(source: str, language: str) -> dict[str, Values]:
    """The same by each stem that may render a word of a line."""
    found: dict[str, set[Decimal]] = {}
    for count, beside in counted(source, language).clauses(_JOINTS):
        for way in frozenset[str]().union(*(renderings(folded(word), language) for word in beside)) - FUNCTION:
            found.setdefault(way, set()).update(count.values)
    return {word: frozenset(values) for word, values in found.items()}


def _thing(word: str) -> str:
    """The stem of one of what is counted: "coffees" are coffee."""
    return stem(word.removesuffix("s") if word.endswith("ees") else word)
