"""The gateway's worker, which moves jobs on and renders subtitles: ``python -m setu_gateway.worker``."""

from dataclasses import replace
from typing import Final, LiteralString

from setu_common.operations import Ending, Keepsakes, Statement, WorkerSpec, run_worker
from setu_gateway.delivery.webhooks import notice_of
from setu_gateway.handlers import wire_fetching, wire_handlers
from setu_gateway.pipeline.advance import give_up
from setu_gateway.pipeline.kinds import (
    ADVANCES,
    BUDGET_NOTICES,
    CORRECTION_LESSONS,
    FETCHES,
    LESSONS,
    MUXINGS,
    NOTICES,
    RENDERINGS,
)
from setu_gateway.pipeline.metrics import JobMetrics
from setu_gateway.pipeline.outcomes import outcome_given_up
from setu_gateway.settings import SERVICE, GatewaySettings, read_settings

# Jobs that are moved on, or subtitles rendered, at once: both are quick.
_CONCURRENCY: Final = 2
# They wait for hosts outside, or for the disk, and not for a processor.
_WAITING_AT_ONCE: Final = 4

# Jobs age like operations, and their budgets with them; their recordings and subtitles are swept once no row names them.
_RETIRE: Final[LiteralString] = """
WITH old AS (
    SELECT id, tenant FROM job
    WHERE ended_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000
), freed AS (
    DELETE FROM ledger.budget USING old WHERE budget.tenant = old.tenant AND budget.job_id = old.id)
DELETE FROM job USING old WHERE job.id = old.id
"""
_NAMED: Final[LiteralString] = """
SELECT DISTINCT uri FROM job, unnest(objects) AS uri WHERE objects && %(uris)s AND uri = ANY(%(uris)s)
"""


def run_ended(ending: Ending) -> list[Statement]:
    """What is written when the operation that moves a run on ends: its job is given up if it was left, with how it ended; and a notice."""
    return [*give_up(ending), *outcome_given_up(ending), *notice_of(ending)]


def spec_of(settings: GatewaySettings) -> WorkerSpec:
    """What the gateway's worker is."""
    return WorkerSpec(
        service=SERVICE,
        kinds=(ADVANCES, RENDERINGS),
        wire=lambda: wire_handlers(settings),
        concurrency=_CONCURRENCY,
        settled={ADVANCES.name: run_ended},
        keepsakes=(Keepsakes(retire=_RETIRE, named=_NAMED),),
        counting=JobMetrics,
    )


def fetcher_spec_of(settings: GatewaySettings) -> WorkerSpec:
    """What the gateway's other worker is: as the first, but it does what may take long since others are waited for."""
    return replace(
        spec_of(settings),
        kinds=(FETCHES, MUXINGS, NOTICES, BUDGET_NOTICES, LESSONS, CORRECTION_LESSONS),
        wire=lambda: wire_fetching(settings),
        concurrency=_WAITING_AT_ONCE,
    )


def main() -> None:
    """Work until told to end."""
    settings = read_settings()
    run_worker(spec_of(settings), settings.core)


if __name__ == "__main__":
    main()
