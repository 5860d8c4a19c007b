"""The database as services use it, against a real Postgres, behind a link that can be cut and stalled."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.pool import QueuePool

from setu_common.db import Database, aside, connect, translated_failures
from setu_common.db import connection as db_connection
from setu_common.db.database import ASIDE
from setu_common.db.patience import PatientAsyncConnection
from setu_common.errors import DependencyUnavailable, InvalidRequest
from setu_common.settings import DatabaseSettings

NOWHERE = DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1)


class Link:
    """A TCP relay to the server that can be cut (both ends see it) or stalled (nobody sees anything)."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    def stall(self) -> None:
        self._flowing.clear()

    def settings(self, settings: DatabaseSettings, **changes: object) -> DatabaseSettings:
        url = make_url(settings.url).set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)
        return settings.model_copy(update={"url": url, **changes})

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                await self._flowing.wait()
                writer.write(chunk)
        writer.close()


@asynccontextmanager
async def linked(settings: DatabaseSettings) -> AsyncIterator[Link]:
    url = make_url(settings.url)
    assert url.host is not None
    link = Link(url.host, url.port or 5432)
    await link.open()
    try:
        yield link
    finally:
        link._flowing.set()
        await link.cut()


@asynccontextmanager
async def opened(settings: DatabaseSettings, schema: str = "public") -> AsyncIterator[Database]:
    database = Database(settings, schema)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with opened(database_settings) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE thing (id integer PRIMARY KEY, name text)"))
        yield database


@pytest.fixture
def plain(database_settings: DatabaseSettings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_settings.url, autocommit=True) as connection:
        yield connection


async def ids(database: Database) -> list[int]:
    async with database.reading() as connection:
        return list((await connection.execute(text("SELECT id FROM thing ORDER BY id"))).scalars())


async def insert(database: Database, thing_id: object, name: object = None) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO thing VALUES (:id, :name)"), {"id": thing_id, "name": name})


class ChangedMind(Exception):
    pass


async def insert_and_change_ones_mind(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO thing VALUES (1)"))
        raise ChangedMind


async def cut_while_under_way(link: Link, database: Database) -> None:
    async with database.transaction() as connection:
        await link.cut()
        await connection.execute(text("SELECT 1"))


async def cut_under_a_statement(link: Link, database: Database) -> None:
    async with database.statements() as connection:
        await link.cut()
        await connection.execute("SELECT 1")


# --- units of work


async def test_what_a_transaction_did_is_there_for_the_next(database: Database) -> None:
    await insert(database, 1)
    assert await ids(database) == [1]


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ChangedMind):
        await insert_and_change_ones_mind(database)
    assert await ids(database) == []


async def test_a_cancelled_transaction_leaves_nothing_and_gives_its_connection_back(
    database: Database, database_settings: DatabaseSettings
) -> None:
    async def never_ending() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO thing VALUES (1, 'a')"))
            await connection.execute(text("SELECT pg_sleep(20)"))

    tasks = [asyncio.create_task(never_ending()) for _ in range(database_settings.pool_size)]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError | DependencyUnavailable) for outcome in outcomes)
    assert await asyncio.gather(*(ids(database) for _ in range(20))) == [[]] * 20


@pytest.mark.parametrize("unit", ["transaction", "reading", "statements"])
async def test_at_whatever_step_one_is_cancelled_the_connection_is_given_back(database: Database, unit: str) -> None:
    async def under_way() -> None:
        async with getattr(database, unit)():
            await asyncio.sleep(0.001)

    await under_way()  # the pool has a connection, which none of those below may keep
    for step in range(80):
        task = asyncio.create_task(under_way())
        for _ in range(step):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        kept = database._engine.sync_engine.pool
        assert isinstance(kept, QueuePool)
        async with asyncio.timeout(10):
            while kept.checkedout():  # noqa: ASYNC110  (what is waited for has no event)
                await asyncio.sleep(0.001)


