"""What the wires of language models have in common: what is asked, what is said, and the bill."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from setu_common.cost import Usage
from setu_common.testing.faulty import Answer, Fault, Received

Json = Any  # JSON, in whatever shape the other side sent it
_PIECES: Final = re.compile(r"\s*\S+|\s+")
PROBABILITY: Final = 0.9
# What the model said is said, and charged, though the caller gets no whole answer.
_BROKEN_OFF: Final = frozenset({Fault.RESET, Fault.TRUNCATED, Fault.HALF_OPEN})


class Oddity(StrEnum):
    """What can be odd about an answer that comes over a wire without faults."""

    NONE = "none"
    EMPTY = "empty"
    REFUSAL = "refusal"
    NOT_JSON = "not-json"
    TOO_LONG = "too-long"
    UNAUTHORIZED = "unauthorized"
    NO_MODEL = "no-model"


@dataclass(frozen=True)
class Asked:
    """What a model was asked.

    Args:
        number: how many requests came before.
        model: which one.
        messages: role and text of each; a prompt is one of the user's.
        schema: of the JSON that it is held to, if any.
        body: the whole request.
    """

    number: int
    model: str
    messages: tuple[tuple[str, str], ...]
    schema: Mapping[str, Json] | None
    body: Mapping[str, Json]


@dataclass(frozen=True)
class Reply:
    """What the model says.

    Args:
        text: aloud.
        thoughts: tokens that it thinks before.
    """

    text: str
    thoughts: int = 0


Say = Callable[[Asked], "str | Reply"]


@dataclass(frozen=True)
class Charge:
    """One line of a bill.

    Args:
        number: the request's.
        model: which one answered.
        usage: what it used.
        broken_off: whether the caller got only a part of it.
    """

    number: int
    model: str
    usage: Usage
    broken_off: bool


class Bill:
    """What a provider would charge."""

    def __init__(self) -> None:
        self.charges: list[Charge] = []

    @property
    def total(self) -> Usage:
        """All charges together."""
        return sum((each.usage for each in self.charges), Usage())

    def charge(self, received: Received, model: str, usage: Usage) -> None:
        """Put an answer on the bill."""
        self.charges.append(Charge(received.number, model, usage, received.fault in _BROKEN_OFF))


def echo(asked: Asked) -> str:
    """What a model says that was told nothing else: a sample of the schema, or what was said last, in capitals."""
    if asked.schema is not None:
        return json.dumps(sample(asked.schema), ensure_ascii=False)
    return asked.messages[-1][1].upper() if asked.messages else ""


def sample(schema: Mapping[str, Json], root: Mapping[str, Json] | None = None) -> Json:
    """The simplest value that a schema allows."""
    root = schema if root is None else root
    if "$ref" in schema:
        return sample(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return sample(schema[word][0], root)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    plain: dict[str, Json] = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}
    match schema.get("type"):
        case "object":
            return {name: sample(each, root) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema["items"], root)] if "items" in schema else []
        case kind:
            return plain.get(str(kind))


def pieces(text: str) -> list[str]:
    """A text's tokens, as these models count: its words, each with the space before it."""
    return _PIECES.findall(text)


def cut(text: str, most: int) -> tuple[str, bool]:
    """A text of at most so many tokens, and whether there was more."""
    found = pieces(text)
    return "".join(found[:most]), len(found) > most


def logprobs(text: str) -> list[dict[str, Json]]:
    """Each token of a text with the same probability, as chat completions tell it."""
    value = math.log(PROBABILITY)
    return [{"token": each, "logprob": value, "bytes": list(each.encode()), "top_logprobs": []} for each in pieces(text)]


def json_answer(body: Json, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(json.dumps(body, ensure_ascii=False).encode(), status)


def events(parts: Sequence[tuple[str | None, Json]], end: str | None = None) -> Answer:
    """An answer as a stream of server-sent events.

    Args:
        parts: the event's name, if it has one, and its data.
        end: data that says that nothing follows.
    """
    lines = [
        f"{f'event: {name}' + chr(10) if name else ''}data: {json.dumps(data, ensure_ascii=False)}\n\n" for name, data in parts
    ]
    if end is not None:
        lines.append(f"data: {end}\n\n")
    return Answer("".join(lines).encode(), 200, "text/event-stream")
