"""A process with a circuit that it shares with others: ``python -m testbed.breaker_member``, with ``REDIS_*`` in its environment.

It writes a line of JSON to standard output when it is ready and for each change of the circuit, with the time of the machine's monotonic
clock. On standard input it is told what to do, a word a line; it says so when that is done:

* ``fail`` lets calls fail until the circuit opens; ``call`` makes one that is answered;
* ``hold``: from now on it looks at what others say when it is told to, by ``look``;
* ``probe`` lets the time of an open circuit pass, and has three calls begin at once; ``failed`` or ``ignored`` is how those end that
  were let through;
* ``begin`` makes calls that are answered, one after the other; ``count`` says how many were, and how many failed.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator

from setu_common.errors import DependencyUnavailable
from setu_common.http import (
    BreakerChange,
    BreakerPolicy,
    CircuitOpen,
    Dependencies,
    Failure,
    LogObserver,
    Policy,
    State,
    Timing,
)
from setu_common.http.breaker import Permit
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings, RedisSettings

NAME = "tmdb"
OPEN_S = 3600.0
AT_ONCE = 3
PAUSE_S = 0.002
POLICY = Policy(breaker=BreakerPolicy(minimum=5, open_s=OPEN_S))


def say(event: str, **fields: object) -> None:
    """Tell whoever started this process."""
    sys.stdout.write(json.dumps({"event": event, "at_s": time.monotonic(), **fields}) + "\n")
    sys.stdout.flush()


class Saying(LogObserver):
    """Says the circuit's changes."""

    def breaker_changed(self, change: BreakerChange) -> None:
        """Say it."""
        say(change.after.value)

    def attempt_ended(self, dependency: str, failure: Failure | None, took_s: float) -> None:
        """Nothing."""


async def broken() -> None:
    """Fail as a server that is away does."""
    raise DependencyUnavailable("It is away.")


async def well() -> None:
    """Answer."""


class Member:
    """The process's circuit, and what can be done with it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._skipped_s = 0.0
        timing = Timing(monotonic=lambda: time.monotonic() + self._skipped_s)
        self._dependencies = Dependencies([Saying()], timing=timing)
        self._dependency = self._dependencies.dependency(NAME, POLICY)
        self._shared = SharedBreakers(self._dependencies, settings.url, settings.key_prefix)
        self._permits: list[Permit] = []
        self._calling: asyncio.Task[None] | None = None
        self._answered = 0
        self._failed = 0

    @contextlib.asynccontextmanager
    async def sharing(self) -> AsyncIterator[None]:
        """Share it for as long as the block lasts."""
        async with self._shared:
            yield
            if self._calling is not None:
                self._calling.cancel()

    async def obey(self, order: str) -> None:
        """Do it, and say so."""
        match order:
            case "fail":
                while self._dependency.breaker.state is State.CLOSED:
                    with contextlib.suppress(DependencyUnavailable):
                        await self._dependency.call(broken, repeatable=False)
            case "call":
                say("answered" if await self._called() else "refused")
            case "hold":
                if self._shared._task is not None:
                    self._shared._task.cancel()
                say("held")
            case "look":
                await self._shared._look()
                say("looked")
            case "probe":
                await self._probe()
            case "failed" | "ignored":
                end = self._dependency.breaker.failed if order == "failed" else self._dependency.breaker.ignored
                while self._permits:
                    end(self._permits.pop())
                await self._shared._look()
                say("ended")
            case "begin":
                self._calling = asyncio.create_task(self._call_on())
            case "count":
                say("counted", answered=self._answered, failed=self._failed, shared=self._shared.present)

    async def _probe(self) -> None:
        shared = self._shared.present
        self._skipped_s += OPEN_S + 1
        entered = await asyncio.gather(*[self._entered() for _ in range(AT_ONCE)])
        self._permits = [permit for permit in entered if permit is not None]
        # Who could not reach Redis in time probes by itself, as it should: that is another trial.
        say("probed", probes=len(self._permits), alone=not (shared and self._shared.present))

    async def _entered(self) -> Permit | None:
        try:
            return await self._dependency.breaker.enter()
        except CircuitOpen:
            return None

    async def _called(self) -> bool:
        try:
            await self._dependency.call(well, repeatable=False)
        except CircuitOpen:
            return False
        return True

    async def _call_on(self) -> None:
        while True:
            try:
                await self._dependency.call(well, repeatable=False)
            except Exception:  # noqa: BLE001  whatever it is, the call failed
                self._failed += 1
            else:
                self._answered += 1
            await asyncio.sleep(PAUSE_S)


async def main() -> None:
    """Do what is said, until nothing is said any more."""
    member = Member(RedisSettings())
    async with member.sharing():
        say("ready")
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            await member.obey(order)


if __name__ == "__main__":
    configure_logging(LogSettings(level="ERROR"), "member")
    asyncio.run(main())
