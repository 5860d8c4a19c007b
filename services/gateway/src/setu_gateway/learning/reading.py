"""Subtitles that people corrected, read from a form or from JSON: SubRip, WebVTT, ASS, and the JSON files that Setu delivers."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from setu_common.contracts import LANGUAGE_NAMES, EditedCue, EditedSubtitles, FieldProblem
from setu_common.subtitles import SubtitleFormat, SubtitlesUnreadable, parse
from setu_gateway.errors import (
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    UnknownLanguage,
    UnsupportedMediaType,
    UploadTooLarge,
)
from setu_gateway.intake.form import FieldRule, FormLimits, MediaForm, boundary_of, media_type_of
from setu_gateway.learning.errors import CorrectionMissing, CorrectionTooLarge, CorrectionUnreadable

MOST_BYTES: Final = 2_000_000
"""Ten times what a long film's subtitles are."""
MOST_CUES: Final = 50_000
CUE_CHARACTERS: Final = 2000
SUBTITLES: Final = "subtitles"
LANGUAGE: Final = "language"
JSON: Final = "application/json"
_FIELDS: Final = {LANGUAGE: FieldRule()}
_HOW: Final = "curl -F language=hi -F subtitles=@talk.hi.srt …"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ASS_BEGINS: Final = ("[script info]", "[v4+ styles]", "[events]")


async def read_correction(body: AsyncIterator[bytes], content_type: str | None) -> EditedSubtitles:
    """What a body holds: a form with a file, or JSON.

    Args:
        body: the chunks as they come.
        content_type: the header.

    Raises:
        SetuError: what is wrong with it, by name (see ``setu_gateway.learning.errors`` and ``setu_gateway.errors``).
    """
    if media_type_of(content_type) == JSON:
        return await asyncio.to_thread(_of_json, await _whole(body))
    try:
        boundary = boundary_of(content_type)
    except UnsupportedMediaType as error:
        raise UnsupportedMediaType(f"Send the corrected subtitles as a form: {_HOW}") from error
    form = MediaForm(boundary, _FIELDS, FormLimits(media_bytes=MOST_BYTES), SUBTITLES)
    content = bytearray()
    try:
        async for chunk in body:
            for piece in form.feed(chunk):
                content += piece
        form.close()
    except UploadTooLarge as error:
        raise _too_large() from error
    except (MediaMissing, MediaEmpty) as error:
        raise CorrectionMissing(f"Add the corrected subtitles as a file: {_HOW}") from error
    (language,) = form.fields.get(LANGUAGE, [""])
    return await asyncio.to_thread(_of_file, language, bytes(content))


def edited_subtitles(language: str, cues: Iterable[EditedCue]) -> EditedSubtitles:
    """Subtitles in a language, if they are any.

    Raises:
        UnknownLanguage: there is no such language.
        CorrectionMissing: they have no text.
        CorrectionTooLarge: there are too many.
    """
    code = language.strip().lower()
    if code not in LANGUAGE_NAMES:
        raise UnknownLanguage(
            "Say which language the subtitles are in by its code of two or three letters, such as 'hi' or 'en', in the field 'language'.",
            errors=[FieldProblem(field=LANGUAGE, message="no language that Setu knows")],
        )
    found = tuple(cue for cue in cues if cue.text)
    if not found:
        raise CorrectionMissing("There is no text in these subtitles; send those of the whole recording as you want them.")
    if len(found) > MOST_CUES:
        raise CorrectionTooLarge(f"Send at most {MOST_CUES} cues.", limit=MOST_CUES)
    return EditedSubtitles(language=code, cues=found)


def cues_of_file(content: bytes) -> tuple[EditedCue, ...]:
    """The cues of a file, whose format is told by how it begins. Cues without text are left out.

    Raises:
        CorrectionUnreadable: it can't be read.
    """
    text = _text(content).replace("\x00", "")
    begins = text.lstrip()[:20].lower()
    if begins.startswith("{"):
        return _cues_of_document(text)
    kind: SubtitleFormat = "srt"
    if begins.startswith("webvtt"):
        kind = "vtt"
    elif begins.startswith(_ASS_BEGINS):
        kind = "ass"
    try:
        cues = parse(text, kind)
    except SubtitlesUnreadable as error:
        raise CorrectionUnreadable(error.detail) from error
    return tuple(_cue(cue.start_s, cue.end_s, cue.text) for cue in cues if cue.text.strip())


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in body:
        content += chunk
        if len(content) > MOST_BYTES:
            raise _too_large()
    return bytes(content)


def _of_file(language: str, content: bytes) -> EditedSubtitles:
    return edited_subtitles(language, cues_of_file(content))


def _of_json(content: bytes) -> EditedSubtitles:
    document = _document(content)
    language = document.get(LANGUAGE)
    return edited_subtitles(language if isinstance(language, str) else "", _cues_of(document))


def _cues_of_document(text: str) -> tuple[EditedCue, ...]:
    try:
        return _cues_of(_document(text.encode()))
    except MalformedUpload as error:
        raise CorrectionUnreadable("The file begins as JSON and is none; let a library write it.") from error


def _document(content: bytes) -> dict[str, Any]:  # Any: JSON
    try:
        document = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedUpload("The body is no JSON in UTF-8; let a library write it.") from error
    if not isinstance(document, dict):
        raise MalformedUpload('Send a JSON object: {"language": "hi", "cues": [{"start_s": 1.0, "end_s": 2.5, "text": "…"}]}.')
    return document


def _cues_of(document: dict[str, Any]) -> tuple[EditedCue, ...]:  # Any: JSON
    """Of whatever has cues with times in seconds, as the JSON files have that Setu delivers; what else they hold is left out."""
    cues = document.get("cues")
    if not isinstance(cues, list) or not all(isinstance(cue, dict) for cue in cues):
        raise CorrectionUnreadable('There are no cues in this JSON: {"cues": [{"start_s": 1.0, "end_s": 2.5, "text": "…"}]}.')
    if len(cues) > MOST_CUES:
        raise CorrectionTooLarge(f"Send at most {MOST_CUES} cues.", limit=MOST_CUES)
    return tuple(
        _cue(cue.get("start_s"), cue.get("end_s"), cue.get("text"), f"cues.{number}") for number, cue in enumerate(cues)
    )


def _cue(start_s: object, end_s: object, text: object, field: str = "") -> EditedCue:
    try:
        cue = EditedCue.model_validate({"start_s": start_s, "end_s": end_s, "text": text})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        problems = [
            FieldProblem(field=".".join(filter(None, (field, *map(str, each["loc"])))), message=each["msg"]) for each in found
        ]
        raise CorrectionUnreadable(
            f"A cue can't be read; it needs times in seconds and a text of at most {CUE_CHARACTERS} characters.",
            errors=problems,
        ) from error
    if cue.end_s < cue.start_s or not math.isfinite(cue.end_s):
        raise CorrectionUnreadable(f"A cue ends before it begins, at {cue.start_s:.3f} s.")
    return cue.model_copy(update={"text": cue.text.replace("\x00", "").strip()})


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorrectionUnreadable(
            "The file is not in UTF-8 (nor in UTF-16 that says so); save it anew in UTF-8 with your editor.",
            at_byte=error.start,
        ) from error


def _too_large() -> CorrectionTooLarge:
    return CorrectionTooLarge(f"Send at most {MOST_BYTES} bytes of subtitles.", limit_bytes=MOST_BYTES)
