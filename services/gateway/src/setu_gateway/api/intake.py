"""POST /jobs. The body is read by hand, so that it goes straight to the store; the document says what it is all the same."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response

from setu_common.contracts import LANGUAGE_NAMES, JobRequest, JobView
from setu_common.errors import DependencyUnavailable, IdempotencyConflict, PayloadTooLarge
from setu_common.subtitles import PROFILES, UnknownProfile
from setu_common.web import RateLimited, problems
from setu_gateway.api.answers import answer, located
from setu_gateway.api.dependencies import DoorDep, WriterDep, idempotency_key
from setu_gateway.errors import (
    FieldTooLarge,
    KeyNotFreeYet,
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    MediaUrlRefused,
    MediaUrlUnresolvable,
    RepeatedField,
    TooManyFields,
    TooManyUploads,
    UnknownField,
    UnknownLanguage,
    UnsupportedMediaType,
    UploadStalled,
    UploadTooLarge,
    WebhooksNotConfigured,
    WebhookUrlRefused,
    WebhookUrlUnresolvable,
)
from setu_gateway.intake.backlog import TooManyOpenJobs, TooManyOpenJobsInAll
from setu_gateway.intake.form import MEDIA
from setu_gateway.intake.requests import FIELDS

router = APIRouter(tags=["jobs"])

LENGTH_DIGITS: Final = 18  # more bytes than there are; what is cut off is too large all the same
Json = dict[str, Any]  # Any: OpenAPI's own shape


def inlined(schema: Json) -> Json:
    """A model's JSON schema without references: the document knows no models but those that FastAPI has seen."""
    definitions = schema.pop("$defs", {})

    def inline(value: Any) -> Any:  # noqa: ANN401  JSON
        if isinstance(value, list):
            return [inline(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return inline(definitions[value["$ref"].rpartition("/")[2]])
        return {name: inline(each) for name, each in value.items()}

    whole: Json = inline(schema)
    return whole


_JOB: Final = inlined(JobRequest.model_json_schema())
_LANGUAGE: Final = {"type": "string", "enum": sorted(LANGUAGE_NAMES)}
_TOLD: Final[dict[str, Json]] = {
    "source_language": {**_LANGUAGE, "description": "The language that is spoken; detected if left out"},
    "target_languages": {
        "type": "array",
        "items": _LANGUAGE,
        "maxItems": 20,
        "description": "One field for each; none: captions in the spoken language alone",
    },
    "context": {**_JOB["properties"]["context"], "description": "What is known of the recording beforehand, as JSON"},
    "overrides": {**_JOB["properties"]["overrides"], "description": "What is to be done otherwise than Setu would, as JSON"},
    "quality": {**_JOB["properties"]["quality"], "description": "An answer soon, few errors, or something between"},
    "subtitle_profile": {"type": "string", "enum": sorted(PROFILES), "description": "The delivery rules"},
    "webhook_url": {"type": "string", "maxLength": 2000, "description": "Is told when the job has ended (Standard Webhooks)"},
    "budget_usd": {
        "type": "number",
        "minimum": 0,
        "maximum": 1_000_000,
        "multipleOf": 0.000001,
        "description": "What paid calls may cost, US dollars; past it the job goes on with what costs nothing, and says so",
    },
}
_FORM: Final[Json] = {
    "type": "object",
    "title": "JobForm",
    "required": [MEDIA],
    "additionalProperties": False,
    "properties": {
        **{name: _TOLD[name] for name in FIELDS},
        MEDIA: {"type": "string", "format": "binary", "minLength": 1, "description": "The recording, as a file"},
    },
}
_BODY: Final[Json] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": _FORM,
                "encoding": {name: {"contentType": "application/json"} for name in ("context", "overrides")},
            },
            "application/json": {"schema": {**_JOB, "required": ["media_url"]}},
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
            PayloadTooLarge,
            UploadStalled,
            UnknownField,
            TooManyFields,
            RepeatedField,
            MediaMissing,
            MediaEmpty,
            UnknownLanguage,
            UnknownProfile,
            MediaUrlRefused,
            MediaUrlUnresolvable,
            WebhookUrlRefused,
            WebhookUrlUnresolvable,
            WebhooksNotConfigured,
            IdempotencyConflict,
            KeyNotFreeYet,
            RateLimited,
            TooManyOpenJobs,
            TooManyOpenJobsInAll,
            TooManyUploads,
            DependencyUnavailable,
        ),
    },
)
async def submit_job(
    request: Request,
    caller: WriterDep,
    door: DoorDep,
    *,
    key: Annotated[
        str | None,
        idempotency_key(
            "The same key with the same recording (or media_url) and fields gives the same job, however often it is sent"
        ),
    ] = None,
) -> Response:
    """Turn a recording into subtitles: one that is sent as a file of a form, or one that lies at the `media_url` of a JSON body.

    A file is streamed to the store as it comes. Fields that come before it are judged before it is read: send them first. A recording at a URL is fetched once the job is accepted; where the URL leads is judged at once. Once 202 is answered the job survives whatever happens to the gateway.
    """
    length = request.headers.get("content-length", "")
    async with door.backlog.place(caller.tenant, key) as taken:
        upload = await door.intake.receive(
            request.stream(),
            tenant=caller.tenant,
            content_type=request.headers.get("content-type"),
            content_length=int(length[:LENGTH_DIGITS]) if length.isdecimal() else None,
        )
        job = await door.jobs.accept(caller.tenant, upload, key)
        taken()
    return answer(job, status=202)
