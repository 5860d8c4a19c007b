"""The meter of those who pay: each call is on record before it is made, and settled after."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

import structlog
from prometheus_client import CollectorRegistry

from setu_common.cost.ledger import SCHEMA, Event, Intent, Ledger
from setu_common.cost.metering import BudgetExhausted, Call, Outcome, attribution
from setu_common.cost.metrics import SpendingMetrics
from setu_common.cost.pricing import Price, Prices
from setu_common.cost.settings import PriceSettings
from setu_common.cost.usage import Usage
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.settings import DatabaseSettings

log = structlog.get_logger()

CONNECTIONS: Final = 2
_PAUSES_S: Final = (0.1, 0.5, 2.0, 5.0)
"""A usage that can't be written is tried again after these; then its call stays unresolved, at its bound."""


class Metering:
    """A ``Meter`` that keeps the ledger. Calls are put down to whom ``attributed`` says.

    Args:
        ledger: takes what is spent.
        prices: says what it costs.
        pauses_s: between the tries to write a usage.
        metrics: told of what is spent as well.
    """

    def __init__(
        self, ledger: Ledger, prices: Prices, pauses_s: tuple[float, ...] = _PAUSES_S, metrics: SpendingMetrics | None = None
    ) -> None:
        self._ledger = ledger
        self._prices = prices
        self._pauses_s = pauses_s
        self._metrics = metrics or SpendingMetrics(CollectorRegistry())

    @asynccontextmanager
    async def call(self, provider: str, model: str, bound: Usage) -> AsyncIterator[Call]:
        """See ``Meter``."""
        to = attribution()
        if to is None:
            raise RuntimeError("a paid call must be put down to somebody: go around it with attributed(...)")
        intent = Intent(uuid4(), to, provider, model, bound, self._prices.price(provider, model, bound, datetime.now(UTC)))
        if intent.price.usd is None:
            log.warning("call.unpriced", provider=provider, model=model, reason=intent.price.source)
        try:
            await self._ledger.begin(intent)
        except BudgetExhausted as error:
            self._metrics.refused(error)
            raise
        call = _Call(intent.id)
        began_s = time.monotonic()
        try:
            yield call
        finally:
            if call.settled is None:
                self._metrics.unresolved(provider, model)
            else:
                event = self._event(intent, *call.settled, time.monotonic() - began_s)
                self._count(intent, event)  # first, since who is cancelled gets no further than the end of what follows
                # To the end, also where the caller is cancelled meanwhile: what was billed is known here and nowhere else.
                await _to_the_end(self._settle(event))

    def _event(self, intent: Intent, usage: Usage, outcome: Outcome, duration_s: float) -> Event:
        price = self._prices.price(intent.provider, intent.model, usage, datetime.now(UTC))
        if outcome == "cached":
            price = Price(Decimal(0), "cached")
        if intent.bound and price.usd is not None and intent.price.usd is not None and price.usd > intent.price.usd:
            log.warning("call.over_bound", call_id=str(intent.id), provider=intent.provider, model=intent.model)
        return Event(intent.id, intent.to.tenant, outcome, usage, price, duration_s)

    def _count(self, intent: Intent, event: Event) -> None:
        self._metrics.settled(
            intent.provider,
            intent.model,
            outcome=event.outcome,
            usage=event.usage,
            usd=float(event.price.usd) if event.price.usd is not None else None,
            duration_s=event.duration_s,
        )

    async def _settle(self, event: Event) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                await self._ledger.settle(event)
            except DependencyUnavailable:
                if pause_s is not None:
                    await asyncio.sleep(pause_s)
                    continue
                log.exception("call.unsettled", call_id=str(event.call_id))
            return


@dataclass
class _Call:
    id: UUID
    settled: tuple[Usage, Outcome] | None = None

    def settle(self, usage: Usage, *, outcome: Outcome = "ok") -> None:
        """See ``Call``."""
        if self.settled is not None:
            raise RuntimeError("a call is settled once")
        self.settled = (usage, outcome)


@asynccontextmanager
async def metering(
    settings: DatabaseSettings, prices: PriceSettings, registry: CollectorRegistry | None = None
) -> AsyncIterator[Metering]:
    """A meter with connections of its own.

    Args:
        settings: where the database is.
        prices: what stands above published prices.
        registry: what Prometheus is told of; in a worker's child none need be named, since children count together.
    """
    database = Database(settings.model_copy(update={"pool_size": CONNECTIONS}), SCHEMA)
    try:
        yield Metering(Ledger(database), Prices(prices), metrics=SpendingMetrics(registry or CollectorRegistry()))
    finally:
        await database.close()


async def _to_the_end(writing: Coroutine[None, None, None]) -> None:
    """Wait until it is done, and only then be cancelled."""
    task = asyncio.ensure_future(writing)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
