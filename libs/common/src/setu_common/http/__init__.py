"""How Setu's parts call each other over HTTP. The only package that imports the HTTP library.

``create_client`` makes a connection pool with timeouts; ``HttpCaller`` makes calls with it and turns everything that can go
wrong into the taxonomy of ``setu_common.errors``:

* the other side said what is wrong (``application/problem+json``) → ``RemoteProblem``
* it did not answer, not in time, or in a way that can't be read → ``DependencyUnavailable``
"""

from setu_common.http.caller import FilePart, HttpCaller, Response, ServerSentEvent
from setu_common.http.client import AsyncClient, create_client
from setu_common.http.retry_after import parse_retry_after

__all__ = ["AsyncClient", "FilePart", "HttpCaller", "Response", "ServerSentEvent", "create_client", "parse_retry_after"]
