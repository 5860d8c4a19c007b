"""``setu optimizer``: the models in the database that is named."""

import asyncio

import pytest

from setu_common.contracts import Reference
from setu_common.db import Database, migrate
from setu_optimizer import repository
from setu_optimizer.migrate import VERSIONS

FILE = Reference(uri=f"setu://optimizer/setu/2026-11-26/{'0' * 64}-00000000", bytes=1, media_type="application/zip")


@pytest.fixture
def offered(cloned_database, monkeypatch):
    """A database in which a model was promoted and another one refused."""
    settings = cloned_database("optimizer", lambda each: migrate(each, "optimizer", VERSIONS))
    monkeypatch.setenv("DATABASE_URL", settings.url)

    async def add() -> None:
        database = Database(settings, "optimizer")
        for name, state in (("weekly-1", "champion"), ("weekly-2", "refused")):
            async with database.transaction() as connection:
                await repository.add(
                    connection, name=name, state=state, file=FILE, manifest={}, verdict=f"{name} [was] compared", replaced=None
                )
        await database.close()

    asyncio.run(add())


def test_models_are_listed_with_their_verdicts_and_the_one_before_is_asked_again(run, offered):
    listed = run("optimizer", "models")
    assert listed.exit_code == 0, listed.output
    lines = listed.stdout.splitlines()
    assert lines[1].split()[:2] == ["weekly-2", "refused"]
    assert "weekly-2 [was] compared" in lines[1]
    assert lines[2].split()[:2] == ["weekly-1", "champion"]
    assert lines[3].split() == ["starting", "retired", "shipped"]
    assert run("optimizer", "rollback").stdout.strip() == "starting is asked now."
    assert run("optimizer", "models").stdout.splitlines()[3].split() == ["starting", "champion", "shipped"]
    again = run("optimizer", "rollback")
    assert (again.exit_code, "there is none before it" in again.output) == (1, True)
