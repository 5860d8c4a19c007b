"""The ledger: what was spent, by whom and on what. One schema that all services share, written here and nowhere else.

An *intent* commits by itself before a call is made, an *event* commits by itself once its usage is known. An intent without an event is a
call under way, or one whose process died: it is *unresolved*, and counts at its bound.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from json import dumps
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import text

from setu_common.cost import budgets
from setu_common.cost.metering import Attribution, BudgetExhausted, Outcome
from setu_common.cost.pricing import Price
from setu_common.cost.usage import Usage
from setu_common.db import Database, migrate
from setu_common.settings import DatabaseSettings

SCHEMA: Final = "ledger"
_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"

_INTEND: Final = text("""
INSERT INTO call_intent (id, tenant, service, job_id, stage, target, operation_id, attempt, provider, model, bound, bound_usd, price_source)
VALUES (:id, :tenant, :service, :job_id, :stage, :target, :operation_id, :attempt, :provider, :model, CAST(:bound AS jsonb), :bound_usd,
    :price_source)
""")
_SETTLE: Final = text("""
INSERT INTO cost_event (call_id, tenant, outcome, usage, usd, price_source, duration_s)
VALUES (:call_id, :tenant, :outcome, CAST(:usage AS jsonb), :usd, :price_source, :duration_s)
ON CONFLICT (call_id) DO NOTHING RETURNING call_id
""")


def migrate_ledger(settings: DatabaseSettings) -> None:
    """Bring the ledger's schema up to date. Each service does so with its own; who comes first does the work."""
    migrate(settings, SCHEMA, _VERSIONS)


@dataclass(frozen=True)
class Intent:
    """A call that is about to be made.

    Args:
        id: of the call.
        to: whom it is put down to.
        provider: whom it goes to.
        model: which model is asked.
        bound: the most that it can use.
        price: what that would cost.
    """

    id: UUID
    to: Attribution
    provider: str
    model: str
    bound: Usage
    price: Price


@dataclass(frozen=True)
class Event:
    """A call that has ended, with what is known of it.

    Args:
        call_id: of its intent.
        tenant: who pays.
        outcome: what became of it.
        usage: what it used.
        price: what that costs.
        duration_s: how long it took.
    """

    call_id: UUID
    tenant: str
    outcome: Outcome
    usage: Usage
    price: Price
    duration_s: float


class Ledger:
    """Writes what is spent.

    Args:
        database: working in the ledger's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, intent: Intent) -> None:
        """Put a call on record before it is made, and take what it may cost from the budgets that it falls under.

        Raises:
            BudgetExhausted: one of them has not so much left; nothing is on record then.
            PriceUnknown: there is one, and what the call may cost is unknown; nothing is on record then either.
            DependencyUnavailable: the database can't be used now.
        """
        exhausted: BudgetExhausted | None = None
        async with self._database.transaction() as connection:
            held = await budgets.hold(connection, intent.to.tenant, intent.to.job_id) if intent.bound else ()
            exhausted = budgets.refusal(held, intent.price.usd, intent.provider, intent.model)
            if exhausted is not None:
                await budgets.mark_exhausted(connection, held, intent.price.usd)
            else:
                await connection.execute(_INTEND, _columns(intent))
                await budgets.reserve(connection, held, intent.id, intent.to.tenant, intent.price.usd or Decimal(0))
        if exhausted is not None:
            raise exhausted

    async def settle(self, event: Event) -> bool:
        """Put on record what became of a call, and give back to the budgets what it did not cost. Once for each call.

        Returns:
            Whether it was not on record before.

        Raises:
            DependencyUnavailable: the database can't be used now; whether it was stored is then unknown, and trying again is safe.
        """
        async with self._database.transaction() as connection:
            stored = await connection.execute(
                _SETTLE,
                {
                    "call_id": event.call_id,
                    "tenant": event.tenant,
                    "outcome": event.outcome,
                    "usage": dumps(asdict(event.usage)),
                    "usd": event.price.usd,
                    "price_source": event.price.source,
                    "duration_s": event.duration_s,
                },
            )
            if stored.first() is None:
                return False
            await budgets.settle(connection, event.call_id, event.price.usd)
        return True


def _columns(intent: Intent) -> dict[str, object]:
    return {
        **asdict(intent.to),
        "id": intent.id,
        "provider": intent.provider,
        "model": intent.model,
        "bound": dumps(asdict(intent.bound)),
        "bound_usd": intent.price.usd,
        "price_source": intent.price.source,
    }
