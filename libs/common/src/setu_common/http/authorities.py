"""Whose certificates are believed.

Reading all that the system trusts takes 20 to 40 ms of the processor's time, so it happens once in a process, and only when something
is first encrypted: services call each other without.
"""

import ssl
from functools import cache

from httpx2 import create_ssl_context

__all__ = ["authorities", "nobody"]


@cache
def authorities(*, of_environment: bool) -> ssl.SSLContext:
    """Believe the system's authorities. The context is shared by the process; don't change it.

    Args:
        of_environment: whether ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` may name others instead.
    """
    return create_ssl_context(trust_env=of_environment)


@cache
def nobody() -> ssl.SSLContext:
    """Believe no certificate at all: for connections that are never encrypted."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
