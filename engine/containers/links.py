"""Links of the old kind (HostConfig.Links, default bridge only): what a container is told about those it links to.

Pure. The names in its hosts file are the network room's.
"""

from collections.abc import Iterable, Mapping

from engine.containers.model import Container
from engine.containers.network_settings import saved_sandbox
from engine.containers.ports import exposed_ports
from engine.errors import Conflict

_BRIDGE = "bridge"
# Variables that every container has of its own.
_NOT_PASSED = frozenset({"HOSTNAME", "HOME", "PATH", "TERM"})


def parse_link(text: str) -> tuple[str, str]:
    """Target and alias of `target:alias`, or of `target`, which is its own alias; slashes of old clients go."""
    target, _, alias = text.partition(":")
    return target.lstrip("/"), (alias or target).rpartition("/")[2]


def link_environment(container: Container, linked: Iterable[tuple[str, Container]]) -> list[str]:
    """`ALIAS_NAME`, `ALIAS_PORT_80_TCP_ADDR`... for each (alias, container).

    Raises Conflict for one that does not run.
    """
    variables: dict[str, str] = {}
    for alias, other in linked:
        sandbox = saved_sandbox(other)
        if sandbox is None or _BRIDGE not in sandbox.endpoints:
            raise Conflict(f"Cannot link to a non running container: /{other.name} AS /{container.name}/{alias}")
        prefix = alias.replace("-", "_").upper()
        variables[f"{prefix}_NAME"] = f"/{container.name}/{alias}"
        variables |= _ports(prefix, sandbox.endpoints[_BRIDGE].ipv4, exposed_ports(other.config))
        variables |= _environment(prefix, other.config)
    return [f"{name}={value}" for name, value in variables.items()]


def _ports(prefix: str, address: str, ports: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for port in sorted(ports, key=lambda text: int(text.partition("/")[0])):
        number, _, protocol = port.partition("/")
        url, name = f"{protocol}://{address}:{number}", f"{prefix}_PORT_{number}_{protocol.upper()}"
        found.setdefault(f"{prefix}_PORT", url)
        found |= {name: url, f"{name}_ADDR": address, f"{name}_PORT": number, f"{name}_PROTO": protocol}
    return found


def _environment(prefix: str, config: Mapping[str, object]) -> dict[str, str]:
    entries = config.get("Env")
    pairs = [str(entry).partition("=")[::2] for entry in entries] if isinstance(entries, list) else []
    return {f"{prefix}_ENV_{name}": value for name, value in pairs if name not in _NOT_PASSED}
