"""A service's worker: Celery's prefork parent with the watch beside it, and children that run operations."""

import asyncio
import gc
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import RawValue
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import structlog
from prometheus_client import CollectorRegistry

from setu_common.contracts import OperationKind
from setu_common.errors import DependencyUnavailable
from setu_common.observability import configure_logging
from setu_common.observability.metrics import MetricsListener, begin_child, children_counted
from setu_common.observability.tracing import configure_tracing, tracing
from setu_common.operations.broker import LOOK, WAKE, Broker, run_consumer
from setu_common.operations.claims import Claim, Claims
from setu_common.operations.connection import HealingConnection
from setu_common.operations.death import die_with_parent
from setu_common.operations.endings import Ending, Settled
from setu_common.operations.heart import Heart
from setu_common.operations.hints import Hints
from setu_common.operations.measuring import Burials, Recorder
from setu_common.operations.metrics import OperationMetrics
from setu_common.operations.monitor import Monitor
from setu_common.operations.payloads import Payloads
from setu_common.operations.reaping import Reaping
from setu_common.operations.retention import Keepsakes, Retention
from setu_common.operations.runner import DRAIN_S, Runner
from setu_common.operations.sampling import Sampler
from setu_common.operations.waking import wake_job
from setu_common.operations.work import Bound
from setu_common.settings import CoreSettings
from setu_common.starting import settle
from setu_common.store import Store

log = structlog.get_logger()

T = TypeVar("T")

_ROUND_S: Final = 1.0
_TIDY_EVERY_S: Final = 3600.0
_EXIT_DEAF: Final = 70
# Celery's limit on one hint stands behind the deadlines of operations, so it is longer than any of them.
_HARD_LIMIT_MARGIN_S: Final = 300.0

Wire = Callable[[], AbstractAsyncContextManager[Sequence[Bound]]]


@dataclass(frozen=True)
class WorkerSpec:
    """What a service's worker is.

    Args:
        service: the schema and store folder it works in.
        kinds: what it does; it consumes their queues.
        wire: makes the handlers, in each child, on its event loop; left when the child ends.
        concurrency: operations at once, where the settings do not say.
        settled: by kind: what is written with the end of an operation.
        keepsakes: the service's own tables that age.
        counting: makes what is told how rows left the worker's hands, to count more than all workers do; in its parent and each child.
    """

    service: str
    kinds: tuple[OperationKind[Any, Any], ...]  # Any: kinds of all requests and results
    wire: Wire
    concurrency: int = 1
    settled: Mapping[str, Settled] = field(default_factory=dict)
    keepsakes: tuple[Keepsakes, ...] = ()
    counting: Callable[[CollectorRegistry], Callable[[Ending], None]] | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that it consumes."""
        return tuple(dict.fromkeys(kind.queue for kind in self.kinds))


class _Shared:
    """What a parent and its children tell each other: plain shared memory, inherited through the fork. Monotonic times."""

    def __init__(self) -> None:
        self._looked_at = RawValue("d", time.monotonic())
        self._stopping_since = RawValue("d", 0.0)
        self._wired = RawValue("b", 0)

    def looked(self) -> None:
        self._looked_at.value = time.monotonic()

    def looked_at(self) -> float:
        return float(self._looked_at.value)

    def wired(self) -> None:
        self._wired.value = 1

    def not_wired(self) -> None:
        self._wired.value = 0

    def is_wired(self) -> bool:
        return bool(self._wired.value)

    def stop(self) -> None:
        self._stopping_since.value = self._stopping_since.value or time.monotonic()

    def stopping_since(self) -> float:
        return float(self._stopping_since.value)


def run_worker(spec: WorkerSpec, settings: CoreSettings) -> None:
    """Consume the service's queues until told to stop (SIGTERM: running work may go on for its grace, then is handed back)."""
    configure_logging(settings.log, f"{spec.service}-worker")
    if settings.worker.nice:
        os.nice(settings.worker.nice)
    worker_id = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    shared = _Shared()
    counting = children_counted() if settings.prometheus.port is not None else nullcontext(CollectorRegistry())
    with counting as counted:
        parent = _Parent(spec, settings, worker_id, shared, MetricsListener(counted, settings.prometheus))
        child = _Child(spec, settings, worker_id, shared, os.getpid())
        settle()
        run_consumer(
            settings.redis,
            name=f"{spec.service}-{os.getpid()}",
            queues=spec.queues,
            concurrency=settings.worker.concurrency or spec.concurrency,
            hard_limit_s=max(kind.timeout_s for kind in spec.kinds) + _HARD_LIMIT_MARGIN_S,
            tasks={LOOK: child.look, WAKE: child.wake},
            on_parent_ready=parent.start,
            on_parent_stopping=parent.stop,
            on_child_start=child.start,
            on_child_stop=child.stop,
        )


