"""Whose certificates are believed.

Reading all that the system trusts takes 20 to 40 ms of the processor's time, so it happens once in a process, in a thread of its own, and
only when something is first encrypted: services call each other without.
"""

import asyncio
import os
import re
import ssl
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

from httpx2 import create_ssl_context

from setu_common.errors import SetuError

__all__ = ["AuthoritiesUnreadable", "authorities", "nobody"]

_FILE: Final = "SSL_CERT_FILE"
_FOLDER: Final = "SSL_CERT_DIR"  # counts where no file is named
_HASHED: Final = re.compile(r"[0-9a-fA-F]{8}\.\d+")  # as ``openssl rehash`` names certificates, which are found by nothing else
_one_reads = Lock()


class AuthoritiesUnreadable(SetuError):
    """The certificates of those who are to be believed can't be read."""

    code = "authorities-unreadable"
    title = "The certificates to believe can't be read"


async def authorities(*, of_environment: bool) -> ssl.SSLContext:
    """Believe the system's authorities. The context is shared by the process; don't change it.

    Args:
        of_environment: whether ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` may name others instead.

    Raises:
        AuthoritiesUnreadable: there are no certificates where they should be.
    """
    return await asyncio.to_thread(_read_once, of_environment=of_environment)


@cache
def nobody() -> ssl.SSLContext:
    """Believe no certificate at all: for connections that are never encrypted."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _read_once(*, of_environment: bool) -> ssl.SSLContext:
    with _one_reads:
        return _read(of_environment=of_environment)


@cache
def _read(*, of_environment: bool) -> ssl.SSLContext:
    # The HTTP library reads them by itself, and OpenSSL says nothing that names them.
    environment = os.environ if of_environment else dict[str, str]()
    named = next((name for name in (_FILE, _FOLDER) if environment.get(name)), None)
    try:
        if named == _FOLDER and not _has_certificates(environment[named]):
            raise FileNotFoundError(_FOLDER)
        return create_ssl_context(trust_env=of_environment)
    except OSError as error:  # what OpenSSL says of a file without certificates is one as well
        if named is None:
            raise AuthoritiesUnreadable(
                "The certificates that this system trusts can't be read; install them anew (most call the package ca-certificates)."
            ) from error
        wanted = "a file of certificates (PEM)" if named == _FILE else "a folder of certificates as openssl rehash leaves it"
        raise AuthoritiesUnreadable(
            f"{named} has to name {wanted}; mend it, or unset it to trust what the system does."
        ) from error


def _has_certificates(folders: str) -> bool:
    """Whether OpenSSL finds any certificate there. Where it finds none it says nothing, and believes nobody."""
    found = (each for folder in map(Path, folders.split(os.pathsep)) if folder.is_dir() for each in folder.iterdir())
    return any(_HASHED.fullmatch(each.name) for each in found)
