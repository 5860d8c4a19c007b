"""The client of the metrics service: what was spent, what may be, where time went, and reports of all of it."""

from typing import Final
from uuid import UUID

from setu_common.clients.answers import read
from setu_common.contracts import headers
from setu_common.contracts.cost import Budget, Budgets, BudgetSetting, CostQuery, CostReport, Estimate, EstimateRequest, JobCost
from setu_common.contracts.performance import JobPerformance, JobReport, TrendQuery, Trends
from setu_common.contracts.reports import CostTrendQuery, CostTrends, QualityQuery, QualityTrends, ReportFormat
from setu_common.http import HttpCaller, Response

DRAWING_S: Final = 20.0
"""How long a chart may take: the first one loads what draws, and others may come before it."""
_OK: Final = (200, 204)


class MetricsClient:
    """Asks the metrics service on behalf of tenants.

    All methods raise ``RemoteProblem`` with what the service says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the service's and that carries the service token.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def costs(self, tenant: str, query: CostQuery) -> CostReport:
        """What a tenant spent, by one thing."""
        return read(await self._costs(tenant, query, "json"), CostReport)

    async def costs_csv(self, tenant: str, query: CostQuery) -> bytes:
        """The same, as a file of CSV."""
        return (await self._costs(tenant, query, "csv")).content

    async def job_cost(self, tenant: str, job_id: UUID) -> JobCost:
        """What a job cost; one that is not known cost nothing."""
        return read(await self._caller.call("GET", f"/v1/costs/jobs/{job_id}", headers=_of(tenant)), JobCost)

    async def budgets(self, tenant: str, limit: int = 50, cursor: str | None = None) -> Budgets:
        """A page of a tenant's budgets."""
        asked: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            asked["cursor"] = cursor
        return read(await self._caller.call("GET", "/v1/budgets", params=asked, headers=_of(tenant)), Budgets)

    async def set_budget(self, tenant: str, setting: BudgetSetting, job_id: UUID | None = None) -> Budget:
        """Set what a tenant may spend in a month, or on a job."""
        path = "/v1/budgets/month" if job_id is None else f"/v1/budgets/jobs/{job_id}"
        asked = setting.model_dump(mode="json", exclude_unset=True)
        answer = await self._caller.call("PUT", path, json=asked, headers=_of(tenant))
        return read(answer, Budget)

    async def remove_budget(self, tenant: str) -> None:
        """Let a tenant spend without a limit."""
        await self._caller.call("DELETE", "/v1/budgets/month", headers=_of(tenant), ok=_OK)

    async def estimate(self, tenant: str, request: EstimateRequest) -> Estimate:
        """What a job would take and cost."""
        asked = request.model_dump(mode="json", exclude_defaults=True)
        return read(await self._caller.call("POST", "/v1/estimates", json=asked, headers=_of(tenant)), Estimate)

    async def job_performance(self, tenant: str, job_id: UUID) -> JobPerformance:
        """Where a job's time went; one that is not known took none."""
        return read(await self._caller.call("GET", f"/v1/performance/jobs/{job_id}", headers=_of(tenant)), JobPerformance)

    async def trends(self, tenant: str, query: TrendQuery) -> Trends:
        """How work went over time."""
        asked = query.model_dump(mode="json", exclude_none=True)
        return read(await self._caller.call("GET", "/v1/performance/trends", params=asked, headers=_of(tenant)), Trends)

    async def job_report(self, tenant: str, job_id: UUID) -> JobReport:
        """How a job ended, where its time went, what it cost and how good it is."""
        return read(await self._report(tenant, f"jobs/{job_id}", {"format": "json"}), JobReport)

    async def job_report_as(self, tenant: str, job_id: UUID, report_format: ReportFormat) -> bytes:
        """The same as a page, a chart or a text."""
        return (await self._report(tenant, f"jobs/{job_id}", {"format": report_format})).content

    async def cost_trends(self, tenant: str, query: CostTrendQuery) -> CostTrends:
        """What was spent, day by day; ``query.format`` does not matter."""
        return read(await self._report(tenant, "cost-trends", query.model_dump() | {"format": "json"}), CostTrends)

    async def cost_chart(self, tenant: str, query: CostTrendQuery) -> bytes:
        """The same as a picture."""
        return (await self._report(tenant, "cost-trends", query.model_dump() | {"format": "png"})).content

    async def quality(self, tenant: str, query: QualityQuery) -> QualityTrends:
        """How good translations were, day by day; ``query.format`` does not matter."""
        return read(await self._report(tenant, "quality", query.model_dump() | {"format": "json"}), QualityTrends)

    async def quality_chart(self, tenant: str, query: QualityQuery) -> bytes:
        """The same as a picture."""
        return (await self._report(tenant, "quality", query.model_dump() | {"format": "png"})).content

    async def _report(self, tenant: str, what: str, asked: dict[str, str | int]) -> Response:
        drawn = asked["format"] not in ("json", "txt")
        return await self._caller.call(
            "GET", f"/v1/reports/{what}", params=asked, headers=_of(tenant), timeout_s=DRAWING_S if drawn else None
        )

    async def _costs(self, tenant: str, query: CostQuery, form: str) -> Response:
        asked = query.model_dump(mode="json", exclude_none=True) | {"format": form}
        return await self._caller.call("GET", "/v1/costs", params=asked, headers=_of(tenant))


def _of(tenant: str) -> dict[str, str]:
    return {headers.TENANT: tenant}
