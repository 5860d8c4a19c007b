"""The ledger on a real Postgres: what is on record before, after, and without a call's end; budgets that hold."""

import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import text

from setu_common.cost import Attribution, BudgetExhausted, PriceUnknown, Usage, attributed
from setu_common.cost.budgets import remove_budget, set_budget, set_job_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.settings import DatabaseSettings

JOB = uuid4()
CENT = Usage(input_tokens=10_000)  # at a dollar a million tokens
ACME = Attribution(tenant="acme", service="translate", job_id=JOB, stage="translations", target="en", operation_id=uuid4())
PATIENCE_S = 60
"""How long who wants a connection waits: many at once wait for few, longer than the usual 5 s on a busy machine."""


class Books:
    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.database = Database(settings.model_copy(update={"connect_timeout_s": PATIENCE_S}), SCHEMA)
        self.ledger = Ledger(self.database)
        rates = {"fake/dear": {"input_mtok": "1", "output_mtok": "2"}}
        self.meter = Metering(self.ledger, Prices(PriceSettings(overrides=rates)), pauses_s=(0, 0))

    def rows(self, sql: str, **values: object) -> list[dict]:
        with psycopg.connect(self.settings.url, row_factory=dict_row, options="-c search_path=ledger") as connection:
            return connection.execute(sql.encode(), values).fetchall()

    async def change(self, statement: Callable, *args: object) -> None:
        async with self.database.transaction() as connection:
            await statement(connection, *args)

    def budget(self, job_id: UUID | None = None) -> dict:
        (row,) = self.rows("SELECT * FROM budget WHERE job_id IS NOT DISTINCT FROM %(job_id)s", job_id=job_id)
        return row

    async def spend(self, bound: Usage = CENT, used: Usage | None = None, *, to: Attribution = ACME) -> None:
        with attributed(to):
            async with self.meter.call("fake", "dear", bound) as call:
                await asyncio.sleep(0)
                call.settle(bound if used is None else used)


@pytest.fixture
async def books(cloned_database):
    made = Books(cloned_database("ledger", migrate_ledger))
    yield made
    await made.database.close()


async def test_a_call_is_on_record_at_its_bound_before_it_is_made_and_at_what_it_used_after_it(books):
    with attributed(ACME):
        async with books.meter.call("fake", "dear", Usage(input_tokens=100, output_tokens=100)) as call:
            (before,) = books.rows("SELECT * FROM call")
            call.settle(Usage(input_tokens=100, output_tokens=7, reasoning_tokens=2))
    (after,) = books.rows("SELECT * FROM call")
    assert (before["outcome"], before["usd"], before["usage"]) == ("unresolved", Decimal("0.0003"), None)
    assert (after["outcome"], after["usd"], after["usage"]["output_tokens"]) == ("ok", Decimal("0.000114"), 7)
    assert (after["tenant"], after["job_id"], after["stage"], after["target"]) == ("acme", JOB, "translations", "en")
    assert (after["service"], after["operation_id"], after["attempt"]) == ("translate", ACME.operation_id, 1)


async def test_a_call_whose_end_nobody_told_stays_unresolved_at_its_bound(books):
    with pytest.raises(ZeroDivisionError), attributed(ACME):
        async with books.meter.call("fake", "dear", CENT):
            raise ZeroDivisionError
    (row,) = books.rows("SELECT * FROM call")
    assert (row["outcome"], row["usd"], row["unpriced"]) == ("unresolved", Decimal("0.01"), False)


async def test_failed_and_cached_calls_are_rows_as_well(books):
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT) as call:
            call.settle(Usage(), outcome="failed")
        async with books.meter.call("fake", "dear", CENT) as call:
            call.settle(Usage(input_tokens=5000), outcome="aborted")
        async with books.meter.call("fake", "dear", Usage()) as call:
            call.settle(CENT, outcome="cached")
    rows = books.rows("SELECT outcome, usd FROM call ORDER BY created_at")
    assert [(row["outcome"], row["usd"]) for row in rows] == [
        ("failed", Decimal(0)),
        ("aborted", Decimal("0.005")),
        ("cached", Decimal(0)),
    ]


async def test_a_model_without_a_price_is_recorded_as_unpriced_and_not_as_nothing(books):
    with attributed(ACME):
        async with books.meter.call("fake", "unheard-of", CENT) as call:
            call.settle(CENT)
    (row,) = books.rows("SELECT * FROM call")
    assert (row["usd"], row["unpriced"]) == (None, True)
    assert row["price_source"].startswith("unpriced: ")


async def test_a_call_that_nobody_answers_for_is_a_defect(books):
    with pytest.raises(RuntimeError, match="put down to somebody"):
        async with books.meter.call("fake", "dear", CENT):
            pass
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT) as call:
            call.settle(CENT)
            with pytest.raises(RuntimeError, match="settled once"):
                call.settle(CENT)
    assert [row["outcome"] for row in books.rows("SELECT outcome FROM call")] == ["ok"]


