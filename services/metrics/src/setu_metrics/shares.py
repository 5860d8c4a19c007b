"""What Prometheus is told of budgets: how much of each tenant's month is used. Looked up whenever it asks."""

from collections import Counter
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_metrics import repository

log = structlog.get_logger(__name__)

LEVELS: Final = (("exhausted", 1.0), ("alert", 0.8), ("below", 0.0))
"""What a budget's use is called, from which share on."""


class BudgetShares:
    """How far budgets for the month are used up.

    ``setu_budget_used_ratio``: spent or reserved, of the one that is used up furthest. ``setu_budgets{level}``: how many are used up
    (``exhausted``), by four fifths (``alert``), or by less (``below``).

    No tenant is named: whoever has a key is one, and series without end would be the end of Prometheus. Whose budgets they are is
    told by ``GET /v1/budgets`` and by Grafana's dashboard of costs, which asks the ledger.

    Args:
        database: working in the ledger's schema.
        registry: where it is told.
    """

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self._database = database
        self._used = Gauge("setu_budget_used_ratio", "Used of the fullest budget for the month", (), registry=registry)
        self._budgets = Gauge("setu_budgets", "Budgets for the month by how far they are used", ("level",), registry=registry)

    async def refresh(self) -> None:
        """Look them up. While the database is away nothing is told of them, rather than what was so once."""
        try:
            async with self._database.reading() as connection:
                shares = [used for _, used in await repository.shares(connection)]
        except DependencyUnavailable as error:
            log.warning("metrics.budgets_unknown", reason=error.detail)
            self._used.set(float("nan"))
            self._budgets.clear()
            return
        self._used.set(max(shares, default=0.0))
        counts = Counter(_level(used) for used in shares)
        for level, _ in LEVELS:
            self._budgets.labels(level).set(counts[level])


def _level(used: float) -> str:
    return next(level for level, share in LEVELS if used >= share)
