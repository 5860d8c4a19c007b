"""How Setu's parts call each other over HTTP. The only package that imports the HTTP library.

``create_client`` makes a connection pool with timeouts; ``HttpCaller`` makes calls with it and turns everything that can go
wrong into the taxonomy of ``setu_common.errors``:

* the other side said what is wrong (``application/problem+json``) → ``RemoteProblem``
* it did not answer, not in time, or in a way that can't be read → ``DependencyUnavailable``

``OutsideClient`` calls what strangers name, by a ``Guard``: only public addresses, each connection to a vetted one.
"""

from setu_common.http.caller import FilePart, HttpCaller, Response, ServerSentEvent
from setu_common.http.client import AsyncClient, create_client
from setu_common.http.guard import Guard, NameUnresolvable, OutsidePolicy, Resolver, SystemResolver
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
from setu_common.http.retry_after import parse_retry_after

__all__ = [
    "AsyncClient",
    "FilePart",
    "Guard",
    "HttpCaller",
    "NameUnresolvable",
    "OutsideAnswer",
    "OutsideClient",
    "OutsideEncoded",
    "OutsideLimits",
    "OutsidePolicy",
    "OutsideTooLarge",
    "OutsideTooSlow",
    "OutsideUnavailable",
    "OutsideUrl",
    "Resolver",
    "Response",
    "ServerSentEvent",
    "SystemResolver",
    "UrlRefused",
    "create_client",
    "parse_retry_after",
    "parse_url",
]
