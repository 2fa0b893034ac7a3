"""The bridge driver: a Linux bridge per network, a veth cable per endpoint. Blocks; called in threads.

Each link is found by its alias, `quayside:<instance>:<id>`, never by its name alone: names are anyone's to take.
"""

import os
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, ip_interface
from pathlib import Path

from msgspec import Struct

from engine.errors import Conflict
from engine.linux import namespaces
from engine.linux.rtnetlink import Cable, Interface, Link, RouteSocket
from engine.network.firewall import BridgePolicy
from engine.network.networks import Network

_NAME_OPTION = "com.docker.network.bridge.name"
_ICC_OPTION = "com.docker.network.bridge.enable_icc"
_MASQUERADE_OPTION = "com.docker.network.bridge.enable_ip_masquerade"
_MTU_OPTION = "com.docker.network.driver.mtu"
_DEFAULT_MTU = 1500

# All our bridges begin with it unless a request says otherwise, so that one iptables rule can speak of them all.
LINK_PREFIX = "quay"

_SYSCTL = Path("/proc/sys/net")


class BridgeGone(Conflict):
    """Somebody deleted a bridge of ours; `ensure_bridge` and `rejoin` make it as it was."""


class Plug(Struct, frozen=True):
    """One cable from a bridge into a namespace, and what the end in there is given."""

    bridge: str
    link: str
    alias: str
    interface: str
    mac_address: str
    addresses: tuple[Interface, ...]
    gateways: tuple[str, ...]
    mtu: int


def mark(instance: str, object_id: str = "") -> str:
    return f"quayside:{instance}:{object_id}"


def mtu_of(network: Network) -> int:
    text = network.options.get(_MTU_OPTION, "")
    return int(text) if text.isdigit() and int(text) > 0 else _DEFAULT_MTU


def policy_of(network: Network) -> BridgePolicy:
    return BridgePolicy(
        link=network.document["Link"],
        is_internal=network.is_internal,
        is_masqueraded=network.option(_MASQUERADE_OPTION, default=True),
        may_talk=network.option(_ICC_OPTION, default=True),
        subnets=tuple(found.subnet for found in network.ranges if isinstance(found.subnet, IPv4Network)),
    )


def find_bridge(network: Network, instance: str) -> str:
    """The name of the bridge that a daemon before this one made for the network; "" when there is none."""
    with RouteSocket() as routes:
        links = (link.name for link in routes.links() if link.alias == mark(instance, network.id))
        return next(links, "")


def ensure_bridge(network: Network, instance: str) -> str:
    """Make the network's bridge unless it is there, give it its addresses, and return its name.

    Raises Conflict when the name that was asked for belongs to somebody else's link; then nothing has been made.
    """
    existing = find_bridge(network, instance)
    with RouteSocket() as routes:
        link = routes.link(existing) if existing else None
        if link is None:
            link = _create(routes, network, instance)
        try:
            addresses = [ip_interface(f"{found.gateway}/{found.subnet.prefixlen}") for found in network.ranges]
            routes.configure(link.index, addresses)
            _set_sysctls(link.name, has_ipv6=network.ipv6 is not None)
        except BaseException:
            if not existing:
                routes.delete_link(link.name)
            raise
    return link.name


def remove_bridge(network: Network, instance: str) -> None:
    """Delete the network's bridge; one that is gone is fine."""
    name = find_bridge(network, instance)
    if name:
        with RouteSocket() as routes:
            routes.delete_link(name)


