"""A network as a list shows it: Docker's list JSON read into frozen rows, with the containers that are on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from webui.resources import ListQuery, count_shows, read_query, select_rows

BUILT_IN: Final = frozenset({"bridge", "host", "none", "podman", "ingress", "docker_gwbridge"})


class Use(StrEnum):
    """What a network is there for. Every network has exactly one, so that their counts add up."""

    USED = "used"
    UNUSED = "unused"
    BUILT_IN = "builtin"


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """One network of a host; subnets are CIDRs."""

    id: str
    name: str
    driver: str
    scope: str
    is_internal: bool
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    labels: Mapping[str, str]
    stack: str
    used_by: tuple[str, ...]

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def is_built_in(self) -> bool:
        return self.name in BUILT_IN

    @property
    def use(self) -> Use:
        if self.is_built_in:
            return Use.BUILT_IN
        return Use.USED if self.used_by else Use.UNUSED

    @property
    def use_words(self) -> str:
        match len(self.used_by):
            case 0:
                return "no container"
            case 1:
                return self.used_by[0]
            case count:
                return f"{count} containers"

    @property
    def kind_words(self) -> str:
        return f"{self.driver} · internal" if self.is_internal else self.driver


def network_rows(networks: Iterable[Mapping[str, Any]], containers: Iterable[Mapping[str, Any]]) -> list[NetworkRow]:
    """Read `GET /networks` together with `GET /containers/json?all=1`, which tells who is on each network."""
    users: dict[str, set[str]] = {}
    for container in containers:
        name = (container.get("Names") or [container["Id"][:12]])[0].lstrip("/")
        for network in (container.get("NetworkSettings") or {}).get("Networks") or {}:
            users.setdefault(network, set()).add(name)
    return [_row(network, users.get(network["Name"], set())) for network in networks]


def _row(raw: Mapping[str, Any], users: set[str]) -> NetworkRow:
    labels = raw.get("Labels") or {}
    ranges = (raw.get("IPAM") or {}).get("Config") or []
    return NetworkRow(
        id=raw["Id"],
        name=raw["Name"],
        # The "none" network's driver is called null, which reads like a mistake.
        driver={"null": "none"}.get(raw.get("Driver") or "", str(raw.get("Driver") or "")),
        scope=str(raw.get("Scope") or "local"),
        is_internal=bool(raw.get("Internal")),
        subnets=tuple(str(item["Subnet"]) for item in ranges if item.get("Subnet")),
        gateways=tuple(str(item["Gateway"]) for item in ranges if item.get("Gateway")),
        labels=labels,
        stack=labels.get("com.docker.compose.project") or labels.get("com.docker.stack.namespace") or "",
        used_by=tuple(sorted(users)),
    )


SORTS: Final[Mapping[str, Callable[[NetworkRow], tuple[Any, ...]]]] = {
    "name": lambda row: (row.is_built_in, row.name.lower()),
    "driver": lambda row: (row.kind_words, row.name.lower()),
    "subnet": lambda row: (row.subnets or ("~",), row.name.lower()),
    "use": lambda row: (-len(row.used_by), row.name.lower()),
}


def query_of(params: Mapping[str, Any]) -> ListQuery:
    return read_query(params, shows=list(Use), sorts=SORTS)


def selected(rows: Iterable[NetworkRow], query: ListQuery) -> list[NetworkRow]:
    """The rows that the query asks for, in its order."""
    words = query.text.lower().split()
    return select_rows(rows, query, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, sorts=SORTS)


def counts(rows: Iterable[NetworkRow], text: str = "") -> dict[str, int]:
    """How many rows are of each use, of those that the text lets through; they add up to the total."""
    words = text.lower().split()
    return count_shows(rows, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, shows=list(Use))


def _matches(row: NetworkRow, words: list[str]) -> bool:
    haystack = " ".join((row.name, row.id, row.stack, row.kind_words, *row.subnets, *row.used_by)).lower()
    return all(word in haystack for word in words)
