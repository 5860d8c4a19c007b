"""The worker's process: ``python -m setu_enhancer.worker``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from setu_common.contracts import ENHANCEMENTS, QUALITY_SCORES
from setu_common.cost.recording import metering
from setu_common.db import Database, aside
from setu_common.http.sharing import shared_dependencies
from setu_common.operations import Bound, Keepsakes, WorkerSpec, run_worker
from setu_common.store import Store
from setu_enhancer.equipment import equipped
from setu_enhancer.kinds import KINDS
from setu_enhancer.metrics import CountedEnhancements
from setu_enhancer.repository import NAMED, RETIRE
from setu_enhancer.service import EnhancementService
from setu_enhancer.settings import SERVICE, EnhancerSettings, read_settings

# They wait for language models and not for a processor, so that a few lines need not wait for a whole film.
CONCURRENCY: Final = 2


def main() -> None:
    """Work until told to stop."""
    settings = read_settings()
    run_worker(specify(settings), settings.core)


def specify(settings: EnhancerSettings) -> WorkerSpec:
    """What the worker is."""
    return WorkerSpec(
        service=SERVICE,
        kinds=KINDS,
        wire=partial(handlers, settings),
        concurrency=CONCURRENCY,
        keepsakes=(Keepsakes(retire=RETIRE, named=NAMED),),
    )


@asynccontextmanager
async def handlers(settings: EnhancerSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does. It keeps its connections to language models."""
    database = Database(aside(settings.core.database), SERVICE)
    try:
        async with (
            shared_dependencies(settings.core.redis) as dependencies,
            metering(settings.core.database, settings.prices) as meter,
            equipped(settings, database, dependencies, meter) as desk,
        ):
            service = EnhancementService(Store(settings.core.store, SERVICE), desk)
            await dependencies.announce()
            counted = CountedEnhancements(
                service, CollectorRegistry()
            )  # in a worker's child any will do, since children count together
            yield [Bound(ENHANCEMENTS, counted.enhance), Bound(QUALITY_SCORES, service.scores)]
    finally:
        await database.close()


if __name__ == "__main__":
    main()
