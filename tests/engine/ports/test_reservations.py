"""Host ports: held against everyone, and given back."""

import socket
from collections.abc import Iterator

import pytest

from engine.errors import InvalidArgument
from engine.ports import PortInUse, Reservations


@pytest.fixture
def reservations() -> Iterator[Reservations]:
    held = Reservations()
    yield held
    held.release_all()


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_held_port_is_refused_to_everyone_until_it_is_released(reservations: Reservations, protocol: str) -> None:
    held = reservations.reserve(protocol, "", 0)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    other = socket.socket(socket.AF_INET, kind)
    if protocol == "tcp":
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    with pytest.raises(OSError, match="in use"):
        other.bind(("0.0.0.0", held.port))
    with pytest.raises(PortInUse, match=f"Bind for 127.0.0.1:{held.port} failed: port is already allocated"):
        reservations.reserve(protocol, "127.0.0.1", held.port)
    reservations.release(held)
    reservations.release(held)
    other.bind(("0.0.0.0", held.port))
    other.close()


def test_tcp_and_udp_are_different_ports(reservations: Reservations) -> None:
    tcp = reservations.reserve("tcp", "127.0.0.1", 0)

    assert reservations.reserve("udp", "127.0.0.1", tcp.port).port == tcp.port


def test_a_port_that_another_process_listens_on_is_in_use(reservations: Reservations) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(PortInUse):
        reservations.reserve("tcp", "0.0.0.0", server.getsockname()[1])


def test_a_range_gives_its_first_free_port(reservations: Reservations) -> None:
    first = reservations.reserve("tcp", "127.0.0.1", 0).port
    wanted = range(first, first + 3)

    assert reservations.reserve("tcp", "127.0.0.1", wanted).port in wanted[1:]
    with pytest.raises(PortInUse, match=f"{first}-{first}|:{first} "):
        reservations.reserve("tcp", "127.0.0.1", range(first, first + 1))


def test_random_ports_move_on(reservations: Reservations) -> None:
    first = reservations.reserve("tcp", "127.0.0.1", 0)
    reservations.release(first)

    assert reservations.reserve("tcp", "127.0.0.1", 0).port != first.port


def test_what_cannot_be_published_is_refused(reservations: Reservations) -> None:
    with pytest.raises(InvalidArgument, match="does not have that address"):
        reservations.reserve("tcp", "198.51.100.7", 8080)
    with pytest.raises(InvalidArgument, match="tcp, udp or sctp"):
        reservations.reserve("icmp", "", 8080)
