"""Answers in a form that was asked for: the schema that models are given, and reading what they make of it."""

import copy
import json
import re
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from setu_common.llm.provider import Message

M = TypeVar("M", bound=BaseModel)
Schema = dict[str, Any]  # Any: JSON

# What providers' strict modes don't take. Pydantic checks it afterwards, and the description says it to the model.
_TOLD_IN_WORDS: Final = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
    "minItems", "maxItems", "uniqueItems",
)  # fmt: skip
_NEEDLESS: Final = ("title", "default")
_FAULTS_TOLD: Final = 8
_HALVES: Final = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=256)  # making one takes a millisecond; who gets it must not change it
def strict_schema(model: type[BaseModel]) -> Schema:
    """A model's JSON schema as strict modes want it: closed objects, all fields required, limits in words."""
    schema = copy.deepcopy(model.model_json_schema())
    _tighten(schema)
    return schema


def _tighten(node: Any) -> None:  # noqa: ANN401  (Any: JSON)
    if not isinstance(node, dict):
        return
    for word in _NEEDLESS:
        node.pop(word, None)
    limits = {word: node.pop(word) for word in _TOLD_IN_WORDS if word in node}
    if limits:
        told = ", ".join(f"{word}: {value}" for word, value in limits.items())
        node["description"] = f"{node['description']} ({told})" if node.get("description") else told
    if isinstance(properties := node.get("properties"), dict):
        node["additionalProperties"] = False
        node["required"] = list(properties)
    for word in ("properties", "$defs"):
        for each in node.get(word, {}).values():
            _tighten(each)
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for each in node.get(word, ()):
            _tighten(each)
    for word in ("items", "additionalProperties"):
        _tighten(node.get(word))


@lru_cache(maxsize=256)
def in_words(model: type[BaseModel]) -> str:
    """What models are told that can't be held to a schema."""
    told = json.dumps(strict_schema(model), ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object that matches this JSON schema, and with nothing else:\n{told}"


def writable(told: object) -> str:
    """A text of JSON as it can be written down: halves of a character put together, U+FFFD for a half alone; empty if it is no text."""
    if not isinstance(told, str):
        return ""
    if told.isascii() or not _HALVES.search(told):
        return told
    return told.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_as(text: str, model: type[M]) -> M:
    """The instance in a text: the text itself, or the object in it.

    Raises:
        ValueError: there is none; a ``ValidationError`` says what is wrong with what there is.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        found = _object_in(text)
        if found is None:
            raise ValueError("there is no JSON object in it") from error
        return model.model_validate_json(writable(json.dumps(found, ensure_ascii=False)))


def _object_in(text: str) -> JsonValue:
    """The first JSON object in a text with words or fences around it, thoughts left out."""
    decoder = json.JSONDecoder(strict=False)  # models write line ends into strings
    at = text.rfind("</think>") + 1
    while (at := text.find("{", at)) >= 0:
        try:
            found: JsonValue = decoder.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            at += 1
        else:
            return found
    return None


def repair(text: str, error: ValueError) -> tuple[Message, Message]:
    """What a model is told whose answer does not have the form: its own answer, and what is wrong with it, without the values."""
    if isinstance(error, ValidationError):
        faults = [
            f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in error.errors(include_url=False)
        ]
        told = "; ".join(faults[:_FAULTS_TOLD])
    else:
        told = str(error)
    ask = (
        f"This answer does not match the schema ({told}). Answer again, with one JSON object that does, and with nothing else."
    )
    return Message("assistant", text or "{}"), Message("user", ask)
