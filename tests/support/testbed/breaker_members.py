"""Several processes with one circuit (``breaker_member``), as whoever started them has them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setu_common.settings import RedisSettings
from testbed.valkey import KillableValkey

SUPPORT = str(Path(__file__).parents[1])
PATIENCE_S = 60.0


class Member:
    """One of the processes.

    Args:
        redis: what it shares the circuit through.
    """

    def __init__(self, redis: RedisSettings) -> None:
        told = {"REDIS_URL": redis.url, "REDIS_KEY_PREFIX": redis.key_prefix, "PYTHONPATH": SUPPORT}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testbed.breaker_member"],
            env=os.environ | told,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, order: str) -> None:
        """Tell it what to do."""
        assert self._process.stdin
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()

    def hear(self, *events: str) -> dict[str, Any]:  # Any: JSON
        """The next of these events; what comes before it is passed over."""
        for line in self._process.stdout or ():
            said: dict[str, Any] = json.loads(line)
            if said["event"] in events:
                return said
        raise RuntimeError(f"A member ended before it said {events}.")

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait(PATIENCE_S)


@contextmanager
def members(redis: RedisSettings, count: int = 4) -> Iterator[list[Member]]:
    """Run them as long as the block lasts, ready when it begins."""
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(Member(redis))
            stack.callback(started[-1].close)
        for member in started:
            member.hear("ready")
        yield started


def all_do(started: Sequence[Member], order: str, done: str) -> list[dict[str, Any]]:
    """Tell all of them at once, and hear what they say when it is done."""
    for member in started:
        member.tell(order)
    return [member.hear(done) for member in started]


@dataclass
class Trials:
    """How many calls were let through, each time that the circuit of all was half open.

    Args:
        let_through: by trial, by process.
        apart: trials that were made again, since one of the processes could not reach Redis in time.
    """

    let_through: list[list[int]]
    apart: int = 0


def half_open_trials(started: Sequence[Member], count: int, *, shared: bool = True) -> Trials:
    """Have the time of an open circuit pass for all at once and each begin three calls, again and again.

    A third of the probes end in nothing, the others in failure. Every second time the others hear how it ended before the next trial.

    Args:
        started: the processes, whose circuit is closed.
        count: trials.
        shared: whether they can reach Redis.
    """
    all_do(started, "hold", "held")
    for member in started if not shared else started[:1]:
        member.tell("fail")
        member.hear("open")
    for _ in range(2):  # the one that opened its circuit tells, the others hear
        all_do(started, "look", "looked")
    trials = Trials([])
    while len(trials.let_through) < count and trials.apart < count:
        number = len(trials.let_through)
        turn = number % len(started)  # each is told first in its turn
        said = all_do([*started[turn:], *started[:turn]], "probe", "probed")
        said = [*said[-turn:], *said[:-turn]]
        probers = [member for member, each in zip(started, said, strict=True) if each["probes"]]
        all_do(probers, "ignored" if number % 3 == 1 else "failed", "ended")
        if shared and any(each["alone"] for each in said):
            trials.apart += 1
            all_do(started, "look", "looked")
            continue
        trials.let_through.append([each["probes"] for each in said])
        if shared and number % 2:
            all_do(started, "look", "looked")
    return trials


@dataclass(frozen=True)
class Calls:
    """Calls of all processes together while Redis was killed and started again."""

    answered: int
    failed: int


def calls_through_an_outage(started: Sequence[Member], server: KillableValkey, at_least: int = 100) -> Calls:
    """Have all call without end; kill Redis and start it again meanwhile.

    Args:
        started: the processes.
        server: what they share their circuit through.
        at_least: calls that each answers before Redis dies, while it is away, and once it is back.
    """
    for member in started:
        member.tell("begin")
    _after_more(started, at_least, shared=True)
    server.kill()
    _after_more(started, at_least, shared=False)
    server.start()
    said = _after_more(started, at_least, shared=True)
    return Calls(sum(each["answered"] for each in said), sum(each["failed"] for each in said))


def _after_more(started: Sequence[Member], calls: int, *, shared: bool) -> list[dict[str, Any]]:  # Any: JSON
    """What all count once each sees Redis as it is, and has made so many more calls since."""
    before = [made(each) for each in _counted(started, lambda _, each: each["shared"] is shared)]
    return _counted(started, lambda index, each: made(each) >= before[index] + calls)


def made(said: dict[str, Any]) -> int:  # Any: JSON
    """The calls that one counts."""
    return int(said["answered"]) + int(said["failed"])


def _counted(started: Sequence[Member], holds: Callable[[int, dict[str, Any]], bool]) -> list[dict[str, Any]]:  # Any: JSON
    """What all count, as soon as that holds for each."""
    until = time.monotonic() + PATIENCE_S
    while True:
        said = all_do(started, "count", "counted")
        if all(holds(index, each) for index, each in enumerate(said)):
            return said
        if time.monotonic() > until:
            raise RuntimeError(f"It did not come to that: {said}")
        time.sleep(0.02)
