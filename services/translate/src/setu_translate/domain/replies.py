"""Reading what an instruct model replies, whatever it replies: which line got which text, and which of that can't be trusted."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import one_line
from setu_translate.domain.scripts import letters

THOUGHT: Final = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
TEXT_VALUE: Final = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
MOST_BRACES: Final = 500  # where an object might begin; a reply with more is none
SAME_WORDS: Final = 3
ALIKE: Final = 0.6

DECODER: Final = json.JSONDecoder(strict=False)  # models write line ends into strings


@dataclass(frozen=True)
class Token:
    """One token of a reply: how many bytes it is, and the logarithm of its probability."""

    length_bytes: int
    logprob: float


@dataclass(frozen=True)
class Said:
    """What a reply has for one line.

    Args:
        number: the line's, as the model gives it.
        text: on one line.
        span: where the text stands in the reply, in characters; None if that can't be told.
    """

    number: int
    text: str
    span: tuple[int, int] | None


def read(reply: str) -> tuple[Said, ...]:
    """Every entry of a reply, in its order: in JSON, in JSON with words around it, or in JSON that breaks off."""
    thought = THOUGHT.match(reply)
    at, tries, found = thought.end() if thought else 0, 0, list[Said]()
    while (at := reply.find("{", at)) >= 0 and tries < MOST_BRACES:
        tries += 1
        try:
            value, end = DECODER.raw_decode(reply, at)
        except (ValueError, RecursionError):
            value, end = None, at + 1
        entries = _entries(value, reply, at, end)
        found.extend(entries)
        at = end if entries else at + 1  # inside an object that is no entry there may be some
    return tuple(found)


def _entries(value: object, reply: str, start: int, end: int) -> list[Said]:
    if not isinstance(value, dict):
        return []
    number, text = _number(value.get("id")), value.get("text")
    if number is not None and isinstance(text, str):
        stands = TEXT_VALUE.search(reply, start, end)
        return [Said(number, one_line(text), stands.span(1) if stands else None)]
    by_number = {_number(key): each for key, each in value.items()}  # {"1": "…", "2": "…"}
    if value and None not in by_number and all(isinstance(each, str) for each in by_number.values()):
        return [Said(key, one_line(str(each)), None) for key, each in by_number.items() if key is not None]
    return []


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII) else None


def trusted(asked: Mapping[int, Line], said: Sequence[Said], *, cut_off: bool) -> dict[int, Said]:
    """What of a reply surely belongs to the lines that it is given for, by their numbers.

    A model that merges two lines often numbers the rest on, so that everything after them is one line off and the last number is
    missing: then nothing can be trusted. A number that is missing in the midst makes only its neighbours suspect.

    Args:
        asked: the lines, by number, in their order.
        said: the reply's entries.
        cut_off: whether the model was still talking when it had to stop.
    """
    counts = Counter(each.number for each in said)
    if any(number not in asked or count > 1 for number, count in counts.items()):
        return {}
    found = {each.number: each for each in said if letters(each.text)}
    order = list(asked)
    missing = [place for place, number in enumerate(order) if number not in found]
    if missing and missing[-1] == len(order) - 1 and not cut_off:
        return {}
    suspects = {order[near] for place in missing for near in (place - 1, place, place + 1) if 0 <= near < len(order)}
    suspects.update(_said_twice(asked, found))
    return {number: each for number, each in found.items() if number not in suspects}


def _said_twice(asked: Mapping[int, Line], found: Mapping[int, Said]) -> set[int]:
    """Lines that differ and got the same text."""
    by_text: dict[str, list[int]] = {}
    for number, each in found.items():
        if len(each.text.split()) >= SAME_WORDS:
            by_text.setdefault(each.text.casefold(), []).append(number)
    return {
        number
        for numbers in by_text.values()
        for number in numbers
        if any(not _alike(asked[number].text, asked[other].text) for other in numbers)
    }


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, letters(one).casefold(), letters(other).casefold()).ratio() >= ALIKE


def confidence(reply: str, span: tuple[int, int] | None, tokens: Sequence[Token]) -> float | None:
    """The geometric mean of the probabilities of those tokens that make a part of a reply, 0..1; None if they aren't known."""
    if span is None or not tokens:
        return None
    start, end = (len(reply[:place].encode()) for place in span)
    values: list[float] = []
    at = 0
    for token in tokens:
        if at < end and at + token.length_bytes > start and math.isfinite(token.logprob):
            values.append(token.logprob)
        at += token.length_bytes
    return min(math.exp(sum(values) / len(values)), 1.0) if values else None
