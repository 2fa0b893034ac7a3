"""Published ports of one container: held on the host, listed for inspect, translated for the firewall."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address

from msgspec import Struct

from engine.errors import InvalidArgument, Unsupported
from engine.network.firewall import Publication
from engine.network.model import PortBinding, PublishedPort
from engine.ports import Reservation, Reservations


class Published(Struct, frozen=True):
    """One container port and the host port that is held for it."""

    container_port: int
    reservation: Reservation

    def publication(self, container_ip: str) -> Publication:
        return Publication(
            protocol=self.reservation.protocol,
            host_ip=self.reservation.host_ip,
            host_port=self.reservation.port,
            container_ip=container_ip,
            container_port=self.container_port,
        )


def hold(reservations: Reservations, bindings: Iterable[PortBinding], *, default_ip: str) -> list[Published]:
    """Hold a host port for each binding, or none at all. Raises PortInUse, InvalidArgument, Unsupported."""
    published = []
    with ExitStack() as undo:
        for binding in bindings:
            host_ip = _host_ip(binding.host_ip or default_ip)
            reservation = reservations.reserve(binding.protocol, host_ip, binding.host_port)
            undo.callback(reservations.release, reservation)
            published.append(Published(binding.container_port, reservation))
        undo.pop_all()
    return published


def release(reservations: Reservations, published: Iterable[Published]) -> None:
    for port in published:
        reservations.release(port.reservation)


def ports_of(published: Sequence[Published], exposed: Iterable[str]) -> dict[str, list[PublishedPort] | None]:
    """NetworkSettings.Ports: exposed ports that are not published are there without a place."""
    ports: dict[str, list[PublishedPort] | None] = dict.fromkeys(exposed)
    for port in published:
        key = f"{port.container_port}/{port.reservation.protocol}"
        place = PublishedPort(HostIp=port.reservation.host_ip, HostPort=str(port.reservation.port))
        ports[key] = [*(ports.get(key) or []), place]
    return ports


def bindings_of(ports: Mapping[str, list[PublishedPort] | None]) -> list[PortBinding]:
    """The bindings that gave these ports: the inverse of `ports_of`, for a container that has been running."""
    found = []
    for key, places in ports.items():
        number, _, protocol = key.partition("/")
        found += [
            PortBinding(int(number), protocol, host_ip=place["HostIp"], host_port=int(place["HostPort"]))
            for place in places or ()
        ]
    return found


def _host_ip(text: str) -> str:
    if ":" in text:
        raise Unsupported(f"publishing on the IPv6 address {text}: this engine publishes on IPv4 addresses only")
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise InvalidArgument(f"invalid host address {text!r} of a published port") from None
