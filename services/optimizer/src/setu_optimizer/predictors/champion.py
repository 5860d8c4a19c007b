"""The model that a process asks, loaded once and looked for anew from time to time; and the ways that there are on the machine."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

import structlog

from setu_common.contracts import InstalledCandidates
from setu_common.errors import SetuError
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.errors import ModelUnusable
from setu_optimizer.predictors.machine import Machine
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.registry import Kept

PATIENCE_S: Final = 0.5
"""How long a question waits for what is being looked up: whoever does not answer holds up nobody for longer."""
BROKEN: Final = "The model can't be loaded; the service's log says why."

log = structlog.get_logger()

Ask = Callable[[], Awaitable[InstalledCandidates]]
Clock = Callable[[], Awaitable[float | None]]


class Registry(Protocol):
    """Knows which model is asked; see ``Predictors``."""

    async def champion(self) -> Kept:
        """The model that is asked."""

    async def data(self, kept: Kept) -> bytes:
        """A model's file."""


class Champion:
    """Keeps the champion loaded.

    Args:
        registry: knows which model it is.
        ask: the asr service for its ways.
        table: what is known of models.
        look_every_s: for how long what was found is taken as it was.
        clock: says how many seconds on the clock a second of expected time took of late; None: nobody knows, and it is one.
        usd_per_hour: the price of the machine's time.
    """

    def __init__(
        self,
        registry: Registry,
        ask: Ask,
        table: Table,
        look_every_s: float,
        *,
        clock: Clock | None = None,
        usd_per_hour: Decimal = Decimal(0),
    ) -> None:
        self._registry = registry
        self._ask = ask
        self._table = table
        self._look_every_s = look_every_s
        self._looked_at_s = float("-inf")
        self._looks: set[asyncio.Task[None]] = set()
        self._found = asyncio.Event()
        self._kept: Kept | None = None
        self._predictor: Predictor | None = None
        self._why = ""
        self._clock = clock
        self._machine = Machine(usd_per_hour=usd_per_hour)

    async def current(self) -> tuple[Predictor, Machine]:
        """The model and the machine.

        Raises:
            ModelUnusable: there is no model that can be asked; its detail says why.
        """
        if not self._looks and time.monotonic() - self._looked_at_s >= self._look_every_s:
            self._looked_at_s = time.monotonic()
            self._looks = {asyncio.create_task(self._look()), asyncio.create_task(self._look_around())}
        if self._looks:
            _, self._looks = await asyncio.wait(self._looks, timeout=PATIENCE_S)
        await self._found.wait()  # before the first look there is nothing that could be asked meanwhile
        if self._predictor is None:
            raise ModelUnusable(self._why or "The model has not been loaded yet.")
        return self._predictor, self._machine

    async def close(self) -> None:
        """Look no more."""
        for task in self._looks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        try:
            await self._load()
        except Exception:
            # Whatever it is: who has no model says so, and it is looked for again.
            log.exception("predictor.look_failed")
            self._why = BROKEN
        finally:
            self._found.set()

    async def _load(self) -> None:
        """Load the champion if it is another one; one that can't be looked up stays the one that it was."""
        try:
            kept = await self._registry.champion()
        except SetuError as error:
            log.warning("predictor.not_looked_up", reason=error.detail)
            self._why = f"The model can't be looked up: {error.detail}"
            return
        if kept == self._kept and self._predictor is not None:
            return
        try:
            data = await self._registry.data(kept)
            self._predictor = await asyncio.to_thread(Predictor.read, data, self._table)
        except SetuError as error:
            log.warning("predictor.unusable", name=kept.name, code=error.code, reason=error.detail)
            self._predictor, self._why = None, error.detail
        except Exception:
            log.exception("predictor.not_loaded", name=kept.name)
            self._predictor, self._why = None, BROKEN
        else:
            log.info("predictor.loaded", name=self._predictor.manifest.name)
        self._kept = kept

    async def _look_around(self) -> None:
        """Ask for the machine's ways; who does not answer has those that it had."""
        try:
            self._machine = replace(self._machine, installed=await self._ask())
        except SetuError as error:
            log.info("candidates.unknown", reason=error.detail)
        try:
            clock = await self._clock() if self._clock is not None else None
        except SetuError as error:
            log.info("clock.unknown", reason=error.detail)
        else:
            self._machine = replace(self._machine, clock=clock or 1.0)