async def test_who_is_cancelled_while_a_connection_is_made_leaves_none_open(
    database_settings: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, begun = PatientAsyncConnection.connect, asyncio.Event()
    made: list[PatientAsyncConnection] = []

    async def slow(**arguments: Any) -> PatientAsyncConnection:
        begun.set()
        await asyncio.sleep(0)
        made.append(await connect(**arguments))
        return made[-1]

    monkeypatch.setattr(PatientAsyncConnection, "connect", slow)
    async with opened(database_settings) as database:
        task = asyncio.create_task(database.check())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [connection.closed for connection in made] == [True]


async def test_reads_outside_a_transaction_see_each_others_writers_at_once(database: Database) -> None:
    async with database.reading() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM thing"))).scalar()
        await insert(database, 1)
        after = (await connection.execute(text("SELECT count(*) FROM thing"))).scalar()
    assert (before, after) == (0, 1)


async def test_a_connection_used_for_reading_is_transactional_again_afterwards(database_settings: DatabaseSettings) -> None:
    async with opened(database_settings.model_copy(update={"pool_size": 1})) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE thing (id integer)"))
        await ids(database)
        with pytest.raises(ChangedMind):
            await insert_and_change_ones_mind(database)
        assert await ids(database) == []


async def test_statements_of_the_driver_commit_by_themselves(database: Database) -> None:
    async with database.statements() as connection:
        await connection.execute("INSERT INTO thing VALUES (%s)", (1,))
        assert await ids(database) == [1]


async def test_a_connection_left_in_the_middle_of_an_answer_is_given_to_nobody(database_settings: DatabaseSettings) -> None:
    async with opened(database_settings.model_copy(update={"pool_size": 1})) as database:
        async with database.statements() as connection:
            connection.pgconn.send_query(b"SELECT 1")
        async with database.statements() as another:
            assert another is not connection
            assert await (await another.execute("SELECT 2")).fetchall() == [(2,)]


async def test_a_cancelled_statement_gives_its_connection_back(database_settings: DatabaseSettings) -> None:
    async with opened(database_settings.model_copy(update={"pool_size": 1})) as database:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), database.statements() as connection:
                await connection.execute("SELECT pg_sleep(20)")
        await database.check()


# --- the server away, slow or silent


async def test_nothing_is_opened_before_it_is_used(database_settings: DatabaseSettings, plain: psycopg.Connection) -> None:
    async with opened(database_settings), opened(database_settings) as used:
        await used.check()
        there = plain.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'setu-public'").fetchone()
    assert there == (1,)


async def test_a_server_that_is_not_there_is_said_to_be_away(database_settings: DatabaseSettings) -> None:
    async with opened(NOWHERE) as database:
        with pytest.raises(DependencyUnavailable) as caught:
            await database.check()
    assert caught.value.retry_after_s is not None
    assert "Try again" in caught.value.detail


async def test_after_the_server_closed_all_connections_nobody_notices(database: Database, plain: psycopg.Connection) -> None:
    await asyncio.gather(*(ids(database) for _ in range(5)))
    closed = plain.execute(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert closed is not None
    assert closed[0] >= 1
    assert await asyncio.gather(*(ids(database) for _ in range(10))) == [[]] * 10


async def test_a_broken_link_fails_those_under_way_and_heals_by_itself(database_settings: DatabaseSettings) -> None:
    async with linked(database_settings) as link, opened(link.settings(database_settings)) as database:
        await database.check()
        with pytest.raises(DependencyUnavailable):
            await cut_while_under_way(link, database)
        with pytest.raises(DependencyUnavailable):
            await database.check()
        await link.open()
        await database.check()


async def test_a_link_that_breaks_under_a_statement_of_the_driver_is_told_and_heals_by_itself(
    database_settings: DatabaseSettings,
) -> None:
    async with linked(database_settings) as link, opened(link.settings(database_settings)) as database:
        await database.check()
        with pytest.raises(DependencyUnavailable):
            await cut_under_a_statement(link, database)
        await link.open()
        await database.check()


async def test_a_silent_server_is_given_up(database_settings: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_connection, "SILENCE_GRACE_S", 0.2)
    async with linked(database_settings) as link:
        settings = link.settings(database_settings, statement_timeout_s=1, connect_timeout_s=2)
        async with opened(settings) as database:
            await database.check()
            link.stall()
            started = time.monotonic()
            with pytest.raises(DependencyUnavailable):  # on the connection that was open
                await database.check()
            with pytest.raises(DependencyUnavailable):  # on a new one
                await database.check()
            assert time.monotonic() - started < 20


async def test_a_statement_that_takes_too_long_is_ended(database_settings: DatabaseSettings) -> None:
    async with opened(database_settings.model_copy(update={"statement_timeout_s": 1})) as database:
        with pytest.raises(DependencyUnavailable, match="too long"):
            async with database.transaction() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))
        await database.check()


