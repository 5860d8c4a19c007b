"""Fetching what a job delivers."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from setu_common.errors import DependencyUnavailable
from setu_common.web import problems
from setu_gateway.api.dependencies import JobId, JobsDep, ReaderDep
from setu_gateway.delivery.document import SubtitleDocument
from setu_gateway.delivery.rendering import FORMATS
from setu_gateway.errors import JobNotFound, SubtitlesFailed, SubtitlesNotReady, SubtitlesNotRequested, UnknownFormat

router = APIRouter(tags=["subtitles"])

_TEXT: Final = {"schema": {"type": "string"}}


@router.get(
    "/jobs/{id}/subtitles/{language}.{file_format}",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "model": SubtitleDocument,  # as JSON
            "content": {"application/x-subrip": _TEXT, "text/vtt": _TEXT, "text/x-ssa": _TEXT},
        },
        **problems(
            JobNotFound, SubtitlesNotRequested, UnknownFormat, SubtitlesNotReady, SubtitlesFailed, DependencyUnavailable
        ),
    },
)
async def get_subtitles(
    job_id: JobId,
    language: Annotated[str, Path(max_length=20, description="One of the job's languages, the recording's own included")],
    file_format: Annotated[str, Path(max_length=20, description=f"One of {', '.join(FORMATS)}")],
    caller: ReaderDep,
    jobs: JobsDep,
) -> Response:
    """The subtitles in one language, as a file. They can be fetched as soon as their stage has ended, before the job has."""
    if file_format not in FORMATS:
        raise UnknownFormat(f"Ask for one of these: {', '.join(FORMATS)}.")
    file, content = await jobs.subtitles(caller.tenant, job_id, language, file_format)
    return Response(content, media_type=file.reference.media_type, headers={"Cache-Control": "private, max-age=0"})
