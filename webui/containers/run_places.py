"""The places of a recipe that the run form shows as rows, or by several fields together: read, and written back.

Each is written only where its rows say something else than before; entries that no row can show stay where they are.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects.meaning import has_open_paths
from webui.containers.dialects.networks import stands_alone
from webui.containers.dialects.ports import read_exposed, split_protocol
from webui.containers.recreation import Recipe
from webui.containers.run_fields import RunField, put_at
from webui.containers.run_lines import MountLine, NetworkLine, PortLine, VariableLine, endpoint_of, network_line, plain

_NAMELESS: Final = re.compile(r"[0-9a-f]{64}")


class Places:
    """What the rows show of a recipe, and writing them into a copy of its body."""

    def __init__(self, recipe: Recipe) -> None:
        body, self._recipe = recipe.body, recipe
        host: Raw = body.get("HostConfig") or {}
        self._bindings: Raw = host.get("PortBindings") or {}
        self.ports = [_port_line(key, one or {}) for key, held in self._bindings.items() for one in held or [{}]]
        self.exposed = [key for key in body.get("ExposedPorts") or {} if key not in self._bindings]
        pairs = [str(pair) for pair in body.get("Env") or []]
        self.variables = [VariableLine(*pair.partition("=")[::2]) for pair in pairs if _fits_a_row(pair)]
        self._pair_of = {_seen(VariableLine(*pair.partition("=")[::2])): pair for pair in pairs}
        self.odd_variables = [pair for pair in pairs if not _fits_a_row(pair)]
        binds = [str(bind) for bind in host.get("Binds") or []]
        rows = {line: bind for bind in binds if (line := _mount_line(bind))}
        self.mounts, self._bind_of = list(rows), rows
        self._more_binds = [bind for bind in binds if not _mount_line(bind)]
        self.networks = self._network_lines(host)
        self.has_open_paths = has_open_paths(host)

    def seen_by(self, one: RunField) -> Raw:
        """The body as a field sees it: of the binds only those that are not in rows."""
        if one.name == "binds_more":
            return {"HostConfig": {"Binds": self._more_binds}}
        if one.name == "open_paths":
            return {"HostConfig": {"MaskedPaths": self.has_open_paths}}
        return self._recipe.body

    def _network_lines(self, host: Raw) -> list[NetworkLine]:
        mode = str(host.get("NetworkMode") or "default")
        endpoints = (self._recipe.body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        name = "bridge" if mode == "default" else mode
        others = [network_line(other, endpoint) for other, endpoint in self._recipe.networks.items()]
        return [network_line(name, endpoints.get(name) or endpoints.get(mode) or {}), *others]

    def read_exposed(self, text: str) -> list[str]:
        """Ports that are only exposed, as `7/tcp`. Raises DialectError."""
        return [key for line in text.split() for key in read_exposed(line)]

    def put_ports(self, body: Raw, lines: Sequence[PortLine], exposed: Sequence[str] | None) -> None:
        """`exposed` are the ports that are only exposed; None for those of before."""
        exposed = self.exposed if exposed is None else exposed
        # A port that is taken is written all the same: it is right, only not free.
        wanted = [line for line in lines if not line.error or _is_readable(line)]
        if _bare(lines) != _bare(self.ports) or list(exposed) != self.exposed:
            bindings: dict[str, list[dict[str, str]]] = {}
            for line in wanted:
                for key, binding in line.bindings():
                    bindings.setdefault(key, []).append(binding)
            put_at(body, ("HostConfig", "PortBindings"), bindings or None)
            put_at(body, ("ExposedPorts",), {key: {} for key in [*bindings, *exposed]} or None)

    def put_variables(self, body: Raw, lines: Sequence[VariableLine]) -> None:
        wanted = [line for line in lines if not line.error]
        if [_seen(line) for line in lines] != [_seen(line) for line in self.variables]:
            pairs = [self._pair_of.get(_seen(line), f"{line.name}={line.value}") for line in wanted]
            put_at(body, ("Env",), [*pairs, *self.odd_variables] or None)

    def put_binds(self, body: Raw, lines: Sequence[MountLine], more: Sequence[str] | None) -> None:
        wanted = [line for line in lines if not line.error]
        more = self._more_binds if more is None else more
        if _bare(lines) != _bare(self.mounts) or list(more) != self._more_binds:
            binds = [*(self._bind_of.get(line, line.bind) for line in wanted), *more]
            put_at(body, ("HostConfig", "Binds"), binds or None)

    def put_networks(self, body: Raw, others: Mapping[str, Raw], lines: Sequence[NetworkLine]) -> Mapping[str, Raw]:
        """Write the first one into the body; returns the others, which are joined before the start."""
        wanted = [line for line in lines if not line.error]
        if _bare(lines) == _bare(self.networks):
            return others
        held = {**((body.pop("NetworkingConfig", None) or {}).get("EndpointsConfig") or {}), **others}
        if not wanted:
            put_at(body, ("HostConfig", "NetworkMode"), None)
            return {}
        endpoints = {line.name: endpoint_of(line, copy.deepcopy(held.get(line.name) or {})) for line in wanted}
        first = wanted[0].name
        put_at(body, ("HostConfig", "NetworkMode"), first)
        if endpoints[first]:
            body["NetworkingConfig"] = {"EndpointsConfig": {first: endpoints[first]}}
        return {} if stands_alone(first) else {name: one for name, one in endpoints.items() if name != first}


def _fits_a_row(pair: str) -> bool:
    """Whether it has a value, and a name that one line of a form can hold."""
    name, sign, _ = pair.partition("=")
    return bool(sign) and name == name.strip() and len(name.splitlines()) == 1


def _seen(line: VariableLine) -> tuple[str, str]:
    """A variable as a browser gives it back: its own kind of line ends is not seen."""
    return line.name, plain(line.value)


def _bare(lines: Sequence[Any]) -> list[tuple[str, ...]]:
    """Lines as what was typed in them, whatever is wrong with them."""
    return [tuple(str(getattr(line, name)) for name in line.__slots__ if name != "error") for line in lines]


def _is_readable(line: PortLine) -> bool:
    try:
        return bool(line.bindings())
    except DialectError:
        return False


def _port_line(key: str, binding: Mapping[str, Any]) -> PortLine:
    try:
        inside, protocol = split_protocol(key)
    except DialectError:
        inside, protocol = key, "tcp"
    address, port = str(binding.get("HostIp") or ""), str(binding.get("HostPort") or "")
    if not address or address == "0.0.0.0":  # noqa: S104 - compares, does not bind
        return PortLine(port, inside, protocol)
    return PortLine(f"[{address}]:{port}" if ":" in address else f"{address}:{port}", inside, protocol)


def _mount_line(bind: str) -> MountLine | None:
    """The bind as a row; None for one with options that a row does not have, or of a volume without a name."""
    parts = bind.split(":")
    if len(parts) == 2:
        parts = [*parts, "rw"]
    if len(parts) != 3 or parts[2] not in {"rw", "ro"} or _NAMELESS.fullmatch(parts[0]):
        return None
    return MountLine(*parts)
