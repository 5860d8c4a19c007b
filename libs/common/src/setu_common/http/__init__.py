"""How Setu's parts call each other over HTTP. The only package that imports the HTTP library.

``create_client`` makes a connection pool with timeouts; ``HttpCaller`` makes calls with it and turns everything that can go
wrong into the taxonomy of ``setu_common.errors``:

* the other side said what is wrong (``application/problem+json``) → ``RemoteProblem``
* it did not answer, not in time, or in a way that can't be read → ``DependencyUnavailable``

Between the two stands a ``Dependency``: a deadline, retries with a budget, and a circuit breaker around any ``async () -> T``, SDKs' calls
included. ``Dependencies`` are those of a process, by name. ``setu_common.http.breaker_redis`` shares their circuits with other processes, and
``setu_common.http.metrics`` tells Prometheus of them; both need the extra ``service``.

``OutsideClient`` calls what strangers name, by a ``Guard``: only public addresses, each connection to a vetted one.
"""

from setu_common.http.authorities import AuthoritiesUnreadable
from setu_common.http.breaker import Breaker, Mode
from setu_common.http.breaker_machine import State
from setu_common.http.caller import FilePart, HttpCaller, Response, ServerSentEvent
from setu_common.http.client import AsyncClient, create_client
from setu_common.http.deadline import deadline_header, deadline_in, parse_deadline, remaining_s
from setu_common.http.dependencies import BreakerStatus, Dependencies
from setu_common.http.dependency import Dependency
from setu_common.http.failures import AnswerLate, CircuitOpen, Classifier, Failed, Failure, classify, classify_status
from setu_common.http.guard import Guard, NameUnresolvable, OutsidePolicy, Resolver, SystemResolver
from setu_common.http.observing import BreakerChange, LogObserver, Observer
from setu_common.http.outside import (
    OutsideAnswer,
    OutsideClient,
    OutsideEncoded,
    OutsideLimits,
    OutsideTooLarge,
    OutsideTooSlow,
    OutsideUnavailable,
)
from setu_common.http.outside_urls import OutsideUrl, UrlRefused, parse_url
from setu_common.http.policy import RETRIES, BreakerPolicy, Policy, RetryPolicy, inside_policy
from setu_common.http.reaching import never_reached
from setu_common.http.retry_after import parse_retry_after
from setu_common.http.timing import Timing

__all__ = [
    "RETRIES",
    "AnswerLate",
    "AsyncClient",
    "AuthoritiesUnreadable",
    "Breaker",
    "BreakerChange",
    "BreakerPolicy",
    "BreakerStatus",
    "CircuitOpen",
    "Classifier",
    "Dependencies",
    "Dependency",
    "Failed",
    "Failure",
    "FilePart",
    "Guard",
    "HttpCaller",
    "LogObserver",
    "Mode",
    "NameUnresolvable",
    "Observer",
    "OutsideAnswer",
    "OutsideClient",
    "OutsideEncoded",
    "OutsideLimits",
    "OutsidePolicy",
    "OutsideTooLarge",
    "OutsideTooSlow",
    "OutsideUnavailable",
    "OutsideUrl",
    "Policy",
    "Resolver",
    "Response",
    "RetryPolicy",
    "ServerSentEvent",
    "State",
    "SystemResolver",
    "Timing",
    "UrlRefused",
    "classify",
    "classify_status",
    "create_client",
    "deadline_header",
    "deadline_in",
    "inside_policy",
    "never_reached",
    "parse_deadline",
    "parse_retry_after",
    "parse_url",
    "remaining_s",
]
