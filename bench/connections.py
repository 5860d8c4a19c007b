"""How many connections each process holds to Postgres and Redis at most: plain arithmetic over what is known of them.

`tests/architecture/test_connections.py` holds what is deployed to it, `tests/e2e/test_connections_held.py` and ``python -m bench capacity``
hold it to what a running stack has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

from bench.stack import Json
from setu_common.cost.recording import CONNECTIONS
from setu_common.db.database import ASIDE
from setu_common.settings import DatabaseSettings

POOL: Final[int] = DatabaseSettings.model_fields["pool_size"].default
# The watch of a worker's parent, and once an hour for a moment the process that sweeps.
_PARENT: Final = 2
# What a child claims with, and its heart.
_CHILD: Final = 2
# Of Redis. What sends hints; and the parent's consumer, which waits on one and asks on another.
_HINTS: Final = 2
_CONSUMER: Final = 3
_BREAKERS: Final = 2
_LIMITS: Final = 4


@dataclass(frozen=True)
class Kind:
    """What a process opens.

    Args:
        pools: connections to Postgres that it, or each of its children, may hold.
        redis: the same of Redis.
        worker: whether it is a worker: a parent, and children of which each holds that.
    """

    pools: int
    redis: int
    worker: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "gateway": Kind(POOL, _HINTS + _BREAKERS + _LIMITS),
    "asr-api": Kind(POOL + ASIDE, _HINTS),
    "translate-api": Kind(POOL, _HINTS),
    "enhancer-api": Kind(POOL, _HINTS),
    "optimizer-api": Kind(2 * POOL + 2 * ASIDE, 2 * _HINTS),
    "metrics-api": Kind(POOL, 0),
    "gateway-worker": Kind(ASIDE, 2 * _HINTS + _BREAKERS, worker=True),
    "gateway-fetcher": Kind(0, _HINTS + _BREAKERS, worker=True),
    "asr-worker": Kind(ASIDE + CONNECTIONS, 2 * _HINTS + _BREAKERS, worker=True),
    "translate-worker": Kind(CONNECTIONS, _HINTS + _BREAKERS, worker=True),
    "enhancer-worker": Kind(ASIDE + CONNECTIONS, _HINTS + _BREAKERS, worker=True),
    "optimizer-worker": Kind(2 * ASIDE, 2 * _HINTS, worker=True),
    "optimizer-learner": Kind(ASIDE, 2 * _HINTS, worker=True),
}
"""By the name that compose and Kubernetes give the process."""


@dataclass(frozen=True)
class Held:
    """Connections."""

    postgres: int
    redis: int

    def __add__(self, other: "Held") -> "Held":
        return Held(self.postgres + other.postgres, self.redis + other.redis)

    def __mul__(self, times: int) -> "Held":
        return Held(self.postgres * times, self.redis * times)

    def fits(self, limit: "Held") -> bool:
        """Whether it is no more than a limit."""
        return self.postgres <= limit.postgres and self.redis <= limit.redis


def most(name: str, children: int = 0) -> Held:
    """What one process holds at most.

    Args:
        name: as compose has it.
        children: of a worker, how many operations it does at once.
    """
    kind = KINDS[name]
    if not kind.worker:
        return Held(kind.pools, kind.redis)
    return Held(_PARENT + children * (_CHILD + kind.pools), _CONSUMER + _HINTS + children * kind.redis)


def most_of(deployed: Mapping[str, tuple[int, int]]) -> Held:
    """What all processes hold together at most.

    Args:
        deployed: by name how many there are of it, and how many children each has.
    """
    together = Held(0, 0)
    for name, (count, children) in deployed.items():
        together += most(name, children) * count
    return together


def held(state: Json) -> dict[str, tuple[Held, Held]]:
    """What each process of a running stack holds now, with those below it; and what it may hold, with as many children as it has.

    Args:
        state: the stack's, as ``setu status --json`` has it.
    """
    ports = {each["name"]: each["port"] for each in state["processes"]}
    found = {}
    for each in state["processes"]:
        name = composed(each["name"])
        if each["stage"] != "ready" or name not in KINDS:
            continue
        root = psutil.Process(each["pid"])
        to = [port for process in (root, *root.children(recursive=True)) for port in _asked(process)]
        now = Held(to.count(ports["postgres"]), to.count(ports["valkey"]))
        found[name] = (now, most(name, len(root.children())))
    return found


def _asked(process: psutil.Process) -> list[int]:
    """The ports that a process has connections to."""
    try:
        found = process.net_connections("tcp")
    except psutil.NoSuchProcess:  # it has ended since
        return []
    return [each.raddr.port for each in found if each.raddr and each.status == psutil.CONN_ESTABLISHED]


def composed(name: str) -> str:
    """What compose calls a process of the embedded stack."""
    return "gateway" if name == "gateway-api" else name
