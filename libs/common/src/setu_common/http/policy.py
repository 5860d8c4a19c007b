"""How patient calls to a dependency are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from setu_common.http.failures import Failure

# How often a call is made again. What is not named here is not repeated: the answer would be the same.
RETRIES: Final[Mapping[Failure, int]] = MappingProxyType(
    {
        Failure.NETWORK: 3,
        Failure.TIMEOUT: 3,
        Failure.RATE_LIMITED: 5,
        Failure.SERVER: 3,
        Failure.OVERLOADED: 3,
    }
)


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed call is made again.

    The pause before the n-th repetition is drawn evenly from 0 to min(``cap_s``, ``base_s`` · 2^(n−1)) ("full jitter"). Source: M. Brooker,
    "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. A ``Retry-After`` is kept to, never undercut.

    The budget keeps repetitions from multiplying an outage: each call pays ``budget_ratio`` tokens in, each repetition takes one out.

    Args:
        retries: how often, by kind of failure.
        base_s: the upper end of the first pause, seconds.
        cap_s: the upper end of any pause that the other side did not ask for, seconds.
        busy_factor: how much longer pauses are after a rate limit that doesn't say when to come back.
        longest_pause_s: whoever asks for a longer one is left to the caller's own time table, seconds.
        budget_ratio: repetitions per call in the long run.
        budget_reserve: tokens that it starts with and holds at most.
        budget_trickle_per_s: tokens a second that come by themselves, for what is called seldom.
    """

    retries: Mapping[Failure, int] = field(default_factory=lambda: RETRIES)
    base_s: float = 1.0
    cap_s: float = 60.0
    busy_factor: float = 4.0
    longest_pause_s: float = 60.0
    budget_ratio: float = 0.3
    budget_reserve: float = 20.0
    budget_trickle_per_s: float = 0.2


@dataclass(frozen=True)
class BreakerPolicy:
    """When a dependency is given a pause.

    The circuit opens when an attempt fails or is slow, and of at least ``minimum`` attempts in the window the share that failed is at
    least ``failure_rate``, or the share that was slow at least ``slow_rate``.

    Args:
        window_s: how far it looks back, seconds.
        minimum: fewer attempts than that prove nothing.
        failure_rate: 0 … 1.
        slow_s: an attempt that takes so long is slow, seconds; None: none is.
        slow_rate: 0 … 1.
        open_s: the pause before the next probe, seconds.
        probe_s: how long a probe has, seconds.
        abandoned_s: an attempt that its caller gives up after so long counts as a timeout, seconds; sooner it counts nothing.
    """

    window_s: float = 30.0
    minimum: int = 20
    failure_rate: float = 0.5
    slow_s: float | None = None
    slow_rate: float = 0.8
    open_s: float = 10.0
    probe_s: float = 30.0
    abandoned_s: float = 10.0


@dataclass(frozen=True)
class Policy:
    """How one dependency is called.

    Args:
        attempt_s: how long one attempt may take, seconds; None: as long as the whole call.
        retry: when it is made again.
        breaker: when it is not made at all.
    """

    attempt_s: float | None = 60.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)


def inside_policy(attempts: int = 3, backoff_s: float = 0.2) -> Policy:
    """The policy between Setu's own services: short pauses, since operations have a time table of their own for long ones.

    Args:
        attempts: how often a repeatable call is made in all.
        backoff_s: the upper end of the first pause, seconds.
    """
    retry = RetryPolicy(
        retries={failure: min(attempts - 1, most) for failure, most in RETRIES.items()},
        base_s=backoff_s,
        cap_s=5.0,
        longest_pause_s=5.0,
    )
    return Policy(attempt_s=None, retry=retry, breaker=BreakerPolicy(open_s=2.0))
