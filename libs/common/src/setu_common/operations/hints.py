"""Hints, sent off the path of whoever has them to send."""

import queue
import threading
from collections import Counter
from typing import Final
from uuid import UUID

import structlog

from setu_common.errors import DependencyUnavailable
from setu_common.operations.broker import Broker
from setu_common.settings import RedisSettings

log = structlog.get_logger()

_CLOSE: Final = None
# Hints that come within this time go out together: fewer turns of this thread beside the event loop of an API.
_GATHER_S: Final = 0.01
# A child that was told of one row goes on to the next, so there need be no more hints than children that could be idle; and where so
# many lie untaken, none is. Asking costs 0.1 ms of the processor's time, sending one 0.7.
_ENOUGH: Final = 32


class Hints:
    """A thread that sends hints. Never blocks its callers, never fails them: a hint that is lost costs seconds, no work.

    To be made after a fork, in the process that uses it; the thread starts with the first hint.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._pending: queue.SimpleQueue[tuple[str, UUID | None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def look(self, queue_name: str) -> None:
        """There is work in a queue."""
        self._put((queue_name, None))

    def wake(self, queue_name: str, job_id: UUID) -> None:
        """Something that a job waits for is over."""
        self._put((queue_name, job_id))

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is pending and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._closing.set()
            self._pending.put(_CLOSE)
            thread.join(timeout_s)

    def _put(self, hint: tuple[str, UUID | None]) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
                    self._thread.start()
        self._pending.put(hint)

    def _run(self) -> None:
        broker = Broker(self._settings)
        open_ = True
        while open_:
            burst = [self._pending.get()]
            if burst != [_CLOSE]:
                self._closing.wait(_GATHER_S)
            while not self._pending.empty():
                burst.append(self._pending.get())
            open_ = _CLOSE not in burst
            self._send(broker, Counter(hint for hint in burst if hint is not None))
        broker.close()

    def _send(self, broker: Broker, hints: Counter[tuple[str, UUID | None]]) -> None:
        try:
            for (queue_name, job_id), count in hints.items():
                if job_id is None:
                    broker.look(queue_name, count, enough=_ENOUGH)
                else:
                    broker.wake(queue_name, job_id)
        except DependencyUnavailable:
            # The reaper hints at whatever waits, so nothing but a little time is lost.
            log.warning("hints.lost", count=hints.total())
