"""Waiting for rows to change, on a real Postgres."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations.watcher import VersionWatcher
from setu_common.settings import DatabaseSettings

NOT_YET_S = 0.6  # longer than two looks
SOON_S = 10.0


class Counted(Database):
    """A database that counts the looks at it, and can be away."""

    looks = 0
    away = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self.looks += 1
        if self.away:
            raise DependencyUnavailable("It is away.")
        async with super().transaction() as connection:
            yield connection


class Things:
    """A table with versions, and a watcher of it."""

    def __init__(self, watched: Counted, own: Database) -> None:
        self.watched = watched
        self.watcher = VersionWatcher(watched, "thing")
        self._own = own

    async def execute(self, statement: str, **values: object) -> None:
        async with self._own.transaction() as connection:
            await connection.execute(text(statement), values)

    async def new(self) -> UUID:
        row_id = uuid4()
        await self.execute("INSERT INTO thing VALUES (:id, 1)", id=row_id)
        return row_id

    async def change(self, row_id: UUID) -> None:
        await self.execute("UPDATE thing SET version = version + 1 WHERE id = :id", id=row_id)

    def waiting(self, row_id: UUID, version: int = 1, timeout_s: float = SOON_S, give_up: asyncio.Event | None = None):
        return asyncio.create_task(self.watcher.changed(row_id, version, timeout_s, give_up))


@pytest.fixture
async def things(database_settings: DatabaseSettings) -> AsyncIterator[Things]:
    watched, own = Counted(database_settings, "public"), Database(database_settings, "public")
    things = Things(watched, own)
    await things.execute("CREATE TABLE thing (id uuid PRIMARY KEY, version integer NOT NULL)")
    yield things
    await things.watcher.close()
    await watched.close()
    await own.close()


async def test_a_watcher_hears_of_a_change_and_not_before(things: Things):
    row_id = await things.new()
    waiting = things.waiting(row_id)
    await asyncio.sleep(NOT_YET_S)
    assert not waiting.done()

    await things.change(row_id)

    assert await waiting is True


async def test_a_change_between_reading_and_watching_is_not_missed(things: Things):
    row_id = await things.new()
    await things.change(row_id)

    assert await things.watcher.changed(row_id, 1, SOON_S) is True


async def test_nothing_happens_until_the_time_is_up(things: Things):
    row_id = await things.new()
    began = time.monotonic()

    assert await things.watcher.changed(row_id, 1, 0.4) is False
    assert 0.3 < time.monotonic() - began < 5


async def test_any_number_of_watchers_cost_one_query_a_look(things: Things):
    rows = [await things.new() for _ in range(20)]
    waiting = [things.waiting(row_id) for row_id in rows for _ in range(5)]
    await asyncio.sleep(NOT_YET_S)
    looks_while_waiting = things.watched.looks
    for row_id in rows:
        await things.change(row_id)

    assert await asyncio.gather(*waiting) == [True] * 100
    assert 1 <= looks_while_waiting <= 3


async def test_only_those_who_watch_the_row_hear_of_its_change(things: Things):
    changed, same = await things.new(), await things.new()
    hears, sleeps = things.waiting(changed), things.waiting(same)
    await things.change(changed)

    assert await hears is True
    await asyncio.sleep(NOT_YET_S)
    assert not sleeps.done()
    await things.change(same)
    assert await sleeps is True


async def test_who_comes_later_with_an_older_version_hears_at_once(things: Things):
    row_id = await things.new()
    await things.change(row_id)
    newest = things.waiting(row_id, version=2)
    await asyncio.sleep(0)
    looks = things.watched.looks

    assert await things.watcher.changed(row_id, 1, SOON_S) is True
    assert things.watched.looks == looks
    assert not newest.done()
    newest.cancel()


async def test_a_row_that_is_erased_wakes_its_watchers(things: Things):
    row_id = await things.new()
    waiting = [things.waiting(row_id) for _ in range(2)]
    await things.execute("DELETE FROM thing")

    assert await asyncio.gather(*waiting) == [True, True]


async def test_watching_goes_on_when_the_database_was_away_and_is_back(things: Things):
    row_id = await things.new()
    things.watched.away = True
    waiting = things.waiting(row_id)
    await asyncio.sleep(NOT_YET_S)
    await things.change(row_id)
    assert things.watched.looks >= 1
    assert not waiting.done()

    things.watched.away = False

    assert await waiting is True


async def test_watching_goes_on_when_the_servers_side_of_the_connections_died(things: Things):
    row_id = await things.new()
    waiting = things.waiting(row_id)
    await asyncio.sleep(NOT_YET_S)
    await things.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await things.change(row_id)

    assert await waiting is True


async def test_nobody_looks_while_nobody_watches(things: Things):
    row_id = await things.new()
    gone = things.waiting(row_id)
    await asyncio.sleep(NOT_YET_S)
    gone.cancel()
    await asyncio.sleep(NOT_YET_S)
    looks = things.watched.looks
    await asyncio.sleep(NOT_YET_S)
    assert things.watched.looks == looks

    again = things.waiting(row_id)
    await things.change(row_id)
    assert await again is True


async def test_who_gives_up_is_let_go_and_the_others_wait_on(things: Things):
    row_id = await things.new()
    closing = asyncio.Event()
    leaves, stays = things.waiting(row_id, give_up=closing), things.waiting(row_id)
    await asyncio.sleep(0)
    closing.set()

    assert await asyncio.wait_for(leaves, SOON_S / 2) is False
    assert not stays.done()
    await things.change(row_id)
    assert await stays is True


async def test_those_who_wait_are_let_go_at_the_end(things: Things):
    row_id = await things.new()
    waiting = things.waiting(row_id)
    await asyncio.sleep(NOT_YET_S)
    await things.watcher.close()

    await asyncio.wait_for(waiting, SOON_S / 2)
