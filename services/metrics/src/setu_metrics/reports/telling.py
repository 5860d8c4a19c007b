"""What callers can have told of jobs, money and quality."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from setu_common.contracts.cost import CostLine, CostSums
from setu_common.contracts.performance import JobOutcome, JobReport
from setu_common.contracts.reports import (
    CostDay,
    CostTrendQuery,
    CostTrends,
    QualityDay,
    QualityQuery,
    QualitySums,
    QualityTrends,
    TimeDay,
)
from setu_common.db import Database
from setu_metrics import repository
from setu_metrics.performance.telling import Performance
from setu_metrics.reports import reading
from setu_metrics.service import Costs, added, share_of


def today() -> date:
    """In UTC, as all days here."""
    return datetime.now(UTC).date()


class Reports:
    """Puts together what the ledger has of a job, or of the last days.

    Args:
        database: working in the ledger's schema.
        performance: tells where a job's time went.
        costs: tells what it cost.
        day: which day it is.
    """

    def __init__(self, database: Database, performance: Performance, costs: Costs, day: Callable[[], date] = today) -> None:
        self._database = database
        self._performance = performance
        self._costs = costs
        self._day = day

    async def of_job(self, tenant: str, job_id: UUID) -> JobReport:
        """A job in one. Of one that is not known nothing is known."""
        async with self._database.reading() as connection:
            row = await reading.outcome_of(connection, tenant, job_id)
        return JobReport(
            outcome=JobOutcome.model_validate(dict(row)) if row is not None else None,
            performance=await self._performance.of_job(tenant, job_id),
            cost=await self._costs.of_job(tenant, job_id),
        )

    async def cost_trends(self, tenant: str, query: CostTrendQuery) -> CostTrends:
        """What was spent, day by day."""
        since, until = self._last(query.days)
        async with self._database.reading() as connection:
            rows = await repository.costs_by_day(connection, tenant, since, until, query.by)
        days: dict[date, list[RowMapping]] = defaultdict(list)
        keys: dict[str, list[RowMapping]] = defaultdict(list)
        for row in rows:
            days[row["day"]].append(row)
            keys[row["key"]].append(row)
        total = added(rows)
        return CostTrends(
            by=query.by,
            since=since,
            until=until,
            total=CostSums(**total),
            lines=_lines(keys, total["usd"]),
            days=tuple(_day(day, found) for day, found in sorted(days.items())),
        )

    async def quality(self, tenant: str, query: QualityQuery) -> QualityTrends:
        """How good translations are believed to be, day by day."""
        since, until = self._last(query.days)
        async with self._database.reading() as connection:
            rows = await reading.quality(connection, tenant, since, until)
            times = await reading.times(connection, tenant, since, until)
        whole = sorted((row for row in rows if row["day"] is None), key=lambda row: (-row["lines"], row["target"]))
        return QualityTrends(
            since=since,
            until=until,
            targets=tuple(QualitySums(**_quality(row)) for row in whole),
            days=tuple(QualityDay(**_quality(row), day=row["day"]) for row in rows if row["day"] is not None),
            times=tuple(TimeDay(**row) for row in times),
        )

    def _last(self, days: int) -> tuple[date, date]:
        until = self._day()
        return until - timedelta(days=days - 1), until


def _day(day: date, rows: Sequence[RowMapping]) -> CostDay:
    sums = added(rows)
    return CostDay(day=day, **sums, lines=_lines({row["key"]: [row] for row in rows}, sums["usd"]))


def _lines(keys: dict[str, list[RowMapping]], of_usd: Decimal) -> tuple[CostLine, ...]:
    lines = [(key, added(rows)) for key, rows in keys.items()]
    return tuple(
        CostLine(key=key, share=share_of(sums["usd"], of_usd), **sums)
        for key, sums in sorted(lines, key=lambda line: (-line[1]["usd"], line[0]))
    )


def _quality(row: RowMapping) -> dict[str, Any]:  # Any: as above
    values = {name: row[name] for name in row if name != "day"}
    return values | {"edited_share": row["edited"] / row["lines"] if row["lines"] else 0.0}
