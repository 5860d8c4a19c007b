"""What a running stack has taken until now: of processors, of Postgres, of Redis, of the store."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import redis

from bench.overhead_parts import tree_cpu_s
from bench.stack import Json
from setu_cli.embedded.home import Home

# Backends tell what they did when they have done nothing for ten seconds. Source: PostgreSQL, pgstat.c, PGSTAT_IDLE_INTERVAL.
TOLD_AFTER_S = 11.0


@dataclass(frozen=True)
class Reading:
    """Since a stack began.

    Args:
        at_s: when, monotonic.
        cpu_s: by process, with those below it.
        transactions: of Postgres, committed or not.
        wal_bytes: that it has written ahead.
        redis_commands: that Redis has done.
        store_bytes: that lie in the store.
    """

    at_s: float
    cpu_s: Mapping[str, float]
    transactions: int
    wal_bytes: int
    redis_commands: int
    store_bytes: int

    def since(self, before: "Reading") -> "Reading":
        """What came between."""
        return Reading(
            self.at_s - before.at_s,
            {name: self.cpu_s[name] - before.cpu_s[name] for name in self.cpu_s},
            self.transactions - before.transactions,
            self.wal_bytes - before.wal_bytes,
            self.redis_commands - before.redis_commands,
            self.store_bytes - before.store_bytes,
        )


def whole(state: Json) -> Json:
    """A stack's state with the passwords that ``setu status --json`` leaves out."""
    told: Json = json.loads(_home(state).state_file.read_text())
    return told


def _home(state: Json) -> Home:
    return Home(Path(state["processes"][0]["log"]).parents[1])


def read(state: Json) -> Reading:
    """Read a stack. It must have done nothing for ``TOLD_AFTER_S``."""
    roots = {each["name"]: psutil.Process(each["pid"]) for each in state["processes"] if each["stage"] == "ready"}
    transactions, wal_bytes = postgres(state["database_url"])
    return Reading(
        time.monotonic(),
        {name: tree_cpu_s([root]) for name, root in roots.items()},
        transactions,
        wal_bytes,
        commands(state["redis_url"]),
        sum(path.stat().st_size for path in _home(state).store.rglob("*") if path.is_file()),
    )


def postgres(url: str) -> tuple[int, int]:
    """How many transactions a server has done, and what it has written ahead, bytes."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT sum(xact_commit + xact_rollback)::bigint, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint FROM pg_stat_database"
        ).fetchone()
        assert row is not None
        return row[0], row[1]


def commands(url: str) -> int:
    """How many commands a Redis has done, those within scripts included."""
    with redis.Redis.from_url(url) as client:
        return sum(int(each["calls"]) for each in client.info("commandstats").values())
