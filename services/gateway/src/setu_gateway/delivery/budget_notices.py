"""Telling a webhook that a budget is nearly or wholly used up.

Whoever spends notes what a budget passes in the ledger, in the transaction in which it passes it (``setu_common.cost.budgets``). Here each
note is taken away by the transaction that makes a notice of it: an operation, which is sent as those of jobs are. So each is told once, and
whatever is killed in between, it is told.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import RowMapping, text

from setu_common.contracts import Contract, Submission
from setu_common.cost.budgets import AlertLevel
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.http import OutsideClient
from setu_common.operations import Operations, Work
from setu_gateway.delivery.webhooks import Sender
from setu_gateway.pipeline.kinds import BUDGET_NOTICES, BudgetNoticeRequest, Noticed
from setu_gateway.settings import OutsideSettings

log = structlog.get_logger()

LOOK_EVERY_S: Final = 2.0
_AT_ONCE: Final = 100
# Several gateways may look at the same time: each takes what no other has.
_TAKE: Final = text("""
DELETE FROM ledger.budget_alert WHERE id IN (
    SELECT id FROM ledger.budget_alert ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING id, tenant, job_id, period, level, limit_usd, committed_usd, alert_url, created_at
""")


class AlertedBudget(Contract):
    """Which budget it is, and what of it is spent or reserved. Amounts are US dollars, as decimals in text."""

    tenant: str
    job_id: str | None = None
    month: str | None = None
    limit_usd: str
    committed_usd: str
    used: float | None = None


class BudgetNotice(Contract):
    """What a webhook is sent. ``timestamp`` is when the budget passed it, whenever this is sent."""

    type: str
    timestamp: datetime
    data: AlertedBudget


def notice_for(request: BudgetNoticeRequest) -> BudgetNotice:
    """The message of a notice."""
    used = round(float(request.committed_usd / request.limit_usd), 6) if request.limit_usd else None
    return BudgetNotice(
        type=f"budget.{request.level}",
        timestamp=request.passed_at,
        data=AlertedBudget(
            tenant=request.tenant,
            job_id=str(request.job_id) if request.job_id is not None else None,
            month=_month(request.period) if request.job_id is None else None,
            limit_usd=f"{request.limit_usd:f}",
            committed_usd=f"{request.committed_usd:f}",
            used=used,
        ),
    )


def message_id(request: BudgetNoticeRequest) -> str:
    """The same for every attempt, so that a receiver knows what it has seen."""
    return f"budget_{request.alert_id.hex}"


class BudgetNotifier:
    """The handler of ``budget-notices``.

    Args:
        client: goes out, guarded.
        settings: the secret, and how long a receiver may take.
    """

    def __init__(self, client: OutsideClient, settings: OutsideSettings) -> None:
        self._sender = Sender(client, settings)

    async def __call__(self, request: BudgetNoticeRequest, work: Work) -> Noticed:
        """Send one notice.

        Raises:
            SetuError: as ``Sender.send`` does.
        """
        return await self._sender.send(request.url, message_id(request), notice_for(request), work.attempt)


class AlertDesk:
    """Makes notices of what the ledger notes, and counts it: ``setu_budget_alerts_total{budget,level}``.

    Args:
        database: the gateway's.
        operations: the gateway's own.
        registry: where it is counted.
    """

    def __init__(self, database: Database, operations: Operations, registry: CollectorRegistry) -> None:
        self._database = database
        self._operations = operations
        self._alerts = Counter(
            "setu_budget_alerts", "Budgets that passed four fifths, or were used up", ("budget", "level"), registry=registry
        )

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                while await self.look() == _AT_ONCE:
                    pass
            except DependencyUnavailable as error:
                log.warning("budget_alerts.postponed", reason=error.detail)
            except Exception:
                # A defect must not end it for as long as the gateway lives: nothing is lost, and the log says what to mend.
                log.exception("budget_alerts.crashed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> int:
        """Make notices of what is noted now.

        Returns:
            How many notes there were.

        Raises:
            DependencyUnavailable: the database can't be used now; nothing is lost.
        """
        async with self._database.transaction() as connection:
            notes = (await connection.execute(_TAKE, {"limit": _AT_ONCE})).mappings().all()
            told = [note for note in notes if note["alert_url"] is not None]
            for note in told:
                submission = Submission(tenant=note["tenant"], job_id=note["job_id"], idempotency_key=f"{note['id']}/alert")
                await self._operations.submit_in(connection, BUDGET_NOTICES, _request(note), submission)
        if told:
            self._operations.hint(BUDGET_NOTICES)
        self._count(notes)
        return len(notes)

    def _count(self, notes: Sequence[RowMapping]) -> None:
        for note in notes:
            self._alerts.labels("month" if note["job_id"] is None else "job", note["level"]).inc()


def _request(note: RowMapping) -> BudgetNoticeRequest:
    alert_id: UUID = note["id"]
    level: AlertLevel = note["level"]
    return BudgetNoticeRequest(
        url=note["alert_url"],
        alert_id=alert_id,
        tenant=note["tenant"],
        job_id=note["job_id"],
        period=note["period"],
        level=level,
        limit_usd=note["limit_usd"],
        committed_usd=note["committed_usd"],
        passed_at=note["created_at"],
    )


def _month(period: date) -> str:
    return f"{period:%Y-%m}"
