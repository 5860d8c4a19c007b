"""Budgets: of a tenant for each month, and of a job.

What a call may cost is taken from them before it is made, in one short transaction that locks their rows, so that calls made at the same
time can't overshoot them together; what it did not cost is given back after it.

Locks are taken in one order, so that nobody waits in a circle: the tables (call_intent, then cost_event), the tenant's budget, a job's.

Months are those of UTC by the database's clock. A budget's counter is that of its ``period``, and begins anew with the next.

What a budget passes, once in its period, is noted in the transaction in which it passes it: four fifths (``alert``), and that it is used up or
had not enough left for a call (``exhausted``). The gateway takes each note away with the same statement that has it told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, LiteralString
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.cost.metering import BudgetExhausted, PriceUnknown

log = structlog.get_logger()

AlertLevel = Literal["alert", "exhausted"]
_EVENTS: Final[Mapping[AlertLevel, str]] = {"alert": "budget.alert", "exhausted": "budget.exhausted"}
ALERT_AT: Final = Decimal("0.8")
_MONTH: Final = "date_trunc('month', now() AT TIME ZONE 'UTC')::date"
_EVER: Final[LiteralString] = "DATE '1970-01-01'"  # the period of a job's budget

# What inserting a call locks anyway, but before the budgets: whoever sets one holds back calls, and then changes its row.
_BEGIN: Final = text("LOCK TABLE call_intent IN ROW EXCLUSIVE MODE")
# The tenant's budget first, in every transaction, so that no two wait for one another.
_HOLD: Final = text(f"""
SELECT id, tenant, job_id, limit_usd, period, CASE WHEN job_id IS NULL THEN {_MONTH} ELSE {_EVER} END AS current, committed_usd,
    alerted_at, exhausted_at
FROM budget WHERE tenant = :tenant AND (job_id IS NULL OR job_id = :job_id)
ORDER BY job_id NULLS FIRST FOR UPDATE
""")  # noqa: S608 (constants alone)
_TAKE: Final = text("""
UPDATE budget SET period = :period, committed_usd = :committed_usd, updated_at = now(),
    alerted_at = CASE WHEN :alerted THEN coalesce(CASE WHEN period = :period THEN alerted_at END, now()) END,
    exhausted_at = CASE WHEN :exhausted THEN coalesce(CASE WHEN period = :period THEN exhausted_at END, now()) END
