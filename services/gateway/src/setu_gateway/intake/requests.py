"""What is asked for: a form's fields, or a JSON body, read into a ``JobRequest``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from setu_common.contracts import LANGUAGE_NAMES, FieldProblem, JobRequest
from setu_common.errors import InvalidRequest
from setu_common.subtitles import profile_named
from setu_gateway.errors import MalformedUpload, MediaMissing, UnknownField, UnknownLanguage
from setu_gateway.intake.form import FieldRule

# All that a request may hold by its contract fits, even with every letter escaped: 500 terms of twice 200 letters, six bytes each.
JSON_BYTES: Final = 5 << 18
_URL_BYTES: Final = 8000

# The fields beside the file. Those that have parts of their own are JSON.
FIELDS: Final[Mapping[str, FieldRule]] = {
    "source_language": FieldRule(),
    "target_languages": FieldRule(repeatable=True),
    "context": FieldRule(most_bytes=JSON_BYTES),
    "overrides": FieldRule(most_bytes=JSON_BYTES),
    "quality": FieldRule(),
    "subtitle_profile": FieldRule(),
    "webhook_url": FieldRule(most_bytes=_URL_BYTES),
    "budget_usd": FieldRule(),
}
_JSON_FIELDS: Final = ("context", "overrides")
_LANGUAGES_HINT: Final = (
    "Give languages by their codes of two or three letters, such as 'hi', 'en' or 'pt'; one in each target_languages field."
)


def request_of_form(fields: Mapping[str, Sequence[str]]) -> JobRequest:
    """What a form's fields ask for. Fields that are left empty count as left out.

    Raises:
        UnknownLanguage: a language that Setu does not know.
        UnknownProfile: a delivery profile that there is none of.
        InvalidRequest: anything else that does not fit.
    """
    asked: dict[str, Any] = {name: values[0] for name, values in fields.items() if values[0].strip()}
    asked["target_languages"] = [each for each in fields.get("target_languages", ()) if each.strip()]
    for name in _JSON_FIELDS:
        if name in asked:
            asked[name] = _json(asked[name].encode(), f"The field '{name}'")
    return _request(asked)


def request_of_json(body: bytes) -> JobRequest:
    """What a JSON body asks for.

    Raises:
        MalformedUpload: it is no JSON.
        MediaMissing: it names no recording.
        UnknownField: it holds what means nothing here.
        UnknownLanguage, UnknownProfile, InvalidRequest: as for a form.
    """
    asked = _json(body, "The body")
    if not isinstance(asked, dict):
        raise InvalidRequest('Send a JSON object: {"media_url": "https://…", "target_languages": ["en"]}.')
    request = _request(asked)
    if request.media_url is None:
        raise MediaMissing(
            'Say where the recording lies: {"media_url": "https://…"}. One that lies on your own disk is sent as a form: '
            "curl -F media=@talk.mp4 …"
        )
    return request


def _json(text: bytes, what: str) -> Any:  # noqa: ANN401  whatever JSON holds
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedUpload(f"{what} is no JSON in UTF-8; let a library write it.") from error


def _request(asked: dict[str, Any]) -> JobRequest:
    source, targets = asked.get("source_language"), asked.get("target_languages", ())
    if isinstance(source, str):
        asked["source_language"] = source = source.strip().lower() or None
    if isinstance(targets, list | tuple) and all(isinstance(each, str) for each in targets):
        asked["target_languages"] = targets = [each.strip().lower() for each in targets]
        _demand_known(source, targets)
        asked["target_languages"] = list(dict.fromkeys(targets))
    try:
        request = JobRequest.model_validate(asked)
    except ValidationError as error:
        raise _misfit(error) from error
    # Looked for in all of it at once, and text by text only where it may be: what is written so may as well be a backslash and letters.
    if "\\u0000" in request.model_dump_json() and any("\x00" in text for text in _texts(request.model_dump())):
        raise InvalidRequest("A text in the request holds a NUL character, which no subtitle can; leave it out.")
    profile_named(request.subtitle_profile)
    return request


def _demand_known(source: object, targets: Sequence[str]) -> None:
    named = [("source_language", source)] if isinstance(source, str) else []
    named += [(f"target_languages.{number}", each) for number, each in enumerate(targets)]
    unknown = [
        FieldProblem(field=name, message=f"unknown language {_shown(value)!r}")
        for name, value in named
        if value not in LANGUAGE_NAMES
    ]
    if unknown:
        raise UnknownLanguage(_LANGUAGES_HINT, errors=unknown)


def _misfit(error: ValidationError) -> InvalidRequest:
    found = error.errors(include_input=False, include_url=False)
    problems = [FieldProblem(field=_shown(".".join(map(str, each["loc"])), 100), message=each["msg"]) for each in found]
    if any(each["type"] == "extra_forbidden" for each in found):
        known = ", ".join(f"'{name}'" for name in JobRequest.model_fields)
        return UnknownField(f"The fields named in errors mean nothing here. A job's fields are {known}.", errors=problems)
    return InvalidRequest("Correct the fields named in errors.", errors=problems)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _shown(value: str, chars: int = 20) -> str:
    return "".join(char for char in value[:chars] if char.isprintable())
