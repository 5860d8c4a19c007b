"""Reports over a ledger that holds known calls, attempts and ends of jobs."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.contracts.cost import CostSums, StageMetrics
from setu_common.cost import Attribution, Usage, attributed
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

TOKEN = SecretStr("a token of the test's own")
FILM, TALK = uuid4(), uuid4()
PNG = b"\x89PNG\r\n\x1a\n"
NEEDED = {"tenant": "acme", "queue_wait_s": 1, "bytes_in": 0, "bytes_out": 0}


class Asking:
    def __init__(self, caller: HttpCaller, settings: DatabaseSettings, meter: Metering) -> None:
        self._caller = caller
        self.settings = settings
        self.meter = meter

    async def answer(self, path: str, tenant: str = "acme", *, ok: int = 200, **params: Any):
        return await self._caller.call("GET", path, headers={headers.TENANT: tenant}, params=params, ok=(ok,), timeout_s=60)

    async def get(self, path: str, tenant: str = "acme", **params: Any) -> dict:
        return (await self.answer(path, tenant, **params)).json()

    async def spend(self, job_id: UUID, dollars: str, model: str = "dear", outcome: str | None = "ok", **more) -> None:
        told = {"operation_id": uuid4(), "service": "translate", "attempt": 1, **more}
        usage = Usage(input_tokens=int(Decimal(dollars) * 1_000_000))
        with attributed(Attribution(tenant="acme", job_id=job_id, stage="translations", target="en", **told)):
            async with self.meter.call("fake", model, usage) as call:
                if outcome is not None:
                    call.settle(usage, outcome=outcome)  # type: ignore[arg-type]  # of the tests below

    def worked(self, job_id: UUID, stage: str, wall_s: float, days_ago: int = 0, **more) -> None:
        told = {"service": "asr", "operation_id": uuid4(), "attempt": 1, "outcome": "succeeded", "cpu_s": 1, **more}
        with connect(self.settings, SCHEMA) as connection:
            write_stage_metrics(connection, [StageMetrics(**NEEDED, job_id=job_id, stage=stage, wall_s=wall_s, **told)])
            connection.execute(
                "UPDATE stage_metrics SET created_at = created_at - make_interval(days => %s) WHERE operation_id = %s",
                (days_ago, told["operation_id"]),
            )

    def ended(self, job_id: UUID, at: datetime, *targets: dict, tenant: str = "acme", expected_s: float | None = None) -> None:
        with connect(self.settings, SCHEMA) as connection:
            connection.execute(
                "INSERT INTO job_outcome VALUES (%s, %s, 'succeeded', false, NULL, 60, %s, %s, %s, %s)",
                (job_id, tenant, at - timedelta(minutes=1), at, Jsonb(list(targets)), expected_s),
            )

    def at(self, **ago: int) -> datetime:
        return datetime.now(UTC) - timedelta(**ago)


def into(target: str, lines: int, edited: int, before: float | None = None, after: float | None = None) -> dict:
    scores = {"score_before": before, "score_after": after}
    return {
        "target": target,
        "lines": lines,
        "edited": edited,
        **{name: score for name, score in scores.items() if score is not None},
    }


@pytest.fixture
async def asking(cloned_database) -> AsyncIterator[Asking]:
    settings = cloned_database("ledger", migrate_ledger)
    app = create_api(MetricsSettings(settings, LogSettings()), TrustSettings(service_token=TOKEN))
    database = Database(settings, SCHEMA)
    prices = Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}, "fake/cheap": {"input_mtok": "1"}}))
    async with loopback(app) as url, create_client(url, service_token=TOKEN, timeout_s=20) as client:
        yield Asking(HttpCaller(client, name="metrics"), settings, Metering(Ledger(database), prices))
    await database.close()


async def test_a_jobs_report_says_what_costs_and_performance_say_by_themselves_and_how_it_ended(asking):
    asking.worked(FILM, "transcriptions", 40)
    asking.worked(FILM, "translations", 5, target="en")
    await asking.spend(FILM, "2")
    await asking.spend(FILM, "1", outcome="failed")
    await asking.spend(TALK, "7")
    assert (await asking.get(f"/v1/reports/jobs/{FILM}"))["outcome"] is None
    asking.ended(FILM, asking.at(), into("en", 40, 9, 61.5, 70))

    report = await asking.get(f"/v1/reports/jobs/{FILM}")

    assert report["cost"] == await asking.get(f"/v1/costs/jobs/{FILM}")
    assert report["performance"] == await asking.get(f"/v1/performance/jobs/{FILM}")
    assert [Decimal(report["cost"][name]) for name in ("usd", "wasted_usd")] == [3, 1]
    assert report["performance"]["work_s"] == 45
    assert report["outcome"]["targets"] == [{"target": "en", "lines": 40, "edited": 9, "score_before": 61.5, "score_after": 70}]


async def test_a_jobs_report_comes_as_page_picture_and_text(asking):
    asking.worked(FILM, "transcriptions", 40)
    page = await asking.answer(f"/v1/reports/jobs/{FILM}", format="html")
    picture = await asking.answer(f"/v1/reports/jobs/{FILM}", format="png")
    text = await asking.answer(f"/v1/reports/jobs/{FILM}", format="txt")
    assert [each.headers["content-type"] for each in (page, picture, text)] == [
        "text/html; charset=utf-8",
        "image/png",
        "text/plain; charset=utf-8",
    ]
    assert picture.content.startswith(PNG)
    assert f"<h1>Job {FILM}</h1>" in page.text
    assert "transcriptions took 40.0 s, 100% of what the job's attempts took together." in " ".join(text.text.split())


async def test_nobody_is_told_of_the_jobs_of_others(asking):
    asking.worked(FILM, "transcriptions", 40)
    asking.ended(FILM, asking.at(), into("en", 40, 9), expected_s=5)
    await asking.spend(FILM, "2")
    stranger = await asking.get(f"/v1/reports/jobs/{FILM}", "umbrella")
    assert (stranger["outcome"], stranger["performance"]["stages"], stranger["cost"]["calls"]) == (None, [], 0)
    assert (await asking.get("/v1/reports/cost-trends", "umbrella"))["days"] == []
    assert (await asking.get("/v1/reports/quality", "umbrella"))["targets"] == []
    assert (await asking.answer("/v1/reports/quality", "umbrella", format="png")).content.startswith(PNG)


async def test_cost_trends_are_the_sums_that_costs_tell_whatever_happened(asking):
    chance = random.Random(7)
    again = [uuid4() for _ in range(4)]
    for _ in range(40):
        operation_id, number = chance.choice(again), chance.randint(1, 3)
        await asking.spend(
            FILM, str(Decimal(chance.randint(1, 900)) / 100), chance.choice(("dear", "cheap", "unheard-of")),
            chance.choice(("ok", "ok", "failed", "aborted", "cached", None)), operation_id=operation_id, attempt=number,
            service=chance.choice(("translate", "enhancer")),
        )  # fmt: skip
    with connect(asking.settings, SCHEMA) as connection:
        connection.execute("UPDATE call_intent SET created_at = created_at - floor(random() * 9) * interval '1 day'")
    for operation_id in again:
        asking.worked(
            FILM, "translations", 1, operation_id=operation_id, attempt=2, outcome="failed", days_ago=chance.randint(0, 5)
        )

    for part in ("service", "model"):
        trends = await asking.get("/v1/reports/cost-trends", days=10, by=part)
        time = {"since": trends["since"], "until": trends["until"]}
        days = await asking.get("/v1/costs", by="day", **time)
        parts = await asking.get("/v1/costs", by=part, **time)
        assert trends["total"] == days["total"] == parts["total"]
        assert trends["lines"] == parts["lines"]
        assert [told(day) for day in trends["days"]] == [told(line) for line in days["lines"]]
        assert [day["day"] for day in trends["days"]] == [line["key"] for line in days["lines"]]
        for day in trends["days"]:
            assert sum(Decimal(line["usd"]) for line in day["lines"]) == Decimal(day["usd"])
            assert sum(Decimal(line["wasted_usd"]) for line in day["lines"]) == Decimal(day["wasted_usd"])
        assert Decimal(trends["total"]["wasted_usd"]) > Decimal(trends["total"]["unresolved_usd"]) > 0


def told(sums: dict) -> dict:
    return {name: sums[name] for name in CostSums.model_fields}


async def test_days_are_whole_and_today_is_one_of_them(asking):
    await asking.spend(FILM, "1")
    with connect(asking.settings, SCHEMA) as connection:
        connection.execute("UPDATE call_intent SET created_at = date_trunc('day', now()) - interval '1 ms'")
    assert (await asking.get("/v1/reports/cost-trends", days=1))["days"] == []
    two = await asking.get("/v1/reports/cost-trends", days=2)
    assert [day["day"] for day in two["days"]] == [two["since"]]
    assert (await asking.answer("/v1/reports/cost-trends", days=2, format="png")).content.startswith(PNG)


async def test_quality_is_told_by_target_and_day_with_drafts_standing_for_what_was_not_edited(asking):
    asking.ended(FILM, asking.at(), into("hi", 100, 40, 60, 72), into("en", 50, 0, 80))
    asking.ended(TALK, asking.at(days=1), into("hi", 300, 20, 70, 70), into("fr", 10, 0))
    asking.ended(uuid4(), asking.at(days=2), into("hi", 100, 100, 10, 20))

    told = await asking.get("/v1/reports/quality", days=2)

    by_target = {each["target"]: each for each in told["targets"]}
    assert list(by_target) == ["hi", "en", "fr"]
    hi = by_target["hi"]
    assert (hi["translations"], hi["lines"], hi["edited"], hi["edited_share"], hi["scored"]) == (2, 400, 60, 0.15, 2)
    assert (hi["score_before"], hi["score_after"]) == (65, 71)
    assert (by_target["en"]["score_before"], by_target["en"]["score_after"]) == (80, 80)
    assert (by_target["fr"]["scored"], by_target["fr"]["score_before"], by_target["fr"]["score_after"]) == (0, None, None)
    assert [(day["day"], day["target"], day["score_after"]) for day in told["days"]] == [
        (told["since"], "hi", 70), (told["since"], "fr", None), (told["until"], "hi", 72), (told["until"], "en", 80),
    ]  # fmt: skip
    trends = await asking.get("/v1/performance/trends", since=told["since"])
    assert trends["jobs"][-1]["quality"] == pytest.approx((72 + 80) / 2)  # the same jobs, the same figures
    assert (await asking.answer("/v1/reports/quality", days=2, format="png")).content.startswith(PNG)


async def test_times_are_held_against_what_was_expected_where_something_was_transcribed(asking):
    heard = {"stage": "transcriptions", "wall_s": 99}
    for took_s, expected_s in ((150, 100), (90, 100), (100, 50)):
        job_id = uuid4()
        asking.worked(job_id, **heard, model_time_s=1)  # before it was asked for again
        asking.worked(job_id, **heard, model_time_s=took_s)
        asking.worked(job_id, **heard, model_time_s=7, outcome="failed")
        asking.worked(job_id, **heard, model_time_s=None)  # a piece, written after the whole that its time is in
        asking.ended(job_id, asking.at(), expected_s=expected_s)
    reused, unplanned = uuid4(), uuid4()
    asking.worked(reused, **heard, model_time_s=0.1, cached=True)
    asking.ended(reused, asking.at(), expected_s=50)
    asking.worked(unplanned, **heard, model_time_s=5)
    asking.ended(unplanned, asking.at())

    (day,) = (await asking.get("/v1/reports/quality"))["times"]

    assert (day["jobs"], day["expected_s"], day["took_s"], day["ratio_p50"]) == (3, 250, 340, 1.5)
    assert (day["ratio_p10"], day["ratio_p90"]) == (pytest.approx(1.02), pytest.approx(1.9))


@pytest.mark.parametrize("query", [{"days": 0}, {"days": 401}, {"format": "bmp"}, {"by": "colour"}, {"weeks": 3}])
async def test_what_can_not_be_told_is_refused(asking, query):
    refused = await asking.answer("/v1/reports/cost-trends", ok=422, **query)
    assert refused.json()["errors"][0]["field"] == f"query.{next(iter(query))}"
