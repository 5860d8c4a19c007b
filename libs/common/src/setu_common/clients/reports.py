"""The client of the reports that the gateway hands on."""

from typing import Final
from uuid import UUID

from setu_common.clients.answers import read
from setu_common.contracts.performance import JobReport
from setu_common.contracts.reports import CostTrendQuery, CostTrends, QualityQuery, QualityTrends, ReportFormat
from setu_common.http import HttpCaller, Response

_PATIENCE_S: Final = 30.0


class ReportsClient:
    """Asks the gateway for reports, as they are and as files.

    All methods raise ``RemoteProblem`` with what the gateway says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the gateway's.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def job(self, job_id: UUID) -> JobReport:
        """A job in one."""
        return read(await self._got(f"/jobs/{job_id}/report", {"format": "json"}), JobReport)

    async def job_as(self, job_id: UUID, report_format: ReportFormat) -> bytes:
        """The same as a page, a chart or a text."""
        return (await self._got(f"/jobs/{job_id}/report", {"format": report_format})).content

    async def cost_trends(self, query: CostTrendQuery) -> CostTrends:
        """What was spent, day by day; ``query.format`` does not matter."""
        return read(await self._got("/v1/reports/cost-trends", query.model_dump() | {"format": "json"}), CostTrends)

    async def cost_chart(self, query: CostTrendQuery) -> bytes:
        """The same as a picture."""
        return (await self._got("/v1/reports/cost-trends", query.model_dump() | {"format": "png"})).content

    async def quality(self, query: QualityQuery) -> QualityTrends:
        """How good translations were, day by day; ``query.format`` does not matter."""
        return read(await self._got("/v1/reports/quality", query.model_dump() | {"format": "json"}), QualityTrends)

    async def quality_chart(self, query: QualityQuery) -> bytes:
        """The same as a picture."""
        return (await self._got("/v1/reports/quality", query.model_dump() | {"format": "png"})).content

    async def _got(self, path: str, asked: dict[str, str | int]) -> Response:
        return await self._caller.call("GET", path, params=asked, timeout_s=_PATIENCE_S)