async def test_what_was_used_is_written_though_its_caller_is_cancelled(books):
    settled = asyncio.Event()

    async def called() -> None:
        with attributed(ACME):
            async with books.meter.call("fake", "dear", CENT) as call:
                call.settle(Usage(input_tokens=1))
                settled.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(called())
    await settled.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # and once more while it is being written
    with pytest.raises(asyncio.CancelledError):
        await task
    (row,) = books.rows("SELECT * FROM call")
    assert (row["outcome"], row["usd"]) == ("ok", Decimal("0.000001"))


async def test_a_usage_that_cannot_be_written_at_first_is_written_once(books, monkeypatch):
    settle, tries = books.ledger.settle, 0

    async def answer_lost(event):
        nonlocal tries
        tries += 1
        await settle(event)
        if tries < 3:
            raise DependencyUnavailable("The answer was lost.")
        return True

    monkeypatch.setattr(books.ledger, "settle", answer_lost)
    await books.change(set_budget, "acme", Decimal(1))
    await books.spend(CENT, Usage(input_tokens=1000))
    assert tries == 3
    assert len(books.rows("SELECT * FROM cost_event")) == 1
    assert books.budget()["committed_usd"] == Decimal("0.001")  # given back once


async def test_a_budget_is_taken_from_before_and_given_back_after(books):
    await books.change(set_budget, "acme", Decimal("0.02"))
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT) as call:
            assert books.budget()["committed_usd"] == Decimal("0.01")
            call.settle(Usage(input_tokens=1000))
    assert books.budget()["committed_usd"] == Decimal("0.001")


async def test_what_does_not_fit_any_more_is_refused_and_leaves_nothing_behind(books):
    await books.change(set_budget, "acme", Decimal(100))
    await books.change(set_job_budget, "acme", JOB, Decimal("0.015"))
    await books.spend()
    with pytest.raises(BudgetExhausted, match="job's budget") as refused:
        await books.spend()
    assert refused.value.context["left_usd"] == "0.005"
    assert len(books.rows("SELECT * FROM call_intent")) == 1
    assert books.budget()["committed_usd"] == books.budget(JOB)["committed_usd"] == Decimal("0.01")
    assert books.budget(JOB)["exhausted_at"] is not None
    assert books.budget()["exhausted_at"] is None
    other = Attribution(tenant="acme", service="translate", job_id=uuid4())
    await books.spend(to=other)  # another job of the tenant goes on
    await books.spend(to=Attribution(tenant="umbrella", service="translate", job_id=JOB))  # and so does another tenant


async def test_at_eighty_percent_there_is_an_alert(books):
    await books.change(set_budget, "acme", Decimal("0.05"))
    for _ in range(3):
        await books.spend()
    assert books.budget()["alerted_at"] is None
    await books.spend()
    assert books.budget()["alerted_at"] is not None


async def test_under_a_budget_of_nothing_what_is_free_is_called_and_alerts_nobody(books):
    await books.change(set_budget, "acme", Decimal(0))
    with attributed(ACME):
        async with books.meter.call("own", "gemma3-270m", CENT) as call:
            call.settle(CENT)
    assert books.budget()["alerted_at"] is books.budget()["exhausted_at"] is None
    with pytest.raises(BudgetExhausted):
        await books.spend()
    assert books.budget()["exhausted_at"] is not None


async def test_a_budget_that_is_set_late_counts_what_was_spent_this_month(books):
    await books.spend()
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT):
            pass  # unresolved
    await books.spend(to=Attribution(tenant="umbrella", service="translate"))
    await books.change(set_budget, "acme", Decimal("0.025"))
    assert books.budget()["committed_usd"] == Decimal("0.02")
    with pytest.raises(BudgetExhausted):
        await books.spend()
    await books.change(set_budget, "acme", Decimal("0.03"))  # raised: what was counted stays
    await books.spend()
    await books.change(remove_budget, "acme")
    await books.spend()


async def test_a_jobs_budget_that_is_set_late_counts_what_the_job_spent(books):
    await books.spend(Usage(input_tokens=3_000_000))
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT):
            pass  # unresolved
    await books.spend(to=Attribution(tenant="acme", service="translate", job_id=uuid4()))
    await books.spend(to=Attribution(tenant="umbrella", service="translate", job_id=JOB))
    await books.change(set_job_budget, "acme", JOB, Decimal(1))
    assert books.budget(JOB)["committed_usd"] == Decimal("3.01")
    with pytest.raises(BudgetExhausted, match="job's budget"):
        await books.spend(Usage(input_tokens=900_000))
    await books.change(set_job_budget, "acme", JOB, Decimal(4))  # raised: what was counted stays
    await books.spend(Usage(input_tokens=900_000))


