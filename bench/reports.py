"""How fast reports are told of 100,000 attempts and as many paid calls as those make: ``python -m bench reports``."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx2

from bench.figures import Figure, judged
from bench.trends import ATTEMPTS, DAYS, GOAL_MS, JOBS, REQUESTS, TENANT, fill, p95_ms, service
from setu_cli.embedded.postgres import running_postgres
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.db import connect
from setu_common.settings import DatabaseSettings

PICTURE_GOAL_MS: Final = 1000.0
PICTURES: Final = 20  # so many are asked for in place of REQUESTS
_TOLD: Final = ("json", "txt")

# A call for each attempt that asks a model; one in a hundred broke off, one in twenty failed.
_CALLS: Final = """
INSERT INTO call_intent (id, tenant, service, job_id, stage, target, operation_id, attempt, provider, model, bound, bound_usd, price_source,
    created_at)
SELECT gen_random_uuid(), tenant, service, job_id, stage, target, operation_id, attempt, 'openai', model, '{}', 0.01, 'bench',
    created_at - wall_s * interval '1 second'
FROM stage_metrics WHERE model IS NOT NULL
"""
_EVENTS: Final = """
INSERT INTO cost_event (call_id, tenant, outcome, usage, usd, price_source, duration_s, created_at)
SELECT id, tenant, CASE WHEN random() < 0.05 THEN 'failed' ELSE 'ok' END,
    '{"input_tokens": 1200, "cache_read_tokens": 0, "cache_write_tokens": 0, "cache_write_1h_tokens": 0, "input_audio_tokens": 0,
      "output_tokens": 330}', 0.0012, 'bench', 1, created_at + interval '1 second'
FROM call_intent WHERE random() < 0.99
"""


def _asked(client: httpx2.Client, job_id: UUID, calls: int) -> list[Figure]:
    job, costs, quality = f"/v1/reports/jobs/{job_id}", "/v1/reports/cost-trends", "/v1/reports/quality"
    told = client.get(costs, params={"days": str(DAYS + 1)}).raise_for_status().json()
    if told["total"]["calls"] < 0.99 * calls:
        raise RuntimeError(f"reports tell of {told['total']['calls']} calls")
    how = (
        f"p95 of requests ({REQUESTS}, or {PICTURES} for what is drawn), one after the other, to the service on loopback, of {ATTEMPTS} attempts, "
        f"{calls} calls and {JOBS} jobs in {DAYS} days"
    )
    days = {"days": str(DAYS + 1)}
    return [
        judged(
            name,
            p95_ms(client, path, {**params, "format": form}, REQUESTS if form in _TOLD else PICTURES),
            unit="ms",
            goal=GOAL_MS if form in _TOLD else PICTURE_GOAL_MS,
            better="less",
            how=how,
        )
        for name, path, params, form in (
            ("a job's report", job, {}, "json"),
            ("a job's report as text", job, {}, "txt"),
            ("cost trends by service", costs, days, "json"),
            ("cost trends by model", costs, {**days, "by": "model"}, "json"),
            ("quality trends", quality, days, "json"),
            ("a job's timeline, drawn", job, {}, "png"),
            ("a job's page, with its timeline", job, {}, "html"),
            ("the chart of costs, drawn", costs, days, "png"),
            ("the chart of quality, drawn", quality, days, "png"),
        )
    ]


def measure() -> list[Figure]:
    """Figures and texts first, then what is drawn."""
    with tempfile.TemporaryDirectory(prefix="setu-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(folder / "postgres") as postgres:
            database = DatabaseSettings(url=postgres.url)
            migrate_ledger(database)
            with closing(connect(database, SCHEMA)) as connection:
                fill(connection)
                calls = connection.execute(_CALLS).rowcount
                connection.execute(_EVENTS)
                connection.execute("VACUUM ANALYZE")
                newest = connection.execute(
                    "SELECT job_id FROM job_outcome WHERE tenant = %s ORDER BY ended_at DESC LIMIT 1", (TENANT,)
                ).fetchall()
                with service(folder, database) as client:
                    return _asked(client, newest[0][0], calls)
