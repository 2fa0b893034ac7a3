"""A container as a list shows it: Docker's list JSON read into a frozen row.

It knows Docker's words and turns them into ours ("exit 137, killed", "healthy"); it knows nothing of pages or people.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from webui.containers.exits import ASKED_FOR, short_words
from webui.containers.update_failures import Trouble

STACK_LABELS: Final = ("com.docker.compose.project", "com.docker.stack.namespace")
SERVICE_LABELS: Final = ("com.docker.compose.service", "com.docker.swarm.service.name")


class Tone(StrEnum):
    """How loudly a state speaks: the colour of its dot and, for trouble, of its words."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    OFF = "off"


class Condition(StrEnum):
    """What a container's state comes down to. Every container has exactly one, so that their counts add up."""

    UNHEALTHY = "unhealthy"
    FAILING = "failing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Port:
    """One port of a container; `host_port` is None where it is only exposed."""

    container_port: int
    protocol: str
    host_ip: str
    host_port: int | None

    @property
    def is_for_everyone(self) -> bool:
        return self.host_ip in {"", "0.0.0.0", "::"}  # noqa: S104 - compares, does not bind

    @property
    def words(self) -> str:
        """`8080 → 80`, `9090` where both sides are the same, the address where it is not for everyone."""
        inside = str(self.container_port) if self.protocol == "tcp" else f"{self.container_port}/{self.protocol}"
        if self.host_port is None:
            return inside
        outside = str(self.host_port) if self.is_for_everyone else f"{_bracketed(self.host_ip)}:{self.host_port}"
        return inside if outside == inside else f"{outside} → {inside}"


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount of a container: `source` is the volume's name, or the path on the host."""

    kind: str
    source: str
    target: str
    writable: bool


@dataclass(frozen=True, slots=True)
class ContainerRow:
    """One container of a list. Times are seconds since the epoch; `since` is when the state began, where known.

    `addresses` are its networks with its IP there, `host` its slug; `has_update` says that its
    registry has a newer image under the name that it was made from, `update_trouble` why that is not known.
    """

    id: str
    name: str
    image: str
    image_id: str
    command: str
    state: str
    health: str
    exit_code: int | None
    out_of_memory: bool
    since: float | None
    created: float
    ports: tuple[Port, ...]
    stack: str
    service: str
    labels: Mapping[str, str]
    networks: tuple[str, ...]
    mounts: tuple[Mount, ...]
    condition: Condition
    addresses: tuple[tuple[str, str], ...] = ()
    host: str = ""
    host_name: str = ""
    has_update: bool = False
    owner: str = ""
    update_trouble: Trouble | None = None

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def is_running(self) -> bool:
        return self.state in {"running", "paused", "restarting"}

    @property
    def tone(self) -> Tone:
        return {
            Condition.UNHEALTHY: Tone.WARNING,
            Condition.FAILING: Tone.BAD,
            Condition.RUNNING: Tone.GOOD,
            Condition.PAUSED: Tone.WARNING,
            Condition.STOPPED: Tone.OFF,
        }[self.condition]

    @property
    def published_ports(self) -> tuple[Port, ...]:
        return tuple(port for port in self.ports if port.host_port is not None)


def row_of(
    raw: Mapping[str, Any], *, seen_at: float, host: str = "", host_name: str = "", has_update: bool = False,
    owner: str = "", update_trouble: Trouble | None = None,
) -> ContainerRow:  # fmt: skip
    """Read one element of `GET /containers/json`; Docker's times are relative to `seen_at`, when it was fetched."""
    labels: dict[str, str] = raw.get("Labels") or {}
    names = [name.lstrip("/") for name in raw.get("Names") or []]
    status = str(raw.get("Status") or "")
    seconds = span_seconds(status)
    state, health, exit_code = _state_of(raw, status), _health_of(raw, status), _exit_code_of(status)
    is_out_of_memory = bool(raw.get("OOMKilled"))
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    return ContainerRow(
        id=raw["Id"],
        # A container that others link to has names like "/web/db" too; its own is the one without a slash.
        name=next((name for name in names if "/" not in name), names[0] if names else raw["Id"][:12]),
        image=str(raw.get("Image") or ""),
        image_id=str(raw.get("ImageID") or ""),
        command=str(raw.get("Command") or ""),
        state=state,
        health=health,
        exit_code=exit_code,
        out_of_memory=is_out_of_memory,
        since=None if seconds is None else seen_at - seconds,
        created=float(raw.get("Created") or 0),
        ports=ports_of(raw.get("Ports") or []),
        stack=_first(labels, STACK_LABELS),
        service=_first(labels, SERVICE_LABELS),
        labels=labels,
        networks=tuple(sorted(networks)),
        mounts=tuple(_mount_of(mount) for mount in raw.get("Mounts") or []),
        condition=_condition_of(state, health, exit_code, is_out_of_memory=is_out_of_memory),
        addresses=tuple((name, _ip_of(held or {})) for name, held in sorted(networks.items())),
        host=host,
        host_name=host_name,
        has_update=has_update,
        owner=owner,
        update_trouble=update_trouble,
    )


def _ip_of(endpoint: Mapping[str, Any]) -> str:
    return str(endpoint.get("IPAddress") or endpoint.get("GlobalIPv6Address") or "")


