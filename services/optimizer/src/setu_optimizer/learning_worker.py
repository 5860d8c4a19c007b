"""The worker that learns from what is over: ``python -m setu_optimizer.learning_worker``.

A process of its own, so that jobs never wait for a plan while something is learned.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from setu_common.contracts import CORRECTIONS, OBSERVATIONS
from setu_common.operations import Bound, WorkerSpec, run_worker
from setu_optimizer.equipment import KEEPSAKES, learning
from setu_optimizer.kinds import LEARNED
from setu_optimizer.observing.second import SECOND_HEARINGS
from setu_optimizer.retraining.kinds import RETRAININGS
from setu_optimizer.settings import SERVICE, OptimizerSettings, read_settings


def main() -> None:
    """Work until told to stop."""
    settings = read_settings()
    run_worker(specify(settings), settings.core)


def specify(settings: OptimizerSettings) -> WorkerSpec:
    """What the worker is."""
    return WorkerSpec(service=SERVICE, kinds=LEARNED, wire=partial(handlers, settings), keepsakes=KEEPSAKES)


@asynccontextmanager
async def handlers(settings: OptimizerSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does."""
    async with learning(settings) as learners:
        yield [
            Bound(OBSERVATIONS, learners.observer.observe),
            Bound(CORRECTIONS, learners.observer.correct),
            Bound(RETRAININGS, learners.retrainer.retrain),
            Bound(SECOND_HEARINGS, learners.second.hear),
        ]


if __name__ == "__main__":
    main()