def plug_in(netns_path: Path, plug: Plug, inside: RouteSocket) -> None:
    """Lay the cable and configure its far end; `inside` was opened in the namespace. Nothing is left if it fails."""
    netns_fd = os.open(netns_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with RouteSocket() as routes:
            bridge = routes.link(plug.bridge)
            owner = plug.alias.rpartition(":")[0]
            if bridge is None or not bridge.alias.startswith(f"{owner}:"):
                raise BridgeGone(f"the bridge {plug.bridge} is gone: somebody deleted it")
            cable = Cable(
                name=plug.link,
                alias=plug.alias,
                bridge_index=bridge.index,
                peer_name=plug.interface,
                peer_mac_address=plug.mac_address,
                netns_fd=netns_fd,
                mtu=plug.mtu,
            )
            routes.create_cable(cable)
            try:
                far_end = inside.link(plug.interface)
                if far_end is None:
                    raise Conflict(f"the interface {plug.interface} vanished while it was being plugged in")
                inside.configure(far_end.index, plug.addresses, plug.gateways)
            except BaseException:
                routes.delete_link(plug.link)
                raise
    finally:
        os.close(netns_fd)


def rejoin(bridges: Mapping[str, str], instance: str) -> list[str]:
    """Put cables that are off their bridge back on it: those of running containers, after somebody deleted a bridge.

    `bridges` has the bridge's name by the id of each endpoint. Returns the names of the cables that were put back.
    """
    rejoined = []
    with RouteSocket() as routes:
        links = routes.links()
        by_name = {link.name: link for link in links if link.alias.startswith(mark(instance))}
        for link in links:
            if link.kind != "veth" or not link.alias.startswith(mark(instance)):
                continue
            bridge = by_name.get(bridges.get(object_id_of(link), ""))
            if bridge is not None and link.master != bridge.index:
                routes.plug_into(link, bridge)
                rejoined.append(link.name)
    return rejoined


def set_default_route(netns_path: Path, interface: str, gateways: Iterable[str]) -> None:
    """Let what leaves the namespace go out by `interface`."""

    def configure() -> None:
        with RouteSocket() as routes:
            link = routes.link(interface)
            if link is not None:
                routes.configure(link.index, (), tuple(gateways))

    namespaces.in_network_namespace(netns_path, configure)


def own_links(instance: str) -> list[Link]:
    """Every link that carries the mark of this daemon: bridges, and our ends of cables."""
    with RouteSocket() as routes:
        return [link for link in routes.links() if link.alias.startswith(mark(instance))]


def object_id_of(link: Link) -> str:
    """The id of the network or endpoint that one of our links belongs to."""
    return link.alias.rpartition(":")[2]


def delete_links(links: Iterable[Link]) -> None:
    with RouteSocket() as routes:
        for link in links:
            routes.delete_link(link.name)


def _create(routes: RouteSocket, network: Network, instance: str) -> Link:
    mac_address = mac_of(network.ipv4.gateway.packed if network.ipv4 else bytes(4))
    for name in _candidate_names(network):
        try:
            alias = mark(instance, network.id)
            return routes.create_bridge(name, alias=alias, mac_address=mac_address, mtu=mtu_of(network))
        except FileExistsError:
            continue
    names = ", ".join(list(_candidate_names(network))[:3])
    raise Conflict(f"cannot make a bridge for network {network.name}: {names} is taken by another link of this machine")


def _candidate_names(network: Network) -> Iterable[str]:
    """The name that was asked for, or else the one that it had before, or else a free one."""
    if network.options.get(_NAME_OPTION):
        return [network.options[_NAME_OPTION]]
    before = [network.document["Link"]] if network.document["Link"] else []
    if network.is_predefined:
        return [*before, *(f"{LINK_PREFIX}{number}" for number in range(100))]
    return [*before, *(f"{LINK_PREFIX}-{network.id[start : start + 8]}" for start in range(0, 56, 8))]


def mac_of(address: bytes) -> str:
    """A locally administered address (02:42, as Docker has it) made of the four bytes of an IPv4 one, thus unique."""
    return (b"\x02\x42" + address[-4:]).hex(":")


def _set_sysctls(name: str, *, has_ipv6: bool) -> None:
    # Lets packets from 127.0.0.1 leave by the bridge, and their answers come back: published ports on localhost.
    (_SYSCTL / "ipv4/conf" / name / "route_localnet").write_text("1")
    ipv6 = _SYSCTL / "ipv6/conf" / name
    if ipv6.exists():  # not where the kernel was started with ipv6.disable=1
        # Without it containers reach the host by its link-local address on a network that is IPv4 only.
        (ipv6 / "disable_ipv6").write_text("0" if has_ipv6 else "1")
        (ipv6 / "accept_ra").write_text("0")
