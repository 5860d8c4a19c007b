"""What a worker's child does with a hint: claim a row, run its handler on the child's one event loop, write how it ended."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

import structlog
from pydantic import ValidationError

from setu_common.contracts import OperationState
from setu_common.cost.metering import attributed
from setu_common.errors import DependencyUnavailable, InternalError, InvalidRequest, SetuError, is_retryable
from setu_common.observability import bound
from setu_common.observability.tracing import OUTCOME, Span, tracing
from setu_common.operations.claims import Claim, Claims, LeaseLost
from setu_common.operations.endings import Ending, Settled
from setu_common.operations.heart import Heart
from setu_common.operations.measuring import Measure, Recorder, attribution_of, told_of
from setu_common.operations.payloads import Payloads
from setu_common.operations.retrying import retry_delay_s
from setu_common.operations.sampling import Sampler
from setu_common.operations.work import Bound, Park
from setu_common.settings import OperationSettings
from setu_common.store import noted

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

# A child goes on claiming for so long after one hint, before it asks for the next: short operations then cost no trip through the broker.
DRAIN_S: Final = 0.2
_UNKNOWN_KIND_AFTER_S: Final = 30.0


@dataclass(frozen=True)
class _Succeeded:
    result: dict[str, Any]  # Any: JSON
    objects: Sequence[str]


@dataclass(frozen=True)
class _Failed:
    error: SetuError


@dataclass(frozen=True)
class _Stopped:
    reason: str


@dataclass(frozen=True)
class _Parked:
    after_s: float
    said: tuple[float, str] | None = None
    worked: bool = False


_Outcome = _Succeeded | _Failed | _Stopped | _Parked


class LiveWork:
    """The work at hand: the handler's view (Work), and the heartbeat's (Running)."""

    def __init__(self, claim: Claim, threads: ThreadPoolExecutor) -> None:
        self.claim = claim
        self._threads = threads
        self._reported = (0.0, "")
        self._stop = threading.Event()
        self._reason = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._running_threads = 0
        self._threads_left = asyncio.Event()
        self._threads_left.set()

    @property
    def operation_id(self) -> UUID:
        """The operation's id."""
        return self.claim.id

    @property
    def tenant(self) -> str:
        """Whose work it is."""
        return self.claim.tenant

    @property
    def job_id(self) -> UUID | None:
        """The job that it is part of, if any."""
        return self.claim.job_id

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        return self.claim.attempt

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._stop.is_set()

    @property
    def stop_reason(self) -> str:
        """Why it was asked to stop, or empty."""
        return self._reason

    def progress(self, fraction: float, note: str = "") -> None:
        """Say how far the work is (0..1)."""
        self._reported = (fraction, note)

    def reported(self) -> tuple[float, str]:
        """What was said last."""
        return self._reported

    def began(self, task: asyncio.Task[Any]) -> None:  # Any: whatever the handler answers
        """Name the task to cancel when the work is asked to stop."""
        self._loop = asyncio.get_running_loop()
        self._task = task

    def stop(self, reason: str) -> None:
        """Ask the work to stop; safe from any thread."""
        self._reason = self._reason or reason
        self._stop.set()
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking code off the event loop."""
        loop = asyncio.get_running_loop()
        self._running_threads += 1
        self._threads_left.clear()
        # With the ids that are bound here, so that what the thread logs can be found.
        future = loop.run_in_executor(self._threads, partial(copy_context().run, function, *args, **kwargs))
        future.add_done_callback(self._thread_ended)
        return await asyncio.shield(future)

    async def threads_ended(self) -> None:
        """Wait until no thread of this work runs any more."""
        await self._threads_left.wait()

    def _thread_ended(self, future: asyncio.Future[Any]) -> None:
        self._running_threads -= 1
        if not future.cancelled():
            future.exception()  # seen, also where the handler had gone before the thread ended
        if self._running_threads == 0:
            self._threads_left.set()


class Runner:
    """Runs operations, one at a time.

    Args:
        run: runs a coroutine to its end on the child's event loop.
        bounds: the kinds that this worker knows, by name.
        settled: what is written with the end of a kind's operation.
        claims: on a connection that only the calling thread uses.
        payloads: where large requests and results lie.
        heart: beats while a handler runs.
        settings: durations and limits.
        ended: told how each row left this worker's hands.
        stopping: whether the worker has been told to end.
        recorder: takes what each attempt took.
        refused: told the kind of each result that came too late.
        sampler: looks at attempts while they run; None where that is switched off.
    """

    def __init__(
        self,
        *,
        run: Callable[[Any], Any],  # Any: asyncio.Runner.run, generic in the coroutine's result
        bounds: Mapping[str, Bound],
        settled: Mapping[str, Settled],
        claims: Claims,
        payloads: Payloads,
        heart: Heart,
        settings: OperationSettings,
        ended: Callable[[Ending], None],
        stopping: Callable[[], bool],
        recorder: Recorder,
        refused: Callable[[str], None] = lambda _kind: None,
        sampler: Sampler | None = None,
    ) -> None:
        self._run = run
        self._bounds = bounds
        self._settled = settled
        self._claims = claims
        self._payloads = payloads
        self._heart = heart
        self._settings = settings
        self._ended = ended
        self._stopping = stopping
        self._recorder = recorder
        self._refused = refused
        self._sampler = sampler
        self._threads = ThreadPoolExecutor(thread_name_prefix="handler")

    def look(self, queue: str, *, for_s: float = DRAIN_S) -> int:
        """Claim and run rows of a queue until there are none, or a moment has passed.

        Args:
            queue: its name.
            for_s: no more is claimed after so long; 0: one row.

        Returns:
            How many were run.
        """
        try:
            return self._drain(queue, for_s)
        finally:
            self._recorder.write()

    def _drain(self, queue: str, for_s: float) -> int:
        count = 0
        until = time.monotonic() + for_s
        while not self._stopping():
            try:
                claim = self._claims.next(queue)
            except DependencyUnavailable:
                log.warning("worker.database_away")
                return count
            if claim is None:
                return count
            with bound(
                operation_id=str(claim.id),
                job_id=str(claim.job_id) if claim.job_id else None,
                tenant=claim.tenant,
                kind=claim.kind,
            ):
                self._work(claim)
            count += 1
            if time.monotonic() >= until:
                return count
        return count

    def _work(self, claim: Claim) -> None:
        known = self._bounds.get(claim.kind)
        if known is None:
            log.error("operation.kind_unknown", kind=claim.kind)
            self._write(claim, _Parked(_UNKNOWN_KIND_AFTER_S))
            return
        if not self._wanted(claim):
            self._write(claim, _Stopped("cancelled"))
            return
        began_s = time.monotonic()
        to = attribution_of(claim, self._recorder.service)
        with (
            tracing().span(claim.kind, "consumer", told_of(claim, to), of=claim.job_id or claim.parent_id or claim.id) as span,
            attributed(to),
            noted() as written,
        ):
            measure = Measure(claim, to.service, self._sampler)
            outcome = self._run(self._handle(claim, known))
            self._keep(measure, outcome, span)
        if self._write(claim, outcome) and written:
            self._drop(written)
        log.info(
            "operation.left",
            outcome=type(outcome).__name__.lstrip("_").lower(),
            duration_s=round(time.monotonic() - began_s, 3),
        )

    def _wanted(self, claim: Claim) -> bool:
        try:
            return self._claims.wanted(claim)
        except DependencyUnavailable:
            return True

    def _keep(self, measure: Measure, outcome: _Outcome, span: Span) -> None:
        if isinstance(outcome, _Parked):  # it waited for others, and its attempt goes on
            measure.abandon()
            span.note({OUTCOME: "parked"})
            return
        problem = None
        match outcome:
            case _Succeeded(result=result):
                ended = measure.end("succeeded", result, None)
            case _Failed(error=error):
                problem = error.problem().code
                ended = measure.end("failed", {}, problem)
            case _:  # stopped
                ended = measure.end("stopped", {}, None)
        span.note({OUTCOME: ended.outcome})
        if problem is not None:
            span.failed(problem)
        self._recorder.keep(ended)

    async def _handle(self, claim: Claim, known: Bound) -> _Outcome:
        work = LiveWork(claim, self._threads)
        answering = asyncio.ensure_future(self._answer(claim, known, work))
        work.began(answering)
        self._heart.start(work)
        try:
            return await answering
        except asyncio.CancelledError:
            if not work.stop_reason:
                return _Failed(InternalError("The handler was cancelled from within; this is a defect."))
            return _Stopped(work.stop_reason)
        except SetuError as error:
            return _Failed(error)
        except Exception:
            # One operation's defect must end that operation and not the worker. The text may hold dialogue: it is logged, not told.
            log.exception("operation.crashed")
            return _Failed(InternalError("The work ended with an error that Setu did not foresee; the service's log has it."))
        finally:
            # The heart goes on beating meanwhile, and ends the process if a thread outlives its grace.
            await work.threads_ended()
            self._heart.rest()

    async def _answer(self, claim: Claim, known: Bound, work: LiveWork) -> _Outcome:
        try:
            request = known.kind.request.model_validate(await self._payloads.unpack(claim.request))
        except ValidationError as error:
            raise InvalidRequest("The stored request does not fit this version of the service; submit it again.") from error
        answer = await known.handler(request, work)
        if isinstance(answer, Park):
            progress, note = work.reported()
            return _Parked(answer.after_s, (progress, note) if progress or note else None, answer.worked)
        result, objects, _ = await self._payloads.pack(claim.tenant, answer)
        return _Succeeded(result, objects)

    def _drop(self, uris: Sequence[str]) -> None:
        """Remove what an attempt wrote for nothing: it failed, or was cancelled, or someone else has the row."""
        try:
            self._run(self._payloads.drop(uris))
        except DependencyUnavailable as error:
            log.warning("operation.objects_left_for_sweep", objects=len(uris), reason=error.detail)

    def _write(self, claim: Claim, outcome: _Outcome) -> bool:
        """Write the end, as often as it takes: while the database is away there is nothing else to do, and nobody can take the row.

        Returns:
            Whether it is certain that no row names what the attempt wrote.
        """
        settled = self._settled.get(claim.kind)
        while True:
            try:
                ending = self._end(claim, outcome, settled)
            except LeaseLost:
                log.warning("operation.result_refused", outcome=type(outcome).__name__)
                self._refused(claim.kind)
                return True
            except DependencyUnavailable:
                if not self._stopping():
                    threading.Event().wait(self._settings.heartbeat_s / 2)
                    continue
                log.warning("operation.end_unwritten")
                return False
            except Exception:
                # Postgres refuses the result, or what is to be settled with it, and would do so again: the row ends in any case.
                log.exception("operation.end_refused", outcome=type(outcome).__name__)
                if isinstance(outcome, _Failed) and settled is None:
                    raise
                settled = settled if isinstance(outcome, _Succeeded) else None
                outcome = _Failed(InternalError("The result can't be stored; the service's log says why."))
                continue
            self._ended(ending)
            return ending.operation.state is not OperationState.SUCCEEDED

    def _end(self, claim: Claim, outcome: _Outcome, settled: Settled | None) -> Ending:
        match outcome:
            case _Parked(after_s=after_s, said=said, worked=worked):
                return self._claims.park(claim, after_s, settled, said, worked=worked)
            case _Succeeded(result=result, objects=objects):
                return self._claims.succeed(claim, result, objects, settled)
            case _Stopped(reason="cancelled"):
                return self._claims.cancel(claim, settled)
            case _Stopped():
                return self._claims.hand_back(claim, settled)
            case _Failed(error=error):
                problem = error.problem()
                if is_retryable(error) and claim.attempt < claim.max_attempts:
                    after_s = retry_delay_s(claim.attempt, error.retry_after_s, random.uniform)
                    return self._claims.retry(claim, problem, after_s, settled)
                return self._claims.fail(claim, problem, settled)
