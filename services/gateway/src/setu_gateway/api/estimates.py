"""What a job would take and cost, before anything is spent."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.contracts.cost import Estimate, EstimateRequest
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.web import MethodNotAllowed, problems
from setu_common.web.problems import problem_response, request_id_of
from setu_gateway.api.dependencies import IntakeDep, MetricsDep, ReaderDep, WriterDep
from setu_gateway.errors import (
    FieldTooLarge,
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    MediaUrlNotFound,
    MediaUrlNotServed,
    MediaUrlRefused,
    MediaUrlTooLarge,
    MediaUrlTooSlow,
    MediaUrlUnavailable,
    MediaUrlUnresolvable,
    MediaUrlWrongType,
    RepeatedField,
    TooManyFields,
    TooManyUploads,
    UnknownField,
    UnknownLanguage,
    UnsupportedMediaType,
    UploadStalled,
    UploadTooLarge,
)
from setu_gateway.intake.form import MEDIA
from setu_gateway.intake.looking import ESTIMATE_FORM, Looking

router = APIRouter(tags=["costs"])

LENGTH_DIGITS: Final = 18  # more bytes than there are; what is cut off is too large all the same
Json = dict[str, Any]  # Any: OpenAPI's own shape

_LANGUAGE: Final[Json] = {"type": "string", "enum": sorted(LANGUAGE_NAMES)}
_BODY: Final[Json] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "EstimateForm",
                    "required": [MEDIA],
                    "additionalProperties": False,
                    "properties": {
                        "source_language": {**_LANGUAGE, "description": "The language that is spoken"},
                        "target_languages": {"type": "array", "items": _LANGUAGE, "maxItems": 20},
                        MEDIA: {
                            "type": "string",
                            "format": "binary",
                            "minLength": 1,
                            "description": "The recording; its first megabytes will do",
                        },
                    },
                }
            }
        },
    }
}


async def _looking(request: Request) -> Looking:
    looking: Looking = request.app.state.looking
    return looking


LookingDep = Annotated[Looking, Depends(_looking)]


@router.post(
    "/jobs/estimate",
    responses=problems(
        InvalidRequest,
        MediaUrlRefused,
        MediaUrlUnresolvable,
        MediaUrlNotFound,
        MediaUrlNotServed,
        MediaUrlWrongType,
        MediaUrlTooLarge,
        MediaUrlTooSlow,
        MediaUrlUnavailable,
        MediaEmpty,
        DependencyUnavailable,
    ),
)
async def estimate_job(request: EstimateRequest, caller: ReaderDep, looking: LookingDep, metrics: MetricsDep) -> Estimate:
    """What a job would take and cost, before anything is spent: from what earlier jobs took, with the range that holds nine in ten.

    Where it is not said how long the recording at `media_url` is, its beginning is looked at. Without any of `duration_s`, `media_url` and
    `bytes` it is told for a minute of sound (`per_minute`).
    """
    return await metrics.estimate(caller.tenant, await looking.at_url(request))


@router.post(
    "/jobs/estimate/media",
    response_model=Estimate,
    openapi_extra=_BODY,
    responses=problems(
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
        InvalidRequest,
        TooManyUploads,
        DependencyUnavailable,
    ),
)
async def estimate_media(  # noqa: PLR0917  what it is given, by type and not by place
    request: Request,
    caller: WriterDep,
    intake: IntakeDep,
    looking: LookingDep,
    metrics: MetricsDep,
    size_bytes: Annotated[
        int | None,
        Query(alias="bytes", gt=0, le=1 << 50, description="How large the recording is, where only its beginning is sent"),
    ] = None,
) -> Estimate:
    """The same of a recording that is sent, or of which the beginning is: it is looked at for its length, and not kept."""
    length = request.headers.get("content-length", "")
    upload = await intake.receive_form(
        request.stream(),
        tenant=caller.tenant,
        content_type=request.headers.get("content-type"),
        content_length=int(length[:LENGTH_DIGITS]) if length.isdecimal() else None,
        shape=ESTIMATE_FORM,
    )
    return await metrics.estimate(caller.tenant, await looking.at_upload(upload, size_bytes))


# Else it would be taken for a job's id.
@router.api_route("/jobs/estimate", methods=["GET", "DELETE"], include_in_schema=False)
@router.get("/jobs/estimate/media", include_in_schema=False)
async def refuse_to_get_estimates(request: Request) -> Response:
    """Estimates are made, not kept."""
    error = MethodNotAllowed("Ask for an estimate with POST; none is kept.")
    return problem_response(error, request_id_of(request), {"Allow": "POST"})
