"""The probe service on its own database: what a test uses to submit, and to start and kill workers."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from setu_common.db import Database, migrate
from setu_common.operations import Hints, Operations
from setu_common.operations.death import die_with_parent
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store

SCHEMA = "probe"
MIGRATIONS = Path(__file__).parent / "migrations"
# Short, so that a test sees in seconds what takes a quarter of a minute in production.
BRISK = {
    "SETU_OPERATIONS_LEASE_S": "3",
    "SETU_OPERATIONS_HEARTBEAT_S": "0.3",
    "SETU_OPERATIONS_REAP_EVERY_S": "0.5",
    "SETU_OPERATIONS_SHUTDOWN_GRACE_S": "1",
    "SETU_OPERATIONS_TIDY_AFTER_S": "3600",
}


def prepare(settings: DatabaseSettings) -> None:
    """Make the probe service's schema."""
    migrate(settings, SCHEMA, MIGRATIONS)


@dataclass
class ProbeStack:
    """What the probe service's processes share."""

    database: DatabaseSettings
    redis: RedisSettings
    store: StoreSettings
    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: BRISK)

    def variables(self) -> dict[str, str]:
        """The environment of a process of this stack."""
        return {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"} or name.startswith("COV")},
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.redis.url,
            "REDIS_KEY_PREFIX": self.redis.key_prefix,
            "SETU_STORE_URL": self.store.url,
            **self.environment,
        }

    @contextmanager
    def worker(self, name: str = "worker", concurrency: int = 2, within_s: float = 30) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker as long as the block lasts, ready when the block begins."""
        ready = self.folder / f"{name}.ready"
        ready.unlink(missing_ok=True)
        variables = {
            **self.variables(),
            "SETU_WORKER_READY_FILE": str(ready),
            "SETU_WORKER_CONCURRENCY": str(concurrency),
            "SETU_WORKER_NICE": "0",
        }
        log = self.folder / f"{name}.log"
        process = start([sys.executable, "-m", "probe.worker"], variables, log)
        try:
            until = time.monotonic() + within_s
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the worker did not come up:\n{log.read_text()}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@asynccontextmanager
async def operations_on(stack: ProbeStack) -> AsyncIterator[Operations]:
    """Submit to the stack's workers, and look at what becomes of it, as long as the block lasts."""
    database = Database(stack.database, SCHEMA)
    hints = Hints(stack.redis)
    service = Operations(database, Store(stack.store, SCHEMA), hints, OperationSettings())
    try:
        yield service
    finally:
        await service.close()
        hints.close()
        await database.close()


def start(command: list[str], variables: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process that does not outlive this one."""
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 (one system call before the exec)
        )
