"""Jobs, money and quality as reports."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from setu_common.contracts.performance import JobReport
from setu_common.contracts.reports import CostTrendQuery, CostTrends, QualityQuery, QualityTrends, ReportFormat
from setu_common.errors import DependencyUnavailable
from setu_common.web import CallerDep, problems
from setu_metrics.errors import ChartsBusy
from setu_metrics.reports.drawing import Drawing
from setu_metrics.reports.explaining import explanation
from setu_metrics.reports.page import page_of
from setu_metrics.reports.telling import Reports

router = APIRouter(tags=["reports"])

_PICTURE: Final[dict[str, Any]] = {"image/png": {"schema": {"type": "string", "format": "binary"}}}  # Any: OpenAPI's own shape
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}  # Any: as above
_PROBLEMS: Final = problems(ChartsBusy, DependencyUnavailable)


async def _reports(request: Request) -> Reports:
    reports: Reports = request.app.state.reports
    return reports


async def _drawing(request: Request) -> Drawing:
    drawing: Drawing = request.app.state.drawing
    return drawing


ReportsDep = Annotated[Reports, Depends(_reports)]
DrawingDep = Annotated[Drawing, Depends(_drawing)]


@router.get(
    "/v1/reports/jobs/{id}",
    response_model=JobReport,
    responses={
        200: {"content": {"text/html": _TEXT, "text/plain": _TEXT, **_PICTURE}, "description": "The job in one"},
        **_PROBLEMS,
    },
)
async def get_job_report(
    job_id: Annotated[UUID, Path(alias="id")],
    caller: CallerDep,
    reports: ReportsDep,
    drawing: DrawingDep,
    report_format: Annotated[
        ReportFormat, Query(alias="format", description="html: a page; png: its timeline; txt: what a person would say of it")
    ] = "json",
) -> Response:
    """How a job ended, where its time went, what it cost, how good it is, and what to do about each."""
    report = await reports.of_job(caller.tenant, job_id)
    match report_format:
        case "json":
            return Response(report.model_dump_json(), media_type="application/json")
        case "txt":
            return Response(explanation(report), media_type="text/plain")
        case "png":
            return Response(await drawing.timeline(report), media_type="image/png")
        case "html":
            return Response(page_of(report, await drawing.timeline(report)), media_type="text/html")


@router.get(
    "/v1/reports/cost-trends",
    response_model=CostTrends,
    responses={200: {"content": _PICTURE, "description": "What was spent, day by day"}, **_PROBLEMS},
)
async def get_cost_trends(
    query: Annotated[CostTrendQuery, Query()], caller: CallerDep, reports: ReportsDep, drawing: DrawingDep
) -> Response:
    """What was spent in the last days, by service or model, and what of it was in vain."""
    trends = await reports.cost_trends(caller.tenant, query)
    if query.format == "png":
        return Response(await drawing.costs(trends), media_type="image/png")
    return Response(trends.model_dump_json(), media_type="application/json")


@router.get(
    "/v1/reports/quality",
    response_model=QualityTrends,
    responses={200: {"content": _PICTURE, "description": "How good translations were, day by day"}, **_PROBLEMS},
)
async def get_quality(
    query: Annotated[QualityQuery, Query()], caller: CallerDep, reports: ReportsDep, drawing: DrawingDep
) -> Response:
    """Scores before and after editing, how much was edited, and how long transcribing took against what was expected."""
    trends = await reports.quality(caller.tenant, query)
    if query.format == "png":
        return Response(await drawing.quality(trends), media_type="image/png")
    return Response(trends.model_dump_json(), media_type="application/json")
