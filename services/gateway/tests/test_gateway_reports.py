"""Reports as the gateway hands them on, with the metrics service itself behind it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from setu_common.clients.reports import ReportsClient
from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.reports import CostTrendQuery, QualityQuery
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import connect
from setu_common.errors import RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.settings import LogSettings
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.stand import Stand
from setu_metrics.app import create_api
from setu_metrics.settings import MetricsSettings

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def gateway(gateway_settings, trust_settings) -> AsyncIterator[HttpCaller]:
    database = gateway_settings.core.database
    migrate_ledger(database)
    async with loopback(create_api(MetricsSettings(database, LogSettings()), trust_settings)) as metrics_url:
        pipeline = PipelineSettings(metrics_url=metrics_url)
        async with (
            loopback(make_app(replace(gateway_settings, pipeline=pipeline))) as url,
            create_client(url, service_token=None, timeout_s=60) as client,
        ):
            yield HttpCaller(client, name="gateway")


async def test_a_jobs_report_is_handed_on_in_every_form_and_no_strangers(gateway, gateway_settings, database, store, jobs):
    job = await Stand(database, store, jobs).accept("en")
    took = StageMetrics(
        tenant="local", service="asr", job_id=job.id, stage="transcriptions", operation_id=uuid4(), attempt=1, outcome="succeeded",
        wall_s=40, queue_wait_s=2, bytes_in=1, bytes_out=1,
    )  # fmt: skip
    with connect(gateway_settings.core.database, SCHEMA) as connection:
        write_stage_metrics(connection, [took])
    reports = ReportsClient(gateway)

    assert [each.wall_s for each in (await reports.job(job.id)).performance.stages] == [40]
    assert b"transcriptions took 40.0 s" in await reports.job_as(job.id, "txt")
    assert (await reports.job_as(job.id, "png")).startswith(PNG)
    page = await gateway.call("GET", f"/jobs/{job.id}/report", params={"format": "html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert f"Job {job.id}" in page.text
    for report_format in ("json", "html", "png", "txt"):
        missing = await gateway.call("GET", f"/jobs/{uuid4()}/report", params={"format": report_format}, ok=(404,))
        assert missing.json()["code"] == "job-not-found"


async def test_trends_are_handed_on_as_figures_and_as_pictures(gateway):
    reports = ReportsClient(gateway)
    costs = await reports.cost_trends(CostTrendQuery(days=7, by="model"))
    assert (costs.by, (costs.until - costs.since).days, costs.days) == ("model", 6, ())
    assert (await reports.cost_chart(CostTrendQuery(days=7))).startswith(PNG)
    quality = await reports.quality(QualityQuery(days=2))
    assert ((quality.until - quality.since).days, quality.targets) == (1, ())
    assert (await reports.quality_chart(QualityQuery())).startswith(PNG)
    with pytest.raises(RemoteProblem) as refused:
        await gateway.call("GET", "/v1/reports/quality", params={"days": 0})
    assert refused.value.remote.errors[0].field == "query.days"


def test_without_the_metrics_service_the_gateway_says_so(api):
    answer = api.get("/v1/reports/cost-trends")
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")
