"""Budgets: of a tenant for each month, and of a job.

What a call may cost is taken from them before it is made, in one short transaction that locks their rows, so that calls made at the same
time can't overshoot them together; what it did not cost is given back after it.

Locks are taken in one order, so that nobody waits in a circle: the tables (call_intent, then cost_event), the tenant's budget, a job's.

Months are those of UTC by the database's clock. A budget's counter is that of its ``period``, and begins anew with the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, LiteralString
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.cost.metering import BudgetExhausted

log = structlog.get_logger()

ALERT_AT: Final = Decimal("0.8")
_MONTH: Final = "date_trunc('month', now() AT TIME ZONE 'UTC')::date"
_EVER: Final[LiteralString] = "DATE '1970-01-01'"  # the period of a job's budget

# What inserting a call locks anyway, but before the budgets: whoever sets one holds back calls, and then changes its row.
_BEGIN: Final = text("LOCK TABLE call_intent IN ROW EXCLUSIVE MODE")
# The tenant's budget first, in every transaction, so that no two wait for one another.
_HOLD: Final = text(f"""
SELECT id, job_id, limit_usd, period, CASE WHEN job_id IS NULL THEN {_MONTH} ELSE {_EVER} END AS current, committed_usd, alerted_at
FROM budget WHERE tenant = :tenant AND (job_id IS NULL OR job_id = :job_id)
ORDER BY job_id NULLS FIRST FOR UPDATE
""")  # noqa: S608 (constants alone)
_TAKE: Final = text("""
UPDATE budget SET period = :period, committed_usd = :committed_usd, updated_at = now(),
    exhausted_at = CASE WHEN period = :period THEN exhausted_at END,
    alerted_at = CASE WHEN :alert THEN coalesce(CASE WHEN period = :period THEN alerted_at END, now())
        WHEN period = :period THEN alerted_at END
WHERE id = :id
""")
_RESERVE: Final = text("""
INSERT INTO reservation (call_id, budget_id, tenant, period, usd) VALUES (:call_id, :budget_id, :tenant, :period, :usd)
""")
_EXHAUST: Final = text("UPDATE budget SET exhausted_at = coalesce(exhausted_at, now()) WHERE id = :id")
_HOLD_RESERVED: Final = text("""
SELECT b.id, r.usd, b.period = r.period AS current FROM budget b JOIN reservation r ON r.budget_id = b.id
WHERE r.call_id = :call_id AND r.settled_at IS NULL ORDER BY b.job_id NULLS FIRST FOR UPDATE OF b
""")
_GIVE_BACK: Final = text("UPDATE budget SET committed_usd = committed_usd - :usd, updated_at = now() WHERE id = :id")
_SETTLED: Final = text("UPDATE reservation SET settled_at = now() WHERE call_id = :call_id")

# What was spent before there was a budget counts as well; no call may begin or be settled while that is summed up.
_NO_CALLS: Final = text("LOCK TABLE ledger.call_intent, ledger.cost_event IN SHARE ROW EXCLUSIVE MODE")
# The sum is taken anew each time. Calls under way are in it at their bounds, so each has a reservation to give back from: of a budget that
# was removed meanwhile, the reservations are gone with it.
_SET: Final = """
WITH counted AS (
    SELECT i.id, i.bound_usd, e.call_id IS NULL AS under_way,
        CASE WHEN e.call_id IS NULL THEN i.bound_usd ELSE coalesce(e.usd, i.bound_usd) END AS usd
    FROM ledger.call_intent i LEFT JOIN ledger.cost_event e ON e.call_id = i.id
    WHERE i.tenant = :tenant AND {counts}
), made AS (
    INSERT INTO ledger.budget (id, tenant, job_id, limit_usd, period, committed_usd)
    SELECT :id, :tenant, {job_id}, :limit_usd, {period}, coalesce(sum(usd), 0) FROM counted
    ON CONFLICT (tenant, coalesce(job_id, '00000000-0000-0000-0000-000000000000'))
    DO UPDATE SET limit_usd = excluded.limit_usd, period = excluded.period, committed_usd = excluded.committed_usd, updated_at = now(),
        alerted_at = NULL, exhausted_at = NULL
    RETURNING id, period)
