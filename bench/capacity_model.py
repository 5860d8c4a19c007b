"""Where the first limit is as workers become more: plain arithmetic over what one job takes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HOUR_S: Final = 3600.0
MINUTE_S: Final = 60.0


@dataclass(frozen=True)
class Linear:
    """What a job takes of something: so much, and so much more for each minute of its recording."""

    fixed: float
    per_minute: float

    def at(self, minutes: float) -> float:
        """Of a recording of so many minutes."""
        return self.fixed + self.per_minute * minutes

    @classmethod
    def through(cls, short: tuple[float, float], long: tuple[float, float]) -> "Linear":
        """The line through two measurements, (minutes, amount) each; nothing is below 0, since noise is no gain."""
        slope = max(0.0, (long[1] - short[1]) / (long[0] - short[0]))
        return cls(max(0.0, short[1] - slope * short[0]), slope)


@dataclass(frozen=True)
class Costs:
    """What was measured.

    Args:
        cpu_s: by process, seconds of a processor a job.
        transactions: of Postgres, a job.
        wal_bytes: that Postgres writes ahead, a job.
        redis_commands: a job.
        store_bytes: that lie in the store once a job is over.
        idle_transactions_s: a second, of each worker that has nothing to do.
        idle_redis_s: commands a second, of each worker that has nothing to do.
        idle_postgres_cpu: processors that Postgres needs for each such worker.
        connections: to Postgres, that one of each process holds at most.
    """

    cpu_s: Mapping[str, Linear]
    transactions: Linear
    wal_bytes: Linear
    redis_commands: Linear
    store_bytes: Linear
    idle_transactions_s: float
    idle_redis_s: float
    idle_postgres_cpu: float
    connections: Mapping[str, int]


@dataclass(frozen=True)
class Servers:
    """What there is once, or is assumed of a machine.

    Args:
        postgres_cores: of Postgres' machine.
        postgres_connections: its ``max_connections``.
        redis_commands_s: that one Redis does, on the one core that it uses.
        wal_bytes_s: that the disk takes of Postgres.
        store_bytes_s: that the store takes.
    """

    postgres_cores: float = 8
    postgres_connections: float = 500
    redis_commands_s: float = 50_000
    wal_bytes_s: float = 100e6
    store_bytes_s: float = 500e6


@dataclass(frozen=True)
class Need:
    """What so many workers ask of the rest.

    Args:
        workers: that hear, one thread each, always at work.
        jobs_h: that are done in an hour.
        media_h: minutes of media in an hour.
        processes: of each other kind how many cores it needs.
        share: of each thing that there is once, how much of it is used; above 1 it is the limit.
    """

    workers: int
    jobs_h: float
    media_h: float
    processes: Mapping[str, float]
    share: Mapping[str, float]

    @property
    def first(self) -> tuple[str, float]:
        """What is used most, and how much of it."""
        return max(self.share.items(), key=lambda each: each[1])


LIFTED: Final[Mapping[str, str]] = {
    "Postgres' processors": "a larger machine; then a database for each service, whose schemas name nothing of each other's but the ledger",
    "Postgres' connections": "a larger `max_connections`, a smaller `DATABASE_POOL_SIZE`, more children in fewer workers",
    "Postgres' disk": "faster disks; `SETU_OPERATIONS_LEDGER_RETENTION_DAYS` takes nothing of it",
    "Redis": "a Redis for each service (`REDIS_URL`): hints are a queue's own",
    "the store": "a bucket instead of a folder; more buckets, one for each service",
}
"""What lifts each limit."""


def need(workers: int, costs: Costs, servers: Servers, minutes: float, hearing: str = "asr-worker") -> Need:
    """What so many workers ask of the rest, with recordings of so many minutes.

    Args:
        workers: asr workers of one thread, always at work.
        costs: of a job.
        servers: what there is once.
        minutes: of each recording.
        hearing: the process that there are so many of.
    """
    jobs_s = workers / costs.cpu_s[hearing].at(minutes)
    others = {
        name: jobs_s * cost.at(minutes) for name, cost in costs.cpu_s.items() if name not in (hearing, "postgres", "valkey")
    }
    postgres_cpu = jobs_s * costs.cpu_s["postgres"].at(minutes) + workers * costs.idle_postgres_cpu
    redis_s = jobs_s * costs.redis_commands.at(minutes) + workers * costs.idle_redis_s
    counts = {name: math.ceil(max(1.0, others.get(name, 0.0))) for name in costs.connections} | {hearing: workers}
    connections = sum(count * costs.connections[name] for name, count in counts.items())
    return Need(
        workers=workers,
        jobs_h=jobs_s * HOUR_S,
        media_h=jobs_s * HOUR_S * minutes,
        processes=others,
        share={
            "Postgres' processors": postgres_cpu / servers.postgres_cores,
            "Postgres' connections": connections / servers.postgres_connections,
            "Postgres' disk": jobs_s * costs.wal_bytes.at(minutes) / servers.wal_bytes_s,
            "Redis": redis_s / servers.redis_commands_s,
            "the store": jobs_s * costs.store_bytes.at(minutes) / servers.store_bytes_s,
        },
    )


def reached_at(costs: Costs, servers: Servers, minutes: float) -> Sequence[tuple[str, int]]:
    """At how many workers each limit is reached, the nearest first."""
    found = {}
    for name in LIFTED:
        low, high = 1, 10_000_000
        while low < high:
            middle = (low + high) // 2
            if need(middle, costs, servers, minutes).share[name] > 1:
                high = middle
            else:
                low = middle + 1
        found[name] = low
    return sorted(found.items(), key=lambda each: each[1])
