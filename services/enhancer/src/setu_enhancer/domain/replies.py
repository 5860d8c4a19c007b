"""Reading what a model replies, whatever it replies: leniently what form it has, strictly which line each text belongs to."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.prompting import BAR, one_line
from setu_enhancer.domain.windows import Ask

THOUGHT: Final = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
WHOLE_NUMBER: Final = re.compile(r"\d{1,9}")
NUMBERED: Final = re.compile(r'(?<!\\)"\s*\d{1,9}\s*' + re.escape(BAR))
_GOES_ON: Final = re.compile(r'\s*(?:,\s*(?:["\[\]{}]|$)|[\]}]|$)')
"""What JSON has behind a string; behind a quotation mark of a text that nobody escaped there is more of the text."""
LINES_KEY: Final = "lines"
TEXT_KEYS: Final = ("text", "edit", "translation", "subtitle")
MOST_TRIES: Final = 500  # where an object or a line might begin; a reply with more is none
MOST_CHARACTERS: Final = 200_000
GRAM: Final = 3
KEPT_GRAMS: Final = 1024  # texts and drafts of the requests that are under way
ELSEWHERE: Final = 0.5  # share of a draft's trigrams
CLEARLY: Final = 2.0
LONG_ENOUGH: Final = 8  # trigrams; less says nothing about where a text belongs

_DECODER: Final = json.JSONDecoder(strict=False)  # models write line ends into strings


@dataclass(frozen=True)
class Entry:
    """What a reply has for one line. ``id`` is None where it is none that anybody could have asked for."""

    id: int | None
    text: str


@dataclass(frozen=True)
class Reading:
    """What became of a request.

    Args:
        texts: by id, what surely belongs to a line.
        faults: by id, why there is nothing for a line; each line that was asked for is in one of the two.
    """

    texts: Mapping[int, str]
    faults: Mapping[int, Breach]


def read(reply: str) -> tuple[Entry, ...]:
    """Every entry of a reply, in its order: in JSON, in JSON with words around it, or in JSON that breaks off."""
    reply = reply[:MOST_CHARACTERS]
    thought = THOUGHT.match(reply)
    start = at = thought.end() if thought else 0
    tries, found = 0, list[Entry]()
    while (at := reply.find("{", at)) >= 0 and tries < MOST_TRIES:
        tries += 1
        try:
            value, end = _DECODER.raw_decode(reply, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        entries = list(_entries(value))
        found += entries
        at = end if entries else at + 1  # inside an object that says nothing there may be one that does
    return tuple(found or _strings(reply, start))


def _strings(reply: str, at: int) -> list[Entry]:
    """Lines in strings that are whole, where what they stand in is not."""
    found: list[Entry] = []
    for _ in range(MOST_TRIES):
        if (begins := NUMBERED.search(reply, at)) is None:
            break
        at = begins.end()
        try:
            text, end = _DECODER.raw_decode(reply, begins.start())
        except ValueError:
            continue
        if _GOES_ON.match(reply, end):
            at = end
            found.append(_written(text))
    return found


def heard(reply: str, at: int = 0) -> tuple[list[Entry], int]:
    """Lines in strings that are whole, where what they stand in is still being written.

    Args:
        reply: what came so far.
        at: from where on it is listened to.

    Returns:
        The lines, and from where on to listen when more has come.
    """
    found: list[Entry] = []
    while (begins := NUMBERED.search(reply, at)) is not None:
        try:
            text, at = _DECODER.raw_decode(reply, begins.start())
        except ValueError:  # not whole yet
            return found, begins.start()
        if _GOES_ON.match(reply, at):
            found.append(_written(text))
    return found, at


def _entries(value: object) -> Sequence[Entry]:
    if not isinstance(value, dict):
        return _paired(value)
    text = next((value[key] for key in TEXT_KEYS if key in value), None)
    if "id" in value or text is not None:
        return (Entry(_number(value.get("id")), one_line(text) if isinstance(text, str) else ""),)
    if isinstance(asked := value.get(LINES_KEY), list):
        return _listed(asked)
    for each in value.values():
        if isinstance(each, list) and (listed := _listed(each)):
            return listed
    numbers = {_number(key) for key in value}
    if value and None not in numbers and all(isinstance(each, str) for each in value.values()):  # {"1": "…", "2": "…"}
        return [Entry(_number(key), one_line(str(each))) for key, each in value.items()]
    return ()


def _paired(value: object) -> Sequence[Entry]:
    """A line in a list of its id and its text, as lines of the document are lists."""
    match value:
        case [int(number), str(text)] if not isinstance(number, bool):
            return (Entry(number, one_line(text)),)
    return ()


def _listed(values: Sequence[object]) -> list[Entry]:
    """Lines in a list. Among strings with ids one without is a line of nobody's; strings of which none has an id are no lines."""
    strings = [_written(each) if isinstance(each, str) else None for each in values]
    if any(entry is not None and entry.id is not None for entry in strings):
        return [
            entry for each, string in zip(values, strings, strict=True) for entry in ([string] if string else _entries(each))
        ]
    return [entry for each in values for entry in _entries(each)]


