"""What is kept too long is ended: old rows, then the objects that no row names any more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString

import structlog
from psycopg.errors import UndefinedTable
from psycopg.types.json import Jsonb

from setu_common.cost.hours import ROLL_UP, ROLL_UP_DAYS
from setu_common.cost.stages import AGEING
from setu_common.operations.connection import HealingConnection
from setu_common.settings import OperationSettings
from setu_common.store import Store

log = structlog.get_logger()

# Parts go with their parents, and no sooner.
_RETIRE: Final[LiteralString] = """
DELETE FROM operation WHERE id IN (
    SELECT id FROM operation
    WHERE parent_id IS NULL AND ended_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""

_NAMED: Final[LiteralString] = """
SELECT DISTINCT uri FROM operation, unnest(objects) AS uri WHERE objects && %(uris)s AND uri = ANY(%(uris)s)
"""


@dataclass(frozen=True)
class Keepsakes:
    """A service's own tables that age and name objects, beside the operations.

    Args:
        retire: deletes what is too old, some rows at a time, and is repeated until it finds none; takes ``days`` and ``by_tenant``
            (jsonb: tenant → days).
        named: selects those of ``uris`` (text[]) that the tables name.
    """

    retire: LiteralString
    named: LiteralString


class Retention:
    """Ends what is kept too long, in one service's schema and its part of the store."""

    def __init__(
        self, connection: HealingConnection, store: Store, settings: OperationSettings, keepsakes: Sequence[Keepsakes] = ()
    ) -> None:
        self._connection = connection
        self._store = store
        self._settings = settings
        self._retire: list[LiteralString] = [*(keepsake.retire for keepsake in keepsakes), _RETIRE]
        self._named: list[LiteralString] = [_NAMED, *(keepsake.named for keepsake in keepsakes)]

    def run(self) -> None:
        """Delete old rows, then sweep the objects of past days that nothing names. Any number of processes may do so at once."""
        age = {"days": self._settings.retention_days, "by_tenant": Jsonb(self._settings.retention_days_by_tenant)}
        rows = 0
        for statement in self._retire:
            rows += self._exhaust(statement, age)
        rows += self._age_ledger()
        objects = asyncio.run(self._store.sweep((datetime.now(UTC) - timedelta(days=1)).date(), self._names))
        log.info("retention.swept", rows=rows, objects=objects)

    def _age_ledger(self) -> int:
        """The ledger is everybody's, and so is this: hours and days that are over are added up, then what is too old is forgotten."""
        days = self._settings.ledger_retention_days
        age = {"days": days, "hours_days": max(days, self._settings.ledger_hours_retention_days)}
        try:
            self._exhaust(ROLL_UP, {})
            self._exhaust(ROLL_UP_DAYS, {})
            return sum(self._exhaust(statement, age) for statement in AGEING)
        except UndefinedTable:
            log.warning("retention.no_ledger")
            return 0

    def _exhaust(self, statement: LiteralString, age: Mapping[str, Any]) -> int:  # Any: whatever the database takes
        """Repeat a statement, a transaction each, until it has nothing left to do."""
        rows = 0
        while True:
            with self._connection.transaction() as db:
                done = db.execute(statement, age).rowcount
            if done <= 0:
                return rows
            rows += done

    async def _names(self, uris: Sequence[str]) -> set[str]:
        named: set[str] = set()
        for statement in self._named:
            with self._connection.transaction() as db:
                named.update(row["uri"] for row in db.execute(statement, {"uris": list(uris)}))
        return named
