"""From a request for a network to an endpoint on it: checks, addresses, names. Makes nothing in the kernel."""

import re
import secrets
from collections.abc import Iterable
from ipaddress import ip_interface

from engine.errors import InvalidArgument
from engine.network.drivers.bridge import Plug, mac_of, mark, mtu_of
from engine.network.ipam import Address, AddressRange, parse_address
from engine.network.model import Endpoint, EndpointRequest, SandboxRequest
from engine.network.networks import Network

_LINK_LOCAL_PREFIX = {4: 16, 6: 64}  # 169.254.0.0/16, fe80::/64
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def allocate(network: Network, asked: EndpointRequest, owner: SandboxRequest, *, interface: str) -> Endpoint:
    """Take addresses for an endpoint; give them back with `release`.

    Raises InvalidArgument for a request that this network cannot serve, Forbidden for an address that is taken,
    Unavailable when there is none left; then nothing is taken.
    """
    _check(network, asked)
    endpoint_id = secrets.token_hex(32)
    ipv4 = _take(network.ipv4, asked.ipv4_address)
    try:
        ipv6 = _take(network.ipv6, asked.ipv6_address)
    except BaseException:
        if ipv4 and network.ipv4:
            network.ipv4.release(ipv4)
        raise
    return Endpoint(
        network_id=network.id,
        network_name=network.name,
        endpoint_id=endpoint_id,
        interface=interface,
        link=f"veth{endpoint_id[:8]}",
        mac_address=_mac_address(asked, ipv4),
        ipv4=str(ipv4 or ""),
        prefix=network.ipv4.subnet.prefixlen if network.ipv4 else 0,
        gateway=_gateway(network, network.ipv4),
        ipv6=str(ipv6 or ""),
        ipv6_prefix=network.ipv6.subnet.prefixlen if network.ipv6 else 0,
        ipv6_gateway=_gateway(network, network.ipv6),
        dns_names=_dns_names(asked, owner) if network.resolves_names else (),
        link_local_ips=asked.link_local_ips,
    )


def unconnected(network: Network) -> Endpoint:
    """The endpoint of the networks host and none: a name in the list, without addresses."""
    return Endpoint(
        network_id=network.id,
        network_name=network.name,
        endpoint_id=secrets.token_hex(32),
        interface="",
        link="",
        mac_address="",
        ipv4="",
        prefix=0,
        gateway="",
    )


def reclaim(network: Network, endpoint: Endpoint) -> None:
    """Take the addresses of an endpoint that has been there since before this daemon started."""
    for found, address in ((network.ipv4, endpoint.ipv4), (network.ipv6, endpoint.ipv6)):
        if found is not None and address:
            found.reserve(parse_address(address))


def release(network: Network, endpoint: Endpoint) -> None:
    for found, address in ((network.ipv4, endpoint.ipv4), (network.ipv6, endpoint.ipv6)):
        if found is not None and address:
            found.release(parse_address(address))


def plug_of(network: Network, endpoint: Endpoint, instance: str, *, is_gateway: bool) -> Plug:
    """How to lay the cable of an endpoint; `is_gateway` gives the namespace its default routes by this one."""
    addresses = [f"{endpoint.ipv4}/{endpoint.prefix}"] if endpoint.ipv4 else []
    if endpoint.ipv6:
        addresses.append(f"{endpoint.ipv6}/{endpoint.ipv6_prefix}")
    addresses += [
        f"{address}/{_LINK_LOCAL_PREFIX[parse_address(address).version]}" for address in endpoint.link_local_ips
    ]
    return Plug(
        bridge=network.document["Link"],
        link=endpoint.link,
        alias=mark(instance, endpoint.endpoint_id),
        interface=endpoint.interface,
        mac_address=endpoint.mac_address,
        addresses=tuple(ip_interface(address) for address in addresses),
        gateways=gateways_of(endpoint) if is_gateway else (),
        mtu=mtu_of(network),
    )


def gateways_of(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(gateway for gateway in (endpoint.gateway, endpoint.ipv6_gateway) if gateway)


def free_interface(endpoints: Iterable[Endpoint]) -> str:
    """The first of eth0, eth1, ... that no endpoint has."""
    taken = {endpoint.interface for endpoint in endpoints}
    return next(name for name in (f"eth{number}" for number in range(len(taken) + 1)) if name not in taken)


def _check(network: Network, asked: EndpointRequest) -> None:
    wants_address = bool(asked.ipv4_address or asked.ipv6_address)
    if wants_address and network.is_predefined:
        raise InvalidArgument("user specified IP address is supported on user defined networks only")
    if wants_address and not network.document["HasOwnSubnet"]:
        raise InvalidArgument(
            "user specified IP address is supported only when connecting to networks with user configured subnets"
        )
    if asked.aliases and not network.resolves_names:
        raise InvalidArgument("network-scoped alias is supported only for containers in user defined networks")
    for text in asked.link_local_ips:
        if not parse_address(text).is_link_local:
            raise InvalidArgument(f"invalid link local IP address: {text}")
    if asked.mac_address and not _MAC.fullmatch(asked.mac_address.lower()):
        raise InvalidArgument(f"invalid MAC address: {asked.mac_address}")


def _take(found: AddressRange | None, asked: str | None) -> Address | None:
    if found is None:
        if asked:
            raise InvalidArgument(f"invalid endpoint settings: no subnet of the network holds {asked}")
        return None
    if not asked:
        return found.allocate()
    address = parse_address(asked)
    found.reserve(address)
    return address


def _gateway(network: Network, found: AddressRange | None) -> str:
    # An internal network leads nowhere: no default route.
    return "" if found is None or network.is_internal else str(found.gateway)


def _mac_address(asked: EndpointRequest, ipv4: Address | None) -> str:
    if asked.mac_address:
        return asked.mac_address.lower()
    return mac_of(ipv4.packed if ipv4 else secrets.token_bytes(4))


def _dns_names(asked: EndpointRequest, owner: SandboxRequest) -> tuple[str, ...]:
    names = (owner.name, *asked.aliases, owner.container_id[:12], owner.hostname)
    return tuple(dict.fromkeys(name for name in names if name))
