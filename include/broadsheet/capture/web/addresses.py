"""Which addresses the crawler connects to: public ones, whatever a name or a redirect says.

All connections of Scrapy's HTTP client ask the reactor's resolver, names and addresses written as such alike, and connect to what it
answers. So what is checked is what is connected to, at each connection: a name that changes its address changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer, provider

from broadsheet.capture.addresses import is_public

SETTING = "BROADSHEET_ADDRESSES"


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
