"""The networks of a container as text: `--network name=front,alias=web,ip=10.0.0.9` and the flags for the first one."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.values import pair, read_csv, read_int, write_csv

_MAC: Final = re.compile(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")
# Flags about the first network, by the field of an endpoint that they fill.
FIRST_FLAGS: Final = ("network-alias", "link-local-ip", "ip", "ip6", "mac-address")


def is_mode(network: str) -> bool:
    """Whether it is a way of being on the network rather than a network that somebody made."""
    return network in {"default", "bridge", "host", "none"} or network.startswith("container:")


def stands_alone(network: str) -> bool:
    """Whether whoever is on it can be on no other. The CLI wants the same of bridge, engines do not."""
    return is_mode(network) and network not in {"default", "bridge"}


def read_networks(options: Mapping[str, Sequence[str]], links: Sequence[str]) -> tuple[str, dict[str, Raw]]:
    """(NetworkMode, endpoints) of the flags about networks, the first network being the mode."""
    endpoints: dict[str, Raw] = {}
    names = [_read_network(text) for text in options.get("network", ())] or [("default", {})]
    for name, endpoint in names:
        if name in endpoints:
            raise DialectError(f"The network {name} is named twice.")
        endpoints[name] = endpoint
    first = names[0][0]
    _put_first(first, endpoints[first], options, links)
    if len({is_mode(name) for name in endpoints}) > 1:
        raise DialectError(f"{first} cannot be joined together with others: {', '.join(endpoints)}.")
    for name, endpoint in endpoints.items():
        if is_mode(name) and endpoint.get("Aliases"):
            raise DialectError(f"Further names (aliases) are only for networks that somebody made, not for {name}.")
    # An endpoint of which nothing is said adds nothing to the mode.
    return first, {name: held for name, held in endpoints.items() if held or len(endpoints) > 1 or not is_mode(name)}


def _read_network(text: str) -> tuple[str, Raw]:
    if "=" not in text:
        return text, {}
    endpoint: Raw = {}
    name = ""
    for part in read_csv(text):
        key, value = pair(part.strip(), what="a part of a network")
        if key.lower() == "name":
            name = value
        else:
            put_endpoint(endpoint, key.lower(), value)
    if not name:
        raise DialectError(f"“{text}” has no name of a network.")
    return name, endpoint


def put_endpoint(endpoint: Raw, key: str, value: str) -> None:
    """Put one part, by the CLI's word for it, into an endpoint. Raises DialectError."""
    match key:
        case "alias" | "network-alias":
            endpoint.setdefault("Aliases", []).append(value)
        case "driver-opt":
            name, option = pair(value, what="an option of a network")
            endpoint.setdefault("DriverOpts", {})[name] = option
        case "ip" | "ip6":
            _ipam(endpoint)["IPv4Address" if key == "ip" else "IPv6Address"] = _address(value, 4 if key == "ip" else 6)
        case "link-local-ip":
            _ipam(endpoint).setdefault("LinkLocalIPs", []).append(_address(value, 0))
        case "mac-address":
            if not _MAC.fullmatch(value):
                raise DialectError(f"“{value}” is not a MAC address, such as 92:d0:c6:0a:29:33.")
            endpoint["MacAddress"] = value
        case "gw-priority":
            endpoint["GwPriority"] = read_int(value)
        case _:
            raise DialectError(f"A network has no {key}.")


def _put_first(name: str, endpoint: Raw, options: Mapping[str, Sequence[str]], links: Sequence[str]) -> None:
    for flag in FIRST_FLAGS:
        values = options.get(flag, ())
        given: Raw = {}
        for value in values:
            put_endpoint(given, flag, value)
        _merge(endpoint, given, f"--{flag}")
    if links and not is_mode(name):
        endpoint["Links"] = list(links)


def _merge(endpoint: Raw, given: Raw, flag: str) -> None:
    for key, value in given.items():
        if key == "IPAMConfig":
            _merge(_ipam(endpoint), value, flag)
        elif key in endpoint:
            raise DialectError(f"{flag} says again what --network says already.")
        else:
            endpoint[key] = value


def _ipam(endpoint: Raw) -> Raw:
    ipam: Raw = endpoint.setdefault("IPAMConfig", {})
    return ipam


def _address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise DialectError(f"“{text}” is not an IP address.") from None
    if version and address.version != version:
        raise DialectError(f"“{text}” is not an IPv{version} address.")
    return text


def write_networks(mode: str, endpoints: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What each `--network` must be given, the mode first, and the fields that it has no words for."""
    written, lost = [], []
    for name in dict.fromkeys([mode, *endpoints]):
        held = endpoints.get(name) or {}
        parts = list(_parts(held))
        lost += [f"Networks.{name}.{key}" for key, value in held.items() if value and key not in _WRITTEN]
        if name == "default" and not parts:
            continue
        written.append(write_csv([f"name={name}", *parts]) if parts else name)
    return written, lost


_WRITTEN: Final = frozenset({"Aliases", "DriverOpts", "IPAMConfig", "MacAddress", "GwPriority", "Links"})


def _parts(endpoint: Mapping[str, Any]) -> Iterator[str]:
    ipam = endpoint.get("IPAMConfig") or {}
    yield from (f"alias={alias}" for alias in endpoint.get("Aliases") or ())
    for key, word in (("IPv4Address", "ip"), ("IPv6Address", "ip6")):
        if ipam.get(key):
            yield f"{word}={ipam[key]}"
    yield from (f"link-local-ip={address}" for address in ipam.get("LinkLocalIPs") or ())
    if endpoint.get("MacAddress"):
        yield f"mac-address={endpoint['MacAddress']}"
    yield from (f"driver-opt={name}={value}" for name, value in (endpoint.get("DriverOpts") or {}).items())
    if endpoint.get("GwPriority"):
        yield f"gw-priority={endpoint['GwPriority']}"


def read_host(text: str) -> str:
    """An entry of ExtraHosts of `name:address`, `name=address` or `name:host-gateway`."""
    sign = "=" if "=" in text else ":"
    name, found, address = text.partition(sign)
    if not found or not name:
        raise DialectError(f"“{text}” is not a host and its address, such as db:10.0.0.5.")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    if address != "host-gateway":
        _address(address, 0)
    return f"{name}:{address}"
