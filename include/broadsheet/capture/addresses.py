"""Which IP addresses are public: those that the whole internet can reach."""

from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from ipaddress import ip_address, ip_network

# By IANA's registries of special-purpose addresses (RFC 6890), as of 2025; the lists of Python's `ipaddress` differ from version to version.
# Of IPv6 nothing but 2000::/3 is given out.
_GLOBAL = [ip_network(net) for net in ("0.0.0.0/0", "2000::/3")]
_SPECIAL = [ip_network(net) for net in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "2001::/23", "2001:db8::/32", "3fff::/20",
)]  # fmt: skip
# Those within them that can be reached.
_EXCEPTED = [ip_network(net) for net in (
    "192.0.0.9/32", "192.0.0.10/32",
    "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28",
)]  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address may be asked by default: one that the whole internet can reach, in IPv4 or IPv4 inside IPv6 too.

    Examples
    --------
    >>> is_public("169.254.169.254"), is_public("::ffff:10.0.0.1"), is_public("9.9.9.9")
    (False, False, True)
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(ip) or ip
    return any(inner in net for net in _GLOBAL) and (any(inner in net for net in _EXCEPTED) or not any(inner in net for net in _SPECIAL))


def _inner(ip: IPv4 | IPv6) -> IPv4 | None:
    """The IPv4 address that one of IPv6 leads to."""
    if ip.version == 4:
        return None
    return ip.ipv4_mapped or ip.sixtofour or (IPv4(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
