"""Schemas as strict modes want them, and whatever models make of them."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from setu_common.llm.structured import in_words, read_as, repair, strict_schema


class Term(BaseModel):
    model_config = ConfigDict(extra="forbid")
    source: str = Field(min_length=1, description="as it is said")
    title: str = "none"


class Notes(BaseModel):
    kind: Literal["scene", "cast"]
    terms: list[Term] = Field(default_factory=list, max_length=3)
    best: Term | None = None


def objects(node):
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        for each in node.values():
            yield from objects(each)
    elif isinstance(node, list):
        for each in node:
            yield from objects(each)


def test_every_object_is_closed_and_wants_all_its_fields():
    found = list(objects(strict_schema(Notes)))
    assert len(found) == 2
    for each in found:
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])


def test_a_limit_that_strict_modes_do_not_take_stands_in_the_description():
    term = strict_schema(Notes)["$defs"]["Term"]["properties"]
    assert term["source"] == {"description": "as it is said (minLength: 1)", "type": "string"}
    assert strict_schema(Notes)["properties"]["terms"]["description"] == "maxItems: 3"


def test_a_field_may_be_called_as_a_keyword_is():
    assert "title" in strict_schema(Notes)["$defs"]["Term"]["properties"]


def test_the_models_own_schema_stays_as_it_is():
    before = Notes.model_json_schema()
    strict_schema(Notes)
    assert Notes.model_json_schema() == before


GOOD = '{"kind": "cast", "terms": [{"source": "Ring", "title": "x"}], "best": null}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here you are: {GOOD} — anything else?",
        f'<think>{{"kind": "scene"}} would be wrong</think>\n{GOOD}',
        GOOD.replace("Ring", "Ri\nng"),
    ],
)
def test_an_object_is_found_among_words(text):
    assert read_as(text, Notes).kind == "cast"


@pytest.mark.parametrize("text", ["", "no", "{", "[1]", '{"kind": "other"}', '{"kind"', "{" * 3000])
def test_what_is_none_is_told(text):
    with pytest.raises(ValueError):  # noqa: PT011  any of its kinds
        read_as(text, Notes)


@given(st.text(alphabet='{}[]":,ak<>/thin \n', max_size=200))
def test_nothing_that_a_model_writes_raises_anything_else(text):
    try:
        read_as(text, Notes)
    except ValueError:
        return


def test_half_a_character_in_an_answer_can_be_written_down():
    told = read_as('{"kind": "cast", "terms": [{"source": "a \\ud83d b", "title": "\\ud83d\\ude00"}]}', Notes)
    assert (told.terms[0].source, told.terms[0].title) == ("a \ufffd b", "😀")


def test_a_repair_names_the_fields_and_not_their_values():
    with pytest.raises(ValidationError) as raised:
        read_as('{"kind": "secret words", "terms": [{"source": ""}]}', Notes)
    answer, ask = repair("what it said", raised.value)
    assert (answer.role, answer.text, ask.role) == ("assistant", "what it said", "user")
    assert "terms.0.source" in ask.text
    assert "secret words" not in ask.text


def test_a_model_is_told_the_schema_in_words():
    assert '"additionalProperties":false' in in_words(Notes)
