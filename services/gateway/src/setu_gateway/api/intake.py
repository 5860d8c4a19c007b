"""POST /jobs. The body is read by hand, so that it goes straight to the store; the document says what it is all the same."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response

from setu_common.contracts import LANGUAGE_NAMES, JobView, headers
from setu_common.errors import DependencyUnavailable, IdempotencyConflict
from setu_common.web import CallerDep, problems
from setu_gateway.api.answers import answer, located
from setu_gateway.api.dependencies import IntakeDep, JobsDep
from setu_gateway.errors import (
    FieldTooLarge,
    KeyNotFreeYet,
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    RepeatedField,
    TooManyFields,
    TooManyUploads,
    UnknownField,
    UnknownLanguage,
    UnsupportedMediaType,
    UploadStalled,
    UploadTooLarge,
)

router = APIRouter(tags=["jobs"])

LENGTH_DIGITS: Final = 18  # more bytes than there are; what is cut off is too large all the same
_LANGUAGE: Final = {"type": "string", "enum": sorted(LANGUAGE_NAMES)}
_BODY: Final[dict[str, Any]] = {  # Any: OpenAPI's own shape
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "JobForm",
                    "required": ["media"],
                    "additionalProperties": False,
                    "properties": {
                        "source_language": {**_LANGUAGE, "description": "The language that is spoken; detected if left out"},
                        "target_languages": {
                            "type": "array",
                            "items": _LANGUAGE,
                            "maxItems": 20,
                            "description": "One field for each; none: captions in the spoken language alone",
                        },
                        "media": {
                            "type": "string",
                            "format": "binary",
                            "minLength": 1,
                            "description": "The recording, as a file",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/jobs",
    status_code=202,
    response_model=JobView,
    openapi_extra=_BODY,
    responses={
        202: {"description": "Accepted, durably; follow `Location`", "headers": located("the job")},
        **problems(
            MalformedUpload,
            UnsupportedMediaType,
            UploadTooLarge,
            FieldTooLarge,
            UploadStalled,
            UnknownField,
            TooManyFields,
            RepeatedField,
            MediaMissing,
            MediaEmpty,
            UnknownLanguage,
            IdempotencyConflict,
            KeyNotFreeYet,
            TooManyUploads,
            DependencyUnavailable,
        ),
    },
)
async def submit_job(
    request: Request,
    caller: CallerDep,
    intake: IntakeDep,
    jobs: JobsDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=headers.IDEMPOTENCY_KEY,
            pattern=r"^[\x21-\x7e]{1,255}$",
            description="The same key with the same recording and fields gives the same job, however often it is sent",
        ),
    ] = None,
) -> Response:
    """Turn a recording into subtitles.

    The recording is streamed to the store as it comes. Fields that come before it are judged before it is read: send them first. Once 202 is answered the job survives whatever happens to the gateway.
    """
    length = request.headers.get("content-length", "")
    upload = await intake.receive(
        request.stream(),
        tenant=caller.tenant,
        content_type=request.headers.get("content-type"),
        content_length=int(length[:LENGTH_DIGITS]) if length.isdecimal() else None,
    )
    job = await jobs.accept(caller.tenant, upload, idempotency_key)
    return answer(job, status=202)
