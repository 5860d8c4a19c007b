"""What Prometheus is told of budgets: how much of each tenant's month is used. Looked up whenever it asks."""

from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_metrics import repository

log = structlog.get_logger(__name__)

MOST_TENANTS: Final = 50
OTHERS: Final = "(others)"  # no tenant can be called so


class BudgetShares:
    """``setu_budget_used_ratio{tenant}``: spent or reserved, of the budget for the month.

    The tenants with the oldest budgets have a label each. Of all others the highest is told, under one label: a tenant is whoever has a
    key, and series without end would be the end of Prometheus.

    Args:
        database: working in the ledger's schema.
        registry: where it is told.
    """

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self._database = database
        self._used = Gauge("setu_budget_used_ratio", "Used of the budget for the month", ("tenant",), registry=registry)

    async def refresh(self) -> None:
        """Look them up. While the database is away nothing is told of them, rather than what was so once."""
        found: dict[str, float] = {}
        try:
            async with self._database.reading() as connection:
                for tenant, used in await repository.shares(connection):
                    name = tenant if len(found) < MOST_TENANTS else OTHERS
                    found[name] = max(used, found.get(name, 0.0))
        except DependencyUnavailable as error:
            log.warning("metrics.budgets_unknown", reason=error.detail)
        self._used.clear()
        for name, used in found.items():
            self._used.labels(name).set(used)
