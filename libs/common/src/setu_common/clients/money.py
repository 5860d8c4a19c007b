"""The client of what the gateway tells of money."""

from uuid import UUID

from setu_common.clients.answers import read
from setu_common.contracts.cost import Budget, Budgets, BudgetSetting, CostQuery, CostReport, Estimate, EstimateRequest, JobCost
from setu_common.http import FilePart, HttpCaller, Response


class MoneyClient:
    """Asks the gateway what was spent, and sets what may be.

    All methods raise ``RemoteProblem`` with what the gateway says, and ``DependencyUnavailable`` when it does not answer.

    Args:
        caller: over a client whose base URL is the gateway's.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def job_cost(self, job_id: UUID) -> JobCost:
        """What a job cost so far."""
        return read(await self._caller.call("GET", f"/jobs/{job_id}/cost"), JobCost)

    async def costs(self, query: CostQuery) -> CostReport:
        """What was spent, by one thing."""
        return read(await self._costs(query, "json"), CostReport)

    async def costs_csv(self, query: CostQuery) -> str:
        """The same as CSV."""
        return (await self._costs(query, "csv")).text

    async def budgets(self, limit: int = 50, cursor: str | None = None) -> Budgets:
        """What may be spent: in a month, and on jobs; a page of it."""
        asked: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            asked["cursor"] = cursor
        return read(await self._caller.call("GET", "/v1/budgets", params=asked), Budgets)

    async def set_budget(self, setting: BudgetSetting, job_id: UUID | None = None) -> Budget:
        """Set what may be spent in a month, or on a job."""
        path = "/v1/budgets/month" if job_id is None else f"/v1/budgets/jobs/{job_id}"
        return read(await self._caller.call("PUT", path, json=setting.model_dump(mode="json", exclude_unset=True)), Budget)

    async def remove_budget(self) -> None:
        """Spend without a limit."""
        await self._caller.call("DELETE", "/v1/budgets/month", ok=(200, 204))

    async def estimate(self, request: EstimateRequest) -> Estimate:
        """What a job would take and cost."""
        asked = request.model_dump(mode="json", exclude_defaults=True)
        return read(await self._caller.call("POST", "/jobs/estimate", json=asked), Estimate)

    async def estimate_media(self, beginning: FilePart, size_bytes: int, request: EstimateRequest) -> Estimate:
        """The same of a recording whose length nobody here can tell; the gateway looks at its beginning.

        Args:
            beginning: the first megabytes, as ``media``.
            size_bytes: how large all of it is.
            request: the languages.
        """
        fields: dict[str, str | list[str]] = {"target_languages": list(request.target_languages)}
        if request.source_language is not None:
            fields["source_language"] = request.source_language
        path = f"/jobs/estimate/media?bytes={size_bytes}"
        return read(await self._caller.upload(path, fields=fields, file=beginning, headers={}, ok=(200,)), Estimate)

    async def _costs(self, query: CostQuery, form: str) -> Response:
        asked = query.model_dump(mode="json", exclude_none=True) | {"format": form}
        return await self._caller.call("GET", "/v1/costs", params=asked)
