"""The lines of the run form that repeat: ports, variables, mounts and networks, each read and blamed on its own.

A line keeps what was typed, right or wrong, so that a form with an error comes back as it was sent.
"""

import copy
import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.networks import is_mode, put_endpoint
from webui.containers.dialects.ports import read_port, read_range
from webui.containers.rows import ContainerRow
from webui.containers.secrets import is_secret

PROTOCOLS: Final = ("tcp", "udp", "sctp")
VOLUME_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class Lists(Protocol):
    """A submitted form: every value of a repeated field, in order (Django's QueryDict)."""

    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class PortLine:
    """`outside` is a host port with or without an address ("127.0.0.1:5433"); empty asks for any free one.

    Both sides may be ranges, as after `-p`.
    """

    outside: str = ""
    inside: str = ""
    protocol: str = "tcp"
    error: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.outside or self.inside)

    @property
    def is_inside_wrong(self) -> bool:
        """Which of its two sides the error is about."""
        return bool(self.error) and bool(_inside_error(self))

    @property
    def spec(self) -> str:
        return f"{f'{self.outside}:' if self.outside else ''}{self.inside}/{self.protocol}"

    def bindings(self) -> list[tuple[str, dict[str, str]]]:
        """What it publishes: (`80/tcp`, binding) for each port. Raises DialectError."""
        return list(read_port(self.spec))


@dataclass(frozen=True, slots=True)
class VariableLine:
    name: str = ""
    value: str = ""
    error: str = ""

    @property
    def is_secret(self) -> bool:
        return is_secret(self.name, self.value)

    @property
    def is_value_asked(self) -> bool:
        """Whether it is the value that the error is about."""
        return bool(self.error and self.name and not self.value)

    @property
    def has_lines(self) -> bool:
        """Whether it needs room: what is typed into one line loses the others."""
        return "\n" in plain(self.value)

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.value)


