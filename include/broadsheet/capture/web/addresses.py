"""Which addresses the crawler connects to: public ones, whatever a name or a redirect says.

All connections of Scrapy's HTTP client ask the reactor's resolver, names and addresses written as such alike, and connect to what it
answers. So what is checked is what is connected to, at each connection: a name that changes its address changes nothing.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from ipaddress import ip_address, ip_network
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer, provider

SETTING = "BROADSHEET_ADDRESSES"
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


def stated_address(host: str, resolve: Mapping[str, str]) -> tuple[str, int | None] | None:
    """Address and port that a source states for a host: under its name, or under `*.` and the end of it."""
    labels = host.split(".")
    names = [host, *("*." + ".".join(labels[index:]) for index in range(1, len(labels)))]
    for name in names:
        if stated := resolve.get(name):
            has_port = stated.count(":") == 1 or "]:" in stated
            address, _, port = stated.rpartition(":") if has_port else (stated, "", "")
            return address.strip("[]"), int(port) if has_port else None
    return None


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str):
        self.name = name

    def cancel(self) -> None:
        pass


@provider(IResolutionReceiver)
class _Checked:
    """Hands on the addresses that may be connected to."""

    def __init__(self, receiver: Any):
        self._receiver = receiver

    def resolutionBegan(self, resolution: Any) -> None:
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        if is_public(address.host):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class CheckedResolver:
    """The reactor's resolver for a crawl. A host that has no address left is one that cannot be resolved."""

    def __init__(self, reactor: Any, *, is_private_allowed: bool, resolve: Mapping[str, str]):
        self._reactor = reactor
        self._system = reactor.nameResolver
        self._is_private_allowed = is_private_allowed
        self._resolve = resolve

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "CheckedResolver":
        """As Scrapy makes it."""
        return cls(reactor, **crawler.settings.getdict(SETTING))

    def install_on_reactor(self) -> None:
        """Take the place of the system's resolver."""
        self._reactor.installNameResolver(self)

    def resolveHostName(
        self, resolutionReceiver: Any, hostName: str, portNumber: int = 0, addressTypes: Sequence[type] | None = None, transportSemantics: str = "TCP"
    ) -> Any:  # fmt: skip
        """As `IHostnameResolver` says."""
        receiver = resolutionReceiver if self._is_private_allowed else _Checked(resolutionReceiver)
        if stated := stated_address(hostName, self._resolve):
            address, port = stated
            kind = IPv6Address if ":" in address else IPv4Address
            resolution = _Resolution(hostName)
            receiver.resolutionBegan(resolution)
            receiver.addressResolved(kind("TCP", address, port or portNumber))
            receiver.resolutionComplete()
            return resolution
        return self._system.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
