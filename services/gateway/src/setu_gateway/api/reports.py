"""Jobs, money and quality as reports, as the metrics service tells them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from setu_common.contracts.performance import JobReport
from setu_common.contracts.reports import CostTrendQuery, CostTrends, QualityQuery, QualityTrends, ReportFormat
from setu_common.errors import DependencyUnavailable, TooManyRequests
from setu_common.web import problems
from setu_gateway.api.dependencies import JobId, JobsDep, MetricsDep, ReaderDep
from setu_gateway.errors import JobNotFound

router = APIRouter(tags=["reports"])

_MEDIA_TYPES: Final[Mapping[ReportFormat, str]] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
# The page brings its picture and its style with it, and needs nothing else.
_TOLD: Final = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    "Cache-Control": "private, max-age=0",
}
_PICTURE: Final[dict[str, Any]] = {"image/png": {"schema": {"type": "string", "format": "binary"}}}  # Any: OpenAPI's own shape
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}  # Any: as above


@router.get(
    "/jobs/{id}/report",
    response_model=JobReport,
    responses={
        200: {"content": {"text/html": _TEXT, "text/plain": _TEXT, **_PICTURE}, "description": "The job in one"},
        **problems(JobNotFound, TooManyRequests, DependencyUnavailable),
    },
)
async def get_job_report(
    job_id: JobId,
    caller: ReaderDep,
    jobs: JobsDep,
    metrics: MetricsDep,
    report_format: Annotated[
        ReportFormat, Query(alias="format", description="html: a page; png: its timeline; txt: what a person would say of it")
    ] = "json",
) -> Response:
    """How a job ended, where its time went, what it cost, how good it is, and what to do about each."""
    job = await jobs.get(caller.tenant, job_id)
    if report_format == "json":
        return _json(await metrics.job_report(caller.tenant, job.id))
    content = await metrics.job_report_as(caller.tenant, job.id, report_format)
    return Response(content, media_type=_MEDIA_TYPES[report_format], headers=_TOLD)


@router.get(
    "/v1/reports/cost-trends",
    response_model=CostTrends,
    responses={
        200: {"content": _PICTURE, "description": "What was spent, day by day"},
        **problems(TooManyRequests, DependencyUnavailable),
    },
)
async def get_cost_trends(query: Annotated[CostTrendQuery, Query()], caller: ReaderDep, metrics: MetricsDep) -> Response:
    """What was spent in the last days, by service or model, and what of it was in vain; as JSON or as a chart."""
    if query.format == "png":
        return _png(await metrics.cost_chart(caller.tenant, query))
    return _json(await metrics.cost_trends(caller.tenant, query))


@router.get(
    "/v1/reports/quality",
    response_model=QualityTrends,
    responses={
        200: {"content": _PICTURE, "description": "How good translations were, day by day"},
        **problems(TooManyRequests, DependencyUnavailable),
    },
)
async def get_quality(query: Annotated[QualityQuery, Query()], caller: ReaderDep, metrics: MetricsDep) -> Response:
    """How good translations were in the last days, how much of them was edited, and how long transcribing took against what was expected."""
    if query.format == "png":
        return _png(await metrics.quality_chart(caller.tenant, query))
    return _json(await metrics.quality(caller.tenant, query))


def _json(report: JobReport | CostTrends | QualityTrends) -> Response:
    return Response(report.model_dump_json(), media_type="application/json", headers={"Cache-Control": _TOLD["Cache-Control"]})


def _png(content: bytes) -> Response:
    return Response(content, media_type="image/png", headers={"Cache-Control": _TOLD["Cache-Control"]})