def _condition_of(state: str, health: str, exit_code: int | None, *, is_out_of_memory: bool) -> Condition:
    if state == "paused":
        return Condition.PAUSED
    if state == "running":
        return Condition.UNHEALTHY if health == "unhealthy" else Condition.RUNNING
    if state in {"restarting", "dead"} or is_out_of_memory:
        return Condition.FAILING
    ended_badly = state == "exited" and exit_code not in {None, 0, *ASKED_FOR}
    return Condition.FAILING if ended_badly else Condition.STOPPED


def state_words(row: ContainerRow, now: float) -> str:
    """The state as a person would say it: `healthy · up 6 days`, `restarting · exit 1`, `exited 0 · 2 days ago`."""
    span = "" if row.since is None else span_words(now - row.since)
    match row.state:
        case "running":
            words = _running_words(row, span)
        case "paused":
            words = f"paused · up {span}" if span else "paused"
        case "restarting":
            words = " · ".join(part for part in ("restarting", _ended(row)) if part)
        case "created" | "removing" | "dead":
            words = _QUIET_WORDS[row.state]
        case _:
            words = " · ".join(part for part in (_ended(row) or row.state, f"{span} ago" if span else "") if part)
    return words


_QUIET_WORDS: Final = {
    "created": "created · never started",
    "removing": "being removed",
    "dead": "dead · could not be removed",
}


def _ended(row: ContainerRow) -> str:
    return "" if row.exit_code is None else short_words(row.exit_code, out_of_memory=row.out_of_memory)


def _running_words(row: ContainerRow, span: str) -> str:
    up = f"up {span}" if span else "running"
    if row.health == "starting":
        return f"health check starting · {up}"
    return f"{row.health} · {up}" if row.health else up


_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000,
                 "year": 31_536_000}  # fmt: skip
_SPAN = re.compile(r"(Less than a|About an?|\d+) (second|minute|hour|day|week|month|year)s?")


def span_seconds(status: str) -> int | None:
    """Docker's rounded words ("Up About an hour", "Exited (0) 2 weeks ago") as seconds; None without a time in them."""
    match = _SPAN.search(status)
    if match is None:
        return None
    count, unit = match.groups()
    if count.startswith("Less"):
        return 0
    return (int(count) if count.isdigit() else 1) * _UNITS[unit]


# Docker's own thresholds (go-units HumanDuration), so that its rounded words survive the way through seconds.
_STEPS: Final = ((60, "second"), (3600, "minute"), (48 * 3600, "hour"), (14 * 86_400, "day"), (60 * 86_400, "week"),
                 (2 * 31_536_000, "month"))  # fmt: skip


def _unit_for(seconds: float) -> str:
    return next((unit for limit, unit in _STEPS if seconds < limit), "year")


def span_words(seconds: float) -> str:
    """`a moment`, `4 seconds`, `3 hours`, `6 days`: one unit, rounded down."""
    if seconds < 1:
        return "a moment"
    unit = _unit_for(seconds)
    count = int(seconds // _UNITS[unit])
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def words_hold_until(row: ContainerRow, now: float) -> float:
    """When the words about this row will next read differently, as nothing but time passes."""
    ends = [now + _until_next_step(now - row.created)]
    if row.since is not None:
        ends.append(now + _until_next_step(now - row.since))
    return min(ends)


def _until_next_step(seconds: float) -> float:
    seconds = max(0.0, seconds)
    size = min(_UNITS[_unit_for(seconds)], 86_400)
    return size - seconds % size


def ports_of(raw_ports: list[dict[str, Any]]) -> tuple[Port, ...]:
    """Ports without their IPv6 twins, published ones first."""
    seen: dict[tuple[int, str, int | None, str], Port] = {}
    for raw in raw_ports:
        port = Port(
            container_port=int(raw["PrivatePort"]),
            protocol=str(raw.get("Type") or "tcp"),
            host_ip=str(raw.get("IP") or ""),
            host_port=int(raw["PublicPort"]) if raw.get("PublicPort") else None,
        )
        address = "" if port.is_for_everyone else port.host_ip
        seen.setdefault((port.container_port, port.protocol, port.host_port, address), port)
    return tuple(sorted(seen.values(), key=lambda p: (p.host_port is None, p.container_port, p.host_port or 0)))


def _mount_of(raw: Mapping[str, Any]) -> Mount:
    kind = str(raw.get("Type") or "bind")
    source = raw.get("Name") if kind == "volume" else raw.get("Source")
    return Mount(kind, str(source or ""), str(raw.get("Destination") or ""), bool(raw.get("RW", True)))


def _state_of(raw: Mapping[str, Any], status: str) -> str:
    state = str(raw.get("State") or "").lower()
    # Podman has states of its own; what they mean to the person who looks is one of Docker's.
    return {"configured": "created", "stopped": "exited", "stopping": "running"}.get(state, state) or (
        "running" if status.startswith("Up") else "exited"
    )


def _health_of(raw: Mapping[str, Any], status: str) -> str:
    health = raw.get("Health")
    if isinstance(health, Mapping) and health.get("Status") not in {None, "", "none"}:
        return str(health["Status"])
    match = re.search(r"\((healthy|unhealthy|health: starting)\)", status)
    return match.group(1).removeprefix("health: ") if match else ""


def _exit_code_of(status: str) -> int | None:
    match = re.match(r"(?:Exited|Restarting) \((-?\d+)\)", status)
    return int(match.group(1)) if match else None


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
