"""What models take of our own hardware: on record at its price, or at none, and held by no budget."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic, process_time
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from setu_common.cost import Attribution, Usage, attributed
from setu_common.cost.budgets import set_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.own import OwnTime, computed_here
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.settings import DatabaseSettings
from setu_common.testing import RecordingMeter

ACME = Attribution(tenant="acme", service="asr", job_id=uuid4(), stage="transcriptions", operation_id=uuid4())
WORK_S = 0.03


def work() -> None:
    until = process_time() + WORK_S
    while process_time() < until:
        sum(range(1000))


def test_the_processors_time_of_all_blocks_is_added_up_and_nothing_between_them():
    spent = OwnTime()
    assert (spent.began, spent.usage) == (False, Usage())
    for _ in range(2):
        with spent:
            work()
        before = spent.usage
        work()
        assert spent.usage == before
    assert spent.usage.cpu_s > WORK_S
    assert (spent.began, spent.usage.gpu_s) == (True, 0.0)


def test_on_a_gpu_the_time_on_the_clock_is_its_own():
    began_s = monotonic()
    with OwnTime("cuda") as spent:
        work()
        under_way = spent.usage.gpu_s
    took_s = monotonic() - began_s
    assert 0 < under_way <= spent.usage.gpu_s <= took_s + 0.001
    spent.loaded(0.5)
    spent.loaded(0.25)
    assert spent.load_s == 0.75


@pytest.mark.parametrize(
    ("error", "outcome"), [(None, "ok"), (ValueError("no"), "failed"), (asyncio.CancelledError(), "aborted")], ids=str
)
async def test_what_was_taken_is_told_whatever_becomes_of_the_work(error, outcome):
    meter, spent = RecordingMeter(), OwnTime()
    with attributed(ACME), contextlib.suppress(ValueError, asyncio.CancelledError):
        async with computed_here(meter, "whisper-base", spent):
            with spent:
                work()
            if error is not None:
                raise error
    (call,) = meter.calls
    assert (call.provider, call.model, call.bound, call.outcome) == ("own", "whisper-base", Usage(), outcome)
    assert call.usage == spent.usage


async def test_work_is_done_where_it_cannot_be_put_on_record(unused_tcp_port):
    away = Database(DatabaseSettings(url=f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/setu", connect_timeout_s=1), SCHEMA)
    done = []
    with attributed(ACME):
        async with computed_here(Metering(Ledger(away), Prices(PriceSettings())), "whisper-base", OwnTime()):
            done.append("with the database away")
    async with computed_here(RecordingMeter(), "whisper-base", OwnTime()):
        done.append("for nobody")
    assert len(done) == 2
    await away.close()


def test_our_own_time_is_free_unless_it_has_a_price_and_is_never_unpriced():
    now, hour = datetime.now(UTC), Usage(cpu_s=3600, gpu_s=1800)
    free = Prices(PriceSettings()).price("own", "whisper-base", hour, now)
    priced = Prices(PriceSettings(cpu_usd_per_hour=Decimal("0.04"), gpu_usd_per_hour=Decimal(2))).price("own", "any", hour, now)
    nobodys = Prices(PriceSettings()).price("openai", "whisper-99", Usage(audio_s=60), now)
    assert (free.usd, priced.usd, nobodys.usd) == (Decimal(0), Decimal("1.04"), None)


@dataclass
class Books:
    database: Database
    meter: Metering
    url: str

    def rows(self, sql: str) -> list[dict]:
        with psycopg.connect(self.url, row_factory=dict_row, options="-c search_path=ledger") as connection:
            return connection.execute(sql.encode()).fetchall()

    async def compute(self, hours: int = 1) -> None:
        with attributed(ACME):
            async with self.meter.call("own", "whisper-base", Usage()) as call:
                call.settle(Usage(cpu_s=3600 * hours))

    async def allow(self, usd: str) -> None:
        async with self.database.transaction() as connection:
            await set_budget(connection, "acme", Decimal(usd))


@pytest.fixture
async def books(cloned_database) -> AsyncIterator[Books]:
    settings = cloned_database("ledger", migrate_ledger)
    database = Database(settings, SCHEMA)
    yield Books(database, Metering(Ledger(database), Prices(PriceSettings(cpu_usd_per_hour=Decimal(1)))), settings.url)
    await database.close()


async def test_no_budget_refuses_it_and_none_counts_it_whenever_it_is_set(books):
    await books.compute()
    await books.allow("0.50")
    await books.compute(2)
    await books.allow("0.25")
    (budget,) = books.rows("SELECT * FROM budget")
    assert (budget["committed_usd"], budget["alerted_at"], budget["exhausted_at"]) == (0, None, None)
    assert [(row["usd"], row["unpriced"]) for row in books.rows("SELECT * FROM call ORDER BY created_at")] == [
        (1, False),
        (2, False),
    ]
