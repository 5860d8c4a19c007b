"""Which addresses of the internet belong to strangers, and which to this network or to nobody."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Written out, since what the standard library calls private or global differs between its patch releases.
# Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890, RFC 8190, RFC 9637.
_NOT_PUBLIC: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(network), what)
    for network, what in [
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "multicast tunnelling"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("168.63.129.16/32", "a cloud's metadata"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
    ]
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# Interface identifiers that hold an IPv4 address. Source: RFC 5214, 6.1.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})

# Nobody serves files there, and machines tell their keys: not even a host that is allowed by name may lead there.
_NEVER: Final[tuple[Network, ...]] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/3",
        "::/128",
        "fd00:ec2::/32",
        "fe80::/10",
        "ff00::/8",
    )
)


def meant(address: Address) -> tuple[Address, ...]:
    """The addresses that packets to this one may end at: itself, or the IPv4 addresses that an IPv6 form carries within."""
    if isinstance(address, IPv4Address):
        return (address,)
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.ipv4_mapped is not None or address in _NAT64:
        return (low,)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return (address, low)
    within = address.teredo or ((address.sixtofour,) if address.sixtofour else ())
    return within or (address,)


def why_not_public(address: Address) -> str | None:
    """What an address is for, if it is not for anybody on the internet; None for a public one. Forms that hold another are not looked into."""
    for network, what in _NOT_PUBLIC:
        if address.version == network.version and address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not global unicast"
    return None if address.is_global else "not global"


def is_never_served(address: Address) -> bool:
    """Whether no host, however trusted its name, may be looked for at this address."""
    return any(address.version == network.version and address in network for network in _NEVER)
