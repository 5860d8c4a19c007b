"""What Prometheus is told of paid calls. Needs the extra ``service``.

| metric | labels | |
|---|---|---|
| ``setu_paid_calls_total`` | provider, model, outcome | as the ledger has them: ``ok``, ``failed``, ``aborted``, ``cached``, ``unresolved`` |
| ``setu_paid_call_seconds`` | provider, model | how long calls took that somebody was asked for |
| ``setu_tokens_total`` | provider, model, type | ``input``, ``cache_read``, ``cache_write``, ``audio``, ``output`` |
| ``setu_cost_usd_total`` | provider, model | as the ledger has it; of calls without a price nothing |
| ``setu_unpriced_calls_total`` | provider, model | calls that no price is known for |
| ``setu_calls_refused_total`` | reason | calls that a budget did not allow: ``budget-exhausted``, ``price-unknown`` |

Of providers and models together only so many are told apart, since requests may name them (``observability.labels``).
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from setu_common.cost.metering import BudgetExhausted, Outcome, PriceUnknown
from setu_common.cost.usage import Usage
from setu_common.observability.labels import OTHER, BoundedNames

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_LABELS: Final = ("provider", "model")


class SpendingMetrics:
    """Counts what a meter records.

    Args:
        registry: where it is counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter("setu_paid_calls", "Paid calls by outcome", (*_LABELS, "outcome"), registry=registry)
        self._took = Histogram("setu_paid_call_seconds", "Seconds of paid calls", _LABELS, buckets=_SECONDS, registry=registry)
        self._tokens = Counter("setu_tokens", "Tokens billed", (*_LABELS, "type"), registry=registry)
        self._usd = Counter("setu_cost_usd", "US dollars spent", _LABELS, registry=registry)
        self._unpriced = Counter("setu_unpriced_calls", "Calls without a price", _LABELS, registry=registry)
        self._refused = Counter("setu_calls_refused", "Calls that no budget allowed", ("reason",), registry=registry)
        self._names = BoundedNames()
        for each in (BudgetExhausted, PriceUnknown):
            self._refused.labels(each.code)

    def settled(
        self, provider: str, model: str, *, outcome: Outcome, usage: Usage, usd: float | None, duration_s: float
    ) -> None:
        """A call has ended, and what it used is known."""
        names = self._named(provider, model)
        self._calls.labels(*names, outcome).inc()
        if usd is None:
            self._unpriced.labels(*names).inc()
        else:
            self._usd.labels(*names).inc(usd)
        if outcome == "cached":
            return
        self._took.labels(*names).observe(duration_s)
        for kind, tokens in _by_type(usage):
            if tokens:
                self._tokens.labels(*names, kind).inc(tokens)

    def unresolved(self, provider: str, model: str) -> None:
        """A call broke off, and nobody knows what it used."""
        self._calls.labels(*self._named(provider, model), "unresolved").inc()

    def refused(self, error: BudgetExhausted) -> None:
        """A call was not made, since a budget did not allow it."""
        self._refused.labels(error.code).inc()

    def _named(self, provider: str, model: str) -> tuple[str, str]:
        pair = f"{provider}/{model}"
        return (OTHER, OTHER) if self._names(pair) != pair else (provider, model)


def _by_type(usage: Usage) -> tuple[tuple[str, int], ...]:
    return (
        ("input", usage.input_tokens),
        ("cache_read", usage.cache_read_tokens),
        ("cache_write", usage.cache_write_tokens + usage.cache_write_1h_tokens),
        ("audio", usage.input_audio_tokens),
        ("output", usage.output_tokens),
    )
