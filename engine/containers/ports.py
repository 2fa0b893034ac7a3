"""Ports as the API writes them: `80/tcp`, `8000-8010`, and where they are published."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.errors import InvalidArgument
from engine.network import PortBinding

_PROTOCOLS = ("tcp", "udp", "sctp")


def parse_port(text: str) -> tuple[range, str]:
    """`80`, `80/udp`, `80-90/tcp` as the numbers and the protocol. Raises InvalidArgument."""
    numbers, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise InvalidArgument(f"Invalid proto: {protocol}")
    return _port_range(numbers, f'invalid port specification: "{text}"'), protocol


def _port_range(text: str, message: str) -> range:
    first, _, last = text.partition("-")
    try:
        low, high = int(first), int(last or first)
    except ValueError:
        raise InvalidArgument(message) from None
    if not 0 <= low <= high <= 65535:
        raise InvalidArgument(message)
    return range(low, high + 1)


def check_port_bindings(bindings: Mapping[str, Sequence[Mapping[str, str]] | None]) -> None:
    """Raise InvalidArgument for what is not a port."""
    for port, places in (bindings or {}).items():
        parse_port(port)
        for place in places or ():
            if place.get("HostPort"):
                _port_range(str(place["HostPort"]), f'invalid port specification: "{place["HostPort"]}"')


def published_ports(config: Mapping[str, Any], host_config: Mapping[str, Any]) -> Iterator[PortBinding]:
    """What is to be published: the bindings, and with PublishAllPorts each exposed port that has none."""
    bindings = host_config.get("PortBindings") or {}
    for port, places in bindings.items():
        numbers, protocol = parse_port(port)
        for place in places or [{}]:
            for number in numbers:
                yield PortBinding(number, protocol, place.get("HostIp") or "", _host_port(place.get("HostPort") or ""))
    if host_config.get("PublishAllPorts"):
        for port in exposed_ports(config):
            if not bindings.get(port):
                numbers, protocol = parse_port(port)
                yield from (PortBinding(number, protocol) for number in numbers)


def _host_port(text: str) -> int | range:
    if not text:
        return 0
    numbers = _port_range(text, f'invalid port specification: "{text}"')
    return numbers if len(numbers) > 1 else numbers[0]


def exposed_ports(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Each exposed port by itself, as `80/tcp`."""
    return tuple(
        f"{number}/{protocol}"
        for numbers, protocol in map(parse_port, config.get("ExposedPorts") or ())
        for number in numbers
    )
