"""What callers can ask about money."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import RowMapping

from setu_common.contracts.cost import (
    Budget,
    Budgets,
    BudgetSetting,
    CostLine,
    CostQuery,
    CostReport,
    CostSums,
    JobCost,
    StageCost,
)
from setu_common.cost.budgets import remove_budget, set_budget, set_job_budget
from setu_common.db import Database
from setu_common.db.cursor import decode_cursor, encode_cursor
from setu_metrics import repository
from setu_metrics.errors import NoBudget, TimeReversed

# Before all budgets of jobs, which come newest first: where the page behind the month's begins.
_NEWEST: Final = (datetime.max.replace(tzinfo=UTC), UUID(int=(1 << 128) - 1))


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
        lines = tuple(CostLine(**row, share=share_of(row["usd"], total.usd)) for row in rows)
        return CostReport(by=query.by, since=query.since, until=query.until, total=total, lines=lines)

    async def of_job(self, tenant: str, job_id: UUID) -> JobCost:
        """What a job cost, and on what. A job that is not known cost nothing."""
        async with self._database.reading() as connection:
            rows = await repository.costs_of_job(connection, tenant, job_id)
            held = await repository.budget(connection, tenant, job_id)
        total_usd = sum((row["usd"] for row in rows), Decimal(0))
        return JobCost(
            job_id=job_id,
            **added(rows),
            budget=_budget(held) if held else None,
            stages=tuple(StageCost(**row, share=share_of(row["usd"], total_usd)) for row in rows),
        )

    async def budgets(self, tenant: str, limit: int, cursor: str | None) -> Budgets:
        """A page of a tenant's budgets: that of the month first, then those of jobs, newest first.

        Raises:
            InvalidRequest: the cursor is none.
        """
        before = decode_cursor(cursor) if cursor is not None else _NEWEST
        async with self._database.reading() as connection:
            month = await repository.budget(connection, tenant, None) if cursor is None else None
            found = [month] if month is not None else []
            found += await repository.budgets_of_jobs(connection, tenant, before, limit + 1 - len(found))
        page = found[:limit]
        return Budgets(
            budgets=tuple(_budget(row) for row in page), next_cursor=_behind(page[-1]) if len(found) > limit else None
        )

    async def set_budget(self, tenant: str, job_id: UUID | None, setting: BudgetSetting) -> Budget:
        """Set what a tenant may spend in a month, or on one job."""
        limit_usd, url, keeps = setting.limit_usd, setting.alert_url, "alert_url" not in setting.model_fields_set
        async with self._database.transaction() as connection:
            if job_id is None:
                await set_budget(connection, tenant, limit_usd, alert_url=url, keeps_url=keeps)
            else:
                await set_job_budget(connection, tenant, job_id, limit_usd, alert_url=url, keeps_url=keeps)
            row = await repository.budget(connection, tenant, job_id)
        assert row is not None  # noqa: S101  it was written in the same transaction
        return _budget(row)

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


def share_of(usd: Decimal, of_usd: Decimal) -> float:
    """Which part an amount is of another; 0 of nothing."""
    return round(float(usd / of_usd), 6) if of_usd else 0.0


def added(rows: Iterable[RowMapping]) -> dict[str, Any]:  # Any: rows hold what was selected
    """The sums over rows, exact, by the names of ``CostSums``."""
    found = list(rows)
    return {
        name: sum((row[name] for row in found), Decimal(0) if name.endswith("usd") else 0) for name in CostSums.model_fields
    }


def _behind(row: RowMapping) -> str:
    """The cursor of the page that begins behind a budget."""
    return encode_cursor(*(_NEWEST if row["job_id"] is None else (row["created_at"], row["id"])))


def _budget(row: RowMapping) -> Budget:
    left_usd = max(Decimal(0), row["limit_usd"] - row["committed_usd"])
    used = float(row["committed_usd"] / row["limit_usd"]) if row["limit_usd"] else 1.0
    host = urlsplit(row["alert_url"]).hostname if row["alert_url"] else None
    return Budget(**row, left_usd=left_usd, used=round(used, 6), alert_host=host)