class _Counting:
    """What a process of a worker counts. Made after the fork, in any registry: a worker's processes count together."""

    def __init__(self, spec: WorkerSpec) -> None:
        registry = CollectorRegistry()
        self.operations = OperationMetrics(registry, [kind.name for kind in spec.kinds])
        self._more = spec.counting(registry) if spec.counting is not None else None

    def left(self, ending: Ending) -> None:
        self.operations.left(ending)
        if self._more is not None:
            self._more(ending)


class _Parent:
    """The watch, in a thread of the worker's parent; and what it tells Prometheus."""

    def __init__(
        self, spec: WorkerSpec, settings: CoreSettings, worker_id: str, shared: _Shared, listener: MetricsListener
    ) -> None:
        self._listener = listener
        self._spec = spec
        self._settings = settings
        self._worker_id = worker_id
        self._shared = shared

    def start(self) -> None:
        # Celery collects garbage before it starts a child in place of one that was ended. Measured, that took 90 ms of the parent's time,
        # nearly all of it for what was imported, which is never garbage.
        gc.freeze()
        threading.Thread(target=self._watch, name="monitor", daemon=True).start()
        threading.Thread(target=self._tidy, name="retention", daemon=True).start()
        self._listener.start()

    def stop(self) -> None:
        self._shared.stop()
        if self._settings.worker.ready_file is not None:
            self._settings.worker.ready_file.unlink(missing_ok=True)

    def _watch(self) -> None:
        spec, settings = self._spec, self._settings
        connection = HealingConnection(settings.database, spec.service)
        hints = Hints(settings.redis)
        counting = _Counting(spec)

        def ended(ending: Ending) -> None:
            counting.left(ending)
            pass_on(ending, hints)

        monitor = Monitor(
            worker=self._worker_id,
            queues=spec.queues,
            reaping=Reaping(connection, settings.operations, spec.service, spec.settled, counting.operations.attempted),
            broker=Broker(settings.redis),
            settings=settings.operations,
            looked_at=self._shared.looked_at,
            wired=self._shared.is_wired,
            ended=ended,
            ready_file=settings.worker.ready_file,
        )
        log.info("worker.ready", worker=self._worker_id, queues=spec.queues)
        pause = threading.Event()
        while True:
            try:
                hears = monitor.round()
            except Exception:
                # A defect of the watch must not end the watch: without it nothing is reaped.
                log.exception("monitor.crashed")
                hears = True
            if not hears:
                # Its children end with it, and whoever supervises it starts another.
                os._exit(_EXIT_DEAF)
            pause.wait(_ROUND_S)

    def _tidy(self) -> None:
        """Once an hour, in a fresh process: a store's client library may have threads, which children forked later must not inherit."""
        fresh = multiprocessing.get_context("spawn")
        pause = threading.Event()
        pause.wait(self._settings.operations.tidy_after_s)
        while True:
            process = fresh.Process(target=tidy, args=(self._spec.service, self._settings, self._spec.keepsakes, os.getpid()))
            process.start()
            process.join(_TIDY_EVERY_S)
            if process.is_alive():
                log.error("retention.too_slow")
                process.kill()
                process.join()
            pause.wait(_TIDY_EVERY_S)


def tidy(service: str, settings: CoreSettings, keepsakes: Sequence[Keepsakes], parent_pid: int) -> None:
    """End what a service keeps too long; the main function of a process of its own."""
    die_with_parent(parent_pid)
    configure_logging(settings.log, f"{service}-retention")
    connection = HealingConnection(settings.database, service)
    try:
        Retention(connection, Store(settings.store, service), settings.operations, keepsakes).run()
    except DependencyUnavailable as error:
        log.warning("retention.postponed", reason=error.detail)


