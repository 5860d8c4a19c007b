"""Whom an app believes what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Protocol

from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.errors import SetuError, Unauthorized
from setu_common.web.hosts import AllowedHosts, RawHeaders
from setu_common.web.metrics import METRICS_PATH

PROBES: Final = frozenset({"/healthz", "/readyz"})
OPEN_PATHS: Final = PROBES | {"/openapi.json"}
OPEN_INSIDE: Final = OPEN_PATHS | {METRICS_PATH}
LOCAL_TENANT: Final = "local"
ANY_SCOPE: Final = "*"
_OURS: Final = b"setu-"
_TENANT: Final = headers.TENANT.lower().encode()
_SCOPES: Final = headers.SCOPES.lower().encode()


class Trust(Protocol):
    """Decides what the headers of a request are worth."""

    @property
    def inside(self) -> bool:
        """Whether callers are our own services."""

    @property
    def scheme(self) -> str | None:
        """What the document calls that which callers must bring; None if they need bring nothing."""

    async def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:
        """The headers to go on with.

        Raises:
            SetuError: if the caller may not come in.
        """


@dataclass(frozen=True)
class Holder:
    """Whom a key speaks for.

    Args:
        tenant: whose requests it makes.
        scopes: what they may be; ``*``: anything.
    """

    tenant: str
    scopes: frozenset[str]


class Keys(Protocol):
    """Knows keys."""

    async def holder(self, key: str) -> Holder:
        """Whose it is.

        Raises:
            Unauthorized: nobody's.
        """


@dataclass(frozen=True)
class EdgeTrust:
    """Callers are strangers: what only our services may say is taken from their requests and set anew.

    Where there are no keys, who reaches the process may use it. So that no web page does so through a browser, requests must mean a host
    that is allowed, and those that may change something must not come from a page of another.

    Args:
        tenant: the tenant of all callers, where there are no keys.
        hosts: the names that it answers to.
        keys: tells tenants by what callers show; None: there are no keys.
        pages: paths of a page that asks for a key once it is there, and, with a slash at their ends, all that lies below one.
    """

    tenant: str = LOCAL_TENANT
    hosts: AllowedHosts = field(default_factory=AllowedHosts)
    keys: Keys | None = None
    pages: tuple[str, ...] = ()
    inside: bool = field(default=False, init=False)

    @property
    def scheme(self) -> str | None:
        """A key, where there are keys."""
        return None if self.keys is None else "apiKey"

    async def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:
        """The caller's headers without ``Setu-*``, and with the tenant and what it may do.

        Raises:
            HostNotAllowed: if a foreign page may be behind the request. Probes are open to all.
            Unauthorized: no good key came, and what is asked for is not open to all.
        """
        if path not in PROBES:
            self.hosts.check(method, raw_headers)
        admitted = [pair for pair in raw_headers if not pair[0].startswith(_OURS)]
        if self.keys is None:
            return [*admitted, (_TENANT, self.tenant.encode()), (_SCOPES, ANY_SCOPE.encode())]
        if path in OPEN_PATHS or self._is_page(path):
            return admitted
        holder = await self.keys.holder(_bearer(raw_headers))
        admitted = [pair for pair in admitted if pair[0] != b"authorization"]
        return [*admitted, (_TENANT, holder.tenant.encode()), (_SCOPES, " ".join(holder.scopes).encode())]

    def _is_page(self, path: str) -> bool:
        return any(path == page or (page != "/" and page.endswith("/") and path.startswith(page)) for page in self.pages)


def _bearer(raw_headers: RawHeaders) -> str:
    shown = [value for name, value in raw_headers if name == b"authorization"]
    kind, _, key = shown[0].decode("latin-1").partition(" ") if len(shown) == 1 else ("", "", "")
    if kind.lower() != "bearer" or not key.strip():
        raise Unauthorized("Send an API key of this gateway: 'Authorization: Bearer KEY'. `setu keys create` makes one.")
    return key.strip()


@dataclass(frozen=True)
class InsideTrust:
    """Callers are our own services, which know the service token.

    Args:
        service_token: shared by all services.
    """

    service_token: SecretStr
    inside: bool = field(default=True, init=False)
    scheme: str | None = field(default="serviceToken", init=False)
    _expected: bytes = field(default=b"", init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_expected", b"Bearer " + self.service_token.get_secret_value().encode())

    async def admit(self, method: str, path: str, raw_headers: RawHeaders) -> RawHeaders:  # noqa: ARG002  the same for every method
        """The headers as they came, if the token is among them or the path is open to all.

        Raises:
            Unauthorized: if it is not.
        """
        for name, value in raw_headers:
            if name == b"authorization" and compare_digest(value, self._expected):
                return raw_headers
        if path in OPEN_INSIDE:
            return raw_headers
        raise Unauthorized("Send the service token that all Setu services share: 'Authorization: Bearer <SETU_SERVICE_TOKEN>'.")


CHALLENGES: Final[Mapping[int, tuple[bytes, bytes]]] = {401: (b"www-authenticate", b"Bearer")}


def challenge(error: SetuError) -> RawHeaders:
    """The header that RFC 9110 demands beside a status."""
    pair = CHALLENGES.get(error.status)
    return [pair] if pair else []
