"""The worker that jobs wait for: ``python -m setu_optimizer.worker``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from setu_common.contracts import PLANS
from setu_common.db import aside
from setu_common.operations import Bound, WorkerSpec, run_worker
from setu_optimizer.equipment import KEEPSAKES, predicting, remembering
from setu_optimizer.kinds import PLANNED
from setu_optimizer.planning import Planner
from setu_optimizer.settings import SERVICE, OptimizerSettings, read_settings


def main() -> None:
    """Work until told to stop."""
    settings = read_settings()
    run_worker(specify(settings), settings.core)


def specify(settings: OptimizerSettings) -> WorkerSpec:
    """What the worker is."""
    return WorkerSpec(service=SERVICE, kinds=PLANNED, wire=partial(handlers, settings), keepsakes=KEEPSAKES)


@asynccontextmanager
async def handlers(settings: OptimizerSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does. It keeps its model in memory."""
    async with predicting(settings) as predictions, remembering(settings, aside(settings.core.database)) as memory:
        yield [Bound(PLANS, Planner(predictions, memory.knowledge).plan)]


if __name__ == "__main__":
    main()