INSERT INTO ledger.reservation (call_id, budget_id, tenant, period, usd)
SELECT counted.id, made.id, :tenant, made.period, coalesce(counted.bound_usd, 0) FROM counted, made WHERE counted.under_way
ON CONFLICT DO NOTHING
"""
_SET_FOR_MONTH: Final = text(
    _SET.format(counts=f"i.created_at >= {_MONTH} AT TIME ZONE 'UTC'", job_id="CAST(NULL AS uuid)", period=_MONTH)
)
_SET_FOR_JOB: Final = text(_SET.format(counts="i.job_id = :job_id", job_id="CAST(:job_id AS uuid)", period=_EVER))
# As the driver takes it, to be a part of the statement that makes the job.
_SET_FOR_NEW_JOB: Final[LiteralString] = f"""
INSERT INTO ledger.budget (id, tenant, job_id, limit_usd, period)
VALUES (%(budget_id)s, %(budget_tenant)s, %(budget_job_id)s, %(budget_limit_usd)s, {_EVER})
"""  # noqa: S608 (constants alone)
_REMOVE_OF_JOB: Final = text("DELETE FROM ledger.budget WHERE tenant = :tenant AND job_id = :job_id")
_REMOVE: Final = text("DELETE FROM ledger.budget WHERE tenant = :tenant AND job_id IS NULL RETURNING id")


@dataclass(frozen=True)
class Held:
    """A budget whose row this transaction holds.

    Args:
        id: of the budget.
        job_id: whose it is; None: the tenant's, for a month.
        limit_usd: what may be spent.
        period: the one that is running.
        committed_usd: what is spent or reserved in it.
        alerted: whether its alert was given.
    """

    id: UUID
    job_id: UUID | None
    limit_usd: Decimal
    period: date
    committed_usd: Decimal
    alerted: bool

    @property
    def name(self) -> str:
        """What to call it."""
        return "the tenant's budget for this month" if self.job_id is None else "the job's budget"


async def hold(connection: AsyncConnection, tenant: str, job_id: UUID | None) -> tuple[Held, ...]:
    """Lock the budgets that a call falls under; the first thing in the transaction that begins it."""
    await connection.execute(_BEGIN)
    rows = await connection.execute(_HOLD, {"tenant": tenant, "job_id": job_id})
    return tuple(
        Held(
            id=row.id,
            job_id=row.job_id,
            limit_usd=row.limit_usd,
            period=row.current,
            committed_usd=row.committed_usd if row.period == row.current else Decimal(0),
            alerted=row.alerted_at is not None and row.period == row.current,
        )
        for row in rows
    )


def refusal(held: Sequence[Held], bound_usd: Decimal | None, provider: str, model: str) -> BudgetExhausted | None:
    """Why a call may not be made; None if it may."""
    for budget in held:
        if bound_usd is None:
            return BudgetExhausted(
                f"{model!r} of {provider!r} has no price, so {budget.name} can't be kept with it. Give it one (SETU_PRICES_OVERRIDES), "
                "or remove the budget."
            )
        if budget.committed_usd + bound_usd > budget.limit_usd:
            left = max(Decimal(0), budget.limit_usd - budget.committed_usd)
            return BudgetExhausted(
                f"Of {budget.name} ({budget.limit_usd:f} USD) {left:f} USD are left, and a call could cost {bound_usd:f} USD.",
                limit_usd=str(budget.limit_usd),
                left_usd=str(left),
                bound_usd=str(bound_usd),
                job=str(budget.job_id) if budget.job_id else None,
            )
    return None


async def mark_exhausted(connection: AsyncConnection, held: Sequence[Held], bound_usd: Decimal | None) -> None:
    """Note which budgets have not so much left."""
    for budget in held:
        if bound_usd is not None and budget.committed_usd + bound_usd > budget.limit_usd:
            await connection.execute(_EXHAUST, {"id": budget.id})
            log.warning("budget.exhausted", budget_id=str(budget.id), job_id=str(budget.job_id) if budget.job_id else None)


async def reserve(connection: AsyncConnection, held: Sequence[Held], call_id: UUID, tenant: str, usd: Decimal) -> None:
    """Take what a call may cost from budgets that have so much."""
    for budget in held:
        committed = budget.committed_usd + usd
        alert = committed > 0 and committed >= budget.limit_usd * ALERT_AT  # of nothing, what is free takes nothing
        await connection.execute(_TAKE, {"id": budget.id, "period": budget.period, "committed_usd": committed, "alert": alert})
        await connection.execute(
            _RESERVE, {"call_id": call_id, "budget_id": budget.id, "tenant": tenant, "period": budget.period, "usd": usd}
        )
        if alert and not budget.alerted:
            log.warning(
                "budget.alert",
                budget_id=str(budget.id),
                tenant=tenant,
                job_id=str(budget.job_id) if budget.job_id else None,
                limit_usd=str(budget.limit_usd),
                committed_usd=str(committed),
            )


async def settle(connection: AsyncConnection, call_id: UUID, usd: Decimal | None) -> None:
    """Put what a call cost in the place of what it might have; where that is unknown, the latter stands."""
    rows = (await connection.execute(_HOLD_RESERVED, {"call_id": call_id})).all()
    for row in rows:
        if row.current and usd is not None:
            await connection.execute(_GIVE_BACK, {"id": row.id, "usd": row.usd - usd})
    if rows:
        await connection.execute(_SETTLED, {"call_id": call_id})


async def set_budget(connection: AsyncConnection, tenant: str, limit_usd: Decimal) -> None:
    """Set what a tenant may spend in a month, this one included: what was spent in it counts."""
    await connection.execute(_NO_CALLS)
    await connection.execute(_SET_FOR_MONTH, {"id": uuid4(), "tenant": tenant, "limit_usd": limit_usd})


async def set_job_budget(connection: AsyncConnection, tenant: str, job_id: UUID, limit_usd: Decimal) -> None:
    """Set what a job may spend: what it has spent counts."""
    await connection.execute(_NO_CALLS)
    await connection.execute(_SET_FOR_JOB, {"id": uuid4(), "tenant": tenant, "job_id": job_id, "limit_usd": limit_usd})


def budget_of_new_job(tenant: str, job_id: UUID, limit_usd: Decimal) -> tuple[LiteralString, Mapping[str, object]]:
    """What sets the budget of a job that is being made and has spent nothing, as a part of the statement that makes it."""
    values = {"budget_id": uuid4(), "budget_tenant": tenant, "budget_job_id": job_id, "budget_limit_usd": limit_usd}
    return _SET_FOR_NEW_JOB, values


async def remove_job_budget(connection: AsyncConnection, tenant: str, job_id: UUID) -> None:
    """Forget what a job may spend, if that was ever said; in whichever transaction removes the job."""
    await connection.execute(_REMOVE_OF_JOB, {"tenant": tenant, "job_id": job_id})


async def remove_budget(connection: AsyncConnection, tenant: str) -> bool:
    """Let a tenant spend without a limit; returns whether there was one."""
    return (await connection.execute(_REMOVE, {"tenant": tenant})).first() is not None
