"""What a budget passes is noted once in its period, in the transaction in which it passes it, however many call at the same time."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import text

from setu_common.cost import Attribution, BudgetExhausted, Usage, attributed
from setu_common.cost.budgets import remove_budget, set_budget, set_job_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database

URL = "https://hooks.example/budgets"
JOB = uuid4()
ACME = Attribution(tenant="acme", service="translate", job_id=JOB)


class Books:
    def __init__(self, settings) -> None:
        self.settings = settings
        # Many at once wait for few connections, longer than the usual 5 s on a busy machine.
        self.database = Database(settings.model_copy(update={"connect_timeout_s": 60}), SCHEMA)
        self.meter = Metering(Ledger(self.database), Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}})))

    async def change(self, statement, *args, **more) -> None:
        async with self.database.transaction() as connection:
            await statement(connection, *args, **more)

    async def spend(self, cents: int = 1, used: int | None = None, to: Attribution = ACME) -> None:
        with attributed(to):
            async with self.meter.call("fake", "dear", Usage(input_tokens=cents * 10_000)) as call:
                call.settle(Usage(input_tokens=(cents if used is None else used) * 10_000))

    def notes(self) -> list[tuple]:
        with psycopg.connect(self.settings.url, row_factory=dict_row, options="-c search_path=ledger") as connection:
            rows = connection.execute("SELECT * FROM budget_alert ORDER BY created_at, level").fetchall()
        return [(row["level"], row["job_id"], row["committed_usd"]) for row in rows]

    def urls(self) -> list[str | None]:
        with psycopg.connect(self.settings.url, options="-c search_path=ledger") as connection:
            return [url for (url,) in connection.execute("SELECT alert_url FROM budget_alert ORDER BY created_at").fetchall()]


@pytest.fixture
async def books(cloned_database):
    made = Books(cloned_database("ledger", migrate_ledger))
    yield made
    await made.database.close()


async def test_four_fifths_and_the_end_are_noted_once_each(books):
    await books.change(set_budget, "acme", Decimal("0.10"), alert_url=URL)
    await books.spend(7)
    assert books.notes() == []
    await books.spend(1)
    assert books.notes() == [("alert", None, Decimal("0.08"))]
    await books.spend(1)
    await books.spend(1)
    assert books.notes()[1:] == [("exhausted", None, Decimal("0.10"))]
    for _ in range(3):
        with pytest.raises(BudgetExhausted):
            await books.spend(1)
    assert len(books.notes()) == 2
    assert books.urls() == [URL, URL]


async def test_a_call_that_does_not_fit_any_more_is_the_end_and_one_call_may_pass_both(books):
    await books.change(set_budget, "acme", Decimal("0.10"))
    await books.spend(5)
    with pytest.raises(BudgetExhausted):
        await books.spend(6)
    assert books.notes() == [("exhausted", None, Decimal("0.05"))]
    await books.spend(5)
    assert [level for level, _, _ in books.notes()] == ["exhausted", "alert"]
    await books.change(set_budget, "umbrella", Decimal("0.10"))
    await books.spend(10, to=Attribution(tenant="umbrella", service="translate"))
    assert [level for level, _, _ in books.notes()][2:] == ["alert", "exhausted"]


async def test_what_falls_below_and_passes_it_again_in_the_same_month_is_noted_once(books):
    await books.change(set_budget, "acme", Decimal("0.10"))
    for _ in range(2):
        await books.spend(8, used=1)
    assert [level for level, _, _ in books.notes()] == ["alert"]


async def test_of_many_calls_at_once_one_passes_it(books):
    await books.change(set_budget, "acme", Decimal("0.20"))
    await books.change(set_job_budget, "acme", JOB, Decimal("0.15"), alert_url=URL)
    outcomes = await asyncio.gather(*[books.spend(1) for _ in range(32)], return_exceptions=True)
    assert sum(isinstance(outcome, BudgetExhausted) for outcome in outcomes) == 17
    assert sorted((level, job) for level, job, _ in books.notes()) == [("alert", JOB), ("exhausted", JOB)]
    assert set(books.urls()) == {URL}


async def test_a_new_month_and_a_budget_that_is_set_anew_are_noted_again(books):
    await books.change(set_budget, "acme", Decimal("0.10"), alert_url=URL)
    await books.spend(10)
    async with books.database.transaction() as connection:
        await connection.execute(text("UPDATE budget SET period = (period - 31)"))
    with pytest.raises(BudgetExhausted):  # a new month, of which nothing is spent
        await books.spend(11)
    assert [level for level, _, _ in books.notes()] == ["alert", "exhausted", "exhausted"]
    await books.spend(9)
    assert [level for level, _, _ in books.notes()][3:] == ["alert"]
    await books.change(set_budget, "acme", Decimal("0.24"), keeps_url=True)
    await books.spend(1)
    assert [level for level, _, _ in books.notes()][4:] == ["alert"]  # of all 0.20, since both calls are of this month
    assert set(books.urls()) == {URL}


async def test_what_is_rolled_back_is_not_noted_and_the_url_goes_with_the_budget(books):
    await books.change(set_budget, "acme", Decimal("0.10"), alert_url=URL)
    with attributed(ACME), pytest.raises(ZeroDivisionError):
        async with books.meter.call("fake", "dear", Usage(input_tokens=80_000)):
            raise ZeroDivisionError  # the reservation stands, and so does its note
    assert [level for level, _, _ in books.notes()] == ["alert"]
    await books.change(remove_budget, "acme")
    await books.change(set_budget, "acme", Decimal("0.10"), keeps_url=True)
    with pytest.raises(BudgetExhausted):
        await books.spend(11)
    assert books.urls() == [URL, None]


async def test_setting_a_limit_leaves_the_url_and_setting_no_url_takes_it_away(books):
    await books.change(set_budget, "acme", Decimal("0.10"), alert_url=URL)
    await books.change(set_budget, "acme", Decimal("0.01"), keeps_url=True)
    await books.spend(1)
    await books.change(set_budget, "acme", Decimal("0.01"), alert_url=None)
    with pytest.raises(BudgetExhausted):
        await books.spend(1)
    assert books.urls() == [URL, URL, None]
