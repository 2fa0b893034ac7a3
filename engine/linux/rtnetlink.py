"""Links, addresses and routes over raw netlink (rtnetlink(7)).

Written by hand because it is the hot path of every container start: one message makes, names, moves and plugs in a
whole cable, where a general library takes ten times as long.
"""

import errno
import secrets
import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_network

from msgspec import Struct

from engine.linux import netlink
from engine.linux.netlink import (
    CREATE,
    EXCL,
    REPLACE,
    Message,
    NetlinkListener,
    NetlinkSocket,
    attribute,
    nested,
    string,
    u32,
)

Interface = IPv4Interface | IPv6Interface

_NEWLINK, _DELLINK, _GETLINK, _SETLINK = 16, 17, 18, 19
_NEWADDR, _NEWROUTE, _GETROUTE = 20, 24, 26

# Attributes of a link (linux/if_link.h).
_ADDRESS, _IFNAME, _MTU, _MASTER, _PROTINFO, _LINKINFO, _IFALIAS, _NET_NS_FD = 1, 3, 4, 10, 12, 18, 20, 28
_INFO_KIND, _INFO_DATA, _VETH_INFO_PEER, _BRPORT_MODE = 1, 2, 1, 4
_AF_SPEC, _INET6_ADDR_GEN_MODE, _ADDR_GEN_NONE = 26, 8, b"\1"

_UP = 1
_AF_BRIDGE = 7
_TABLE_MAIN = 254


class Link(Struct, frozen=True):
    """A network interface as the kernel has it. `alias` is free text; ours says whose it is."""

    index: int
    name: str
    alias: str
    kind: str
    master: int
    mac_address: str
    mtu: int
    is_up: bool


class Cable(Struct, frozen=True):
    """A veth pair to be made: `name` here and plugged into the bridge, `peer_name` in the namespace of `netns_fd`."""

    name: str
    alias: str
    bridge_index: int
    peer_name: str
    peer_mac_address: str
    netns_fd: int
    mtu: int


