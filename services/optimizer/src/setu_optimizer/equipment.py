"""What the service's processes work with, made of settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from setu_optimizer.service import Predictions
from setu_optimizer.settings import OptimizerSettings


@asynccontextmanager
async def predicting(settings: OptimizerSettings) -> AsyncIterator[Predictions]:
    """Predictions, for as long as a process or a worker's child lives."""
    yield Predictions(settings.default.plan())
