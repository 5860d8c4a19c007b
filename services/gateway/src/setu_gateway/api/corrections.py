"""Subtitles that people corrected come back, and what they teach."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from setu_common.contracts import LANGUAGE_NAMES, EditedSubtitles, Operation
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, NotFound
from setu_common.web import problems
from setu_gateway.api.answers import located
from setu_gateway.api.dependencies import JobId, ReaderDep, WriterDep, idempotency_key
from setu_gateway.api.intake import inlined
from setu_gateway.errors import (
    FieldTooLarge,
    JobBeingErased,
    JobNotFound,
    MalformedUpload,
    RepeatedField,
    SubtitlesFailed,
    SubtitlesNotReady,
    SubtitlesNotRequested,
    TooManyFields,
    UnknownField,
    UnknownLanguage,
    UnsupportedMediaType,
)
from setu_gateway.learning.corrections import Corrections
from setu_gateway.learning.errors import (
    CorrectionDoesNotFit,
    CorrectionMissing,
    CorrectionTooLarge,
    CorrectionUnreadable,
    LearningRefused,
)
from setu_gateway.learning.reading import LANGUAGE, SUBTITLES, read_correction

router = APIRouter(tags=["learning"])

LONGEST_WAIT_S: Final = 60
_BODY: Final[dict[str, Any]] = {  # Any: OpenAPI's own shape
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "CorrectionForm",
                    "required": [LANGUAGE, SUBTITLES],
                    "additionalProperties": False,
                    "properties": {
                        LANGUAGE: {"type": "string", "enum": sorted(LANGUAGE_NAMES), "description": "Of the subtitles"},
                        SUBTITLES: {
                            "type": "string",
                            "format": "binary",
                            "minLength": 1,
                            "description": "SubRip, WebVTT, ASS or the JSON that Setu delivers; UTF-8, 2 MB at most",
                        },
                    },
                }
            },
            "application/json": {"schema": inlined(EditedSubtitles.model_json_schema())},
        },
    }
}


async def _corrections(request: Request) -> Corrections:
    corrections: Corrections = request.app.state.corrections
    return corrections


CorrectionsDep = Annotated[Corrections, Depends(_corrections)]


@router.post(
    "/jobs/{id}/corrections",
    status_code=202,
    openapi_extra=_BODY,
    responses={
        202: {"description": "Accepted, durably; follow `Location`", "headers": located("what the correction teaches")},
        **problems(
            JobNotFound,
            MalformedUpload,
            UnsupportedMediaType,
            CorrectionTooLarge,
            FieldTooLarge,
            UnknownField,
            TooManyFields,
            RepeatedField,
            CorrectionMissing,
            CorrectionUnreadable,
            CorrectionDoesNotFit,
            UnknownLanguage,
            SubtitlesNotReady,
            SubtitlesFailed,
            SubtitlesNotRequested,
            LearningRefused,
            JobBeingErased,
            IdempotencyConflict,
            DependencyUnavailable,
        ),
    },
)
async def correct_job(
    job_id: JobId,
    request: Request,
    response: Response,
    caller: WriterDep,
    corrections: CorrectionsDep,
    *,
    key: Annotated[
        str | None,
        idempotency_key("The same key with the same subtitles is one correction, however often it is sent", most_chars=200),
    ] = None,
) -> Operation:
    """Send subtitles of a job back as people left them, to be learned from: a file in a form, or JSON.

    Of the recording's own language they tell how many words were heard wrong; of a target language, names, terms and edits for the next
    episode. What was delivered stays as it is. Send all of a language's subtitles, with the times that they had.
    """
    edited = await read_correction(request.stream(), request.headers.get("content-type"))
    operation = await corrections.accept(caller.tenant, job_id, edited, key)
    response.headers["Location"] = f"/jobs/{job_id}/corrections/{operation.id}"
    return operation


@router.get("/jobs/{id}/corrections/{correction_id}", responses=problems(NotFound, DependencyUnavailable))
async def get_correction(
    job_id: JobId,
    correction_id: Annotated[UUID, Path(description="As the answer to POST gave it")],
    caller: ReaderDep,
    corrections: CorrectionsDep,
    *,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for its end")] = 0,
) -> Operation:
    """What a correction teaches, as it stands, or as it ends within ``wait`` seconds: `result`."""
    return await corrections.get(caller.tenant, correction_id, wait, job_id)
