"""The watch that every worker's parent keeps: over its own children, and, one parent at a time, over the service's rows."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import structlog

from setu_common.errors import DependencyUnavailable
from setu_common.operations.broker import Broker
from setu_common.operations.endings import Ending
from setu_common.operations.reaping import Held, Reaping
from setu_common.settings import OperationSettings

log = structlog.get_logger()

_HINTS_AT_ONCE: Final = 200
_DEAF_AFTER_S: Final = 20.0
_KILL_BEFORE_S: Final = 5.0


@dataclass
class Watched:
    """What the watch remembers from round to round. Monotonic times, seconds."""

    generation: int = 0
    trusted_after: float = 0.0
    reaped_at: float = 0.0
    idle_since: float = field(default_factory=time.monotonic)


class Monitor:
    """One worker's watch. Call ``round`` about once a second.

    Args:
        worker: the worker's id, as its children write it into the rows that they claim.
        queues: the queues that this worker consumes.
        reaping: on a connection that only the calling thread uses.
        broker: to count and send hints.
        settings: durations.
        looked_at: monotonic time at which a child last looked for work.
        wired: whether the children have their handlers.
        ended: told what became of rows.
        ready_file: touched while the worker is alive and hears, if given.
    """

    def __init__(
        self,
        *,
        worker: str,
        queues: Sequence[str],
        reaping: Reaping,
        broker: Broker,
        settings: OperationSettings,
        looked_at: Callable[[], float],
        wired: Callable[[], bool],
        ended: Callable[[Ending], None],
        ready_file: Path | None,
    ) -> None:
        self._worker = worker
        self._queues = queues
        self._reaping = reaping
        self._broker = broker
        self._settings = settings
        self._looked_at = looked_at
        self._wired = wired
        self._ended = ended
        self._ready_file = ready_file
        self._memory = Watched()

    def round(self) -> bool:
        """Look once at everything.

        Returns:
            False if this worker has gone deaf (work waits, its children idle, and no hint reaches them): it should be replaced.
        """
        now = time.monotonic()
        memory = self._memory
        try:
            held = self._reaping.held_by(self._worker)
            if self._reaping.generation != memory.generation:
                # After an outage every lease looks old: give those who live the time to beat before judging them.
                memory.generation = self._reaping.generation
                memory.trusted_after = now + self._settings.lease_s
            for row in held:
                self._watch_child(row, trusted=now >= memory.trusted_after)
            if held:
                memory.idle_since = now
            if now - memory.reaped_at >= self._settings.reap_every_s:
                memory.reaped_at = now
                return self._reap(now)
        except DependencyUnavailable:
            log.warning("monitor.dependency_away")
        self._touch()
        return True

    def _watch_child(self, row: Held, *, trusted: bool) -> None:
        if not _alive(row.pid):
            # A child that dies is missed within a second or two. One that is missed only after its lease has run out died while the
            # database was away, and nobody can say of what: that is no attempt of the input's.
            self._bury(self._reaping.child_died(row) if row.lease_left_s > 0 else self._reaping.lost(row))
            return
        silent = row.lease_left_s < self._settings.lease_s / 3
        if (trusted and silent) or row.deadline_left_s < -_KILL_BEFORE_S:
            # Its heartbeat does not run (native code that keeps the interpreter, a stopped process). It is counted here and now, as an
            # attempt: by the next round its lease has run out, and it would pass for a loss.
            log.warning("operation.child_hung", operation_id=str(row.id), pid=row.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(row.pid, signal.SIGKILL)
            self._bury(self._reaping.child_died(row))

    def _bury(self, ending: Ending | None) -> None:
        if ending is not None:
            log.warning("operation.child_died", operation_id=str(ending.operation.id), attempt=ending.operation.attempt)
            self._ended(ending)

    def _reap(self, now: float) -> bool:
        if self._reaping.lead() and now >= self._memory.trusted_after:
            for ending in self._reaping.expire():
                log.warning("operation.lease_ran_out", operation_id=str(ending.operation.id), state=ending.operation.state)
                self._ended(ending)
        hears = self._hint(now)
        if hears:
            self._touch()
        return hears

    def _hint(self, now: float) -> bool:
        """Wake the rows whose pause is over, and send as many hints as rows wait without one.

        Any parent may: what one sent, the next one counts.
        """
        hears = True
        self._reaping.wake_due(self._queues)
        for queue, (waiting, oldest_s) in self._reaping.waiting(self._queues).items():
            lying = self._broker.waiting(queue)
            if waiting > lying:
                self._broker.look(queue, min(waiting - lying, _HINTS_AT_ONCE))
            idle_s = now - max(self._memory.idle_since, self._looked_at())
            if lying and min(oldest_s, idle_s) > _DEAF_AFTER_S:
                log.critical("worker.deaf", queue=queue, waiting=waiting, hints=lying, idle_s=round(idle_s))
                hears = False
        return hears

    def _touch(self) -> None:
        if self._ready_file is not None and self._wired():
            self._ready_file.touch()


def _alive(pid: int) -> bool:
    """Whether a child of this process lives under this number.

    One that died is a zombie until the pool has collected it, which takes it seconds; then the number may be another's.
    """
    try:
        process = psutil.Process(pid)
        return bool(process.ppid() == os.getpid() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
