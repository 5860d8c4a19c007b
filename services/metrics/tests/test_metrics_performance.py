"""Where time went, as the metrics service tells it of a ledger that holds known attempts."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import dumps
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.contracts.cost import StageMetrics
from setu_common.contracts.performance import JobPerformance, TargetQuality, Trends
from setu_common.cost.hours import ROLL_UP, ROLL_UP_DAYS
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.cost.stages import AGEING, write_stage_metrics
from setu_common.db import connect
from setu_common.http import HttpCaller, create_client
from setu_common.settings import DatabaseSettings, LogSettings, TrustSettings
from setu_common.testing import loopback
from setu_metrics.app import create_api
from setu_metrics.settings import MetricsSettings, PerformanceSettings

FILM = uuid4()
TOKEN = SecretStr("a token of the test's own")
GIB = 1 << 30
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@dataclass
class Asking:
    caller: HttpCaller
    settings: DatabaseSettings

    async def call(self, path: str, tenant: str = "acme", status: int = 200, params: dict[str, str] | None = None):
        return await self.caller.call("GET", path, headers={headers.TENANT: tenant}, params=params, ok=(status,))

    async def job(self, job_id: UUID = FILM, tenant: str = "acme") -> JobPerformance:
        return JobPerformance.model_validate((await self.call(f"/v1/performance/jobs/{job_id}", tenant)).json())

    async def trends(self, tenant: str = "acme", **params: str) -> Trends:
        asked = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-31T00:00:00Z", **params}
        return Trends.model_validate((await self.call("/v1/performance/trends", tenant, params=asked)).json())

    def attempt(self, stage: str, wall_s: float, at: datetime = NOON, **more: object) -> None:
        """An attempt that ended at some time; a transcription of a minute, where nothing else is said."""
        values = {
            "tenant": "acme", "service": "asr", "job_id": FILM, "operation_id": uuid4(), "attempt": 1, "outcome": "succeeded",
            "queue_wait_s": 0.0, "bytes_in": 1000, "bytes_out": 0, "stage": stage, "wall_s": wall_s, **more,
        }  # fmt: skip
        row = StageMetrics.model_validate(values)
        with closing(connect(self.settings, SCHEMA)) as connection:
            write_stage_metrics(connection, [row])
            connection.execute("UPDATE stage_metrics SET created_at = %s WHERE operation_id = %s", (at, row.operation_id))

    def outcome(
        self, at: datetime = NOON, seconds: float = 60, targets: tuple[dict[str, object], ...] = (), **more: object
    ) -> UUID:
        """A job that ended at some time."""
        job_id = uuid4()
        row = {
            "job_id": job_id, "tenant": "acme", "state": "succeeded", "degraded": False, "problem": None, "audio_s": 60.0,
            "created_at": at - timedelta(seconds=seconds), "ended_at": at, "expected_time_s": None, **more,
            "targets": dumps([TargetQuality.model_validate(each).model_dump() for each in targets]),
        }  # fmt: skip
        with closing(connect(self.settings, SCHEMA)) as connection:
            connection.execute(
                f"INSERT INTO job_outcome ({', '.join(row)}) VALUES ({', '.join(f'%({name})s' for name in row)})", row
            )
        return job_id

    def history(self, count: int, wall_s: float, audio_s: float = 60.0, **more: object) -> None:
        """Earlier jobs: a transcription of each."""
        for number in range(count):
            at = NOON - timedelta(days=1, minutes=number)
            job_id = self.outcome(at, audio_s=audio_s)
            self.attempt("transcriptions", wall_s, at, job_id=job_id, audio_s=audio_s, bytes_in=number, **more)

    def carry_out(self, statement: str, **values: object) -> int:
        """What a worker does once an hour, until there is nothing left; how many rows it wrote or removed."""
        rows = 0
        with closing(connect(self.settings, SCHEMA)) as connection:
            while (done := connection.execute(statement, values).rowcount) > 0:
                rows += done
        return rows


@pytest.fixture
async def asking(cloned_database) -> AsyncIterator[Asking]:
    settings = cloned_database("ledger", migrate_ledger)
    performance = PerformanceSettings(memory_limit_bytes=4 * GIB)
    app = create_api(MetricsSettings(settings, LogSettings(), performance=performance), TrustSettings(service_token=TOKEN))
    async with loopback(app) as url, create_client(url, service_token=TOKEN, timeout_s=20) as client:
        yield Asking(HttpCaller(client, name="metrics"), settings)


async def test_a_jobs_time_is_told_stage_by_stage_with_what_is_over_a_fifth_of_it(asking):
    asking.attempt("profiles", 2, NOON + timedelta(seconds=2), queue_wait_s=1, audio_s=60.0, cpu_s=1.5, peak_rss_bytes=GIB)
    asking.attempt("transcriptions", 30, NOON + timedelta(seconds=40), queue_wait_s=3, cpu_s=40, peak_rss_bytes=2 * GIB)
    asking.attempt("translations", 8, NOON + timedelta(seconds=50), service="translate", target="hi", cpu_s=1)
    asking.attempt("notices", 900, NOON + timedelta(hours=2), service="gateway")
    asking.attempt("transcriptions", 500, job_id=uuid4())
    asking.attempt("transcriptions", 500, tenant="umbrella")

    told = await asking.job()

    assert [(each.stage, each.wall_s) for each in told.stages] == [("profiles", 2), ("transcriptions", 30), ("translations", 8)]
    assert (told.duration_s, told.work_s, told.queue_wait_s, told.cpu_s) == (51, 40, 4, 42.5)
    assert (told.peak_rss_bytes, told.audio_s) == (2 * GIB, 60)
    assert [(each.stage, each.cause, each.share) for each in told.bottlenecks] == [("transcriptions", "share", 0.75)]
    assert "75%" in told.bottlenecks[0].detail


async def test_a_job_that_nobody_knows_took_no_time(asking):
    told = await asking.job()
    assert (told.duration_s, told.stages, told.bottlenecks, told.recommendations) == (0, (), (), ())


async def test_what_several_workers_heard_of_a_recording_tells_nothing_of_what_one_takes(asking):
    asking.attempt("transcriptions", 580, audio_s=600.0, model="whisper-base")
    for number in range(20):
        at = NOON - timedelta(days=1, minutes=number)
        job_id = asking.outcome(at, audio_s=650.0)
        asking.attempt("transcriptions", 2, at, job_id=job_id, audio_s=650.0, model="whisper-base")
        for _ in range(3):
            asking.attempt("transcriptions", 200, at, job_id=job_id, model="whisper-base")
    assert [each.cause for each in (await asking.job()).bottlenecks] == ["share"]


async def test_a_stage_is_slow_by_what_it_takes_at_recordings_of_this_length_and_only_where_enough_is_known(asking):
    asking.attempt("transcriptions", 31, audio_s=60.0, model="whisper-base")
    asking.history(19, wall_s=20, audio_s=40.0, model="whisper-base")  # as 30 s at this length
    asking.history(40, wall_s=500, audio_s=600.0, model="whisper-base")  # a film, not a talk
    asking.history(40, wall_s=1, audio_s=60.0, model="whisper-tiny")
    assert [each.cause for each in (await asking.job()).bottlenecks] == ["share"]
    asking.history(1, wall_s=20, audio_s=40.0, model="whisper-base")

    share, slower = (await asking.job()).bottlenecks

    assert (slower.cause, slower.wall_s, slower.samples) == ("slower_than_usual", 31, 20)
    assert slower.usual_p95_s == pytest.approx(30)
    assert share.usual_p95_s == pytest.approx(30)
    slow = next(each for each in (await asking.job()).recommendations if each.cause == "model_slow")
    assert (slow.setting, slow.saves_s) == ("SETU_ASR_MODEL", pytest.approx(1))


async def test_what_holds_a_job_up_is_named_with_the_setting_that_mends_it(asking):
    asking.attempt("transcriptions", 20, queue_wait_s=50, model_load_s=12, peak_rss_bytes=int(3.9 * GIB), audio_s=60.0)
    asking.attempt("translations", 6, service="translate", outcome="failed", problem="dependency-timeout")

    told = (await asking.job()).recommendations

    assert [(each.cause, each.setting, each.saves_s) for each in told] == [
        ("queue_wait", "SETU_WORKER_CONCURRENCY", 50),
        ("model_load", "SETU_ASR_IDLE_TTL_S", 12),
        ("attempts_in_vain", "setu breakers list", 6),
        ("memory_near_limit", "SETU_ASR_BATCH_SIZE", None),
    ]
    assert "dependency-timeout" in told[2].detail


async def test_what_was_heard_before_and_is_heard_again_is_told_and_what_is_only_as_long_is_not(asking):
    asking.attempt("transcriptions", 9, audio_s=61.25, model="whisper-base")
    asking.attempt(
        "transcriptions", 8, NOON - timedelta(hours=1), job_id=uuid4(), audio_s=61.25, model="whisper-base", bytes_in=7
    )
    asking.attempt("transcriptions", 8, NOON - timedelta(hours=1), job_id=uuid4(), audio_s=61.25, model="whisper-tiny")
    asking.attempt("transcriptions", 8, NOON + timedelta(hours=1), job_id=uuid4(), audio_s=61.25, model="whisper-base")
    assert (await asking.job()).recommendations == ()
    asking.attempt("transcriptions", 8, NOON - timedelta(hours=1), job_id=uuid4(), audio_s=61.25, model="whisper-base")
    (missed,) = (await asking.job()).recommendations
    assert (missed.cause, missed.setting, missed.saves_s) == ("cache_missed", "SETU_OPERATIONS_RETENTION_DAYS", 9)


async def test_jobs_are_counted_by_the_day_and_the_hour_in_which_they_ended(asking):
    better: dict[str, object] = {"target": "hi", "lines": 9, "edited": 2, "score_before": 60.0, "score_after": 80.0}
    unedited: dict[str, object] = {"target": "es", "lines": 9, "edited": 0, "score_before": 90.0}
    for number in range(1, 11):
        asking.outcome(NOON + timedelta(minutes=number), seconds=number * 10)
    asking.outcome(NOON + timedelta(minutes=59), seconds=7, degraded=True, targets=(better, unedited))
    asking.outcome(NOON + timedelta(hours=1), seconds=1, state="failed", problem="media-unreadable", audio_s=None)
    asking.outcome(NOON + timedelta(hours=2), state="cancelled")
    asking.outcome(NOON + timedelta(days=1), tenant="umbrella")

    (day,) = (await asking.trends()).jobs
    hours = (await asking.trends(by="hour", since="2026-03-14T00:00:00Z", until="2026-03-15T00:00:00Z")).jobs

    assert (day.at, day.jobs, day.succeeded, day.failed, day.cancelled, day.degraded) == (NOON.replace(hour=0), 13, 11, 1, 1, 1)
    assert (day.success_rate, day.duration_p50_s, day.duration_p95_s) == (11 / 12, 50, 100)
    assert (day.audio_s, day.quality) == (12 * 60, 85)
    assert [(each.at, each.jobs, each.success_rate) for each in hours] == [
        (NOON, 11, 1),
        (NOON + timedelta(hours=1), 1, 0),
        (NOON + timedelta(hours=2), 1, None),
    ]


async def test_attempts_are_counted_by_what_they_were_and_what_became_of_them(asking):
    for number in range(1, 101):
        asking.attempt("transcriptions", float(number), queue_wait_s=number / 10, cpu_s=2.0 * number, audio_s=10.0)
    asking.attempt("transcriptions", 0.1, cached=True)
    for outcome in ("failed", "died", "lost"):
        asking.attempt("transcriptions", 1000, outcome=outcome)
    asking.attempt("transcriptions", 3, outcome="stopped")
    asking.attempt("translations", 400, service="translate", gpu_percent=50.0)

    told = await asking.trends()

    heard, translated = told.stages
    assert (heard.service, heard.stage, heard.attempts, heard.succeeded, heard.failed, heard.cached) == (
        "asr", "transcriptions", 105, 101, 3, 1,
    )  # fmt: skip
    assert (heard.duration_p50_s, heard.duration_p95_s) == (pytest.approx(50, rel=0.025), pytest.approx(95, rel=0.025))
    # What did not wait counts as well: half of 105 waited no longer than 4.8 s.
    assert (heard.queue_wait_p50_s, heard.queue_wait_p95_s) == (pytest.approx(4.8, rel=0.03), pytest.approx(9.5, rel=0.025))
    assert (heard.wall_s, heard.cpu_s, heard.cpu_percent) == (pytest.approx(8053.1), 10100, pytest.approx(200))
    assert (heard.audio_s, translated.gpu_percent) == (1000, 50)
    assert [(each.stage, each.cause) for each in told.bottlenecks] == [("transcriptions", "share")]
    assert [(each.cause, each.saves_s) for each in told.recommendations] == [
        ("model_slow", pytest.approx(7053.1)),
        ("attempts_in_vain", 3000),
    ]
    assert (await asking.trends(stage="translations")).stages == (translated,)


async def test_what_is_told_of_a_time_is_the_same_before_and_after_it_is_added_up_and_when_the_attempts_are_forgotten(asking):
    for number in range(300):
        at = NOON + timedelta(minutes=7 * number)
        stage, outcome = (
            ("profiles", "succeeded") if number % 3 else ("transcriptions", "failed" if number % 7 == 0 else "succeeded")
        )
        asking.attempt(
            stage, 0.0004 * 1.06**number, at, queue_wait_s=number % 5, outcome=outcome, cached=number % 11 == 0,
            cpu_s=None if number % 2 else 1.0, gpu_percent=30.0 if number % 4 == 0 else None, peak_rss_bytes=number, audio_s=5.0,
        )  # fmt: skip
    asked = [{}, {"by": "hour", "since": "2026-03-14T12:30:00Z"}, {"stage": "profiles"}, {"until": "2026-03-15T00:01:00Z"}]
    before = [await asking.trends(**each) for each in asked]
    assert len(before[1].stages) == 70

    for statement, rows in ((ROLL_UP, 70), (ROLL_UP_DAYS, 4)):
        assert asking.carry_out(statement) == rows
        assert asking.carry_out(statement) == 0
        assert [rounded(await asking.trends(**each)) for each in asked] == [rounded(each) for each in before]

    for statement in AGEING:
        asking.carry_out(statement, days=32, hours_days=3000)
    with closing(connect(asking.settings, SCHEMA)) as connection:
        assert connection.execute("SELECT count(*) FROM stage_metrics").fetchone() == (0,)
    assert [rounded(await asking.trends(**each)) for each in asked] == [rounded(each) for each in before]


def rounded(trends: Trends) -> list[dict]:
    """Sums are added in another order, and differ in their last digits."""
    return [
        {name: round(value, 6) if isinstance(value, float) else value for name, value in each.model_dump().items()}
        for each in trends.stages
    ]


async def test_an_attempt_that_is_written_late_counts_once_wherever_its_hour_is_told_from(asking):
    async def counted() -> int:
        return sum(each.attempts for each in (await asking.trends()).stages)

    asking.attempt("profiles", 1)
    asking.carry_out(ROLL_UP)
    asking.attempt("profiles", 2, NOON + timedelta(minutes=1))
    assert await counted() == 2
    for statement in AGEING:  # it is not forgotten before it was added up
        asking.carry_out(statement, days=32, hours_days=3000)
    assert await counted() == 2
    asking.carry_out(ROLL_UP)
    assert await counted() == 2
    asking.attempt("profiles", 4, NOON + timedelta(minutes=2))
    asking.carry_out(ROLL_UP_DAYS)
    asking.carry_out(ROLL_UP)
    assert await counted() == 3
    asking.carry_out(ROLL_UP_DAYS)
    assert await counted() == 3
    (told,) = (await asking.trends()).stages
    assert (told.wall_s, told.duration_p95_s) == (7, pytest.approx(4, rel=0.025))


async def test_hours_that_are_not_over_are_not_added_up_and_are_told_all_the_same(asking):
    asking.attempt("profiles", 1, datetime.now(UTC))
    assert asking.carry_out(ROLL_UP) == 0
    told = Trends.model_validate((await asking.call("/v1/performance/trends", params={"by": "hour"})).json())
    assert [each.attempts for each in told.stages] == [1]
    assert told.until - told.since >= timedelta(days=7)


async def test_while_one_process_adds_up_another_leaves_it_and_nothing_counts_twice(asking):
    for number in range(5):
        asking.attempt("profiles", 1 + number)
    with closing(connect(asking.settings, SCHEMA)) as first, first.transaction():
        assert first.execute(ROLL_UP).rowcount == 1
        assert asking.carry_out(ROLL_UP) == 0
        assert [each.attempts for each in (await asking.trends()).stages] == [5]
    assert asking.carry_out(ROLL_UP) == 0
    assert [each.attempts for each in (await asking.trends()).stages] == [5]


async def test_hours_and_outcomes_are_forgotten_after_their_own_times(asking):
    for days in (10, 50, 200):
        at = datetime.now(UTC) - timedelta(days=days)
        asking.attempt("profiles", 1, at)
        asking.outcome(at)
    for statement in (ROLL_UP, ROLL_UP_DAYS):
        asking.carry_out(statement)
    for statement in AGEING:
        asking.carry_out(statement, days=32, hours_days=100)
    with closing(connect(asking.settings, SCHEMA)) as connection:
        assert connection.execute("SELECT count(*) FROM stage_hour").fetchone() == (2,)
    since = (datetime.now(UTC) - timedelta(days=400)).isoformat()
    told = await asking.trends(since=since, until=datetime.now(UTC).isoformat())
    assert (sum(each.attempts for each in told.stages), sum(each.jobs for each in told.jobs)) == (2, 1)


async def test_times_that_make_no_sense_are_refused_and_say_what_to_ask_for(asking):
    async def refusal(**params: str) -> dict:
        return (await asking.call("/v1/performance/trends", status=422, params=params)).json()

    assert (await refusal(by="hour", since="2026-01-01T00:00:00Z", until="2026-03-01T00:00:00Z"))["code"] == "too-fine"
    assert (await refusal(since="2026-03-02T00:00:00Z", until="2026-03-01T00:00:00Z"))["code"] == "invalid-request"
    assert (await refusal(since="0001-01-01T00:00:00Z"))["code"] == "invalid-request"
    assert (await refusal(until="9999-12-31T23:59:59Z"))["code"] == "invalid-request"
    told = await asking.trends(since="2026-03-01T10:20:00", until="2026-03-02T10:20:00")  # no zone: UTC
    assert (told.since, told.until) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))


async def test_nobody_sees_how_another_tenants_work_goes(asking):
    asking.attempt("profiles", 1, tenant="umbrella")
    asking.outcome(tenant="umbrella")
    asking.carry_out(ROLL_UP)
    told = await asking.trends()
    assert (told.jobs, told.stages, (await asking.job()).stages) == ((), (), ())