WHERE id = :id
""")
_NOTE: Final = text("""
INSERT INTO budget_alert (id, tenant, job_id, period, level, limit_usd, committed_usd, alert_url)
SELECT gen_random_uuid(), tenant, job_id, period, :level, limit_usd, committed_usd, alert_url FROM budget WHERE id = :id
""")
_RESERVE: Final = text("""
INSERT INTO reservation (call_id, budget_id, tenant, period, usd) VALUES (:call_id, :budget_id, :tenant, :period, :usd)
""")
_HOLD_RESERVED: Final = text("""
SELECT b.id, r.usd, b.period = r.period AS current FROM budget b JOIN reservation r ON r.budget_id = b.id
WHERE r.call_id = :call_id AND r.settled_at IS NULL ORDER BY b.job_id NULLS FIRST FOR UPDATE OF b
""")
_GIVE_BACK: Final = text("UPDATE budget SET committed_usd = committed_usd - :usd, updated_at = now() WHERE id = :id")
_SETTLED: Final = text("UPDATE reservation SET settled_at = now() WHERE call_id = :call_id")

# What was spent before there was a budget counts as well; no call may begin or be settled while that is summed up. What our own hardware
# takes is bounded by nothing, and held by no budget: it counts neither then nor now.
_NO_CALLS: Final = text("LOCK TABLE ledger.call_intent, ledger.cost_event IN SHARE ROW EXCLUSIVE MODE")
# The sum is taken anew each time. Calls under way are in it at their bounds, so each has a reservation to give back from: of a budget that
# was removed meanwhile, the reservations are gone with it.
_SET: Final = """
WITH counted AS (
    SELECT i.id, i.bound_usd, e.call_id IS NULL AS under_way,
        CASE WHEN e.call_id IS NULL THEN i.bound_usd ELSE coalesce(e.usd, i.bound_usd) END AS usd
    FROM ledger.call_intent i LEFT JOIN ledger.cost_event e ON e.call_id = i.id
    WHERE i.tenant = :tenant AND i.bound_usd > 0 AND {counts}
), made AS (
    INSERT INTO ledger.budget AS b (id, tenant, job_id, limit_usd, period, committed_usd, alert_url)
    SELECT :id, :tenant, {job_id}, :limit_usd, {period}, coalesce(sum(usd), 0), CAST(:alert_url AS text) FROM counted
    ON CONFLICT (tenant, coalesce(job_id, '00000000-0000-0000-0000-000000000000'))
    DO UPDATE SET limit_usd = excluded.limit_usd, period = excluded.period, committed_usd = excluded.committed_usd, updated_at = now(),
        alerted_at = NULL, exhausted_at = NULL, alert_url = CASE WHEN CAST(:keeps AS boolean) THEN b.alert_url ELSE excluded.alert_url END
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
        tenant: who spends.
        job_id: whose it is; None: the tenant's, for a month.
        limit_usd: what may be spent.
        period: the one that is running.
        committed_usd: what is spent or reserved in it.
        alerted: whether it is noted in this period that four fifths of it are used.
        exhausted: whether it is noted in this period that it is used up.
    """

    id: UUID
    tenant: str
    job_id: UUID | None
    limit_usd: Decimal
    period: date
    committed_usd: Decimal
    alerted: bool
    exhausted: bool

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
            tenant=row.tenant,
            job_id=row.job_id,
            limit_usd=row.limit_usd,
            period=row.current,
            committed_usd=row.committed_usd if row.period == row.current else Decimal(0),
            alerted=row.alerted_at is not None and row.period == row.current,
            exhausted=row.exhausted_at is not None and row.period == row.current,
        )
        for row in rows
    )


def refusal(held: Sequence[Held], bound_usd: Decimal | None, provider: str, model: str) -> BudgetExhausted | None:
    """Why a call may not be made; None if it may."""
    for budget in held:
        if bound_usd is None:
            return PriceUnknown(
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
            await _take(connection, budget, budget.committed_usd, alerts=False, exhausts=True)


async def reserve(connection: AsyncConnection, held: Sequence[Held], call_id: UUID, tenant: str, usd: Decimal) -> None:
    """Take what a call may cost from budgets that have so much."""
    for budget in held:
        committed = budget.committed_usd + usd
        spends = committed > 0  # of nothing, what is free takes nothing
        alerts, exhausts = committed >= budget.limit_usd * ALERT_AT, committed >= budget.limit_usd
        await _take(connection, budget, committed, alerts=spends and alerts, exhausts=spends and exhausts)
        await connection.execute(
            _RESERVE, {"call_id": call_id, "budget_id": budget.id, "tenant": tenant, "period": budget.period, "usd": usd}
        )


async def _take(connection: AsyncConnection, budget: Held, committed_usd: Decimal, *, alerts: bool, exhausts: bool) -> None:
    """Write what is taken from a budget now, and note what it passes with that."""
    values = {
        "id": budget.id,
        "period": budget.period,
        "committed_usd": committed_usd,
        "alerted": alerts or budget.alerted,
        "exhausted": exhausts or budget.exhausted,
    }
    await connection.execute(_TAKE, values)
    passed: Mapping[AlertLevel, bool] = {
        "alert": alerts and not budget.alerted,
        "exhausted": exhausts and not budget.exhausted,
    }
    for level in (level for level, newly in passed.items() if newly):
        await connection.execute(_NOTE, {"id": budget.id, "level": level})
        log.warning(
            _EVENTS[level],
            budget_id=str(budget.id),
            tenant=budget.tenant,
            job_id=str(budget.job_id) if budget.job_id else None,
            limit_usd=str(budget.limit_usd),
            committed_usd=str(committed_usd),
        )


async def settle(connection: AsyncConnection, call_id: UUID, usd: Decimal | None) -> None:
    """Put what a call cost in the place of what it might have; where that is unknown, the latter stands."""
    rows = (await connection.execute(_HOLD_RESERVED, {"call_id": call_id})).all()
    for row in rows:
        if row.current and usd is not None:
            await connection.execute(_GIVE_BACK, {"id": row.id, "usd": row.usd - usd})
    if rows:
        await connection.execute(_SETTLED, {"call_id": call_id})


async def set_budget(
    connection: AsyncConnection, tenant: str, limit_usd: Decimal, *, alert_url: str | None = None, keeps_url: bool = False
) -> None:
    """Set what a tenant may spend in a month, this one included: what was spent in it counts.

    Args:
        connection: in a transaction.
        tenant: who spends.
        limit_usd: what may be spent.
        alert_url: who is told that it is nearly used up.
        keeps_url: leave that as it is.
    """
    values = {"tenant": tenant, "limit_usd": limit_usd, "alert_url": alert_url, "keeps": keeps_url}
    await connection.execute(_NO_CALLS)
    await connection.execute(_SET_FOR_MONTH, {"id": uuid4(), **values})


async def set_job_budget(
    connection: AsyncConnection,
    tenant: str,
    job_id: UUID,
    limit_usd: Decimal,
    *,
    alert_url: str | None = None,
    keeps_url: bool = False,
) -> None:
    """Set what a job may spend: what it has spent counts. See ``set_budget``."""
    values = {"tenant": tenant, "limit_usd": limit_usd, "alert_url": alert_url, "keeps": keeps_url}
    await connection.execute(_NO_CALLS)
    await connection.execute(_SET_FOR_JOB, {"id": uuid4(), "job_id": job_id, **values})


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
