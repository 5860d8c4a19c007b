"""``setu history``: past jobs of another system, in the database that is named."""

import asyncio

import pytest
from sqlalchemy import text

from setu_common.db import Database, migrate
from setu_optimizer.migrate import VERSIONS

GOOD = "recording,duration_s,model,wer,operator\na.wav,60,whisper-base,0.1,Anna\nb.wav,80,whisper-tiny.en,0.2,Bo\n"


@pytest.fixture
def count(cloned_database, monkeypatch):
    settings = cloned_database("optimizer", lambda each: migrate(each, "optimizer", VERSIONS))
    monkeypatch.setenv("DATABASE_URL", settings.url)

    async def counted() -> int:
        database = Database(settings, "optimizer")
        async with database.reading() as connection:
            found = (await connection.execute(text("SELECT count(*) FROM observation WHERE tenant = 'acme'"))).scalar_one()
        await database.close()
        return found

    return lambda: asyncio.run(counted())


def test_a_file_is_taken_whole_or_not_at_all(run, count, tmp_path):
    file = tmp_path / "jobs.csv"
    file.write_text(f"{GOOD}c.wav,60,whisper-base,much,Bo\n", "utf-8")
    refused = run("history", "import", str(file), "--tenant", "acme")
    assert refused.exit_code == 1
    assert "line 4: wer" in refused.output
    assert "Nothing was taken" in refused.output
    assert count() == 0
    file.write_text(GOOD, "utf-8")
    taken = run("history", "import", str(file), "--tenant", "acme")
    assert taken.exit_code == 0, taken.output
    assert "operator" in taken.output
    assert "2 jobs are taken in, 2 of them new" in taken.output
    assert count() == 2
