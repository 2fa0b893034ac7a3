"""Holding host ports by sockets.

A port is ours when a socket of ours is bound to it: that is the one answer in which all processes of the machine take
part, other engines too. Packets never reach the socket: they are translated before. Nothing here knows of containers.
"""

import errno
import socket
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from engine.errors import EngineError, InvalidArgument

_KIND = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_SCTP = 132
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


class PortInUse(EngineError):
    """Someone on this machine has the port: a container, another engine, any process."""


class Reservation(Struct, frozen=True):
    """A host port that is held until `Reservations.release`. `host_ip` is an address, 0.0.0.0 for all."""

    protocol: str
    host_ip: str
    port: int


class Reservations:
    """The ports that this daemon holds."""

    def __init__(self) -> None:
        self._sockets: dict[Reservation, socket.socket] = {}
        self._next_random = 0

    def reserve(self, protocol: str, host_ip: str, wanted: int | range) -> Reservation:
        """Hold `wanted`: one port, the first free one of a range, or any when 0.

        Raises PortInUse, in dockerd's words, or InvalidArgument for an address that this machine does not have.
        """
        address = host_ip or "0.0.0.0"  # noqa: S104
        if wanted == 0:
            return self._reserve_first(protocol, address, self._random_ports())
        if isinstance(wanted, range):
            return self._reserve_first(protocol, address, wanted)
        return self._reserve_first(protocol, address, (wanted,))

    def release(self, reservation: Reservation) -> None:
        """Let go of a port; one that is not held is fine."""
        holder = self._sockets.pop(reservation, None)
        if holder is not None:
            holder.close()

    def release_all(self) -> None:
        for reservation in list(self._sockets):
            self.release(reservation)

    def _reserve_first(self, protocol: str, address: str, ports: Iterable[int]) -> Reservation:
        tried = []
        for port in ports:
            reservation = Reservation(protocol, address, port)
            if reservation not in self._sockets and (holder := _hold(reservation)) is not None:
                self._sockets[reservation] = holder
                return reservation
            tried.append(port)
        which = str(tried[0]) if len(tried) == 1 else f"{tried[0]}-{tried[-1]}"
        raise PortInUse(f"Bind for {address}:{which} failed: port is already allocated")

    def _random_ports(self) -> Iterable[int]:
        """The machine's ephemeral range, from behind the last one given: a port just freed is not met again at once."""
        low, high = map(int, _EPHEMERAL.read_text().split())
        count = high - low + 1
        for step in range(count):
            port = low + (self._next_random + step) % count
            self._next_random = port - low + 1
            yield port


def _hold(reservation: Reservation) -> socket.socket | None:
    """A socket bound to the port; None when somebody else has it."""
    holder = _open(reservation.protocol)
    try:
        if holder.type == socket.SOCK_STREAM:
            # Connections of an earlier owner that linger in TIME_WAIT do not count; listening sockets do, for which
            # we must listen ourselves: two that are only bound may share a port.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((reservation.host_ip, reservation.port))
        if holder.type == socket.SOCK_STREAM:
            holder.listen(1)
    except OSError as error:
        holder.close()
        if error.errno == errno.EADDRINUSE:
            return None
        if error.errno == errno.EADDRNOTAVAIL:
            raise InvalidArgument(
                f"cannot publish on {reservation.host_ip}:{reservation.port}: this machine does not have that address"
            ) from error
        raise
    return holder


def _open(protocol: str) -> socket.socket:
    if protocol in _KIND:
        return socket.socket(socket.AF_INET, _KIND[protocol])
    if protocol != "sctp":
        raise InvalidArgument(f"invalid protocol {protocol!r} of a port: tcp, udp or sctp")
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, _SCTP)
