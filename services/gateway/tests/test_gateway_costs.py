"""What the gateway tells of money, with the metrics service itself behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text

from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest
from setu_common.cost import Attribution, BudgetExhausted, Usage, attributed
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.errors import IdempotencyConflict
from setu_common.http import HttpCaller, create_client
from setu_common.operations.connection import HealingConnection
from setu_common.operations.retention import Retention
from setu_common.settings import LogSettings, OperationSettings
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.errors import JobNotFound
from setu_gateway.intake.upload import Upload
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.stand import Stand
from setu_gateway.worker import spec_of
from setu_metrics.app import create_api
from setu_metrics.settings import MetricsSettings


@pytest.fixture
async def gateway(gateway_settings, trust_settings) -> AsyncIterator[HttpCaller]:
    database = gateway_settings.core.database
    migrate_ledger(database)
    async with loopback(create_api(MetricsSettings(database, LogSettings()), trust_settings)) as metrics_url:
        pipeline = PipelineSettings(metrics_url=metrics_url)
        async with (
            loopback(make_app(replace(gateway_settings, pipeline=pipeline))) as url,
            create_client(url, service_token=None, timeout_s=20) as client,
        ):
            yield HttpCaller(client, name="gateway")


@pytest.fixture
async def meter(gateway_settings) -> AsyncIterator[Metering]:
    database = Database(gateway_settings.core.database, SCHEMA)
    yield Metering(Ledger(database), Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}})))
    await database.close()


async def spend(meter: Metering, job_id, dollars: int) -> None:
    with attributed(Attribution("local", "translate", job_id, "translations", "en", uuid4())):
        async with meter.call("fake", "dear", Usage(input_tokens=dollars * 1_000_000)) as call:
            call.settle(Usage(input_tokens=dollars * 1_000_000))


async def test_a_jobs_cost_is_told_and_no_strangers(gateway, meter, database, store, jobs):
    job = await Stand(database, store, jobs).accept("en")
    await spend(meter, job.id, 3)
    cost = (await gateway.call("GET", f"/jobs/{job.id}/cost")).json()
    assert (cost["job_id"], Decimal(cost["usd"]), cost["stages"][0]["share"]) == (str(job.id), Decimal(3), 1.0)
    missing = await gateway.call("GET", f"/jobs/{uuid4()}/cost", ok=(404,))
    assert missing.json()["code"] == "job-not-found"


async def test_costs_are_told_as_json_and_as_csv(gateway, meter):
    job_id = uuid4()
    await spend(meter, job_id, 2)
    report = (await gateway.call("GET", "/v1/costs", params={"by": "job"})).json()
    assert [(line["key"], Decimal(line["usd"])) for line in report["lines"]] == [(str(job_id), Decimal(2))]
    table = await gateway.call("GET", "/v1/costs", params={"by": "job", "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[1].startswith(f"{job_id},1.0,1,")
    refused = await gateway.call("GET", "/v1/costs", params={"since": "2026-02-02", "until": "2026-02-01"}, ok=(422,))
    assert refused.json()["code"] == "time-reversed"


async def test_a_budget_is_set_and_holds_and_is_removed(gateway, meter, database, store, jobs):
    job = await Stand(database, store, jobs).accept("en")
    await gateway.call("PUT", "/v1/budgets/month", json={"limit_usd": 5})
    await gateway.call("PUT", f"/v1/budgets/jobs/{job.id}", json={"limit_usd": "1"})
    with pytest.raises(BudgetExhausted):
        await spend(meter, job.id, 2)
    month, of_job = (await gateway.call("GET", "/v1/budgets")).json()["budgets"]
    assert (Decimal(month["limit_usd"]), Decimal(of_job["limit_usd"])) == (Decimal(5), Decimal(1))
    await gateway.call("DELETE", "/v1/budgets/month", ok=(204,))
    again = await gateway.call("DELETE", "/v1/budgets/month", ok=(404,))
    assert again.json()["code"] == "no-budget"
    nobodys = await gateway.call("PUT", f"/v1/budgets/jobs/{uuid4()}", json={"limit_usd": 1}, ok=(404,))
    assert nobodys.json()["code"] == "job-not-found"


async def test_budgets_come_in_pages(gateway, database, store, jobs):
    made = [await Stand(database, store, jobs).accept("en") for _ in range(3)]
    for job in made:
        await gateway.call("PUT", f"/v1/budgets/jobs/{job.id}", json={"limit_usd": 1})
    first = (await gateway.call("GET", "/v1/budgets", params={"limit": 2})).json()
    second = (await gateway.call("GET", "/v1/budgets", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    listed = [each["job_id"] for page in (first, second) for each in page["budgets"]]
    assert (listed, second["next_cursor"]) == ([str(job.id) for job in reversed(made)], None)
    refused = await gateway.call("GET", "/v1/budgets", params={"cursor": "soon"}, ok=(422,))
    assert refused.json()["errors"][0]["field"] == "query.cursor"


async def test_a_budget_tells_a_public_url_and_goes_on_telling_it_when_its_limit_is_raised(gateway, database, meter):
    refused = await gateway.call("PUT", "/v1/budgets/month", json={"limit_usd": 1, "alert_url": "http://10.0.0.1/"}, ok=(422,))
    assert refused.json()["code"] == "webhook-url-refused"
    told = {"limit_usd": 1, "alert_url": "https://93.184.216.34/budgets"}
    assert (await gateway.call("PUT", "/v1/budgets/month", json=told)).json()["alert_host"] == "93.184.216.34"
    assert (await gateway.call("PUT", "/v1/budgets/month", json={"limit_usd": 2})).json()["alert_host"] == "93.184.216.34"
    await spend(meter, uuid4(), 2)
    async with database.reading() as connection:
        statement = text("SELECT request ->> 'level' FROM operation WHERE kind = 'budget-notices' ORDER BY 1")
        while (await connection.execute(statement)).scalars().all() != ["alert", "exhausted"]:  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.02)
    removed = await gateway.call("PUT", "/v1/budgets/month", json={"limit_usd": 2, "alert_url": None})
    assert removed.json()["alert_host"] is None


def test_without_the_metrics_service_the_gateway_says_so(api):
    answer = api.get("/v1/costs")
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")


async def test_a_job_is_given_its_budget_before_it_can_spend(gateway, meter, tmp_path):
    talk = tmp_path / "talk.wav"
    talk.write_bytes(b"RIFF....")
    request = JobRequest(target_languages=("en",), budget_usd=Decimal("0.50"))
    job = await GatewayClient(gateway).submit_job(talk, request)
    with pytest.raises(BudgetExhausted, match="job's budget"):
        await spend(meter, job.id, 1)
    cost = (await gateway.call("GET", f"/jobs/{job.id}/cost")).json()
    assert Decimal(cost["budget"]["limit_usd"]) == Decimal("0.5")


async def limits(database) -> list[Decimal]:
    """What jobs may spend, of all that the ledger holds."""
    async with database.reading() as connection:
        return list((await connection.execute(text("SELECT limit_usd FROM ledger.budget WHERE job_id IS NOT NULL"))).scalars())


async def an_upload(store, budget_usd: str = "0.50") -> Upload:
    request = JobRequest(target_languages=("en",), budget_usd=Decimal(budget_usd))
    return Upload(request, "talk.mp4", await store.put("local", b"media", "video/mp4"))


async def test_a_budget_is_there_only_with_its_job_and_not_where_its_key_was_used_before(database, store, jobs):
    await jobs.accept("local", await an_upload(store), "key")
    await jobs.accept("local", await an_upload(store), "key")
    with pytest.raises(IdempotencyConflict):
        await jobs.accept("local", await an_upload(store, "0.75"), "key")
    assert await limits(database) == [Decimal("0.50")]


async def test_a_budget_is_erased_with_its_job_and_no_other(database, store, jobs):
    stand = Stand(database, store, jobs)
    job = await jobs.accept("local", await an_upload(store), None)
    await jobs.accept("local", await an_upload(store, "0.75"), None)
    await stand.finish(job)
    await jobs.purge("local", job.id)
    await stand.advance(job)
    with pytest.raises(JobNotFound):
        await jobs.get("local", job.id)
    assert await limits(database) == [Decimal("0.75")]


async def test_a_budget_ages_with_its_job(database, store, jobs, gateway_settings):
    old = await jobs.accept("local", await an_upload(store), None)
    young = await jobs.accept("local", await an_upload(store, "0.75"), None)
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE job SET state = 'cancelled', ended_at = now()"))
        await connection.execute(text("UPDATE job SET ended_at = now() - interval '31 days' WHERE id = :id"), {"id": old.id})
    with closing(HealingConnection(gateway_settings.core.database, "gateway")) as connection:
        retention = Retention(connection, store, OperationSettings(retention_days=30), spec_of(gateway_settings).keepsakes)
        await asyncio.to_thread(retention.run)
    assert [each.id for each in (await jobs.page("local", limit=9, before=None, state=None)).jobs] == [young.id]
    assert await limits(database) == [Decimal("0.75")]


async def test_a_job_is_estimated_before_anything_is_spent(gateway):
    asked = {"duration_s": 600, "source_language": "fr", "target_languages": ["en"]}
    told = (await gateway.call("POST", "/jobs/estimate", json=asked)).json()
    assert (told["duration_s"], told["duration_guessed"], told["cost_usd"]) == (600, False, None)
    assert [stage["stage"] for stage in told["stages"]] == ["profiles", "transcriptions", "translations", "renderings"]
    assert (await gateway.call("GET", "/jobs")).json()["jobs"] == []


def test_estimates_are_made_and_not_got(api):
    for method in ("GET", "DELETE"):
        answer = api.request(method, "/jobs/estimate")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