@dataclass(frozen=True, slots=True)
class MountLine:
    """`source` is a volume's name or an absolute path on the host."""

    source: str = ""
    target: str = ""
    mode: str = "rw"
    error: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.source or self.target)

    @property
    def is_target_wrong(self) -> bool:
        """Which of its two sides the error is about."""
        return bool(self.error) and self.error in {_target_error(self), _MOUNTED_AGAIN.format(self.target)}

    @property
    def bind(self) -> str:
        return f"{self.source}:{self.target}:{self.mode}"


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A network to be on; the first one is the network mode. `aliases` and `addresses` have blanks between them."""

    name: str = ""
    aliases: str = ""
    addresses: str = ""
    mac: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.aliases or self.addresses or self.mac)


def split_address(outside: str) -> tuple[str, str]:
    """`127.0.0.1:80` and `[::1]:80` as (address, port); a bare port has the empty address."""
    address, colon, port = outside.rpartition(":")
    return (address.strip("[]"), port) if colon else ("", outside)


def _zipped(data: Lists, *names: str) -> Iterable[tuple[str, ...]]:
    columns = [[value.strip() for value in data.getlist(name)] for name in names]
    length = max(map(len, columns), default=0)
    return zip(*(column + [""] * (length - len(column)) for column in columns), strict=True)


def port_lines(data: Lists) -> list[PortLine]:
    lines = [PortLine(*values) for values in _zipped(data, "port_outside", "port_inside", "port_protocol")]
    return [replace(line, protocol=line.protocol or "tcp") for line in lines if not line.is_empty]


def network_lines(data: Lists) -> list[NetworkLine]:
    columns = ("network_name", "network_aliases", "network_addresses", "network_mac")
    lines = [NetworkLine(*values) for values in _zipped(data, *columns)]
    return [line for line in lines if not line.is_empty]


def variable_lines(data: Lists) -> list[VariableLine]:
    # A value may begin or end with blanks on purpose, so only names are trimmed.
    names, values = data.getlist("variable_name"), [plain(value) for value in data.getlist("variable_value")]
    values = values + [""] * (len(names) - len(values))
    lines = [VariableLine(name.strip(), value) for name, value in zip(names, values, strict=False)]
    return [line for line in lines if not line.is_empty]


def plain(text: str) -> str:
    """A text with its lines ended in the one way of this side: a browser ends them in its own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def variables_of(text: str) -> list[VariableLine]:
    """Variables written as text, one NAME=value a line, as in an env file: `#` begins a remark, quotes go around."""
    lines = []
    for line in (one.strip() for one in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        name, _, value = line.removeprefix("export ").partition("=")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        lines.append(VariableLine(name.strip(), value))
    return lines


def mount_lines(data: Lists) -> list[MountLine]:
    lines = [MountLine(*values) for values in _zipped(data, "mount_source", "mount_target", "mount_mode")]
    return [replace(line, mode=line.mode or "rw") for line in lines if not line.is_empty]


def checked_ports(lines: Sequence[PortLine], used: Mapping[tuple[str, str], ContainerRow]) -> list[PortLine]:
    """The same lines, each with what is wrong with it. `used` tells who holds (port, protocol) on this host."""
    asked: set[tuple[str, str, str]] = set()
    checked = []
    for line in lines:
        address, port = split_address(line.outside)
        error = _port_error(line, used)
        if not error and port and (address, port, line.protocol) in asked:
            error = f"{line.outside} is on another line already."
        asked.add((address, port, line.protocol))
        checked.append(replace(line, error=error))
    return checked


def _port_error(line: PortLine, used: Mapping[tuple[str, str], ContainerRow]) -> str:
    return _inside_error(line) or _outside_error(line, used)


def _inside_error(line: PortLine) -> str:
    if not line.inside:
        return "Which port inside the container?"
    try:
        read_range(line.inside, line.inside)
    except DialectError:
        return f"{line.inside} is not a port: a number from 1 to 65535, or a range such as 8000-8010."
    if line.protocol not in PROTOCOLS:
        return f"{line.protocol} is not a protocol: tcp, udp or sctp."
    return ""


def _outside_error(line: PortLine, used: Mapping[tuple[str, str], ContainerRow]) -> str:
    address, _port = split_address(line.outside)
    if address and not _is_address(address):
        return f"{address} is not an IP address of this host."
    try:
        bindings = line.bindings()
    except DialectError as error:
        if "equally long" in str(error):
            return "The two ranges are not equally long."
        return f"{line.outside} is not a port, nor an address and a port like 127.0.0.1:5433."
    # Of a range for one port the host takes what is free.
    outside = [binding["HostPort"] for _, binding in bindings if binding["HostPort"].isdecimal()]
    taken = next((one for one in outside if (one, line.protocol) in used), "")
    if not taken:
        return ""
    holder = used[taken, line.protocol]
    return f"{taken} is used by {holder.name}; next free is {next_free_port(int(taken), line.protocol, used)}."


def next_free_port(port: int, protocol: str, used: Collection[tuple[str, str]]) -> int:
    """The lowest port above `port` that no container holds; `port` itself where there is none."""
    return next((n for n in range(port + 1, 65536) if (str(n), protocol) not in used), port)


def ports_in_use(rows: Iterable[ContainerRow]) -> dict[tuple[str, str], ContainerRow]:
    """(host port, protocol) -> the running container that has it published."""
    return {(str(port.host_port), port.protocol): row for row in rows if row.is_running for port in row.published_ports}


def checked_variables(lines: Sequence[VariableLine]) -> list[VariableLine]:
    def error(line: VariableLine) -> str:
        if not line.name:
            return "This value has no name."
        if "=" in line.name:
            return "A name ends before its “=”; put the rest into the value."
        if "\0" in line.name + line.value:
            return "A variable cannot hold a zero byte."
        return ""

    return _checked(lines, error, key=lambda line: line.name, again="{} is set on another line already.")


def checked_mounts(lines: Sequence[MountLine]) -> list[MountLine]:
    return _checked(lines, _mount_error, key=lambda line: line.target, again=_MOUNTED_AGAIN)


_MOUNTED_AGAIN: Final = "{} is mounted on another line already."


def _mount_error(line: MountLine) -> str:
    return _source_error(line) or _target_error(line)


def _source_error(line: MountLine) -> str:
    if not line.source:
        return "What is mounted? A volume's name, or a path on the host."
    if not line.source.startswith("/") and not VOLUME_NAME.fullmatch(line.source):
        return f"{line.source} is neither an absolute path nor a volume's name (letters, digits, “_”, “.”, “-”)."
    return ""


def _target_error(line: MountLine) -> str:
    if not line.target:
        return "Where is it mounted inside the container?"
    if not line.target.startswith("/"):
        return f"{line.target} must be an absolute path inside the container, such as /data."
    if line.target.rstrip("/") == "":
        return "The container's own root cannot be mounted over."
    if ":" in line.source + line.target:
        return "A path here cannot hold “:”."
    return ""


def checked_networks(lines: Sequence[NetworkLine], known: Collection[str]) -> list[NetworkLine]:
    """`known` are the networks of the host; a line may also join another container's."""

    def error(line: NetworkLine) -> str:
        if not line.name:
            return "Which network?"
        if not is_mode(line.name) and line.name not in known:
            return f"This host has no network {line.name}."
        if is_mode(line.name) and len(lines) > 1:
            return f"{line.name} stands alone: it cannot be joined together with other networks."
        if is_mode(line.name) and line.aliases:
            return f"Further names are only for networks that somebody made, not for {line.name}."
        try:
            endpoint_of(line, {})
        except DialectError as wrong:
            return str(wrong)
        return ""

    return _checked(lines, error, key=lambda line: line.name, again="{} is on another line already.")


def endpoint_of(line: NetworkLine, before: Raw) -> Raw:
    """The endpoint that a line means; what it was `before` and the line does not show is kept. Raises DialectError."""
    endpoint = copy.deepcopy(before)
    endpoint.pop("Aliases", None)
    endpoint.pop("MacAddress", None)
    ipam = {key: value for key, value in (endpoint.pop("IPAMConfig", None) or {}).items() if key not in _SHOWN_IPAM}
    if ipam:
        endpoint["IPAMConfig"] = ipam
    for alias in line.aliases.replace(",", " ").split():
        put_endpoint(endpoint, "alias", alias)
    for address in line.addresses.replace(",", " ").split():
        put_endpoint(endpoint, "ip6" if ":" in address else "ip", address)
    if line.mac:
        put_endpoint(endpoint, "mac-address", line.mac)
    return endpoint


_SHOWN_IPAM: Final = ("IPv4Address", "IPv6Address")


def network_line(name: str, endpoint: Mapping[str, Any]) -> NetworkLine:
    ipam = endpoint.get("IPAMConfig") or {}
    addresses = [str(ipam[key]) for key in _SHOWN_IPAM if ipam.get(key)]
    aliases = [str(alias) for alias in endpoint.get("Aliases") or []]
    return NetworkLine(name, " ".join(aliases), " ".join(addresses), str(endpoint.get("MacAddress") or ""))


def _checked(lines: Sequence[Any], error: Callable[[Any], str], *, key: Callable[[Any], str], again: str) -> list[Any]:
    seen: set[str] = set()
    checked = []
    for line in lines:
        message = error(line) or (again.format(key(line)) if key(line) in seen else "")
        seen.add(key(line))
        checked.append(replace(line, error=message))
    return checked


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
