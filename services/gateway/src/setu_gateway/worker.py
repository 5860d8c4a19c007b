"""The gateway's worker, which moves jobs on and renders subtitles: ``python -m setu_gateway.worker``."""

from typing import Final, LiteralString

from setu_common.operations import Keepsakes, WorkerSettings, WorkerSpec, run_worker
from setu_gateway.app import SERVICE, wire_handlers
from setu_gateway.pipeline.advance import give_up
from setu_gateway.pipeline.kinds import ADVANCES, DELIVERY_QUEUE, PIPELINE_QUEUE, RENDERINGS
from setu_gateway.settings import GatewaySettings, read_settings

_MARGIN_S: Final = 60.0

# Jobs age like operations; their recordings and subtitles are swept once no row names them.
_RETIRE: Final[LiteralString] = """
DELETE FROM job WHERE id IN (
    SELECT id FROM job
    WHERE ended_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> tenant)::int, %(days)s)) LIMIT 1000)
"""
_NAMED: Final[LiteralString] = """
SELECT DISTINCT uri FROM job, unnest(objects) AS uri WHERE objects && %(uris)s AND uri = ANY(%(uris)s)
"""


def spec_of(settings: GatewaySettings) -> WorkerSpec:
    """What the gateway's worker is."""
    return WorkerSpec(
        service=SERVICE,
        queues=(PIPELINE_QUEUE, DELIVERY_QUEUE),
        wire=lambda: wire_handlers(settings),
        hard_limit_s=max(ADVANCES.timeout_s, RENDERINGS.timeout_s) + _MARGIN_S,
        settled={ADVANCES.name: give_up},
        keepsakes=(Keepsakes(retire=_RETIRE, named=_NAMED),),
    )


def main() -> None:
    """Work until told to end."""
    settings = read_settings()
    process = WorkerSettings(
        database=settings.database,
        redis=settings.redis,
        store=settings.store,
        log=settings.log,
        operations=settings.operations,
        concurrency=settings.worker.concurrency,
        ready_file=settings.worker.ready_file,
        nice=settings.worker.nice,
    )
    run_worker(spec_of(settings), process)


if __name__ == "__main__":
    main()
