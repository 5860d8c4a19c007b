"""Fetching a job's recording as it was submitted, whole or in parts, so that a page can play it."""

import re
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from setu_common.errors import DependencyUnavailable
from setu_common.store import ObjectMissing
from setu_common.web import problems
from setu_common.web.problems import problem_response, request_id_of
from setu_gateway.api.dependencies import JobId, MediaDep, ReaderDep
from setu_gateway.delivery.ranges import part_of
from setu_gateway.delivery.refusals import RangeUnsatisfiable, RecordingNotFetched
from setu_gateway.errors import JobBeingErased, JobNotFound

router = APIRouter(tags=["jobs"])

_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_BINARY: Final = {"audio/*": _BYTES, "video/*": _BYTES, "application/octet-stream": _BYTES}
_SOUND_OR_PICTURES: Final = re.compile(r"(?:audio|video)/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
# Who uploads says what a file is, and may lie: no browser may take it for a page, nor run anything of it.
_HARMLESS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=0",
    "Accept-Ranges": "bytes",
}


@router.get(
    "/jobs/{id}/media",
    response_class=Response,
    responses={
        200: {"description": "The recording", "content": _BINARY},
        206: {"description": "The part of it that `Range` asks for", "content": _BINARY},
        304: {"description": "It is what `If-None-Match` says that the caller has"},
        **problems(JobNotFound, ObjectMissing, RecordingNotFetched, JobBeingErased, RangeUnsatisfiable, DependencyUnavailable),
    },
)
async def get_recording(
    request: Request,
    job_id: JobId,
    caller: ReaderDep,
    media: MediaDep,
    *,
    range_: Annotated[str | None, Header(alias="Range", description="One range of bytes")] = None,
    if_range: Annotated[str | None, Header(alias="If-Range", description="The part of this `ETag`, else all of it")] = None,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", description="`ETag`s of what the caller has")] = None,
) -> Response:
    """The recording as it was submitted, to be played: parts of it are sent as they are asked for.

    Its type is the one that it was submitted with if that is of sound or video.
    """
    file = await media.recording(caller.tenant, job_id)
    etag = f'"{file.reference.sha256}"'
    told = {**_HARMLESS, "ETag": etag}
    if if_none_match is not None and etag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
    size_bytes = file.reference.bytes
    try:
        part = part_of(range_, if_range, etag, size_bytes)
    except RangeUnsatisfiable as error:
        return problem_response(error, request_id_of(request), {**_HARMLESS, "Content-Range": f"bytes */{size_bytes}"})
    if part is not None:
        told["Content-Range"] = part.content_range
    start, stop = (part.start, part.stop) if part is not None else (0, size_bytes)
    return StreamingResponse(
        await media.read(file, start=start, stop=stop),
        status_code=HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT,
        media_type=_type_of(file.reference.media_type),
        headers={
            **told,
            "Content-Length": str(stop - start),
            "Content-Disposition": f"inline; filename=\"media\"; filename*=UTF-8''{quote(file.name, safe='')}",
        },
    )


def _type_of(told: str) -> str:
    """What the answer calls it: sound or video as it was submitted, and nothing in particular else."""
    kind = told.partition(";")[0].strip().lower()
    return kind if _SOUND_OR_PICTURES.fullmatch(kind) else "application/octet-stream"
