"""Whom an app believes what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Protocol

from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.errors import SetuError, Unauthorized

RawHeaders = list[tuple[bytes, bytes]]
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/openapi.json"})
LOCAL_TENANT: Final = "local"
_OURS: Final = b"setu-"


class Trust(Protocol):
    """Decides what the headers of a request are worth."""

    @property
    def inside(self) -> bool:
        """Whether callers are our own services."""

    def admit(self, path: str, raw_headers: RawHeaders) -> RawHeaders:
        """The headers to go on with.

        Raises:
            SetuError: if the caller may not come in.
        """


@dataclass(frozen=True)
class EdgeTrust:
    """Callers are strangers: what only our services may say is taken from their requests and set anew.

    Args:
        tenant: the tenant of all callers.
    """

    tenant: str = LOCAL_TENANT
    inside: bool = field(default=False, init=False)

    def admit(self, path: str, raw_headers: RawHeaders) -> RawHeaders:  # noqa: ARG002  the same for every path
        """The caller's headers without ``Setu-*``, and with the tenant."""
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

    def admit(self, path: str, raw_headers: RawHeaders) -> RawHeaders:
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
