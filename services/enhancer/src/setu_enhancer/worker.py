"""The worker's process: ``python -m setu_enhancer.worker``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from setu_common.contracts import ENHANCEMENTS
from setu_common.operations import Bound, Keepsakes, WorkerSpec, run_worker
from setu_enhancer.app import KINDS
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
    service = EnhancementService(settings=settings.editing, nobody="there is no language model to ask")
    yield [Bound(ENHANCEMENTS, service.enhance)]


if __name__ == "__main__":
    main()