async def test_a_call_that_is_under_way_while_its_budget_is_removed_and_set_again_gives_back_what_it_did_not_cost(books):
    await books.change(set_budget, "acme", Decimal(1))
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT) as call:
            await books.change(remove_budget, "acme")
            await books.change(set_budget, "acme", Decimal(1))
            await books.change(set_job_budget, "acme", JOB, Decimal(1))
            await books.change(set_budget, "acme", Decimal(2))  # and once more, which counts nothing twice
            assert books.budget()["committed_usd"] == books.budget(JOB)["committed_usd"] == Decimal("0.01")
            call.settle(Usage(input_tokens=1000))
    assert books.budget()["committed_usd"] == books.budget(JOB)["committed_usd"] == Decimal("0.001")


async def test_budgets_that_come_and_go_while_calls_are_made_count_just_what_was_spent(books):
    async def call() -> None:
        for _ in range(40):
            await books.spend(CENT, Usage(input_tokens=1000))

    async def change() -> None:
        for _ in range(20):
            await books.change(remove_budget, "acme")
            await books.change(set_budget, "acme", Decimal(100))
            await books.change(set_job_budget, "acme", JOB, Decimal(100))

    await asyncio.gather(call(), call(), call(), call(), change())
    assert books.budget()["committed_usd"] == books.budget(JOB)["committed_usd"] == Decimal("0.160")


async def test_a_budget_is_set_while_calls_are_under_way_and_neither_waits_for_the_other_for_ever(books):
    await books.change(set_budget, "acme", Decimal(100))

    async def call() -> None:
        for _ in range(40):
            await books.spend(CENT, Usage(input_tokens=1000))

    async def change() -> None:
        for number in range(40):
            await books.change(set_budget, "acme", Decimal(100 + number))

    await asyncio.gather(call(), call(), call(), call(), change())
    assert books.budget()["committed_usd"] == Decimal("0.160")
    assert books.rows("SELECT count(*) AS waited FROM reservation WHERE settled_at IS NULL") == [{"waited": 0}]


async def test_a_new_month_begins_with_nothing_spent(books):
    await books.change(set_budget, "acme", Decimal("0.012"))
    with attributed(ACME):
        async with books.meter.call("fake", "dear", CENT) as late:
            async with books.database.transaction() as connection:
                await connection.execute(text("UPDATE budget SET period = period - 31, exhausted_at = now()"))
                await connection.execute(text("UPDATE reservation SET period = period - 31"))
            async with books.meter.call("fake", "dear", CENT) as call:
                call.settle(CENT)
            late.settle(Usage())  # of the month before: it gives nothing back to this one
    assert books.budget()["committed_usd"] == Decimal("0.01")
    assert books.budget()["exhausted_at"] is None


async def test_what_has_no_price_is_not_called_under_a_budget(books):
    await books.change(set_budget, "acme", Decimal(100))
    with attributed(ACME), pytest.raises(BudgetExhausted, match="SETU_PRICES_OVERRIDES") as refused:
        async with books.meter.call("fake", "unheard-of", CENT):
            pass
    assert (type(refused.value), refused.value.code) == (PriceUnknown, "price-unknown")
    assert books.budget()["exhausted_at"] is None
    with attributed(ACME):
        async with books.meter.call("own", "gemma3-270m", CENT) as call:
            call.settle(CENT)
    assert [row["model"] for row in books.rows("SELECT model FROM call")] == ["gemma3-270m"]


@contextlib.asynccontextmanager
async def _process(settings: DatabaseSettings):
    books = Books(settings)
    try:
        yield books
    finally:
        await books.database.close()


@pytest.mark.timeout(240)
async def test_jobs_at_the_same_time_never_exceed_a_budget_together(books):
    limit = Decimal("0.35")
    await books.change(set_budget, "acme", limit)
    worst = Decimal(0)
    degraded = 0

    async def job(member: Books, number: int) -> None:
        nonlocal degraded
        to = Attribution(tenant="acme", service="translate", job_id=uuid4())
        for call in range(4):
            try:
                await member.spend(CENT, Usage(input_tokens=5000 + 100 * ((number + call) % 50)), to=to)
            except BudgetExhausted:
                degraded += 1

    async def watch() -> None:
        nonlocal worst
        while True:
            async with books.database.reading() as connection:
                spent = (await connection.execute(text("SELECT coalesce(sum(usd), 0) AS usd FROM call"))).one().usd
            worst = max(worst, spent)
            await asyncio.sleep(0.005)

    async with _process(books.settings) as first, _process(books.settings) as second:
        watching = asyncio.create_task(watch())
        await asyncio.gather(*(job((first, second)[number % 2], number) for number in range(32)))
        more = 0
        with contextlib.suppress(BudgetExhausted):  # who was refused last was so while others were under way
            while True:
                await first.spend(CENT, Usage(input_tokens=5000))
                more += 1
        watching.cancel()
    (spent,) = books.rows("SELECT sum(usd) AS usd, count(*) AS calls FROM call")
    assert worst <= limit
    assert spent["usd"] == books.budget()["committed_usd"] <= limit
    assert spent["usd"] > limit - Decimal("0.01")  # and it is used to the last call that fits
    assert spent["calls"] + degraded == 32 * 4 + more
    assert degraded > 0
