"""What watching takes, part by part, of processors: a look at an attempt, what is written of it, a scrape, a look at the queues."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
from prometheus_client import CollectorRegistry

from probe.bench import SCHEMA, prepare
from probe.kinds import NOOPS
from setu_cli.embedded.postgres import running_postgres
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database
from setu_common.observability.processes import family
from setu_common.operations.claims import Claim
from setu_common.operations.connection import HealingConnection
from setu_common.operations.figures import Figures
from setu_common.operations.measuring import Measure, Recorder
from setu_common.operations.sampling import Sampler
from setu_common.settings import DatabaseSettings, StageSettings, StoreSettings

THREADS = 24  # of a child that computes, about
LOOKED_AT_S = 10.0
OFTEN_S = 0.05
ATTEMPTS = 400
LOOKS = 100


@dataclass(frozen=True)
class Parts:
    """Seconds of a processor.

    Args:
        look_s: one look at an attempt, with a process below it.
        attempt_s: all that is done at an attempt's beginning and end, and its row in the ledger, Postgres' part included.
        queues_s: one look at a service's queues, Postgres' part included.
    """

    look_s: float
    attempt_s: float
    queues_s: float


def measured(folder: Path) -> Parts:
    """Measure them, with a Postgres of their own."""
    with running_postgres(folder / "postgres") as postgres:
        database = DatabaseSettings(url=postgres.url)
        prepare(database)
        migrate_ledger(database)
        servers = psutil.Process(int(next(folder.rglob("postmaster.pid")).read_text().split()[0]))
        return Parts(_look_s(), _attempt_s(database, servers), asyncio.run(_queues_s(database, servers)))


def tree_cpu_s(roots: Iterable[psutil.Process]) -> float:
    """What processes and those below them have taken until now, those included that have ended and were waited for."""
    total = 0.0
    for root in roots:
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def scrape(client: httpx2.Client, ports: Iterable[int]) -> None:
    """Ask every process once, as Prometheus does."""
    for port in ports:
        client.get(f"http://127.0.0.1:{port}/metrics").raise_for_status()


def _look_s() -> float:
    """The thread's own time by the kernel's clock for it, looking twenty times as often as it does, per look."""
    looks = 0

    def gone_by() -> list[int]:
        nonlocal looks
        looks += 1
        return family()

    with _crowd(), subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as below:
        sampler = Sampler(StageSettings(sampling_s=OFTEN_S), pids=gone_by)
        sampler.start()
        samples = sampler.begin()
        clock = time.pthread_getcpuclockid(sampler.thread.ident or 0)
        began_s, before = time.clock_gettime(clock), looks
        threading.Event().wait(LOOKED_AT_S)
        took_s, after = time.clock_gettime(clock) - began_s, looks
        sampler.end(samples)
        sampler.close()
        below.communicate()
    return took_s / (after - before)


@contextmanager
def _crowd() -> Iterator[None]:
    """Threads that wait."""
    over = threading.Event()
    threads = [threading.Thread(target=over.wait) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _attempt_s(database: DatabaseSettings, servers: psutil.Process) -> float:
    """Around nothing, one row a write, which is the dearest that it can be: children write several at a time."""
    connection = HealingConnection(database, SCHEMA)
    recorder = Recorder("probe", connection.transaction)
    sampler = Sampler(StageSettings())
    sampler.start()
    request = {"media": {"uri": "setu://a/b", "bytes": 1}, "target_language": "en"}
    claim = Claim(uuid4(), "bench", NOOPS.name, "probe", uuid4(), None, None, request, 1, 3, 60.0, 1, 0)

    def attempt() -> None:
        recorder.keep(Measure(claim, "probe", sampler).end("succeeded", {"duration_s": 1.0}, None))
        recorder.write()

    took_s = _with_servers(attempt, servers, ATTEMPTS)
    sampler.close()
    connection.close()
    return took_s


async def _queues_s(database: DatabaseSettings, servers: psutil.Process) -> float:
    connections = Database(database, SCHEMA)
    figures = Figures(connections, StoreSettings(url=f"file://{Path.cwd()}"), ["probe", "other"], CollectorRegistry())
    await figures.look()
    began_s = time.process_time() + tree_cpu_s([servers])
    for _ in range(LOOKS):
        await figures.look()
    took_s = time.process_time() + tree_cpu_s([servers]) - began_s
    await connections.close()
    return took_s / LOOKS


def _with_servers(work: Callable[[], None], servers: psutil.Process, times: int) -> float:
    work()
    began_s = time.process_time() + tree_cpu_s([servers])
    for _ in range(times):
        work()
    return (time.process_time() + tree_cpu_s([servers]) - began_s) / times
