"""What Prometheus is told of paid calls is what the ledger has of them."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from setu_common.cost import Attribution, Usage, attributed
from setu_common.cost.budgets import set_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.metering import BudgetExhausted
from setu_common.cost.metrics import SpendingMetrics
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.observability.labels import MOST_NAMES

ACME = Attribution("acme", "translate", uuid4(), "translations", "en")
CENT = Usage(input_tokens=10_000)


async def test_each_call_is_counted_by_its_outcome_with_what_it_used_and_cost(cloned_database):
    registry = CollectorRegistry()
    database = Database(cloned_database("ledger", migrate_ledger), SCHEMA)
    prices = Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1", "output_mtok": "2"}}))
    meter = Metering(Ledger(database), prices, metrics=SpendingMetrics(registry))

    def value(name: str, model: str = "dear", **labels: str) -> float | None:
        return registry.get_sample_value(name, {"provider": "fake", "model": model, **labels})

    with attributed(ACME):
        async with meter.call("fake", "dear", CENT) as call:
            call.settle(Usage(input_tokens=4000, cache_read_tokens=100, output_tokens=500))
        async with meter.call("fake", "dear", CENT) as call:
            call.settle(Usage(), outcome="failed")
        async with meter.call("fake", "dear", CENT) as call:
            call.settle(CENT, outcome="cached")
        with pytest.raises(ZeroDivisionError):
            async with meter.call("fake", "dear", CENT):
                raise ZeroDivisionError
        async with meter.call("fake", "unheard-of", CENT) as call:
            call.settle(Usage(input_tokens=7))
        async with database.transaction() as connection:
            await set_budget(connection, "acme", Decimal("0.001"))
        with pytest.raises(BudgetExhausted):
            async with meter.call("fake", "dear", CENT):
                pass
    await database.close()

    outcomes = {each: value("setu_paid_calls_total", outcome=each) for each in ("ok", "failed", "cached", "unresolved")}
    assert outcomes == {"ok": 1, "failed": 1, "cached": 1, "unresolved": 1}
    assert (value("setu_tokens_total", type="input"), value("setu_tokens_total", type="output")) == (4000, 500)
    assert value("setu_tokens_total", type="cache_read") == 100
    assert value("setu_cost_usd_total") == pytest.approx(0.005, rel=0.05)
    assert value("setu_paid_call_seconds_count") == 2, "nobody was asked for what was spared"
    assert (value("setu_unpriced_calls_total", "unheard-of"), value("setu_cost_usd_total", "unheard-of")) == (1, None)
    assert registry.get_sample_value("setu_calls_refused_total", {"reason": "budget-exhausted"}) == 1
    assert registry.get_sample_value("setu_calls_refused_total", {"reason": "price-unknown"}) == 0


async def test_a_call_is_counted_though_its_caller_is_cancelled_while_it_is_settled(cloned_database):
    registry = CollectorRegistry()
    database = Database(cloned_database("ledger", migrate_ledger), SCHEMA)
    prices = Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1", "output_mtok": "2"}}))
    meter = Metering(Ledger(database), prices, metrics=SpendingMetrics(registry))
    answered = asyncio.Event()

    async def called() -> None:
        with attributed(ACME):
            async with meter.call("fake", "dear", CENT) as call:
                call.settle(Usage(input_tokens=4000))
                answered.set()

    task = asyncio.create_task(called())
    await answered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.close()
    assert registry.get_sample_value("setu_paid_calls_total", {"provider": "fake", "model": "dear", "outcome": "ok"}) == 1
    assert registry.get_sample_value("setu_cost_usd_total", {"provider": "fake", "model": "dear"}) == pytest.approx(0.004)


def test_models_that_requests_name_make_no_series_without_end():
    registry = CollectorRegistry()
    metrics = SpendingMetrics(registry)
    for number in range(MOST_NAMES + 30):
        metrics.unresolved("fake", f"model-{number}")
    (family,) = [each for each in registry.collect() if each.name == "setu_paid_calls"]
    counts = {sample.labels["model"]: sample.value for sample in family.samples if sample.name.endswith("_total")}
    assert len(counts) == MOST_NAMES + 1
    assert counts["other"] == 30
