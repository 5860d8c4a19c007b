"""Lookups that are kept in a real Postgres: shared, aged, bounded, and done without while it is away."""

import asyncio
import json
import tempfile
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from setu_common.clients.keeping import Kept
from setu_common.clients.tmdb import TmdbClient, TmdbSettings
from setu_common.clients.tmdb_cache import _TURN, PostgresCache
from setu_common.db import Database, migrate
from setu_common.settings import DatabaseSettings
from setu_common.testing import faulty_wire
from setu_common.testing.tmdb_wire import TmdbWire

SCHEMA = "films"
TOKEN = "a-read-access-token-that-is-longer-than-the-older-keys"
DAY_S = 86400.0
MIGRATION = """
from setu_common.clients.tmdb_migration import create_tmdb_cache_table

revision = "0001"
down_revision = None


def upgrade():
    create_tmdb_cache_table()
"""


def prepare(settings: DatabaseSettings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "0001_films.py").write_text(MIGRATION)
        migrate(settings, SCHEMA, Path(folder))


class Films:
    """A service's database, and two of its processes."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self.here, self.there = Database(settings, SCHEMA), Database(settings, SCHEMA)

    def connection(self) -> psycopg.Connection:
        return psycopg.connect(self._settings.url, options=f"-c search_path={SCHEMA}", autocommit=True)

    def rows(self, statement: str) -> list[tuple]:
        with self.connection() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def count(self) -> int:
        return self.rows("SELECT count(*) FROM tmdb_cache")[0][0]


@pytest.fixture
async def films(cloned_database):
    films = Films(cloned_database(SCHEMA, prepare))
    yield films
    await films.here.close()
    await films.there.close()


def client(wire, database: Database) -> TmdbClient:
    return TmdbClient(TmdbSettings(url=f"{wire.url}/3", api_key=SecretStr(TOKEN)), PostgresCache(database))


async def test_what_one_process_looked_up_another_takes_again(films):
    async with (
        faulty_wire(TmdbWire(keys=(TOKEN,))) as wire,
        client(wire, films.here) as here,
        client(wire, films.there) as there,
    ):
        for ask in (
            lambda tmdb: tmdb.season(202, 1),
            lambda tmdb: tmdb.season(202, 99),  # there is none
            lambda tmdb: tmdb.search("लंबा सेतु", kind="movie"),
            lambda tmdb: tmdb.credits(101, kind="movie"),
        ):
            first, again = await ask(here), await ask(there)
            assert (first.cached, again.cached) == (False, True)
            assert (again.data, again.why) == (first.data, first.why)
        assert len(wire.received) == 4


async def test_nobody_reads_off_the_table_what_was_asked_for(films):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire, films.here) as tmdb:
        await tmdb.search("a film that a tenant has not shown yet", kind="movie")
    columns = films.rows(f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{SCHEMA}'")
    assert ("tenant",) not in columns
    assert films.count() == 1
    assert "not shown" not in str(films.rows("SELECT * FROM tmdb_cache"))


async def test_what_is_old_is_not_given_again_and_goes_when_something_is_kept(films):
    cache = PostgresCache(films.here)
    await cache.put("old", Kept("{}"), DAY_S)
    await cache.put("young", Kept("{}"), DAY_S)
    films.rows("UPDATE tmdb_cache SET expires_at = now() - interval '1 second' WHERE key = sha256('old')")
    assert await cache.get("old") is None
    assert await cache.get("young") == Kept("{}")
    await cache.put("new", Kept(None), DAY_S)
    assert films.count() == 2
    assert await cache.get("new") == Kept(None)


async def test_an_outcome_that_is_kept_again_has_its_whole_time(films):
    cache = PostgresCache(films.here)
    await cache.put("x", Kept("1"), 60.0)
    await cache.put("x", Kept("2"), DAY_S)
    ((left_s,),) = films.rows("SELECT extract(epoch FROM expires_at - now())::float8 FROM tmdb_cache")
    assert left_s == pytest.approx(DAY_S, rel=0.01)
    assert await cache.get("x") == Kept("2")


async def test_those_whose_time_is_over_first_give_way_to_others(films):
    cache = PostgresCache(films.here, most=3)
    for number in (5, 1, 4, 2, 3):
        await cache.put(str(number), Kept("{}"), DAY_S * number)
    kept = [number for number in range(1, 6) if await cache.get(str(number))]
    assert kept == [3, 4, 5]
    assert films.count() == 3


async def test_what_is_too_large_is_not_kept(films):
    cache = PostgresCache(films.here, largest_bytes=100)
    await cache.put("large", Kept("x" * 101), DAY_S)
    await cache.put("just so", Kept("x" * 100), DAY_S)
    assert (await cache.get("large"), films.count()) == (None, 1)


async def test_many_processes_may_fill_the_same_keys_at_once_and_the_table_holds_its_bound(films):
    caches = [PostgresCache(database, most=5) for database in (films.here, films.there)]

    async def fill(number: int) -> None:
        cache = caches[number % 2]
        await cache.put("the same", Kept(str(number)), 2 * DAY_S)  # no other outlives it
        await cache.put(f"one of twelve: {number % 12}", Kept(str(number)), DAY_S)

    await asyncio.gather(*[fill(number) for number in range(120)])
    same = await caches[0].get("the same")
    assert same is not None
    assert same == await caches[1].get("the same")
    assert int(same.body or "") in range(120)
    assert films.count() == 5


async def test_writers_take_turns_so_that_each_counts_what_the_others_wrote(films):
    cache = PostgresCache(films.here, most=3)
    for key in "abc":
        await cache.put(key, Kept("{}"), DAY_S)
    with films.connection() as other, other.transaction():
        other.execute(_TURN)
        other.execute("INSERT INTO tmdb_cache (key, expires_at) VALUES ('d', now() + interval '2 days')")
        putting = asyncio.create_task(cache.put("e", Kept("{}"), DAY_S))
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not putting.done() and not films.rows(waiting):  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)
        assert not putting.done()
    await putting
    assert films.count() == 3


@pytest.mark.parametrize("key", ["", "x" * 10_000, "nul \0", "half \ud83d", "लंबा"])
async def test_any_text_is_a_key(films, key):
    cache = PostgresCache(films.here)
    assert await cache.get(key) is None
    await cache.put(key, Kept("{}"), DAY_S)
    assert await cache.get(key) == Kept("{}")
    assert await cache.get(key + " ") is None


async def test_while_the_database_is_away_lookups_go_on():
    away = Database(DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1), SCHEMA)
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire, away) as tmdb:
        for _ in range(2):
            found = await tmdb.credits(101, kind="movie")
            assert (found.data is not None, found.cached) == (True, False)
    await away.close()


@pytest.mark.parametrize("body", [json.dumps({"cast": 7}), "[]", "{"])
async def test_what_another_release_kept_in_another_shape_is_looked_up_anew(films, body):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire, films.here) as tmdb:
        whole = await tmdb.credits(101, kind="movie")
        films.rows(f"UPDATE tmdb_cache SET body = '{body}'")
        anew = await tmdb.credits(101, kind="movie")
        assert (anew.data, anew.cached) == (whole.data, False)
        assert (await tmdb.credits(101, kind="movie")).cached
