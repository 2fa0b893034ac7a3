"""Addresses: which subnet a network gets, and which address of it an endpoint.

Pure bookkeeping in memory; what is taken on the machine is handed in, what is taken by endpoints is told anew at start.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct, field

from engine.config import AddressPool
from engine.errors import Forbidden, InvalidArgument, Unavailable

Subnet = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# As dockerd has them: 15 of /16, then 16 of /20.
DEFAULT_POOLS = (
    *(AddressPool(f"172.{second}.0.0/16", 16) for second in range(17, 32)),
    AddressPool("192.168.0.0/16", 20),
)


class AddressRange(Struct):
    """One subnet of one network, and the addresses of it that are in use.

    `allocation_range` is the part from which addresses are given; one that is asked for may lie anywhere in the subnet.
    """

    subnet: Subnet
    gateway: Address
    allocation_range: Subnet
    _taken: set[Address] = field(default_factory=set)
    _last: int = -1  # the place in allocation_range of the last address given

    def allocate(self) -> Address:
        """The next free address, from behind the last one given: an old neighbour's is not met again soon.

        Raises Unavailable when the range is full.
        """
        size = self.allocation_range.num_addresses
        for step in range(1, min(size, 1 << 16) + 1):
            offset = (self._last + step) % size
            address = self.allocation_range[offset]
            if self._is_free(address):
                self._last = offset
                self._taken.add(address)
                return address
        raise Unavailable(f"could not find an available IP address in {self.allocation_range}: all are in use")

    def reserve(self, address: Address) -> None:
        """Take one certain address; raises InvalidArgument outside the subnet, Forbidden when it is taken."""
        if address not in self.subnet:
            raise InvalidArgument(
                f"invalid address {address}: it does not belong to the network's subnet {self.subnet}"
            )
        if not self._is_free(address):
            raise Forbidden(f"Address already in use: {address}")
        self._taken.add(address)

    def release(self, address: Address) -> None:
        self._taken.discard(address)

    def _is_free(self, address: Address) -> bool:
        is_edge = self.subnet.prefixlen < self.subnet.max_prefixlen - 1 and (
            address == self.subnet.network_address
            or (address.version == 4 and address == self.subnet.broadcast_address)
        )
        return address not in self._taken and address != self.gateway and not is_edge


def address_range(
    subnet: str, *, gateway: str = "", ip_range: str = "", auxiliary: Mapping[str, str] | None = None
) -> AddressRange:
    """Build a range from the words of a request; raises InvalidArgument for what does not fit together."""
    network = _parse_network(subnet)
    allocation = _parse_network(ip_range) if ip_range else network
    if allocation[0] not in network or allocation[-1] not in network:
        raise InvalidArgument(f"invalid network config: range {ip_range} is not in subnet {subnet}")
    chosen = parse_address(gateway.partition("/")[0]) if gateway else _first_host(network)
    if chosen not in network:
        raise InvalidArgument(f"invalid network config: gateway {gateway} is not in subnet {subnet}")
    found = AddressRange(network, chosen, allocation)
    for address in (auxiliary or {}).values():
        found.reserve(parse_address(address))
    return found


def choose_subnet(pools: Iterable[AddressPool], taken: Iterable[Subnet]) -> Subnet:
    """The first subnet of the pools that overlaps nothing in `taken`. Raises Unavailable when there is none."""
    occupied = list(taken)
    for subnet in _candidates(pools):
        if not overlapping(subnet, occupied):
            return subnet
    raise Unavailable(
        "could not find an available, non-overlapping address pool among the defaults to assign to the network"
    )


def overlapping(subnet: Subnet, others: Iterable[Subnet]) -> Subnet | None:
    """The first of `others` that shares an address with `subnet`."""
    for other in others:
        if isinstance(subnet, IPv4Network) and isinstance(other, IPv4Network) and subnet.overlaps(other):
            return other
        if isinstance(subnet, IPv6Network) and isinstance(other, IPv6Network) and subnet.overlaps(other):
            return other
    return None


def parse_address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise InvalidArgument(f"invalid IP address: {text}") from None


def _candidates(pools: Iterable[AddressPool]) -> Iterator[Subnet]:
    for pool in pools:
        yield from _parse_network(pool.base).subnets(new_prefix=pool.size)


def _parse_network(text: str) -> Subnet:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidArgument(f"invalid subnet {text}: {error}") from None


def _first_host(network: Subnet) -> Address:
    return network[0] if network.num_addresses <= 2 else network[1]
