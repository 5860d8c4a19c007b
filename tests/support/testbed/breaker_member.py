"""A process with a circuit that it shares with others: ``python -m testbed.breaker_member``, with ``REDIS_*`` in its environment.

It writes a line of JSON to standard output when it is ready and for each change of the circuit, with the time of the machine's monotonic
clock. On standard input it is told what to do: ``fail`` lets calls fail until the circuit opens, ``call`` makes one that is answered.
"""

import asyncio
import contextlib
import json
import sys
import time

from setu_common.errors import DependencyUnavailable
from setu_common.http import BreakerChange, BreakerPolicy, CircuitOpen, Dependencies, Failure, LogObserver, Policy, State
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings, RedisSettings

NAME = "tmdb"
POLICY = Policy(breaker=BreakerPolicy(minimum=5, open_s=3600.0))


def say(event: str) -> None:
    """Tell whoever started this process."""
    sys.stdout.write(json.dumps({"event": event, "at_s": time.monotonic()}) + "\n")
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


async def main() -> None:
    """Do what is said, until nothing is said any more."""
    settings = RedisSettings()
    dependencies = Dependencies([Saying()])
    dependency = dependencies.dependency(NAME, POLICY)
    async with SharedBreakers(dependencies, settings.url, settings.key_prefix):
        say("ready")
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            while order == "fail" and dependency.breaker.state is State.CLOSED:
                with contextlib.suppress(DependencyUnavailable):
                    await dependency.call(broken, repeatable=False)
            if order == "call":
                try:
                    await dependency.call(well, repeatable=False)
                except CircuitOpen:
                    say("refused")
                else:
                    say("answered")


if __name__ == "__main__":
    configure_logging(LogSettings(level="ERROR"), "member")
    asyncio.run(main())