def _written(line: str) -> Entry:
    """A line as it is asked for: its id, a bar, its text. Some set bars around the text as well, as in tables."""
    number, bar, text = line.partition(BAR)
    return Entry(_number(number) if bar else None, one_line(text).strip(f"{BAR} ") if bar else one_line(line))


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()) else None


def judge(asks: Sequence[Ask], entries: Sequence[Entry], *, cut_off: bool) -> Reading:
    """Which text surely belongs to which line.

    A model that merges two lines often numbers the rest on, so that everything after them is one line off and the last number is missing;
    one that splits a line runs past the last number. Then nothing is trusted. A number that is missing in the midst makes its
    neighbours suspect, and so does a text that is made of another line's draft.

    Args:
        asks: the lines that were asked for, in their order.
        entries: the reply's.
        cut_off: whether the model was still talking when it had to stop.
    """
    order = [ask.line.index for ask in asks]
    by_id: dict[int, set[str]] = {}
    for entry in entries:
        if entry.id is None or entry.id not in order:
            return _none(order, "ids", _about_ids(entries, order))
        by_id.setdefault(entry.id, set()).add(entry.text)
    twice = [number for number, texts in by_id.items() if len(texts) > 1]
    if twice:
        return _none(order, "ids", f"the id {twice[0]} came twice, with different texts")
    texts = {number: next(iter(each)) for number, each in by_id.items() if any(map(str.isalnum, next(iter(each))))}
    missing = [number for number in order if number not in texts]
    if not texts:
        return _none(order, "missing", "the answer has no JSON with the lines that were asked for")
    if missing and missing[-1] == order[-1] and not cut_off:
        return _none(order, "ids", f"the answer has nothing for the id {missing[-1]}: each line needs an entry of its own")
    faults = {number: Breach("missing", "the answer has nothing for this line") for number in missing}
    places = {number: place for place, number in enumerate(order)}
    for number in missing:
        for near in order[max(0, places[number] - 1) : places[number] + 2]:
            faults.setdefault(
                near, Breach("missing", f"the line beside it, {number}, was left out: was it merged into this one?")
            )
    for number, fault in _misplaced(asks, texts).items():
        faults.setdefault(number, fault)
    return Reading({number: text for number, text in texts.items() if number not in faults}, faults)


def nothing(asks: Sequence[Ask], kind: str, detail: str) -> Reading:
    """What a request amounts to that got no answer which could be read."""
    return _none([ask.line.index for ask in asks], kind, detail)


def _none(order: Sequence[int], kind: str, detail: str) -> Reading:
    return Reading({}, dict.fromkeys(order, Breach(kind, detail)))


def _about_ids(entries: Sequence[Entry], order: Collection[int]) -> str:
    strange = [entry.id for entry in entries if entry.id is not None and entry.id not in order]
    if strange:
        return f"the answer has the id {strange[0]}, which nobody asked for: use the ids of the document, as they are"
    return "an entry of the answer has no id that is a number: use the ids of the document, as they are"


def nearness(text: str, draft: str) -> float:
    """The share of a draft's trigrams that a text has, 0..1."""
    return _share(_grams(draft), _grams(text))


def _misplaced(asks: Sequence[Ask], texts: Mapping[int, str]) -> dict[int, Breach]:
    """Texts that are another line's: nearly its draft, and far less like their own; or the same text for lines that differ."""
    faults: dict[int, Breach] = {}
    lines = {ask.line.index: ask.line for ask in asks}
    folded = {number: text.casefold() for number, text in texts.items()}
    same = Counter(folded.values())
    for number, text in texts.items():
        own, repeated = nearness(text, lines[number].draft), same[folded[number]] > 1
        if CLEARLY * own >= 1 and not repeated:
            continue  # no other draft can be so much nearer
        grams, source = _grams(text), one_line(lines[number].source).casefold()
        for other, line in lines.items():
            draft = _grams(line.draft)
            if other == number or len(draft) < LONG_ENOUGH or one_line(line.source).casefold() == source:
                continue
            if repeated and folded.get(other) == folded[number] and len(grams) >= LONG_ENOUGH:
                faults[number] = Breach("place", f"the same text came for the line {other}, which says something else")
            elif (share := _share(draft, grams)) >= ELSEWHERE and share > CLEARLY * own:
                faults[number] = Breach("place", f"this is the text of the line {other}: keep each text with its own id")
    return faults


@lru_cache(maxsize=KEPT_GRAMS)
def _grams(text: str) -> frozenset[str]:
    letters = "".join(text.casefold().split())
    return frozenset(letters[at : at + GRAM] for at in range(len(letters) - GRAM + 1))


def _share(of: frozenset[str], among: frozenset[str]) -> float:
    return len(of & among) / len(of) if of else 0.0
