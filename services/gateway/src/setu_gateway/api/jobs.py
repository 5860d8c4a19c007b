"""Looking at jobs, following them, ending, repeating and erasing them."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from setu_common.contracts import JobPage, JobState, JobView
from setu_common.db.cursor import decode_cursor, encode_cursor
from setu_common.errors import DependencyUnavailable
from setu_common.web import EVENT_STREAM, events, problems
from setu_gateway.api.answers import answer, located
from setu_gateway.api.dependencies import JobId, JobsDep, ReaderDep, WriterDep
from setu_gateway.errors import JobBeingErased, JobNotEnded, JobNotFound, NothingToRetry
from setu_gateway.service import Jobs
from setu_gateway.views import job_view

router = APIRouter(tags=["jobs"])


@router.get("/jobs", response_model=JobPage, responses=problems(DependencyUnavailable))
async def list_jobs(
    caller: ReaderDep,
    jobs: JobsDep,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50,
    cursor: Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before")] = None,
    state: Annotated[JobState | None, Query(description="Only jobs in this state")] = None,
) -> Response:
    """Jobs, newest first, without their stages."""
    before = decode_cursor(cursor) if cursor is not None else None
    page = await jobs.page(caller.tenant, limit=limit, before=before, state=state)
    shown = JobPage(
        jobs=tuple(job_view(job) for job in page.jobs),
        next_cursor=encode_cursor(*page.after) if page.after is not None else None,
    )
    return Response(shown.model_dump_json(), media_type="application/json")  # as it is: a page need not be looked through again


@router.get("/jobs/{id}", response_model=JobView, responses=problems(JobNotFound, DependencyUnavailable))
async def get_job(job_id: JobId, caller: ReaderDep, jobs: JobsDep) -> Response:
    """A job as it stands, with its stages."""
    return answer(await jobs.get(caller.tenant, job_id))


@router.delete(
    "/jobs/{id}",
    status_code=202,
    response_model=JobView,
    responses={
        202: {"description": "The job as it now stands; follow `Location`", "headers": located("the job")},
        **problems(JobNotFound, DependencyUnavailable),
    },
)
async def cancel_job(
    job_id: JobId,
    caller: WriterDep,
    jobs: JobsDep,
    purge: Annotated[bool, Query(description="Erase it too: recording, results, subtitles, rows, at all services")] = False,  # noqa: FBT002  (a query flag)
) -> Response:
    """Cancel a job, or erase it.

    A job that has ended is left as it is by a cancellation. Erasing ends a running job first; the job can be seen until
    everything is gone, then it is not found.
    """
    job = await (jobs.purge if purge else jobs.cancel)(caller.tenant, job_id)
    return answer(job, status=202)


@router.post(
    "/jobs/{id}/retry",
    status_code=202,
    response_model=JobView,
    responses={
        202: {"description": "The job, queued again", "headers": located("the job")},
        **problems(JobNotFound, NothingToRetry, JobNotEnded, JobBeingErased, DependencyUnavailable),
    },
)
async def retry_job(job_id: JobId, caller: WriterDep, jobs: JobsDep) -> Response:
    """Run the stages that failed or were cancelled again, and those behind them. What ended well is kept."""
    return answer(await jobs.retry(caller.tenant, job_id), status=202)


@router.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={**EVENT_STREAM, **problems(JobNotFound, DependencyUnavailable)},
)
async def follow_job(job_id: JobId, caller: ReaderDep, jobs: JobsDep) -> Response:
    """Each change as a server-sent event: the whole job, its version as the id. Ends when the job has ended or is erased."""
    return await events(_snapshots(jobs, caller.tenant, job_id))


async def _snapshots(jobs: Jobs, tenant: str, job_id: JobId) -> AsyncIterator[tuple[int, JobView]]:
    async for job in jobs.follow(tenant, job_id):
        yield job.version, job_view(job)
