"""Published ports as text: `127.0.0.1:8080:80/udp`, with ranges, read into ExposedPorts and PortBindings and back."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webui.containers.dialects import DialectError
from webui.containers.dialects.values import pair, read_csv

Bindings = dict[str, list[dict[str, str]]]


def read_ports(specs: Iterable[str]) -> Bindings:
    """PortBindings of what `-p` was given, in order."""
    bindings: Bindings = {}
    for spec in specs:
        for key, binding in read_port(spec):
            bindings.setdefault(key, []).append(binding)
    return bindings


def read_port(spec: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each port that a spec publishes: (`80/tcp`, binding). A range gives several."""
    if "=" in spec:
        spec = _short(spec)
    address, outside, inside, protocol = _parts(spec)
    first, last = read_range(inside, spec)
    if not outside:
        yield from ((f"{port}/{protocol}", {"HostIp": address, "HostPort": ""}) for port in range(first, last + 1))
        return
    low, high = read_range(outside, spec, lowest=0)
    if last - first != high - low:
        if first != last:
            raise DialectError(f"“{spec}”: the two ranges of ports are not equally long.")
        # One port inside and a range outside: the host takes the first free one of the range.
        yield f"{first}/{protocol}", {"HostIp": address, "HostPort": f"{low}-{high}"}
        return
    for offset in range(last - first + 1):
        yield f"{first + offset}/{protocol}", {"HostIp": address, "HostPort": str(low + offset)}


def read_exposed(spec: str) -> list[str]:
    """`10-12/udp` as keys of ExposedPorts."""
    if ":" in spec:
        raise DialectError(f"“{spec}”: what is exposed has no port on the host; publish it instead.")
    inside, protocol = split_protocol(spec)
    first, last = read_range(inside, spec)
    return [f"{port}/{protocol}" for port in range(first, last + 1)]


def _short(spec: str) -> str:
    """The long way of swarm services, `target=80,published=8080,protocol=tcp`, in the short one."""
    parts = dict(pair(part, what="a part of a port") for part in read_csv(spec))
    if unknown := next((key for key in parts if key not in {"target", "published", "protocol", "mode"}), None):
        raise DialectError(f"“{spec}”: a port has no {unknown}.")
    if parts.get("mode", "host") != "host" and "published" not in parts:
        raise DialectError(f"“{spec}”: mode is for services of a swarm.")
    published = f"{parts['published']}:" if parts.get("published") else ""
    return f"{published}{parts.get('target', '')}/{parts.get('protocol', 'tcp')}"


def _parts(spec: str) -> tuple[str, str, str, str]:
    head, _, inside = spec.rpartition(":")
    address, _, outside = head.rpartition(":")
    inside, protocol = split_protocol(inside)
    if not inside:
        raise DialectError(f"“{spec}” names no port inside the container.")
    if address:
        address = address.removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise DialectError(f"“{spec}”: {address} is not an IP address.") from None
    return address, outside, inside, protocol


def split_protocol(text: str) -> tuple[str, str]:
    port, sign, protocol = text.partition("/")
    protocol = protocol.lower() if sign and protocol else "tcp"
    if protocol not in {"tcp", "udp", "sctp"}:
        raise DialectError(f"“{text}”: {protocol} is not a protocol: tcp, udp or sctp.")
    return port, protocol


def read_range(text: str, spec: str, *, lowest: int = 1) -> tuple[int, int]:
    """(first, last) of "80" or "8000-8010"."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text, re.ASCII)
    first = int(match[1]) if match else -1
    last = int(match[2]) if match and match[2] else first
    if not lowest <= first <= last <= 65535:
        raise DialectError(f"“{spec}”: {text} is not a port or a range of ports from 1 to 65535.")
    return first, last


def write_ports(bindings: Mapping[str, Any]) -> list[str]:
    """What `-p` must be given for these PortBindings."""
    return [write_port(key, binding or {}) for key, held in bindings.items() for binding in held or [{}]]


def write_port(key: str, binding: Mapping[str, Any]) -> str:
    port, protocol = split_protocol(key)
    inside = port if protocol == "tcp" else f"{port}/{protocol}"
    address, outside = str(binding.get("HostIp") or ""), str(binding.get("HostPort") or "")
    if address:
        return f"{f'[{address}]' if ':' in address else address}:{outside}:{inside}"
    return f"{outside}:{inside}" if outside else inside
