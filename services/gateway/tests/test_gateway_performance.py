"""What the gateway tells of time, with the metrics service itself behind it."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.performance import JobPerformance, Trends
from setu_common.cost.ledger import SCHEMA
from setu_common.cost.stages import write_stage_metrics
from setu_common.db import connect
from setu_common.http import HttpCaller, create_client
from setu_common.settings import LogSettings
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.stand import Stand
from setu_metrics.app import create_api
from setu_metrics.domain.performance.parts import WAY
from setu_metrics.settings import MetricsSettings


@pytest.fixture
async def gateway(gateway_settings, trust_settings) -> AsyncIterator[HttpCaller]:
    database = gateway_settings.core.database
    async with loopback(create_api(MetricsSettings(database, LogSettings()), trust_settings)) as metrics_url:
        pipeline = PipelineSettings(metrics_url=metrics_url)
        async with (
            loopback(make_app(replace(gateway_settings, pipeline=pipeline))) as url,
            create_client(url, service_token=None, timeout_s=20) as client,
        ):
            yield HttpCaller(client, name="gateway")


def attempted(gateway_settings, job_id, wall_s: float) -> None:
    row = StageMetrics(
        tenant="local", service="asr", job_id=job_id, stage="transcriptions", operation_id=uuid4(), attempt=1, outcome="succeeded",
        wall_s=wall_s, cpu_s=wall_s, queue_wait_s=0.25, bytes_in=0, bytes_out=0, audio_s=60,
    )  # fmt: skip
    with closing(connect(gateway_settings.core.database, SCHEMA)) as connection:
        write_stage_metrics(connection, [row])


async def test_where_a_jobs_time_went_is_told_and_no_strangers(gateway, gateway_settings, database, store, jobs):
    job = await Stand(database, store, jobs).accept("en")
    attempted(gateway_settings, job.id, 4)
    told = JobPerformance.model_validate((await gateway.call("GET", f"/jobs/{job.id}/performance")).json())
    assert (told.job_id, told.work_s, told.queue_wait_s, told.audio_s) == (job.id, 4, 0.25, 60)
    assert [each.stage for each in told.bottlenecks] == ["transcriptions"]
    missing = await gateway.call("GET", f"/jobs/{uuid4()}/performance", ok=(404,))
    assert missing.json()["code"] == "job-not-found"


async def test_trends_count_the_jobs_that_ended_and_what_was_done_for_them(gateway, gateway_settings, database, store, jobs):
    stand = Stand(database, store, jobs)
    done = await stand.finish(await stand.accept("en"))
    attempted(gateway_settings, done.id, 4)
    asked = {"by": "hour", "until": datetime.now(UTC).isoformat()}
    told = Trends.model_validate((await gateway.call("GET", "/v1/performance/trends", params=asked)).json())
    assert (sum(each.jobs for each in told.jobs), sum(each.succeeded for each in told.jobs)) == (1, 1)
    assert [(each.stage, each.attempts, each.wall_s) for each in told.stages] == [("transcriptions", 1, 4)]
    other = Trends.model_validate((await gateway.call("GET", "/v1/performance/trends", params={"stage": "profiles"})).json())
    assert (other.by, other.stages) == ("day", ())


async def test_times_that_make_no_sense_are_refused(gateway):
    for asked, code in (
        ({"by": "week"}, "invalid-request"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "invalid-request"),
        ({"since": "2025-01-01", "until": "2026-02-01", "by": "hour"}, "too-fine"),
    ):
        refused = await gateway.call("GET", "/v1/performance/trends", params=asked, ok=(422,))
        assert refused.json()["code"] == code


def test_without_the_metrics_service_the_gateway_says_so(api):
    answer = api.get("/v1/performance/trends")
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")


def test_what_jobs_wait_for_are_the_kinds_of_operation_that_the_pipeline_has():
    kinds = {way.kind.name for stage in PIPELINE.stages for way in (stage, stage.fallback) if way is not None}
    assert kinds == set(WAY)
