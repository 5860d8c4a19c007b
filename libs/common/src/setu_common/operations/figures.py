"""What Prometheus is told of a service's queues and of its store, by the service's API: it answers also when no worker does.

| metric | labels | |
|---|---|---|
| ``setu_queue_operations`` | queue, state | ``waiting`` (could be claimed now), ``asleep`` (parked, or pausing before another attempt), ``running`` |
| ``setu_queue_oldest_seconds`` | queue | for how long the oldest that waits could have been claimed; 0 if none waits (no parts: who they are of has begun) |
| ``setu_store_size_bytes``, ``setu_store_free_bytes`` | | of the disk that the store is on; absent of a store that has no end |

They are looked up every ``EVERY_S`` seconds, and not when they are asked for: whoever asks, and however often, costs no query. All APIs
of a service tell the same, so they are never to be added up over instances.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import text

from setu_common.db import Database
from setu_common.errors import SetuError
from setu_common.settings import StoreSettings
from setu_common.store.space import folder_of, space_in

log = structlog.get_logger()

EVERY_S: Final = 5.0
MOST: Final = 10_000
"""Rows of a queue are counted up to here."""
# Each is one look into a partial index that has the rows in question and no others.
_LOOK: Final = text("""
SELECT asked.queue, waiting.count AS waiting, coalesce(waiting.oldest_s, 0) AS oldest_s, asleep.count AS asleep, running.count AS running
FROM unnest(CAST(:queues AS text[])) AS asked (queue)
CROSS JOIN LATERAL (
    SELECT count(*) AS count, extract(epoch FROM now() - min(greatest(not_before, created_at)) FILTER (WHERE parent_id IS NULL))::float8 AS oldest_s
    FROM (SELECT not_before, created_at, parent_id FROM operation
          WHERE state = 'queued' AND NOT asleep AND queue = asked.queue LIMIT :most) found) waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM (
        SELECT FROM operation WHERE state = 'queued' AND asleep AND queue = asked.queue LIMIT :most) found) asleep
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM operation WHERE state IN ('running', 'cancelling') AND queue = asked.queue) running
""")


class Figures:
    """Looks them up for as long as an API lives.

    Args:
        database: the service's.
        store: where its objects are.
        queues: those of the kinds that it takes.
        registry: where they are told.
    """

    def __init__(self, database: Database, store: StoreSettings, queues: Sequence[str], registry: CollectorRegistry) -> None:
        self._database = database
        self._queues = list(dict.fromkeys(queues))
        self._operations = Gauge("setu_queue_operations", "Operations in a queue", ("queue", "state"), registry=registry)
        self._oldest = Gauge("setu_queue_oldest_seconds", "Age of the oldest that waits", ("queue",), registry=registry)
        self._folder = folder_of(store)
        disk = registry if self._folder is not None else None
        self._size = Gauge("setu_store_size_bytes", "Size of the store's disk", registry=disk)
        self._free = Gauge("setu_store_free_bytes", "Left on the store's disk", registry=disk)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep them up to date for the time of the block."""
        looking = asyncio.create_task(self._run(), name="figures")
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def look(self) -> None:
        """Look them up now. Of what can't be looked up nothing is told, rather than what was so once."""
        await self._look_at_queues()
        await self._look_at_disk()

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                # A defect must not end it for as long as the API lives.
                log.exception("figures.crashed")
            await asyncio.sleep(EVERY_S)

    async def _look_at_queues(self) -> None:
        try:
            async with self._database.reading() as connection:
                found = (await connection.execute(_LOOK, {"queues": self._queues, "most": MOST})).all()
        except SetuError as error:
            log.info("figures.queues_unknown", reason=error.detail)
            self._operations.clear()
            self._oldest.clear()
            return
        for row in found:
            for state, count in (("waiting", row.waiting), ("asleep", row.asleep), ("running", row.running)):
                self._operations.labels(row.queue, state).set(count)
            self._oldest.labels(row.queue).set(max(0.0, row.oldest_s))

    async def _look_at_disk(self) -> None:
        space = await asyncio.to_thread(space_in, self._folder) if self._folder is not None else None
        if space is not None:
            self._size.set(space.size_bytes)
            self._free.set(space.free_bytes)
