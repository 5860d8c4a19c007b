"""How fast trends and a job's performance are told of 100,000 attempts, by the service over HTTP: ``python -m bench trends``."""

import math
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx2
import psycopg

from bench.bare import running
from bench.figures import Figure, judged
from setu_cli.embedded.ports import free_port
from setu_cli.embedded.postgres import running_postgres
from setu_common.contracts import headers
from setu_common.cost.hours import ROLL_UP, ROLL_UP_DAYS
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.db import connect
from setu_common.settings import DatabaseSettings

ATTEMPTS: Final = 100_000
JOBS: Final = 10_000
DAYS: Final = 30
ROUNDS: Final = 5
REQUESTS: Final = 40
GOAL_MS: Final = 300.0
TENANT: Final = "bench"

# Jobs over a month, each of ten attempts: one of six fails, one of ten is taken from earlier work, times are log-normal.
_JOBS: Final = """
INSERT INTO job_outcome (job_id, tenant, state, degraded, audio_s, created_at, ended_at, targets, expected_time_s)
SELECT gen_random_uuid(), %(tenant)s, CASE WHEN n %% 6 = 0 THEN 'failed' ELSE 'succeeded' END, n %% 9 = 0, 60 * exp(random_normal()),
    at - interval '3 minutes' * exp(random_normal()), at,
    '[{"target": "en", "lines": 40, "edited": 9, "score_before": 70.5, "score_after": 78.25}]', 40
FROM (SELECT n, now() - %(days)s * interval '1 day' * n / %(jobs)s AS at FROM generate_series(1, %(jobs)s) AS n) AS each
"""
_ATTEMPTS: Final = """
INSERT INTO stage_metrics (tenant, service, job_id, stage, target, operation_id, attempt, outcome, wall_s, cpu_s, peak_rss_bytes,
    queue_wait_s, bytes_in, bytes_out, cached, model, model_load_s, audio_s, created_at)
SELECT job.tenant, kind.service, job.job_id, kind.stage, kind.target, gen_random_uuid(), 1,
    CASE WHEN random() < 0.05 THEN 'failed' ELSE 'succeeded' END, kind.takes_s * exp(random_normal()), kind.takes_s, 1e9 * random(),
    exp(random_normal()), 1e6, 1e5, random() < 0.1, kind.model, NULL, CASE kind.stage WHEN 'transcriptions' THEN job.audio_s END,
    job.ended_at - kind.before_s * interval '1 second'
FROM job_outcome AS job, (VALUES
    ('asr', 'profiles', '', 2.0, NULL, 90), ('optimizer', 'plans', '', 0.05, NULL, 85),
    ('asr', 'transcriptions', '', 30.0, 'whisper-base', 60), ('translate', 'translations', 'en', 9.0, 'gemma', 40),
    ('translate', 'translations', 'es', 9.0, 'gemma', 38), ('enhancer', 'enhancements', 'en', 6.0, 'gpt', 20),
    ('enhancer', 'enhancements', 'es', 6.0, 'gpt', 18), ('gateway', 'renderings', '', 0.02, NULL, 5),
    ('gateway', 'renderings', 'en', 0.02, NULL, 2), ('gateway', 'renderings', 'es', 0.02, NULL, 1)
) AS kind (service, stage, target, takes_s, model, before_s)
"""


@contextmanager
def service(folder: Path, database: DatabaseSettings) -> Iterator[httpx2.Client]:
    """The metrics service as a process of its own, and a client that it trusts."""
    port, token = free_port(), secrets.token_urlsafe(24)
    variables = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": database.url,
        "SETU_SERVICE_TOKEN": token,
        "SETU_LOG_LEVEL": "WARNING",
    }
    known = {"Authorization": f"Bearer {token}", headers.TENANT: TENANT}
    command = [sys.executable, "-m", "setu_metrics.main", "--port", str(port)]
    with (
        running(command, variables, folder / "metrics.log", port),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=known, timeout=30) as client,
    ):
        yield client


def p95_ms(client: httpx2.Client, path: str, params: dict[str, str], requests: int = REQUESTS) -> list[float]:
    """What 95 of 100 requests stay below, by round."""
    rounds = []
    for number in range(ROUNDS + 1):
        took_ms = []
        for _ in range(requests):
            began = time.monotonic()
            client.get(path, params=params).raise_for_status()
            took_ms.append(1000 * (time.monotonic() - began))
        if number:  # the first round warms up
            rounds.append(sorted(took_ms)[math.ceil(0.95 * requests) - 1])
    return rounds


def _asked(client: httpx2.Client, jobs: list[UUID], when: str) -> list[Figure]:
    now = datetime.now(UTC)
    month = {"since": (now - timedelta(days=DAYS)).isoformat(), "by": "day"}
    told = client.get("/v1/performance/trends", params=month).raise_for_status().json()
    counted = sum(stage["attempts"] for stage in told["stages"])
    if counted < 0.99 * ATTEMPTS:
        raise RuntimeError(f"trends tell of {counted} attempts")
    two_days = {"since": (now - timedelta(days=2)).isoformat(), "by": "hour"}
    how = f"p95 of {REQUESTS} requests, one after the other, to the service on loopback, of {counted} attempts and {JOBS} jobs, {when}"
    return [
        judged(f"{name}, {when}", p95_ms(client, path, params), unit="ms", goal=GOAL_MS, better="less", how=how)
        for name, path, params in (
            ("trends of 30 days by day", "/v1/performance/trends", month),
            ("trends of 2 days by hour", "/v1/performance/trends", two_days),
            ("a job's performance", f"/v1/performance/jobs/{jobs[0]}", {}),
        )
    ]


def _add_up(connection: psycopg.Connection[tuple[object, ...]]) -> float:
    """What a worker does once an hour, of all hours at once; how long it took, seconds."""
    began = time.monotonic()
    for statement in (ROLL_UP, ROLL_UP_DAYS):
        while connection.execute(statement).rowcount > 0:
            pass
    return time.monotonic() - began


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Write down what jobs of a month took."""
    values = {"tenant": TENANT, "jobs": JOBS, "days": DAYS}
    connection.execute(_JOBS, values)
    connection.execute(_ATTEMPTS, values)


def measure() -> list[Figure]:
    """Before attempts are added up, and after."""
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(folder / "postgres") as postgres:
            database = DatabaseSettings(url=postgres.url)
            migrate_ledger(database)
            with closing(connect(database, SCHEMA)) as connection:
                fill(connection)
                connection.execute("VACUUM ANALYZE")
                newest = connection.execute("SELECT job_id FROM job_outcome ORDER BY ended_at DESC LIMIT 1").fetchall()
                with service(folder, database) as client:
                    jobs = [row[0] for row in newest]
                    before = _asked(client, jobs, "before they are added up")
                    added_s = _add_up(connection)
                    connection.execute("VACUUM ANALYZE")
                    after = _asked(client, jobs, "after")
    how = f"{ATTEMPTS} attempts of {DAYS} days, in transactions of 10,000; once an hour there are some hundred"
    added = judged("adding up all hours and days at once", [added_s], unit="s", goal=60.0, better="less", how=how)
    return [*before, *after, added]
