"""Connections that the kernel tracks, over raw netlink: forgetting those of a UDP port.

A UDP "connection" lives as long as packets come, and keeps the translation that it began with. When a port is published
or withdrawn, a sender that never pauses would go on reaching what was there before.
"""

import errno
import socket
import struct
from collections.abc import Collection

from engine.linux.netlink import Message, NetlinkSocket, nested, parse_attributes

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 1
_GET, _DELETE = 1, 2

# Attributes of a connection (linux/netfilter/nfnetlink_conntrack.h).
_TUPLE_ORIGINAL, _TUPLE_PROTOCOL = 1, 2
_PROTOCOL_NUMBER, _DESTINATION_PORT = 1, 3

_HEADER = struct.pack(">BBH", socket.AF_INET, 0, 0)


def forget_udp(ports: Collection[int]) -> int:
    """Forget every UDP connection that was made to one of these ports; returns how many. Blocks for a dump of them all.

    A kernel that does not tell what it tracks is left alone.
    """
    with NetlinkSocket(_NETLINK_NETFILTER) as netlink:
        try:
            connections = netlink.dump(Message(_SUBSYSTEM << 8 | _GET, _HEADER, about="connections"))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.EOPNOTSUPP):  # built without CONFIG_NF_CT_NETLINK
                return 0
            raise
        tuples = [parse_attributes(payload[len(_HEADER) :])[_TUPLE_ORIGINAL] for payload in connections]
        doomed = [original for original in tuples if _udp_port(original) in ports]
        for original in doomed:
            _delete(netlink, original)
    return len(doomed)


def _udp_port(original: bytes) -> int | None:
    protocol = parse_attributes(parse_attributes(original)[_TUPLE_PROTOCOL])
    if protocol.get(_PROTOCOL_NUMBER) != bytes([socket.IPPROTO_UDP]):
        return None
    return int.from_bytes(protocol[_DESTINATION_PORT], "big")


def _delete(netlink: NetlinkSocket, original: bytes) -> None:
    payload = _HEADER + nested(_TUPLE_ORIGINAL, original)
    try:
        netlink.execute([Message(_SUBSYSTEM << 8 | _DELETE, payload, about="connection")])
    except FileNotFoundError:
        return  # it ended by itself meanwhile
