"""How soon the dashboard's first view is there, in a real browser, with 10,000 jobs on record: ``python -m bench dashboard``."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from playwright.sync_api import Browser, Page

from bench.bare import bare
from bench.figures import Figure, judged
from browsing.browser import browsing, tab
from setu_cli.embedded.ports import free_port
from setu_common.cost.ledger import SCHEMA
from setu_common.db import connect
from setu_common.settings import DatabaseSettings

JOBS: Final = 10_000
ROUNDS: Final = 15
GOAL_MS: Final = 1000.0

# Over a month, one a few minutes; two run and three wait, as on a busy day.
_JOBS: Final = """
INSERT INTO job (id, tenant, state, request, media_name, media_uri, media_bytes, media_type, body_sha256, source_language, objects,
    progress, created_at, ended_at)
SELECT gen_random_uuid(), 'local', state, '{"target_languages": ["en", "fr"]}', 'episode ' || n || '.mp4',
    'setu://gateway/local/2026-01-31/' || repeat('0', 64) || '-' || lpad(to_hex(n), 8, '0'), 300000000, 'video/mp4', 'x', 'hi', '{}',
    CASE WHEN state IN ('queued', 'running') THEN 0.4 ELSE 1 END, at,
    CASE WHEN state NOT IN ('queued', 'running') THEN at + interval '3 minutes' END
FROM (SELECT n, now() - interval '30 days' * n / %(jobs)s AS at,
    CASE WHEN n <= 2 THEN 'running' WHEN n <= 5 THEN 'queued' WHEN n %% 9 = 0 THEN 'failed' ELSE 'succeeded' END AS state
    FROM generate_series(1, %(jobs)s) AS n) AS each
"""
_STAGES: Final = """
INSERT INTO stage (job_id, tenant, stage, target, position, state)
SELECT id, tenant, name, '', position, CASE WHEN state = 'queued' THEN 'waiting' WHEN state = 'running' THEN 'running' ELSE 'succeeded' END
FROM job, unnest(ARRAY['profile', 'plan', 'transcribe', 'render']) WITH ORDINALITY AS names (name, position)
"""
_OUTCOMES: Final = """
INSERT INTO job_outcome (job_id, tenant, state, degraded, audio_s, created_at, ended_at, targets)
SELECT id, tenant, state, false, 1200, created_at, ended_at, '[]' FROM gateway.job WHERE ended_at IS NOT NULL
"""
_ATTEMPTS: Final = """
INSERT INTO stage_metrics (tenant, service, job_id, stage, target, operation_id, attempt, outcome, wall_s, cpu_s, peak_rss_bytes,
    queue_wait_s, bytes_in, bytes_out, cached, created_at)
SELECT job.tenant, 'asr', job_id, kind, '', gen_random_uuid(), 1, 'succeeded', 30 * exp(random_normal()), 25, 600000000, 1, 1e6, 1e5,
    false, ended_at
FROM job_outcome AS job, unnest(ARRAY['profiles', 'transcriptions', 'translations', 'renderings']) AS kind
"""


@contextmanager
def _gateway() -> Iterator[str]:
    """The gateway and the metrics service, as processes of their own, with many jobs on record."""
    metrics, gateway = free_port(), free_port()
    with bare({"SETU_GATEWAY_METRICS_URL": f"http://127.0.0.1:{metrics}"}) as ground:
        ground.migrated("metrics", "gateway")
        fill(DatabaseSettings(url=ground.database_url))
        with ground.served("metrics", metrics), ground.served("gateway", gateway):
            yield f"http://127.0.0.1:{gateway}"


def fill(database: DatabaseSettings) -> None:
    """Put the jobs on record."""
    with closing(connect(database, "gateway")) as connection:
        connection.execute(_JOBS, {"jobs": JOBS})
        connection.execute(_STAGES)
        connection.execute("VACUUM ANALYZE")
    with closing(connect(database, SCHEMA)) as connection:
        connection.execute(_OUTCOMES)
        connection.execute(_ATTEMPTS)
        connection.execute("VACUUM ANALYZE")


def _first_view_ms(browser: Browser, url: str) -> tuple[float, float]:
    """From the click until the jobs are there, and until the figures above them are too, in a browser that was never here."""
    with tab(browser, url) as opened:
        opened.page.goto(url, wait_until="commit")
        jobs_ms, all_ms = (_since_start_ms(opened.page, *wanted) for wanted in ((".rows li", 25), (".tile", 4)))
        if opened.complaints:
            raise RuntimeError(opened.complaints)
        return jobs_ms, all_ms


def _since_start_ms(page: Page, selector: str, count: int) -> float:
    """When so many elements were there, looked at with each frame, since the navigation's start."""
    wanted = "([selector, count]) => document.querySelectorAll(selector).length >= count && performance.now()"
    moment: float = page.wait_for_function(wanted, arg=[selector, count]).json_value()
    return moment


def measure() -> list[Figure]:
    """Look often, each time for the first time."""
    executable = shutil.which("chromium")
    if executable is None:
        raise RuntimeError("chromium is not installed: apt-get install --no-install-recommends chromium")
    with _gateway() as url, browsing(executable) as browser:
        views = [_first_view_ms(browser, url) for _ in range(ROUNDS + 1)][1:]
    how = f"from the start of the navigation, by the page's own clock, over loopback, {JOBS} jobs on record, nothing in the browser's cache"
    return [
        judged("first view: the jobs", [jobs for jobs, _ in views], unit="ms", goal=GOAL_MS, better="less", how=how),
        judged(
            "first view: the figures at a glance too",
            [each for _, each in views],
            unit="ms",
            goal=GOAL_MS,
            better="less",
            how=how,
        ),
    ]
