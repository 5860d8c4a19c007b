"""What a form or a JSON body asks for, and what is wrong with it."""

import json
from typing import Any

import pytest

from setu_common.contracts import LANGUAGE_NAMES, AsrOverrides, Context, JobRequest, Overrides, Term
from setu_common.errors import InvalidRequest
from setu_common.subtitles import UnknownProfile
from setu_gateway.errors import MalformedUpload, MediaMissing, UnknownField, UnknownLanguage
from setu_gateway.intake.requests import JSON_BYTES, request_of_form, request_of_json

URL = "https://media.example/talk.mp4"
WHOLE = JobRequest(
    media_url=URL,
    source_language="hi",
    target_languages=("en", "fr"),
    context=Context(terms=(Term(source="राज", target="Raj"),)),
    overrides=Overrides(asr=AsrOverrides(prompt="राज", beam_size=2), translation_engine="nllb", reuse=False),
    subtitle_profile="broadcast",
    webhook_url="https://hooks.example/done",
)


def json_body(**fields: Any) -> bytes:
    return json.dumps({"media_url": URL, **fields}).encode()


def test_a_json_body_may_say_all_that_a_request_can():
    assert request_of_json(WHOLE.model_dump_json().encode()) == WHOLE


def test_a_form_may_say_all_of_that_but_where_the_recording_lies():
    dump = WHOLE.model_dump(mode="json")
    fields = {name: [value] for name, value in dump.items() if isinstance(value, str) and name != "media_url"}
    fields |= {name: [json.dumps(dump[name])] for name in ("context", "overrides")}
    assert request_of_form({**fields, "target_languages": ["en", "fr"]}) == WHOLE.model_copy(update={"media_url": None})


def test_the_largest_request_fits_with_every_letter_escaped():
    terms = [{"source": f"{number:03}" + "क" * 197, "target": "ख" * 200} for number in range(500)]
    body = json_body(context={"terms": terms}, overrides={"asr": {"prompt": "ग" * 2000}})
    assert len(body) <= JSON_BYTES
    assert len(request_of_json(body).context.terms) == 500


def test_languages_are_taken_in_any_case_and_once():
    wanted = JobRequest(source_language="fr", target_languages=("en", "hi"))
    assert request_of_form({"source_language": [" FR "], "target_languages": ["en", "hi", "EN"]}) == wanted
    as_json = request_of_json(json_body(source_language=" FR ", target_languages=["en", "hi", "EN"]))
    assert as_json == wanted.model_copy(update={"media_url": URL})


def test_a_field_that_is_left_empty_is_left_out():
    empty = {name: [""] for name in ("source_language", "context", "overrides", "subtitle_profile", "webhook_url")}
    assert request_of_form(empty) == JobRequest()


def test_an_empty_target_language_in_a_form_is_none():
    assert request_of_form({"target_languages": [" "]}) == JobRequest()
    assert request_of_form({"target_languages": ["", "en"]}).target_languages == ("en",)


def test_unknown_languages_are_named_by_their_fields():
    with pytest.raises(UnknownLanguage) as caught:
        request_of_form({"source_language": ["klingon"], "target_languages": ["en", "tlh", "x\x00y"]})
    assert [each.field for each in caught.value.errors] == ["source_language", "target_languages.1", "target_languages.2"]
    assert "\x00" not in caught.value.errors[2].message
    with pytest.raises(UnknownLanguage) as caught:
        request_of_json(json_body(target_languages=["xx"]))
    assert [each.field for each in caught.value.errors] == ["target_languages.0"]


def test_more_targets_than_a_job_takes_are_refused():
    with pytest.raises(InvalidRequest) as caught:
        request_of_form({"target_languages": list(LANGUAGE_NAMES)[:21]})
    assert caught.value.errors[0].field == "target_languages"


def test_a_delivery_profile_that_there_is_none_of_is_refused_with_those_that_there_are():
    for ask in (
        lambda: request_of_form({"subtitle_profile": ["bbc"]}),
        lambda: request_of_json(json_body(subtitle_profile="bbc")),
    ):
        with pytest.raises(UnknownProfile, match="netflix"):
            ask()


def test_a_json_body_without_a_recording_says_where_to_put_it():
    for body in (b"{}", b'{"media_url": null, "target_languages": ["en"]}'):
        with pytest.raises(MediaMissing, match=r"media_url.*curl -F"):
            request_of_json(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"media_url": NaN}', b"[" * 100_000, b'"\\ud800"', b"media_url=x"])
def test_what_is_no_json_is_malformed(body):
    with pytest.raises(MalformedUpload, match="no JSON"):
        request_of_json(body)


@pytest.mark.parametrize("name", ["context", "overrides"])
def test_a_form_field_that_should_be_json_and_is_not_is_named(name):
    with pytest.raises(MalformedUpload, match=name):
        request_of_form({name: ["terms"]})


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_json_that_is_no_object_is_refused(body):
    with pytest.raises(InvalidRequest, match="object"):
        request_of_json(body)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"target_langauges": ["en"]}, "target_langauges"),
        ({"context": {"names": []}}, "context.names"),
        ({"overrides": {"asr": {"beams": 5}}}, "overrides.asr.beams"),
    ],
)
def test_a_misspelt_field_is_an_error_that_names_it(fields, field):
    with pytest.raises(UnknownField, match="media_url") as caught:
        request_of_json(json_body(**fields))
    assert [each.field for each in caught.value.errors] == [field]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"media_url": 1}, "media_url"),
        ({"media_url": "https://a.example/" + "x" * 2000}, "media_url"),
        ({"target_languages": "en"}, "target_languages"),
        ({"target_languages": [1]}, "target_languages.0"),
        ({"source_language": 1}, "source_language"),
        ({"context": {"terms": [{"source": "", "target": "x"}]}}, "context.terms.0.source"),
        ({"overrides": {"translation_engine": "abacus"}}, "overrides.translation_engine"),
        ({"overrides": {"asr": {"beam_size": 1000}}}, "overrides.asr.beam_size"),
        ({"subtitle_profile": "NET FLIX"}, "subtitle_profile"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_its_field(fields, field):
    with pytest.raises(InvalidRequest) as caught:
        request_of_json(json_body(**fields))
    assert type(caught.value) is InvalidRequest
    assert [each.field for each in caught.value.errors] == [field]


def test_a_nul_is_refused_since_no_row_can_hold_it_and_its_escape_as_text_is_not():
    for fields in ({"overrides": {"asr": {"prompt": "a\x00"}}}, {"context": {"terms": [{"source": "\x00", "target": "x"}]}}):
        with pytest.raises(InvalidRequest, match="NUL"):
            request_of_json(json_body(**fields))
    assert request_of_json(json_body(overrides={"asr": {"prompt": "\\u0000"}})).overrides.asr.prompt == "\\u0000"
