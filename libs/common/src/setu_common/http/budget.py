"""How many calls may be made again at all."""

from setu_common.http.policy import RetryPolicy
from setu_common.http.timing import Timing


class RetryBudget:
    """A bucket of tokens for one dependency.

    Args:
        policy: how it fills.
        timing: the clock.
    """

    def __init__(self, policy: RetryPolicy, timing: Timing) -> None:
        self._policy = policy
        self._monotonic = timing.monotonic
        self._tokens = policy.budget_reserve
        self._filled_at = self._monotonic()

    @property
    def tokens(self) -> float:
        """What is in it."""
        return self._tokens

    def pay_in(self) -> None:
        """A call is made for the first time."""
        self._tokens = min(self._policy.budget_reserve, self._tokens + self._policy.budget_ratio)

    def take(self) -> bool:
        """A call is to be made again: whether it may."""
        now = self._monotonic()
        trickled = (now - self._filled_at) * self._policy.budget_trickle_per_s
        self._tokens, self._filled_at = min(self._policy.budget_reserve, self._tokens + trickled), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