class RouteSocket:
    """Links, addresses and routes of the namespace in which it was opened. Every call is done when it returns."""

    def __init__(self) -> None:
        self._netlink = NetlinkSocket(socket.NETLINK_ROUTE)

    def __enter__(self) -> "RouteSocket":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._netlink.close()

    def links(self) -> list[Link]:
        return [_parse_link(payload) for payload in self._netlink.dump(Message(_GETLINK, _link_header()))]

    def link(self, name: str) -> Link | None:
        try:
            payload = self._netlink.query(Message(_GETLINK, _link_header() + string(_IFNAME, name), about=name))
        except OSError as error:
            if error.errno == errno.ENODEV:
                return None
            raise
        return _parse_link(payload)

    def create_bridge(self, name: str, *, alias: str, mac_address: str, mtu: int) -> Link:
        """Make a bridge, up, with an address that stays: one of its own choosing would change with its ports.

        Raises OSError EEXIST when the name is taken, whoever has it.
        """
        # The kernel acts on the second message of a batch also when the first has failed: with a name that is taken,
        # the alias would go to somebody else's bridge. One by one, a crash in between would leave an unmarked bridge.
        if self.link(name) is not None:
            raise FileExistsError(errno.EEXIST, "this name is taken", name)
        passing_name = f"new-{secrets.token_hex(5)}"
        payload = _link_header() + b"".join(
            (
                string(_IFNAME, passing_name),
                attribute(_ADDRESS, _mac_bytes(mac_address)),
                u32(_MTU, mtu),
                nested(_LINKINFO, string(_INFO_KIND, "bridge")),
            )
        )
        make = Message(_NEWLINK, payload, CREATE | EXCL, about=name)
        self._netlink.execute([make, _alias_message(passing_name, alias)])
        index = self._existing(passing_name).index
        try:
            self._netlink.execute([Message(_SETLINK, _link_header(index=index) + string(_IFNAME, name), about=name)])
        except OSError:
            self.delete_link(passing_name)
            raise
        self.set_up(index)
        return self._existing(name)

    def create_cable(self, cable: Cable) -> Link:
        """Make a veth pair and set up the end that is here, which is returned. Nothing is left if it fails.

        The peer stays down: the kernel wants it paired before it goes up (ENOTCONN), so it takes `configure` there.
        Its port is a hairpin: with bridge-nf-call-iptables a container that calls its own published port is sent
        back through the port that it came from, which a bridge refuses otherwise.
        """
        peer = nested(
            _VETH_INFO_PEER,
            _link_header()
            + string(_IFNAME, cable.peer_name)
            + attribute(_ADDRESS, _mac_bytes(cable.peer_mac_address))
            + u32(_MTU, cable.mtu)
            + u32(_NET_NS_FD, cable.netns_fd),
        )
        payload = _link_header(flags=_UP) + b"".join(
            (
                string(_IFNAME, cable.name),
                u32(_MTU, cable.mtu),
                u32(_MASTER, cable.bridge_index),
                nested(_LINKINFO, string(_INFO_KIND, "veth"), nested(_INFO_DATA, peer)),
            )
        )
        make = Message(_NEWLINK, payload, CREATE | EXCL, about=cable.name)
        self._netlink.execute([make, _alias_message(cable.name, cable.alias)])
        link = self._existing(cable.name)
        self._netlink.execute([_hairpin_message(link)])
        self._leave_without_address(link)
        return link

    def _leave_without_address(self, link: Link) -> None:
        """A port of a bridge needs no link-local address, of which every program that watches addresses would hear.

        Chromium then breaks off all that it is loading. Before the peer is up, the kernel has not made one yet.
        """
        mode = nested(_AF_SPEC, nested(socket.AF_INET6, attribute(_INET6_ADDR_GEN_MODE, _ADDR_GEN_NONE)))
        try:
            self._netlink.execute([Message(_SETLINK, _link_header(index=link.index) + mode, about=link.name)])
        except OSError as error:
            # A kernel without IPv6, or an MTU that is too small for it.
            if error.errno != errno.EAFNOSUPPORT:
                raise

    def plug_into(self, link: Link, bridge: Link) -> None:
        """Make the end of a cable that is here a port of the bridge, as `create_cable` does, whatever it was on."""
        master = Message(_SETLINK, _link_header(index=link.index) + u32(_MASTER, bridge.index), about=link.name)
        self._netlink.execute([master])
        self._netlink.execute([_up_message(link.index), _hairpin_message(link)])

    def set_up(self, index: int) -> None:
        self._netlink.execute([_up_message(index)])

    def configure(self, index: int, addresses: Sequence[Interface], gateways: Sequence[str] = ()) -> None:
        """Set a link up and give it addresses, and default routes by `gateways`; what it has already is fine."""
        messages = [_up_message(index)]
        messages += [_address_message(index, address) for address in addresses]
        messages += [_default_route_message(index, gateway) for gateway in gateways]
        self._netlink.execute(messages)

    def delete_link(self, name: str) -> None:
        """Delete a link; for a veth both ends go, which takes the kernel 14 to 40 ms. One that is gone is fine."""
        try:
            self._netlink.execute([Message(_DELLINK, _link_header() + string(_IFNAME, name), about=name)])
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise

    def routed_networks(self) -> list[IPv4Network | IPv6Network]:
        """Every range that this machine has a route to, except the default ones."""
        header = struct.pack("=BBBBBBBBI", 0, 0, 0, 0, 0, 0, 0, 0, 0)
        networks = []
        for payload in self._netlink.dump(Message(_GETROUTE, header)):
            family, prefix, _, _, table = struct.unpack_from("=BBBBB", payload)
            destination = netlink.parse_attributes(payload[12:]).get(1)  # RTA_DST
            if destination and prefix and table == _TABLE_MAIN and family in (socket.AF_INET, socket.AF_INET6):
                networks.append(ip_network((destination, prefix), strict=False))
        return networks

    def _existing(self, name: str) -> Link:
        link = self.link(name)
        if link is None:
            raise OSError(errno.ENODEV, "the link vanished while it was being set up", name)
        return link


