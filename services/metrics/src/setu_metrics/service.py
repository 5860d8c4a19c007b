"""What callers can ask about money."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping

from setu_common.contracts.cost import Budget, Budgets, CostLine, CostQuery, CostReport, CostSums, JobCost, StageCost
from setu_common.cost.budgets import remove_budget, set_budget, set_job_budget
from setu_common.db import Database
from setu_metrics import repository
from setu_metrics.errors import NoBudget, TimeReversed

MOST_BUDGETS: Final = 200


class Costs:
    """Reads the ledger, and sets budgets.

    Args:
        database: working in the ledger's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, tenant: str, query: CostQuery) -> CostReport:
        """What a tenant spent, by one thing.

        Raises:
            TimeReversed: ``until`` lies before ``since``.
        """
        if query.since is not None and query.until is not None and query.until < query.since:
            raise TimeReversed("Give an until that is not before since.")
        async with self._database.reading() as connection:
            total = CostSums.model_validate(dict(await repository.total(connection, tenant, query)))
            rows = await repository.costs_by(connection, tenant, query)
        lines = tuple(CostLine(**row, share=_share(row["usd"], total.usd)) for row in rows)
        return CostReport(by=query.by, since=query.since, until=query.until, total=total, lines=lines)

    async def of_job(self, tenant: str, job_id: UUID) -> JobCost:
        """What a job cost, and on what. A job that is not known cost nothing."""
        async with self._database.reading() as connection:
            rows = await repository.costs_of_job(connection, tenant, job_id)
            held = await repository.budgets(connection, tenant, job_id, 1)
        total_usd = sum((row["usd"] for row in rows), Decimal(0))
        return JobCost(
            job_id=job_id,
            **_added(rows),
            budget=_budget(held[0]) if held else None,
            stages=tuple(StageCost(**row, share=_share(row["usd"], total_usd)) for row in rows),
        )

    async def budgets(self, tenant: str) -> Budgets:
        """A tenant's budgets: that of the month first, then those of jobs."""
        async with self._database.reading() as connection:
            rows = await repository.budgets(connection, tenant, None, MOST_BUDGETS)
        return Budgets(budgets=tuple(_budget(row) for row in rows))

    async def set_budget(self, tenant: str, job_id: UUID | None, limit_usd: Decimal) -> Budget:
        """Set what a tenant may spend in a month, or on one job."""
        async with self._database.transaction() as connection:
            if job_id is None:
                await set_budget(connection, tenant, limit_usd)
            else:
                await set_job_budget(connection, tenant, job_id, limit_usd)
            rows = await repository.budgets(connection, tenant, job_id, 1)
        return _budget(rows[0])

    async def remove_budget(self, tenant: str) -> None:
        """Let a tenant spend without a limit.

        Raises:
            NoBudget: there was none.
        """
        async with self._database.transaction() as connection:
            if not await remove_budget(connection, tenant):
                raise NoBudget("No budget for the month is set. PUT /v1/budgets/month sets one.")


def as_csv(report: CostReport) -> str:
    """A report's lines as CSV (RFC 4180), with a head. Amounts are as exact as they are."""
    written = io.StringIO()
    names = ["key", "share", *CostSums.model_fields]
    writer = csv.DictWriter(written, names)
    writer.writeheader()
    for line in report.lines:
        values = line.model_dump()
        writer.writerow({name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()})
    return written.getvalue()


def _share(usd: Decimal, of_usd: Decimal) -> float:
    return round(float(usd / of_usd), 6) if of_usd else 0.0


def _added(rows: Iterable[RowMapping]) -> dict[str, Any]:  # Any: rows hold what was selected
    """The sums over rows."""
    found = list(rows)
    return {
        name: sum((row[name] for row in found), Decimal(0) if name.endswith("usd") else 0) for name in CostSums.model_fields
    }


def _budget(row: RowMapping) -> Budget:
    left_usd = max(Decimal(0), row["limit_usd"] - row["committed_usd"])
    used = float(row["committed_usd"] / row["limit_usd"]) if row["limit_usd"] else 1.0
    return Budget(**row, left_usd=left_usd, used=round(used, 6))
