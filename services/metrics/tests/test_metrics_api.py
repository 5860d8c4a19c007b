"""What the metrics service answers about a ledger that holds known calls."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.contracts.cost import StageMetrics
from setu_common.cost import Attribution, BudgetExhausted, Usage, attributed
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import Database, connect
from setu_common.http import HttpCaller, create_client
from setu_common.settings import DatabaseSettings, LogSettings, TrustSettings
from setu_common.testing import loopback
from setu_metrics.app import create_api
from setu_metrics.settings import MetricsSettings

FILM, TALK = uuid4(), uuid4()
TOKEN = SecretStr("a token of the test's own")


class Asking:
    def __init__(self, caller: HttpCaller, settings: DatabaseSettings, meter: Metering) -> None:
        self._caller = caller
        self.settings = settings
        self.meter = meter

    async def call(self, method: str, path: str, tenant: str = "acme", **more):
        return await self._caller.call(method, path, headers={headers.TENANT: tenant}, ok=(200, 204), **more)

    async def get(self, path: str, tenant: str = "acme", **params: str) -> dict:
        return (await self.call("GET", path, tenant, params=params)).json()

    async def spend(self, to: Attribution, millions: str, outcome: str | None = "ok", model: str = "dear") -> None:
        """At a dollar a million tokens."""
        tokens = int(Decimal(millions) * 1_000_000)
        with attributed(to):
            async with self.meter.call("fake", model, Usage(input_tokens=tokens)) as call:
                if outcome is not None:
                    call.settle(Usage(input_tokens=tokens), outcome=outcome)  # type: ignore[arg-type]  # of the tests below


def of(job_id: UUID | None, *, tenant="acme", target="en", attempt=1, operation_id: UUID | None = None) -> Attribution:
    return Attribution(
        tenant=tenant,
        service="translate",
        job_id=job_id,
        stage="translations",
        target=target,
        operation_id=operation_id or uuid4(),
        attempt=attempt,
    )


@pytest.fixture
async def asking(cloned_database) -> AsyncIterator[Asking]:
    settings = cloned_database("ledger", migrate_ledger)
    app = create_api(MetricsSettings(settings, LogSettings()), TrustSettings(service_token=TOKEN))
    database = Database(settings, SCHEMA)
    prices = Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}, "fake/cheap": {"input_mtok": "0.5"}}))
    async with loopback(app) as url, create_client(url, service_token=TOKEN, timeout_s=20) as client:
        yield Asking(HttpCaller(client, name="metrics"), settings, Metering(Ledger(database), prices))
    await database.close()


async def test_a_jobs_cost_is_shown_in_money_and_shares_and_tells_what_was_in_vain(asking):
    retried = uuid4()
    await asking.spend(of(FILM, operation_id=retried), "0.25")  # its first attempt, which failed later
    await asking.spend(of(FILM, operation_id=retried, attempt=2), "0.5")
    await asking.spend(of(FILM, target="hi"), "0.5", "aborted", model="cheap")  # 0.25
    await asking.spend(of(FILM, target="hi"), "1", None)  # broke off
    await asking.spend(of(FILM, target="hi"), "1", "cached")
    await asking.spend(of(FILM, target="hi"), "1", model="unheard-of")
    await asking.spend(of(TALK), "4")

    cost = await asking.get(f"/v1/costs/jobs/{FILM}")

    assert [Decimal(cost[name]) for name in ("usd", "unresolved_usd", "wasted_usd")] == [2, 1, Decimal("1.5")]
    assert (cost["calls"], cost["unresolved"], cost["unpriced"], cost["cached"], cost["failed"]) == (6, 1, 1, 1, 1)
    assert [(each["target"], each["model"], Decimal(each["usd"]), each["share"]) for each in cost["stages"]] == [
        ("hi", "dear", 1, 0.5),
        ("en", "dear", Decimal("0.75"), 0.375),
        ("hi", "cheap", Decimal("0.25"), 0.125),
        ("hi", "unheard-of", 0, 0.0),
    ]


async def test_what_an_attempt_spent_that_failed_for_good_was_in_vain(asking):
    operation_id = uuid4()
    await asking.spend(of(FILM, operation_id=operation_id), "1")
    assert Decimal((await asking.get(f"/v1/costs/jobs/{FILM}"))["wasted_usd"]) == 0
    failed = StageMetrics(
        tenant="acme", service="translate", job_id=FILM, stage="translations", target="en", operation_id=operation_id, attempt=1,
        outcome="failed", problem="llm-refused", wall_s=1, cpu_s=1, queue_wait_s=0, bytes_in=0, bytes_out=0,
    )  # fmt: skip
    with connect(asking.settings, SCHEMA) as connection:
        write_stage_metrics(connection, [failed])
    assert Decimal((await asking.get(f"/v1/costs/jobs/{FILM}"))["wasted_usd"]) == 1


async def test_of_an_attempt_that_was_lost_and_made_again_what_was_called_before_was_in_vain(asking):
    operation_id = uuid4()

    def row(outcome: str) -> StageMetrics:
        return StageMetrics(
            tenant="acme", service="translate", job_id=FILM, stage="translations", target="en", operation_id=operation_id, attempt=1,
            outcome=outcome, wall_s=1, queue_wait_s=0, bytes_in=0, bytes_out=0,
        )  # fmt: skip

    await asking.spend(of(FILM, operation_id=operation_id), "1")
    with connect(asking.settings, SCHEMA) as connection:
        write_stage_metrics(connection, [row("lost")])
    await asking.spend(of(FILM, operation_id=operation_id), "2")
    with connect(asking.settings, SCHEMA) as connection:
        write_stage_metrics(connection, [row("succeeded")])
    cost = await asking.get(f"/v1/costs/jobs/{FILM}")
    assert (Decimal(cost["usd"]), Decimal(cost["wasted_usd"])) == (Decimal(3), Decimal(1))


async def test_costs_are_summed_by_job_service_model_tenant_and_day(asking):
    await asking.spend(of(FILM), "3")
    await asking.spend(of(TALK), "2", model="cheap")
    await asking.spend(of(FILM, tenant="umbrella"), "100")
    with connect(asking.settings, SCHEMA) as connection:  # of one day, should it end just now
        days = connection.execute("UPDATE call_intent SET created_at = now() RETURNING created_at").fetchall()
    [day] = {at.astimezone(UTC).date().isoformat() for (at,) in days}

    async def lines(by: str) -> dict[str, Decimal]:
        report = await asking.get("/v1/costs", by=by)
        assert Decimal(report["total"]["usd"]) == 4
        return {line["key"]: Decimal(line["usd"]) for line in report["lines"]}

    assert await lines("job") == {str(FILM): 3, str(TALK): 1}
    assert await lines("model") == {"fake/dear": 3, "fake/cheap": 1}
    assert await lines("service") == {"translate": 4}
    assert await lines("tenant") == {"acme": 4}
    assert await lines("day") == {day: 4}


async def test_costs_are_those_of_the_days_that_are_asked_for(asking):
    await asking.spend(of(FILM), "1")
    with connect(asking.settings, SCHEMA) as connection:
        connection.execute("UPDATE call_intent SET created_at = '2026-02-28 23:59:59.9+00'")
    assert len((await asking.get("/v1/costs", since="2026-02-28", until="2026-02-28"))["lines"]) == 1
    assert (await asking.get("/v1/costs", until="2026-02-27"))["lines"] == []
    assert (await asking.get("/v1/costs", since="2026-03-01"))["lines"] == []
    refused = await asking._caller.call(
        "GET", "/v1/costs", headers={headers.TENANT: "acme"}, params={"since": "2026-03-01", "until": "2026-02-01"}, ok=(422,)
    )
    assert refused.json()["code"] == "time-reversed"


async def test_costs_come_as_csv(asking):
    await asking.spend(of(FILM), "0.000001")
    answer = await asking.call("GET", "/v1/costs", params={"by": "job", "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["key"], row["usd"], row["calls"], row["share"]) == (str(FILM), "0.000001", "1", "1.0")


async def test_budgets_are_set_seen_kept_and_removed(asking):
    await asking.spend(of(FILM), "1")
    made = (await asking.call("PUT", "/v1/budgets/month", json={"limit_usd": "1.50"})).json()
    assert (Decimal(made["committed_usd"]), Decimal(made["left_usd"])) == (Decimal(1), Decimal("0.5"))
    await asking.call("PUT", f"/v1/budgets/jobs/{TALK}", json={"limit_usd": 0.25})
    with pytest.raises(BudgetExhausted, match="job's budget"):
        await asking.spend(of(TALK), "0.3")
    await asking.spend(of(FILM), "0.4")
    month, talk = (await asking.get("/v1/budgets"))["budgets"]
    assert (month["job_id"], month["used"]) == (None, 0.933333)
    assert month["alerted_at"] is not None
    assert (talk["job_id"], talk["used"]) == (str(TALK), 0)
    assert talk["exhausted_at"] is not None
    assert (await asking.get(f"/v1/costs/jobs/{TALK}"))["budget"]["limit_usd"] == talk["limit_usd"]
    assert (await asking.get("/v1/budgets", tenant="umbrella"))["budgets"] == []
    await asking.call("DELETE", "/v1/budgets/month")
    await asking.spend(of(FILM), "100")
    gone = await asking._caller.call("DELETE", "/v1/budgets/month", headers={headers.TENANT: "acme"}, ok=(404,))
    assert gone.json()["code"] == "no-budget"
    refused = await asking._caller.call(
        "PUT", "/v1/budgets/month", headers={headers.TENANT: "acme"}, json={"limit_usd": -1}, ok=(422,)
    )
    assert refused.json()["errors"][0]["field"].endswith("limit_usd")


async def test_budgets_come_in_pages_the_month_first_and_then_jobs_newest_first(asking):
    jobs = [uuid4() for _ in range(7)]
    for job_id in jobs:
        await asking.call("PUT", f"/v1/budgets/jobs/{job_id}", json={"limit_usd": 1})
    await asking.call("PUT", f"/v1/budgets/jobs/{TALK}", "umbrella", json={"limit_usd": 1})
    await asking.call("PUT", "/v1/budgets/month", json={"limit_usd": 5})
    for limit in (1, 3, 4, 8, 50):
        pages, cursor = [], None
        while True:
            page = await asking.get("/v1/budgets", limit=str(limit), **({"cursor": cursor} if cursor else {}))
            pages.append([budget["job_id"] for budget in page["budgets"]])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert all(len(page) == limit for page in pages[:-1])
        assert [each for page in pages for each in page] == [None, *(str(job_id) for job_id in reversed(jobs))]
    refused = await asking._caller.call(
        "GET", "/v1/budgets", headers={headers.TENANT: "acme"}, params={"cursor": "soon"}, ok=(422,)
    )
    assert refused.json()["errors"][0]["field"] == "query.cursor"


async def test_a_page_that_ends_with_the_month_goes_on_with_the_newest_job_and_one_without_a_month_begins_with_it(asking):
    await asking.call("PUT", f"/v1/budgets/jobs/{FILM}", json={"limit_usd": 1})
    assert [each["job_id"] for each in (await asking.get("/v1/budgets"))["budgets"]] == [str(FILM)]
    await asking.call("PUT", "/v1/budgets/month", json={"limit_usd": 5})
    first = await asking.get("/v1/budgets", limit="1")
    await asking.call("PUT", f"/v1/budgets/jobs/{TALK}", json={"limit_usd": 1})
    second = await asking.get("/v1/budgets", limit="1", cursor=first["next_cursor"])
    assert [each["job_id"] for each in second["budgets"]] == [str(TALK)]


async def test_who_is_told_is_kept_until_it_is_said_otherwise_and_shown_by_its_host(asking):
    async def set_month(**setting: object) -> str | None:
        return (await asking.call("PUT", "/v1/budgets/month", json={"limit_usd": 5, **setting})).json()["alert_host"]

    assert await set_month() is None
    assert await set_month(alert_url="https://hooks.example/a-secret") == "hooks.example"
    assert await set_month() == "hooks.example"
    assert "a-secret" not in str(await asking.get("/v1/budgets"))
    assert await set_month(alert_url=None) is None


async def test_prometheus_is_told_how_far_months_are_used_up_and_neither_whose_nor_of_a_job(asking):
    async def told() -> tuple[float, dict[str, float]]:
        found = text_string_to_metric_families((await asking.call("GET", "/metrics")).text)
        samples = [each for family in found for each in family.samples if each.name.startswith("setu_budget")]
        (used,) = (each.value for each in samples if each.name == "setu_budget_used_ratio")
        assert {tuple(each.labels) for each in samples} == {(), ("level",)}
        return used, {each.labels["level"]: each.value for each in samples if each.labels}

    assert await told() == (0, {"below": 0, "alert": 0, "exhausted": 0})
    await asking.call("PUT", "/v1/budgets/month", json={"limit_usd": 4})
    await asking.call("PUT", f"/v1/budgets/jobs/{FILM}", json={"limit_usd": 3})
    await asking.call("PUT", "/v1/budgets/month", "free", json={"limit_usd": 0})
    await asking.spend(of(FILM), "1")
    assert await told() == (0.25, {"below": 1, "alert": 0, "exhausted": 0})
    for number in range(3):
        await asking.call("PUT", "/v1/budgets/month", f"tenant-{number}", json={"limit_usd": 1})
    await asking.spend(of(FILM, tenant="tenant-1"), "0.8")
    await asking.spend(of(FILM, tenant="tenant-2"), "1")
    assert await told() == (1.0, {"below": 2, "alert": 1, "exhausted": 1})
    with connect(asking.settings, SCHEMA) as connection:
        connection.execute("UPDATE budget SET period = period - 31")
    assert await told() == (0, {"below": 4, "alert": 0, "exhausted": 0})
    await asking.call("DELETE", "/v1/budgets/month")
    assert await told() == (0, {"below": 3, "alert": 0, "exhausted": 0})


async def test_nobody_sees_what_another_tenant_spends(asking):
    await asking.spend(of(FILM, tenant="umbrella"), "1")
    assert (await asking.get(f"/v1/costs/jobs/{FILM}"))["calls"] == 0
    assert (await asking.get("/v1/costs"))["lines"] == []
