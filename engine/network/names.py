"""Names as one container sees them: those of its neighbours on the networks that resolve names."""

import random
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address

from msgspec import Struct

from engine.network.ipam import Address
from engine.network.model import Endpoint, EndpointRequest


class Neighbour(Struct, frozen=True):
    """A container that runs, by what it can be called."""

    container_id: str
    name: str
    endpoints: Mapping[str, Endpoint]  # by network name


class NeighbourZone:
    """The Zone of one container's name server. Everything is looked up when asked: nothing has to be kept in step."""

    def __init__(
        self,
        own_networks: Callable[[], Iterable[str]],
        own_requests: Callable[[], Iterable[EndpointRequest]],
        neighbours: Callable[[str], Iterable[Neighbour]],
    ) -> None:
        """`neighbours` gives the containers on a network, by its name."""
        self._own_networks = own_networks
        self._own_requests = own_requests
        self._neighbours = neighbours

    def addresses(self, name: str) -> list[Address] | None:
        """Where a container name, alias, short id, or `name.network` is: on the first network that knows it.

        Several that share an alias come in random order.
        """
        for network in self._own_networks():
            found = self._endpoints(network, name)
            if found:
                random.shuffle(found)
                return [ip_address(text) for endpoint in found for text in (endpoint.ipv4, endpoint.ipv6) if text]
        return None

    def name_of(self, address: Address) -> str | None:
        for network in self._own_networks():
            for neighbour in self._neighbours(network):
                endpoint = neighbour.endpoints[network]
                if str(address) in (endpoint.ipv4, endpoint.ipv6):
                    return f"{neighbour.name}.{network}"
        return None

    def _endpoints(self, network: str, asked: str) -> list[Endpoint]:
        name = asked.removesuffix(f".{network.lower()}")
        targets = self._link_targets(network, name)
        return [
            neighbour.endpoints[network]
            for neighbour in self._neighbours(network)
            if targets & {neighbour.name.lower(), neighbour.container_id, neighbour.container_id[:12]}
            or name in (known.lower() for known in neighbour.endpoints[network].dns_names)
        ]

    def _link_targets(self, network: str, alias: str) -> set[str]:
        """The containers that this one calls `alias` by a link of its own."""
        links = (link for asked in self._own_requests() if asked.network == network for link in asked.links)
        pairs = (link.partition(":") for link in links)
        return {target.lower() for target, _, name in pairs if (name or target).lower() == alias}