async def test_more_work_than_connections_waits_and_then_is_told_so(database_settings: DatabaseSettings) -> None:
    async with opened(database_settings.model_copy(update={"pool_size": 1, "connect_timeout_s": 1})) as database:
        async with database.transaction():
            with pytest.raises(DependencyUnavailable, match="in use"):
                await database.check()
        await database.check()


# --- what is a caller's fault and what is ours


@pytest.mark.parametrize(
    ("thing_id", "name"), [(10**30, None), (1, "a\0b"), (1, "half a \ud800 character")], ids=["huge", "nul", "surrogate"]
)
async def test_a_value_that_cannot_be_stored_is_the_callers_fault(database: Database, thing_id: int, name: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await insert(database, thing_id, name)
    assert "can't be stored" in caught.value.detail
    with pytest.raises(InvalidRequest, match="can't be stored"):
        async with database.statements() as connection:
            await connection.execute("INSERT INTO thing VALUES (%s, %s)", (thing_id, name))
    assert await ids(database) == []


async def test_a_defect_of_ours_stays_what_it_is(database: Database) -> None:
    await insert(database, 1)
    with pytest.raises(IntegrityError) as caught:
        await insert(database, 1, "a line of dialogue")
    assert "dialogue" not in str(caught.value)
    with pytest.raises(ProgrammingError):
        async with database.transaction() as connection:
            await connection.execute(text("SELECT * FROM nothing_of_the_kind"))


# --- synchronous connections


def test_a_connection_of_ones_own_works_in_the_schema_and_commits_by_itself(
    database_settings: DatabaseSettings, plain: psycopg.Connection
) -> None:
    plain.execute("CREATE SCHEMA asr CREATE TABLE thing (id integer)")
    with connect(database_settings, "asr") as connection:
        connection.execute("INSERT INTO thing VALUES (7)")
        assert plain.execute("SELECT id FROM asr.thing").fetchall() == [(7,)]
        assert connection.execute("SHOW application_name").fetchone() == ("setu-asr",)


def test_a_connection_of_ones_own_to_nowhere_is_said_to_be_away() -> None:
    with pytest.raises(DependencyUnavailable):
        connect(NOWHERE, "asr")


def test_later_errors_of_a_connection_can_be_translated(database_settings: DatabaseSettings, plain: psycopg.Connection) -> None:
    with connect(database_settings, "public") as connection:
        plain.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
        with pytest.raises(DependencyUnavailable), translated_failures():
            connection.execute("SELECT 1")


@pytest.mark.parametrize("schema", ["", "Asr", "a-b", 'a"; DROP', "1a", "a b"])
def test_only_plain_names_are_schemas(schema: str) -> None:
    with pytest.raises(ValueError, match="schema name"):
        Database(NOWHERE, schema)


@pytest.mark.parametrize(("kept", "held"), [(10, ASIDE), (2, 2)])
async def test_whoever_asks_one_thing_at_a_time_holds_few_connections(
    database_settings: DatabaseSettings, plain: psycopg.Connection, kept: int, held: int
) -> None:
    async with opened(aside(database_settings.model_copy(update={"pool_size": kept}))) as database:
        together = asyncio.Barrier(held)

        async def ask() -> None:
            async with database.reading() as connection:
                await together.wait()  # as many at once as there may be
                await connection.execute(text("SELECT 1"))

        await asyncio.gather(*(ask() for _ in range(3 * held)))
        there = plain.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'setu-public'").fetchone()
    assert there == (held,)
