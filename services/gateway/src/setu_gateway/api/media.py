"""Fetching a job's media with its subtitles in it."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from setu_common.contracts import Operation
from setu_common.errors import DependencyUnavailable
from setu_common.web import ClosingDep, problems
from setu_gateway.api.answers import located
from setu_gateway.api.dependencies import JobId, MediaDep, ReaderDep
from setu_gateway.errors import (
    JobBeingErased,
    JobNotFound,
    MediaNotMuxable,
    MediaNotReady,
    MediaTooExpensive,
    MuxerKilled,
    NothingToMux,
    ScratchFull,
)

router = APIRouter(tags=["subtitles"])

LONGEST_WAIT_S: Final = 60
ASK_AGAIN_S: Final = 2
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait before asking again", "schema": {"type": "integer"}}}


@router.get(
    "/jobs/{id}/media.mkv",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {"video/matroska": {"schema": {"type": "string", "format": "binary"}}},
        },
        202: {
            "model": Operation,
            "description": "It is being made: ask again",
            "headers": {**located("it, once it is made"), **_RETRY_AFTER},
        },
        **problems(
            JobNotFound,
            JobBeingErased,
            MediaNotReady,
            NothingToMux,
            MediaNotMuxable,
            MediaTooExpensive,
            MuxerKilled,
            ScratchFull,
            DependencyUnavailable,
        ),
    },
)
async def get_media(
    job_id: JobId,
    caller: ReaderDep,
    media: MediaDep,
    closing: ClosingDep,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait until it is made")] = 0,
) -> Response:
    """The recording as it was submitted, as a Matroska file, with all subtitles in it as tracks.

    Sound and pictures are copied and not re-encoded. The first call has the file made, once the job has ended; until it is made
    the answer is 202. It is kept with the job, and erased with it.
    """
    found = await media.find(caller.tenant, job_id, wait, closing)
    if isinstance(found, Operation):
        headers = {"Location": f"/jobs/{job_id}/media.mkv", "Retry-After": str(ASK_AGAIN_S)}
        content = found.model_copy(update={"result": None}).model_dump_json()
        return Response(content, status_code=202, headers=headers, media_type="application/json")
    return StreamingResponse(
        await media.read(found),
        media_type=found.reference.media_type,
        headers={
            "Content-Length": str(found.reference.bytes),
            "Content-Disposition": f"attachment; filename=\"media.mkv\"; filename*=UTF-8''{quote(found.name, safe='')}",
            "Cache-Control": "private, max-age=0",
        },
    )
