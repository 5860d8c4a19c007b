"""Migrations: a schema of each service's own, brought up to date once, whoever else is at it."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from setu_common.db import connect, migrate
from setu_common.errors import DependencyUnavailable
from setu_common.settings import DatabaseSettings

NOWHERE = DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "100% of the versions"
    folder.mkdir()
    write_migration(folder, "0001", None, "op.create_table('thing', sa.Column('id', sa.Integer, primary_key=True))")
    return folder


@pytest.fixture
def plain(database_settings: DatabaseSettings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_settings.url, autocommit=True) as connection:
        yield connection


def write_migration(folder: Path, revision: str, after: str | None, statement: str) -> None:
    (folder / f"{revision}_step.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {revision!r}\ndown_revision = {after!r}\n\n\ndef upgrade():\n    {statement}\n"
    )


def test_a_schema_is_made_and_migrated_once(
    database_settings: DatabaseSettings, plain: psycopg.Connection, versions: Path
) -> None:
    migrate(database_settings, "asr", versions)
    plain.execute("INSERT INTO asr.thing VALUES (1)")
    migrate(database_settings, "asr", versions)
    assert plain.execute("SELECT id FROM asr.thing").fetchall() == [(1,)]
    assert plain.execute("SELECT version_num FROM asr.alembic_version").fetchall() == [("0001",)]


def test_a_new_version_is_added_to_what_is_there(
    database_settings: DatabaseSettings, plain: psycopg.Connection, versions: Path
) -> None:
    migrate(database_settings, "asr", versions)
    write_migration(versions, "0002", "0001", "op.add_column('thing', sa.Column('name', sa.Text))")
    migrate(database_settings, "asr", versions)
    plain.execute("INSERT INTO asr.thing VALUES (1, 'a')")


def test_services_do_not_see_each_others_tables(
    database_settings: DatabaseSettings, plain: psycopg.Connection, versions: Path
) -> None:
    migrate(database_settings, "asr", versions)
    migrate(database_settings, "translate", versions)
    with connect(database_settings, "asr") as connection:
        connection.execute("INSERT INTO thing VALUES (1)")
    with connect(database_settings, "translate") as connection:
        assert connection.execute("SELECT * FROM thing").fetchall() == []


def test_many_may_migrate_at_once(database_settings: DatabaseSettings, plain: psycopg.Connection, versions: Path) -> None:
    write_migration(versions, "0002", "0001", "op.execute('SELECT pg_sleep(0.2)')")
    failures: list[BaseException] = []

    def attempt(schema: str) -> None:
        try:
            migrate(database_settings, schema, versions)
        except BaseException as error:  # noqa: BLE001  told below
            failures.append(error)

    threads = [Thread(target=attempt, args=(schema,)) for schema in ("asr", "translate") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert plain.execute("SELECT version_num FROM asr.alembic_version").fetchall() == [("0002",)]


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    database_settings: DatabaseSettings, plain: psycopg.Connection, versions: Path
) -> None:
    write_migration(versions, "0002", "0001", "op.execute('SELECT * FROM nothing_of_the_kind')")
    with pytest.raises(ProgrammingError):
        migrate(database_settings, "asr", versions)
    assert plain.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'asr'").fetchall() == []


def test_migrating_nowhere_is_said_to_be_away(versions: Path) -> None:
    with pytest.raises(DependencyUnavailable):
        migrate(NOWHERE, "asr", versions)