class DeletionWatch:
    """Tells when links are deleted; for the event loop. In the namespace of the thread that opened it."""

    _GROUP_LINKS = 1  # RTNLGRP_LINK

    def __init__(self) -> None:
        self._listener = NetlinkListener(socket.NETLINK_ROUTE, self._GROUP_LINKS, only_kind=_DELLINK)

    def fileno(self) -> int:
        return self._listener.fileno()

    def close(self) -> None:
        self._listener.close()

    def deleted(self) -> list[Link] | None:
        """Read what has come: the links that were deleted; None when some was lost, the buffer being full."""
        messages = self._listener.read()
        if messages is None:
            return None
        return [_parse_link(payload) for _, payload in messages]


def _hairpin_message(link: Link) -> Message:
    hairpin = nested(_PROTINFO, attribute(_BRPORT_MODE, b"\1"))
    return Message(_SETLINK, _link_header(family=_AF_BRIDGE, index=link.index) + hairpin, about=link.name)


def _link_header(*, family: int = 0, index: int = 0, flags: int = 0) -> bytes:
    # struct ifinfomsg: family, device type, index, flags, and which of the flags are meant
    return struct.pack("=BxHiII", family, 0, index, flags, flags)


def _up_message(index: int) -> Message:
    return Message(_NEWLINK, _link_header(index=index, flags=_UP), about=f"link {index}")


def _alias_message(name: str, alias: str) -> Message:
    # A message of its own: the kernel ignores an alias in the one that makes the link.
    return Message(_SETLINK, _link_header() + string(_IFNAME, name) + attribute(_IFALIAS, alias.encode()), about=name)


def _address_message(index: int, address: Interface) -> Message:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    local, address_of_peer, broadcast, no_dad = 2, 1, 4, 0x02
    flags = no_dad if address.version == 6 else 0  # we hand out each address once: no second of doubt is needed
    payload = struct.pack("=BBBBI", family, address.network.prefixlen, flags, 0, index)
    payload += attribute(local, address.packed) + attribute(address_of_peer, address.packed)
    if address.version == 4 and address.network.prefixlen < 31:
        payload += attribute(broadcast, address.network.broadcast_address.packed)
    return Message(_NEWADDR, payload, CREATE | REPLACE, about=str(address))


def _default_route_message(index: int, gateway: str) -> Message:
    address = ip_address(gateway)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    output_link, gateway_attribute, boot, universe, unicast = 4, 5, 3, 0, 1
    payload = struct.pack("=BBBBBBBBI", family, 0, 0, 0, _TABLE_MAIN, boot, universe, unicast, 0)
    payload += u32(output_link, index) + attribute(gateway_attribute, address.packed)
    return Message(_NEWROUTE, payload, CREATE | REPLACE, about=f"default route by {gateway}")


def _parse_link(payload: bytes) -> Link:
    _, _, index, flags, _ = struct.unpack_from("=BxHiII", payload)
    attributes = netlink.parse_attributes(payload[16:])
    info = netlink.parse_attributes(attributes.get(_LINKINFO, b""))
    return Link(
        index=index,
        name=_text(attributes.get(_IFNAME)),
        alias=_text(attributes.get(_IFALIAS)),
        kind=_text(info.get(_INFO_KIND)),
        master=int.from_bytes(attributes.get(_MASTER, b"\0"), sys.byteorder),
        mac_address=attributes.get(_ADDRESS, b"").hex(":"),
        mtu=int.from_bytes(attributes.get(_MTU, b"\0"), sys.byteorder),
        is_up=bool(flags & _UP),
    )


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode(errors="replace")


def _mac_bytes(mac_address: str) -> bytes:
    return bytes.fromhex(mac_address.replace(":", ""))