class _Child:
    """A prefork child: everything it uses is made after the fork."""

    def __init__(self, spec: WorkerSpec, settings: CoreSettings, worker_id: str, shared: _Shared, parent_pid: int) -> None:
        self._spec = spec
        self._settings = settings
        self._worker_id = worker_id
        self._shared = shared
        self._parent_pid = parent_pid
        self._loop: asyncio.Runner | None = None
        self._runner: Runner | None = None

    def start(self) -> None:
        die_with_parent(self._parent_pid)
        spec, settings = self._spec, self._settings
        configure_logging(settings.log, f"{spec.service}-worker")
        begin_child()
        configure_tracing(settings.tracing, f"{spec.service}-worker")
        self._counting = counting = _Counting(spec)
        self._hints = Hints(settings.redis)
        self._connection = HealingConnection(settings.database, spec.service)
        self._resources = AsyncExitStack()
        self._loop = asyncio.Runner()
        try:
            bounds = self._loop.run(self._resources.enter_async_context(spec.wire()))
        except Exception:
            log.exception("worker.wiring_failed")
            self._shared.not_wired()
            sys.exit(1)
        hearts = HealingConnection(settings.database, spec.service)
        heart = Heart(
            Claims(hearts, settings.operations, self._worker_id, os.getpid()),
            settings.operations,
            stopping_since=self._shared.stopping_since,
            ended=self._ended_by_heart,
            settled=spec.settled.get,
            lasting=lambda claim: tell_begun(claim, self._hints),
            buried=Burials(spec.service, hearts.transaction, counting.operations.attempted),
        )
        self._runner = Runner(
            run=self._run,
            bounds={bound.kind.name: bound for bound in bounds},
            settled=spec.settled,
            claims=Claims(self._connection, settings.operations, self._worker_id, os.getpid()),
            payloads=Payloads(Store(settings.store, spec.service), settings.operations.inline_bytes),
            heart=heart,
            settings=settings.operations,
            ended=self._ended,
            stopping=lambda: bool(self._shared.stopping_since()),
            recorder=Recorder(spec.service, self._connection.transaction, counting.operations.attempted),
            refused=counting.operations.refused,
            sampler=self._sampler(),
        )
        settle()
        self._shared.wired()

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.run(self._resources.aclose())
            self._loop.close()
            self._hints.close()
            self._connection.close()
            tracing().close()

    def _sampler(self) -> Sampler | None:
        if not self._settings.stages.sampling:
            return None
        sampler = Sampler(self._settings.stages)
        sampler.start()
        return sampler

    def look(self, queue: str) -> None:
        """There is work in a queue."""
        self._look(queue, DRAIN_S)

    def wake(self, queue: str, job_id: str) -> None:
        """Something that a job waits for is over: it is due, and who is next gets a turn. Other wake-ups are not kept waiting."""
        wake_job(self._connection, queue, UUID(job_id))
        self._look(queue, 0)

    def _look(self, queue: str, for_s: float) -> None:
        if self._runner is None:
            return
        self._shared.looked()
        self._runner.look(queue, for_s=for_s)
        self._shared.looked()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the child's loop with the ids that are bound here, so that what it logs can be found."""
        if self._loop is None:
            raise RuntimeError("the child has not been started")
        return self._loop.run(work, context=copy_context())

    def _ended(self, ending: Ending) -> None:
        self._counting.left(ending)
        pass_on(ending, self._hints)

    def _ended_by_heart(self, ending: Ending) -> None:
        self._ended(ending)
        self._hints.close(timeout_s=2.0)  # the process is about to die: send what there is to send


def tell_begun(claim: Claim, hints: Hints) -> None:
    """Tell the submitter of a row that it is being worked on, who asks seldom until they know."""
    if claim.reply_to is not None and claim.job_id is not None:
        hints.wake(claim.reply_to, claim.job_id)


def pass_on(ending: Ending, hints: Hints) -> None:
    """Tell those who wait for a row: its submitter when it has ended, its own queue's workers when it can be claimed again."""
    if ending.due:
        hints.look(ending.queue)
    elif ending.operation.state.ended and ending.reply_to is not None and ending.job_id is not None:
        hints.wake(ending.reply_to, ending.job_id)
    elif ending.operation.state.ended and ending.parent_id is not None:  # it was woken, and parts are of its parent's queue
        hints.look(ending.queue)
