"""The one door that calls leave through: deadline, retries, breaker, in this order from outside to inside.

``Dependency.call`` takes any ``async () -> T``; ``Dependency.stream`` any asynchronous generator. What failed, and whose failure that is, a
``Classifier`` says. Nothing of what a call raises is hidden: who asks sees the error of the last attempt that was made.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Final, TypeVar

from setu_common.errors import DeadlineExceeded
from setu_common.http.breaker import Breaker, Permit
from setu_common.http.budget import RetryBudget
from setu_common.http.deadline import DEADLINE
from setu_common.http.failures import COUNTED, AnswerLate, CircuitOpen, Classifier, Failed, Failure, classify
from setu_common.http.observing import Observer
from setu_common.http.policy import Policy
from setu_common.http.retrying import repeated
from setu_common.http.timing import REAL, Timing

T = TypeVar("T")
# Who asks for a pause gets it and a little more, since clocks differ; never a tenth more.
_LATER: Final = 0.05


class Dependency:
    """Something that is called and may fail.

    Args:
        name: what it is called in errors, logs and metrics.
        policy: how patient calls are.
        breaker: its circuit; one of its own by default. ``Dependencies`` makes those that operators and other processes know.
        classify: what kind of failure an error is.
        timing: clocks, pauses and chance.
        observers: told each attempt and each repetition.
    """

    def __init__(
        self,
        name: str,
        policy: Policy | None = None,
        *,
        breaker: Breaker | None = None,
        classify: Classifier = classify,
        timing: Timing = REAL,
        observers: Iterable[Observer] = (),
    ) -> None:
        self.name = name
        self.policy = policy or Policy()
        self._observers = tuple(observers)
        self.breaker = breaker or Breaker(name, self.policy.breaker, timing=timing, observers=self._observers)
        self.budget = RetryBudget(self.policy.retry, timing)
        self._classify = classify
        self._timing = timing
        self._now = timing.monotonic

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        repeatable: bool,
        timeout_s: float | None = None,
        classify: Classifier | None = None,
    ) -> T:
        """Make a call, again if need be.

        Args:
            attempt: makes it once; called anew for each attempt, with its deadline bound.
            repeatable: whether making it twice does no harm: it is idempotent, or carries a key.
            timeout_s: how long it may take in all, pauses included, seconds; a bound deadline that is earlier counts.
            classify: instead of the dependency's own.

        Raises:
            CircuitOpen: it is not called at all at the moment.
            DeadlineExceeded: the bound deadline was over before.
            AnswerLate: an attempt took too long.
            Exception: what the last attempt raised.
        """
        until = self._until(timeout_s)
        judge = classify or self._classify
        self.budget.pay_in()
        try:
            return await self._attempt(attempt, until, judge)
        except Exception as error:
            if not repeatable:
                raise
            last = error

        async def again() -> T:
            nonlocal last
            try:
                return await self._attempt(attempt, until, judge)
            except CircuitOpen:  # it opened during the pause; what went wrong is what came before
                raise last from last.__cause__
            except Exception as error:
                last = error
                raise

        return await repeated(
            again,
            last,
            lambda error, repetitions: self._pause_after(error, repetitions, until, judge),
            self._timing.sleep,
        )

    async def stream(
        self, opened: Callable[[], AsyncGenerator[T]], *, silence_s: float | None = None, classify: Classifier | None = None
    ) -> AsyncGenerator[T]:
        """Follow a stream until it ends. Never made again: only the reader knows where it stands.

        Breaking off is a failure like any other. A reader who leaves says nothing about the other side.

        Args:
            opened: opens it.
            silence_s: how long it may be silent, seconds.
            classify: instead of the dependency's own.

        Raises:
            CircuitOpen: it is not called at all at the moment.
            AnswerLate: it was silent for too long.
            Exception: what the stream raised.
        """
        began = self._now()
        permit = await self._enter()
        judge = classify or self._classify
        ended = False
        try:
            async with aclosing(opened()) as items:
                while True:
                    patience = asyncio.timeout(self._within(silence_s))
                    try:
                        async with patience:
                            item = await anext(items)
                    except StopAsyncIteration:
                        break
                    except TimeoutError as error:
                        if patience.expired():
                            raise self._too_slow(silence_s) from error
                        raise
                    permit = self.breaker.progressed(permit)
                    yield item
            ended = True
        except asyncio.CancelledError:
            self._gave_up(permit, began)
            raise
        except Exception as error:
            self._failed(permit, error, began, judge)
            raise
        finally:
            if ended:
                self._succeeded(Permit(permit.period, self._now(), permit.probe), began)
            else:
                self.breaker.ignored(permit)  # nothing, if its outcome is known already

    async def _attempt(self, attempt: Callable[[], Awaitable[T]], until: float | None, judge: Classifier) -> T:
        began = self._now()
        permit = await self._enter()
        limit_s = self._limit_s(until, permit)
        if limit_s is not None and limit_s <= 0:
            self.breaker.ignored(permit)
            raise DeadlineExceeded(f"There was no time left to call {self.name}. Ask again, and allow more time.")
        token = None if limit_s is None else DEADLINE.set(began + limit_s)
        patience = asyncio.timeout(limit_s)
        try:
            async with patience:
                result = await attempt()
        except asyncio.CancelledError:
            self._gave_up(permit, began)
            raise
        except Exception as error:
            self._failed(permit, error, began, judge)
            if isinstance(error, TimeoutError) and patience.expired():
                raise self._too_slow(limit_s) from error
            raise
        except BaseException:
            self.breaker.ignored(permit)
            raise
        finally:
            if token is not None:
                DEADLINE.reset(token)
        self._succeeded(permit, began)
        return result

    async def _enter(self) -> Permit:
        try:
            return await self.breaker.enter()
        except CircuitOpen:
            self._tell(Failure.CIRCUIT_OPEN, 0.0)
            raise

    def _succeeded(self, permit: Permit, began: float) -> None:
        self.breaker.succeeded(permit)
        self._tell(None, self._now() - began)

    def _failed(self, permit: Permit, error: Exception, began: float, judge: Classifier) -> None:
        failure = _judged(error, judge).failure
        if failure in COUNTED:
            self.breaker.failed(permit)
        else:
            self.breaker.ignored(permit)
        self._tell(failure, self._now() - began)

    def _gave_up(self, permit: Permit, began: float) -> None:
        self.breaker.abandoned(permit)
        self._tell(Failure.ABANDONED, self._now() - began)

    def _tell(self, failure: Failure | None, took_s: float) -> None:
        for observer in self._observers:
            observer.attempt_ended(self.name, failure, took_s)

    def _pause_after(self, error: Exception, repetitions: int, until: float | None, judge: Classifier) -> float | None:
        """How long to wait before the call is made again, seconds; None if it is not."""
        failed, policy = _judged(error, judge), self.policy.retry
        if failed.final or repetitions >= policy.retries.get(failed.failure, 0) or self.breaker.refuses:
            return None
        base_s = policy.base_s * (policy.busy_factor if failed.failure is Failure.RATE_LIMITED else 1.0)
        pause_s = self._timing.uniform(0.0, min(policy.cap_s, base_s * 2.0**repetitions))
        if failed.retry_after_s is not None:
            asked_s = failed.retry_after_s
            if asked_s > policy.longest_pause_s:
                return None
            pause_s = max(asked_s, min(pause_s, asked_s * (1 + _LATER)))
        if (until is not None and self._now() + pause_s >= until) or not self.budget.take():
            return None
        for observer in self._observers:
            observer.attempt_repeated(self.name, failed.failure, pause_s)
        return pause_s

    def _until(self, timeout_s: float | None) -> float | None:
        bound = DEADLINE.get()
        if timeout_s is None:
            return bound
        mine = self._now() + timeout_s
        return mine if bound is None else min(mine, bound)

    def _limit_s(self, until: float | None, permit: Permit) -> float | None:
        limit_s = self.policy.attempt_s
        if until is not None:
            left_s = until - permit.began
            limit_s = left_s if limit_s is None else min(limit_s, left_s)
        if permit.probe:
            limit_s = self.policy.breaker.probe_s if limit_s is None else min(limit_s, self.policy.breaker.probe_s)
        return limit_s

    def _within(self, silence_s: float | None) -> float | None:
        bound = DEADLINE.get()
        if bound is None:
            return silence_s
        left_s = max(bound - self._now(), 0.0)
        return left_s if silence_s is None else min(silence_s, left_s)

    def _too_slow(self, limit_s: float | None) -> AnswerLate:
        within = "in time" if limit_s is None else f"within {limit_s:.3g} s"
        return AnswerLate(f"{self.name} did not answer {within}")


def _judged(error: Exception, judge: Classifier) -> Failed:
    """What an error amounts to; those that are raised here no classifier need know."""
    return classify(error) if isinstance(error, CircuitOpen | AnswerLate) else judge(error)
