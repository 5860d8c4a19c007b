"""What a form of OpenAI's audio API asks for, in Setu's terms."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal, get_args

from setu_common.contracts import LANGUAGE_NAMES, AsrOverrides, FieldProblem, JobRequest, Overrides
from setu_common.errors import InvalidRequest, NotFound
from setu_gateway.intake.form import FieldRule
from setu_gateway.intake.upload import FormShape

FILE: Final = "file"
ENGLISH: Final = "en"
# The names by which callers of OpenAI's API ask for its Whisper; here they mean the model that Setu is set to.
DEFAULT_MODELS: Final = frozenset({"whisper-1", ""})
# Whisper reads 224 tokens of a prompt, the last ones; a token has more than one character nearly everywhere.
PROMPT_CHARACTERS: Final = 2000
CUES: Final = "none"  # the delivery profile that makes a cue of each segment, as OpenAI's files have it

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]
Granularity = Literal["word", "segment"]
FORMATS: Final[tuple[ResponseFormat, ...]] = get_args(ResponseFormat)
GRANULARITIES: Final[tuple[Granularity, ...]] = get_args(Granularity)

_COMMON: Final = {
    "model": FieldRule(),
    "prompt": FieldRule(most_bytes=1 << 16),
    "response_format": FieldRule(),
    "temperature": FieldRule(),
}
TRANSLATION_FIELDS: Final[Mapping[str, FieldRule]] = _COMMON
TRANSCRIPTION_FIELDS: Final[Mapping[str, FieldRule]] = {
    **_COMMON,
    "language": FieldRule(),
    "timestamp_granularities[]": FieldRule(repeatable=True),
    # Known, so that a caller is told what of them can be had.
    "stream": FieldRule(),
    "chunking_strategy": FieldRule(),
    "chunking_strategy[type]": FieldRule(),
    "include[]": FieldRule(repeatable=True),
}


class ModelNotFound(NotFound):
    """No speech model of that name."""

    code = "model_not_found"
    title = "There is no such speech model"


@dataclass(frozen=True)
class Asked:
    """One call.

    Args:
        job: what Setu is to do for it.
        response_format: the shape of the answer.
        granularities: the times that a verbose answer has.
        temperature: as given; answers repeat it.
        translating: whether the text is wanted in English.
    """

    job: JobRequest
    response_format: ResponseFormat = "json"
    granularities: frozenset[Granularity] = frozenset({"segment"})
    temperature: float = 0.0
    translating: bool = False


class Reader:
    """Reads one call's form; ``asked`` is what it came to last.

    Args:
        translating: whether the call is for ``/v1/audio/translations``.
    """

    def __init__(self, *, translating: bool) -> None:
        self._translating = translating
        self.asked: Asked | None = None

    @property
    def shape(self) -> FormShape:
        """The form, for the intake."""
        return FormShape(FILE, TRANSLATION_FIELDS if self._translating else TRANSCRIPTION_FIELDS, self)

    def __call__(self, fields: Mapping[str, Sequence[str]]) -> JobRequest:
        """What the fields ask for.

        Raises:
            ModelNotFound: there is no such model.
            InvalidRequest: a field can't be taken, or asks for what there is not.
        """
        self.asked = asked_of(fields, translating=self._translating)
        return self.asked.job


def asked_of(fields: Mapping[str, Sequence[str]], *, translating: bool) -> Asked:
    """What a form's fields ask for. Fields that are left empty count as left out."""
    given = {name: values[0].strip() for name, values in fields.items() if values and values[0].strip()}
    _demand_possible(given)
    response_format = _format(given.get("response_format", "json"))
    temperature = _temperature(given.get("temperature", "0"))
    # A translation's prompt is in English: the recogniser, which hears the spoken language, would be led astray by it.
    prompt = "" if translating else given.get("prompt", "").replace("\x00", "")[-PROMPT_CHARACTERS:]
    overrides = AsrOverrides(
        model=_model(given.get("model", "")), prompt=prompt, temperature=temperature if "temperature" in given else None
    )
    return Asked(
        job=JobRequest(
            source_language=_language(given.get("language")),
            target_languages=(ENGLISH,) if translating else (),
            overrides=Overrides(asr=overrides, learn=False),  # it is erased once it is answered
            subtitle_profile=CUES,
        ),
        response_format=response_format,
        granularities=_granularities(fields.get("timestamp_granularities[]", ()), response_format),
        temperature=temperature,
        translating=translating,
    )


@cache
def speech_models() -> tuple[str, ...]:
    """The names of the catalogue's speech models. Read by hand: the catalogue's own package brings what downloads them."""
    document = tomllib.loads(resources.files("setu_common").joinpath("models/models.toml").read_text(encoding="utf-8"))
    return tuple(name for name, model in document["models"].items() if model["purpose"] == "speech")


def refused(field: str, detail: str) -> InvalidRequest:
    """The error for a field that can't be taken."""
    return InvalidRequest(detail, errors=[FieldProblem(field=field, message=detail)])


def _model(name: str) -> str | None:
    if name in DEFAULT_MODELS:
        return None
    if name not in speech_models():
        shown = "".join(character for character in name[:60] if character.isprintable())
        raise ModelNotFound(
            f"There is no model '{shown}' here. Ask for whisper-1, which is what Setu is set to, or one of "
            f"{', '.join(speech_models())}.",
            errors=[FieldProblem(field="model", message="no speech model of the catalogue")],
        )
    return name


def _format(name: str) -> ResponseFormat:
    for known in FORMATS:
        if name == known:
            return known
    raise refused("response_format", f"response_format can be one of {', '.join(FORMATS)}.")


def _temperature(text: str) -> float:
    try:
        temperature = float(text)
    except ValueError:
        temperature = -1.0
    if not 0 <= temperature <= 1:
        raise refused("temperature", "temperature is a number from 0 to 1.")
    return temperature


def _language(code: str | None) -> str | None:
    if code is None:
        return None
    if code.lower() not in LANGUAGE_NAMES:
        raise refused("language", "language is a code of two or three letters, such as 'hi', 'en' or 'pt'.")
    return code.lower()


def _granularities(values: Sequence[str], response_format: ResponseFormat) -> frozenset[Granularity]:
    wanted = {value.strip() for value in values} - {""}
    if not wanted:
        return frozenset({"segment"})
    if not wanted <= set(GRANULARITIES):
        raise refused("timestamp_granularities", f"timestamp_granularities[] can be {' and '.join(GRANULARITIES)}.")
    if response_format != "verbose_json":
        raise refused("timestamp_granularities", "timestamp_granularities[] need response_format=verbose_json.")
    return frozenset(known for known in GRANULARITIES if known in wanted)


def _demand_possible(given: Mapping[str, str]) -> None:
    if given.get("stream", "false").lower() not in ("false", "0"):
        raise refused("stream", "Answers are not streamed here. Leave stream out; POST /jobs tells of progress as it is made.")
    if "include[]" in given:
        raise refused(
            "include", "Log probabilities of tokens are not kept; leave include out. verbose_json has those of segments."
        )
