"""Whom an app believes what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Protocol

from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.errors import SetuError, Unauthorized
from setu_common.web.hosts import AllowedHosts, RawHeaders

PROBES: Final = frozenset({"/healthz", "/readyz"})
OPEN_PATHS: Final = PROBES | {"/openapi.json"}
LOCAL_TENANT: Final = "local"
_OURS: Final = b"setu-"


class Trust(Protocol):
    """Decides what the headers of a request are worth."""

    @property
    def inside(self) -> bool:
        """Whether callers are our own services."""

    def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:
        """The headers to go on with.

        Raises:
            SetuError: if the caller may not come in.
        """


@dataclass(frozen=True)
class EdgeTrust:
    """Callers are strangers: what only our services may say is taken from their requests and set anew.

    There are no keys: who reaches the process may use it. So that no web page does so through a browser, requests must mean a host
    that is allowed, and those that may change something must not come from a page of another.

    Args:
        tenant: the tenant of all callers.
        hosts: the names that it answers to.
    """

    tenant: str = LOCAL_TENANT
    hosts: AllowedHosts = field(default_factory=AllowedHosts)
    inside: bool = field(default=False, init=False)

    def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:
        """The caller's headers without ``Setu-*``, and with the tenant.

        Raises:
            HostNotAllowed: if a foreign page may be behind the request. Probes are open to all.
        """
        if path not in PROBES:
            self.hosts.check(method, raw_headers)
        admitted = [pair for pair in raw_headers if not pair[0].startswith(_OURS)]
        admitted.append((headers.TENANT.lower().encode(), self.tenant.encode()))
        return admitted


@dataclass(frozen=True)
class InsideTrust:
    """Callers are our own services, which know the service token.

    Args:
        service_token: shared by all services.
    """

    service_token: SecretStr
    inside: bool = field(default=True, init=False)
    _expected: bytes = field(default=b"", init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_expected", b"Bearer " + self.service_token.get_secret_value().encode())

    def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:  # noqa: ARG002  the same for every method
        """The headers as they came, if the token is among them or the path is open to all.

        Raises:
            Unauthorized: if it is not.
        """
        for name, value in raw_headers:
            if name == b"authorization" and compare_digest(value, self._expected):
                return raw_headers
        if path in OPEN_PATHS:
            return raw_headers
        raise Unauthorized("Send the service token that all Setu services share: 'Authorization: Bearer <SETU_SERVICE_TOKEN>'.")


CHALLENGES: Final[Mapping[int, tuple[bytes, bytes]]] = {401: (b"www-authenticate", b"Bearer")}


def challenge(error: SetuError) -> RawHeaders:
    """The header that RFC 9110 demands beside a status."""
    pair = CHALLENGES.get(error.status)
    return [pair] if pair else []
