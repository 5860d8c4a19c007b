"""What a form of OpenAI's audio API asks for, and how answers are written."""

import json

import pytest

from setu_common.contracts import Problem
from setu_common.errors import InvalidRequest
from setu_gateway.openai.answering import Silence, Speech, body_of
from setu_gateway.openai.asking import PROMPT_CHARACTERS, ModelNotFound, asked_of, speech_models
from setu_gateway.openai.refusing import refusal
from setu_gateway.testing.samples import a_transcript, a_translation


def asked(translating=False, **fields):
    named = {name.replace("granularities", "timestamp_granularities[]"): value for name, value in fields.items()}
    return asked_of(
        {name: value if isinstance(value, list) else [value] for name, value in named.items()}, translating=translating
    )


def test_fields_that_are_left_empty_count_as_left_out():
    assert asked(model="", language=" ", prompt="", temperature="", response_format="") == asked()


def test_the_end_of_a_long_prompt_is_what_the_recogniser_gets():
    prompt = asked(prompt="x" * 5000 + "Sarah").job.overrides.asr.prompt
    assert (len(prompt), prompt.endswith("Sarah")) == (PROMPT_CHARACTERS, True)


def test_a_nul_in_a_prompt_is_left_out():
    assert asked(prompt="Sa\x00rah").job.overrides.asr.prompt == "Sarah"


def test_a_translation_is_a_job_with_english_as_its_target():
    assert asked(translating=True).job.target_languages == ("en",)
    assert asked().job.target_languages == ()


def test_every_speech_model_of_the_catalogue_can_be_asked_for_and_no_other():
    assert "whisper-large-v3" in speech_models()
    assert "gemma3-270m" not in speech_models()
    assert asked(model="whisper-large-v3").job.overrides.asr.model == "whisper-large-v3"
    with pytest.raises(ModelNotFound):
        asked(model="gemma3-270m")


@pytest.mark.parametrize("temperature", ["-0.1", "1.1", "warm", "nan", "inf"])
def test_temperatures_out_of_range_are_refused(temperature):
    with pytest.raises(InvalidRequest, match="0 to 1"):
        asked(temperature=temperature)


def test_granularities_may_be_named_once_or_both():
    assert asked(response_format="verbose_json").granularities == {"segment"}
    assert asked(response_format="verbose_json", granularities=["word", "segment"]).granularities == {"word", "segment"}
    with pytest.raises(InvalidRequest, match="word and segment"):
        asked(response_format="verbose_json", granularities=["letter"])


def test_languages_without_spaces_are_joined_without():
    transcript = a_transcript("ja", ("こんにちは。", "さようなら。"))
    body, _ = body_of(asked(response_format="text"), Speech(transcript))
    assert body == "こんにちは。さようなら。\n"


def test_a_translation_from_such_a_language_is_joined_with_spaces():
    speech = Speech(a_transcript("fr"), a_translation("en", ("Good day.", "Goodbye.")))
    body, _ = body_of(asked(translating=True, response_format="text"), speech)
    assert body == "Good day. Goodbye.\n"


def test_silence_of_an_unknown_language_has_an_empty_name():
    body, media_type = body_of(asked(response_format="verbose_json"), Silence(2.0))
    assert (json.loads(body)["language"], json.loads(body)["segments"], media_type) == ("", [], "application/json")


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (401, 401, "authentication_error"),
        (403, 403, "permission_error"),
        (404, 404, "invalid_request_error"),
        (413, 413, "invalid_request_error"),
        (422, 400, "invalid_request_error"),
        (429, 429, "rate_limit_error"),
        (500, 500, "server_error"),
        (504, 504, "server_error"),
    ],
)
def test_problems_have_openais_shape(status, told, kind):
    response = refusal(Problem(title="No", status=status, code="c", detail="Do this."))
    assert response.status_code == told
    assert json.loads(bytes(response.body)) == {"error": {"message": "Do this.", "type": kind, "param": None, "code": "c"}}
