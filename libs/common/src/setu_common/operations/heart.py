"""The heartbeat: a thread of its own, with a connection of its own, that keeps a child's lease and ends the child when it must.

It ends the process with SIGKILL, since a handler that hangs in native code or swallows cancellation heeds nothing else. What became
of the row is written first, so that nobody has to guess.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from setu_common.errors import DeadlineExceeded, DependencyUnavailable
from setu_common.operations.claims import Claim, Claims, LeaseLost
from setu_common.operations.endings import Ending, Settled
from setu_common.operations.retrying import retry_delay_s
from setu_common.settings import OperationSettings

log = structlog.get_logger()


Buried = Callable[[Claim, str, str | None, float], None]


class Running(Protocol):
    """The work that a child does right now."""

    claim: Claim

    def reported(self) -> tuple[float, str]:
        """How far it is (0..1), and a note."""

    def stop(self, reason: str) -> None:
        """Ask it to stop; safe from any thread."""


class Heart:
    """Beats for one piece of work at a time.

    Args:
        claims: on a connection that only this thread uses.
        settings: the intervals.
        stopping_since: monotonic time at which the worker's shutdown began, or 0.
        ended: told what became of a row that this thread ended.
        settled: what ends a kind's row in the same transaction.
        lasting: told of each claim whose work goes on at the first beat.
        buried: told of each attempt that this thread ended, since its own process can't tell what it took any more: its outcome, the code
            of what went wrong, and how long it took, seconds.
        die: ends this process; never returns in production.
    """

    def __init__(
        self,
        claims: Claims,
        settings: OperationSettings,
        *,
        stopping_since: Callable[[], float],
        ended: Callable[[Ending], None],
        settled: Callable[[str], Settled | None],
        lasting: Callable[[Claim], None] = lambda _claim: None,
        buried: Buried = lambda _claim, _outcome, _problem, _wall_s: None,
        die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL),
    ) -> None:
        self._claims = claims
        self._settings = settings
        self._stopping_since = stopping_since
        self._ended = ended
        self._settled = settled
        self._lasting = lasting
        self._buried = buried
        self._die = die
        self._changed = threading.Condition()
        self._running: Running | None = None
        self._began_at = 0.0
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def start(self, running: Running) -> None:
        """Beat for this from now on; its lease was taken just now."""
        with self._changed:
            self._running = running
            self._began_at = time.monotonic()
            self._changed.notify()

    def rest(self) -> None:
        """Stop beating."""
        with self._changed:
            self._running = None
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._running is not None)
                running, began_at = self._running, self._began_at
            if running is not None:
                self._watch(running, began_at)

    def _watch(self, running: Running, began_at: float) -> None:
        beaten_at = began_at
        asked_at: tuple[float, str] | None = None
        while self._still(running):
            now = time.monotonic()
            try:
                cancelling, overdue = self._claims.beat(running.claim, *running.reported())
                if beaten_at == began_at:
                    self._lasting(running.claim)
                beaten_at = now
                if overdue:
                    self._end_overdue(running.claim)
            except LeaseLost:
                if self._still(running):  # else the runner ended the row between the wait and the beat
                    log.warning("operation.lease_lost", operation_id=str(running.claim.id))
                    self._die()
                return
            except DependencyUnavailable:
                # While the database is away nobody can take the row, so the work goes on. Only if this process alone is cut off is it
                # done twice, and the token sees to it that one result counts.
                if now - beaten_at > max(self._settings.lease_s, self._settings.outage_patience_s):
                    log.warning("operation.cut_off", operation_id=str(running.claim.id))
                    self._die()
                continue
            asked_at = asked_at or self._ask(running, now, cancelling=cancelling)
            if asked_at and now - asked_at[0] > self._settings.cancel_grace_s:
                self._end_unheeding(running.claim, asked_at[1])

    def _still(self, running: Running) -> bool:
        with self._changed:
            return not self._changed.wait_for(lambda: self._running is not running, self._settings.heartbeat_s)

    def _ask(self, running: Running, now: float, *, cancelling: bool) -> tuple[float, str] | None:
        stopping_since = self._stopping_since()
        if cancelling:
            reason = "cancelled"
        elif stopping_since and now - stopping_since > self._settings.shutdown_grace_s:
            reason = "shutdown"
        else:
            return None
        running.stop(reason)
        return now, reason

    def _end_overdue(self, claim: Claim) -> None:
        log.warning("operation.deadline_exceeded", operation_id=str(claim.id), timeout_s=claim.timeout_s)
        problem = DeadlineExceeded(
            f"It took longer than the {claim.timeout_s:g} s that one attempt may take.",
            timeout_s=claim.timeout_s,
            attempt=claim.attempt,
        ).problem()
        settled = self._settled(claim.kind)
        if claim.attempt >= claim.max_attempts:
            self._finish(claim, "failed", problem.code, lambda: self._claims.fail(claim, problem, settled))
        else:
            after_s = retry_delay_s(claim.attempt, None, random.uniform)
            self._finish(claim, "failed", problem.code, lambda: self._claims.retry(claim, problem, after_s, settled))

    def _end_unheeding(self, claim: Claim, reason: str) -> None:
        log.warning("operation.unheeding", operation_id=str(claim.id), reason=reason)
        settled = self._settled(claim.kind)
        end = self._claims.cancel if reason == "cancelled" else self._claims.hand_back
        self._finish(claim, "stopped", None, lambda: end(claim, settled))

    def _finish(self, claim: Claim, outcome: str, problem: str | None, end: Callable[[], Ending]) -> None:
        try:
            self._ended(end())
            self._buried(claim, outcome, problem, time.monotonic() - self._began_at)
        except (LeaseLost, DependencyUnavailable) as error:
            # The parent sees this process end and counts it as an attempt, or the lease runs out.
            log.warning("operation.end_unwritten", error=type(error).__name__)
        self._die()
