"""URLs of strangers, read so strictly that no two programs can read them differently."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, urljoin

import idna

from setu_common.errors import InvalidRequest

MAX_URL_CHARS: Final = 2000
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_PARTS: Final = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<target>[^#]*)(?:#.*)?", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BRACKETED: Final = re.compile(r"\[(?P<host>[0-9a-f:.]{2,45})\](?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_PLAIN: Final = re.compile(r"(?P<host>[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,2}")
_MAX_HOST_CHARS: Final = 253
_MAX_PORT: Final = 65535
# RFC 3986: what a path and a query may hold as it is; the rest is put into percent signs.
_AS_IT_IS: Final = "/?:@!$&'()*+,;=-._~%[]"


class UrlRefused(InvalidRequest):
    """A URL that is not gone to: it can't be read in one way only, or leads where strangers may not."""

    code = "url-refused"
    title = "Setu does not go to this URL"


@dataclass(frozen=True)
class OutsideUrl:
    """A URL, taken apart once; nothing takes it apart again.

    Args:
        scheme: ``http`` or ``https``.
        host: a name in ASCII and small letters, or an address as the standard writes it, without brackets.
        port: always there.
        target: path and query.
        address: the host, if it is an address.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: IPv4Address | IPv6Address | None = None

    @property
    def host_header(self) -> str:
        """What the other side is told that it is called."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.target}"

    def joined(self, location: str) -> "OutsideUrl":
        """The URL that a redirection from this one means.

        Raises:
            UrlRefused: it can't be read in one way only, or leaves https.
        """
        whole = _SCHEME.match(location) is not None or _has_forbidden(location)
        url = parse_url(location if whole else urljoin(str(self), location))
        if self.scheme == "https" and url.scheme != "https":
            raise UrlRefused("The address redirects from https to http; give one that stays with https.")
        return url


def parse_url(text: str) -> OutsideUrl:
    """Read a URL.

    Raises:
        UrlRefused: it can't be read, or not in one way only.
    """
    if len(text) > MAX_URL_CHARS:
        raise UrlRefused(f"The URL is longer than {MAX_URL_CHARS} characters.")
    if _has_forbidden(text):
        raise UrlRefused("The URL holds a space, a backslash or a control character; write them as %20, %5C, …")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise UrlRefused("Give a URL that begins with http:// or https:// and names a host.")
    authority, scheme = parts["authority"], parts["scheme"].lower()
    if "@" in authority:
        raise UrlRefused("The URL holds a name or password; give one without, such as a signed link.")
    found = _BRACKETED.fullmatch(authority) or _PLAIN.fullmatch(authority)
    if found is None:
        raise UrlRefused("The host in the URL can't be read: a name or an address, then perhaps a colon and a port.")
    port = int(found["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port <= _MAX_PORT:
        raise UrlRefused(f"There is no port {port}.")
    address = _ipv6(found["host"]) if authority.startswith("[") else None
    host = address.compressed if address is not None else _name(found["host"])
    target = quote(parts["target"], safe=_AS_IT_IS)
    if not target.startswith("/"):
        target = f"/{target}"
    return OutsideUrl(scheme, host, port, target, address or _ipv4(host))


def _has_forbidden(text: str) -> bool:
    return "\\" in text or " " in text or not text.isprintable()  # no other white space is printable


def _name(host: str) -> str:
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        except idna.IDNAError as error:
            raise UrlRefused("The host's name can't be written in ASCII (IDNA); check its spelling.") from error
    host = host.lower()
    if len(host) > _MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise UrlRefused(
            "The host's name is not one: letters, digits and hyphens, with single dots between and none at the end."
        )
    return host


def _ipv4(host: str) -> IPv4Address | None:
    """The address that a host is, in the one form that everybody reads alike; None for a name."""
    labels = host.split(".")
    if ":" in host or not _NUMERIC_LABEL.fullmatch(labels[-1]):
        return None
    if len(labels) != 4 or not all(_DECIMAL.fullmatch(label) and int(label) <= 255 for label in labels):  # noqa: PLR2004  (IPv4)
        raise UrlRefused("Write an IPv4 address as four decimal numbers without leading zeros.")
    return IPv4Address(host)


def _ipv6(host: str) -> IPv6Address:
    try:
        return IPv6Address(host)
    except ValueError as error:
        raise UrlRefused("The host in brackets is no IPv6 address.") from error
