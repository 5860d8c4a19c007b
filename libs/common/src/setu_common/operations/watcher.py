"""Waiting for rows to change, for any number of watchers at the price of one query a beat."""

import asyncio
from collections import defaultdict
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable

log = structlog.get_logger()

_BEAT_S: Final = 0.25


class VersionWatcher:
    """Watches the ``version`` column of a table's rows, by ``id``. One task polls for all watchers, only while there are any.

    Polling beats LISTEN/NOTIFY here: a notification takes a lock that all commits of the database share, and needs a connection of
    its own that must be watched in turn.

    Args:
        database: the service's.
        table: a table with ``id uuid`` and ``version integer``.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        # The name comes from code alone, never from a request.
        self._query = text(f"SELECT id, version FROM {table} WHERE id = ANY(:ids)")  # noqa: S608
        self._watched: defaultdict[UUID, set[asyncio.Future[None]]] = defaultdict(set)
        self._seen: dict[UUID, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def changed(self, row_id: UUID, version: int, timeout_s: float, give_up: asyncio.Event | None = None) -> bool:
        """Wait until a row's version is no longer ``version``, or the row is gone.

        Returns:
            False if nothing had changed after ``timeout_s`` seconds, or before ``give_up`` was set.
        """
        if row_id in self._seen and self._seen[row_id] > version:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watched[row_id].add(future)
        self._seen.setdefault(row_id, version)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll(), name="version-watcher")
        awaited: list[asyncio.Future[Any]] = [future]  # Any: futures of different results
        if give_up is not None:
            awaited.append(asyncio.ensure_future(give_up.wait()))
        try:
            await asyncio.wait(awaited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in awaited[1:]:
                each.cancel()
            self._watched[row_id].discard(future)
            if not self._watched[row_id]:
                del self._watched[row_id]
                self._seen.pop(row_id, None)
        return future.done()

    async def close(self) -> None:
        """Stop polling; those who wait see a change."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for row_id in list(self._watched):
            self._tell(row_id)

    async def _poll(self) -> None:
        while self._watched:
            await asyncio.sleep(_BEAT_S)
            ids = list(self._watched)
            if not ids:
                return
            try:
                async with self._database.transaction() as connection:
                    versions = {row.id: row.version for row in await connection.execute(self._query, {"ids": ids})}
            except DependencyUnavailable:
                log.warning("watcher.database_away")
                continue
            except Exception:
                # Whoever waits must not be left without the poll, whatever became of this one query.
                log.exception("watcher.crashed")
                continue
            for row_id in ids:
                if versions.get(row_id) != self._seen.get(row_id):
                    if row_id in versions:
                        self._seen[row_id] = versions[row_id]
                    self._tell(row_id)

    def _tell(self, row_id: UUID) -> None:
        for future in self._watched.get(row_id, ()):
            if not future.done():
                future.set_result(None)
