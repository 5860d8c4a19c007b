"""The worker's process: ``python -m setu_translate.worker``."""

from functools import partial
from typing import Final

from setu_common.operations import WorkerSettings, WorkerSpec, run_worker
from setu_translate.app import KINDS, SERVICE, handlers
from setu_translate.settings import TranslateSettings, read_settings

HARD_LIMIT_MARGIN_S: Final = 300.0


def specify(settings: TranslateSettings) -> tuple[WorkerSpec, WorkerSettings]:
    """What the worker is, and what it is told."""
    spec = WorkerSpec(
        service=SERVICE,
        queues=tuple(kind.queue for kind in KINDS),
        wire=partial(handlers, settings),
        hard_limit_s=max(kind.timeout_s for kind in KINDS) + HARD_LIMIT_MARGIN_S,
    )
    return spec, WorkerSettings(
        database=settings.database,
        redis=settings.redis,
        store=settings.store,
        log=settings.log,
        operations=settings.operations,
        concurrency=settings.worker.concurrency,
        ready_file=settings.worker.ready_file,
        nice=settings.worker.nice,
    )


def main() -> None:
    """Work until told to stop."""
    run_worker(*specify(read_settings()))


if __name__ == "__main__":
    main()
