"""GET /containers/json: elements kept serialised, filters, order.

An element is made once per change of its container; only the words of `Status` ("Up 2 minutes") depend on the moment,
so they come last and are put in when the list is asked for.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson

from engine.containers.model import Container, ContainerNotFound, State, Status
from engine.containers.network_settings import networks_to_wire, saved_sandbox
from engine.containers.ports import parse_port
from engine.containers.store import ContainerStore
from engine.containers.times import in_words
from engine.errors import InvalidArgument
from engine.network import PublishedPort

_KNOWN = frozenset(
    {
        "ancestor", "before", "expose", "exited", "health", "id", "is-task", "isolation", "label", "label!", "name",
        "network", "publish", "since", "status", "volume",
    }
)  # fmt: skip
_FIXED_TEXT = {Status.CREATED: "Created", Status.REMOVING: "Removal In Progress", Status.DEAD: "Dead"}
_FIXED_JSON = {status: orjson.dumps(text) for status, text in _FIXED_TEXT.items()}
_HEALTH = frozenset({"none", "starting", "healthy", "unhealthy"})
_ID_LENGTH = 64


class Filters(Protocol):
    """The filters of a list request (engine.api.filters)."""

    def __contains__(self, key: str) -> bool: ...
    def get(self, key: str) -> tuple[str, ...]: ...
    def check_known(self, known: Iterable[str]) -> None: ...
    def match_labels(self, labels: Mapping[str, str]) -> bool: ...


class PruneFilters(Filters, Protocol):
    """The filters of a prune request."""

    def until(self) -> datetime | None: ...


def list_elements(containers: Iterable[Container], *, sizes: Mapping[str, Mapping[str, int]] | None = None) -> bytes:
    """The JSON of the list. `sizes` holds SizeRw and SizeRootFs by id, where they were asked for."""
    now_ns = time.time_ns()
    return b"[" + b",".join(_element(container, now_ns, sizes) for container in containers) + b"]\n"


def _element(container: Container, now_ns: int, sizes: Mapping[str, Mapping[str, int]] | None) -> bytes:
    if container.list_element is None:
        # Without its closing brace: the status follows.
        container.list_element = orjson.dumps(_summary(container))[:-1]
    status = _FIXED_JSON.get(container.state.status) or orjson.dumps(status_text(container.state, now_ns))
    size = b"," + orjson.dumps(sizes[container.id])[1:-1] if sizes and container.id in sizes else b""
    return container.list_element + b',"Status":' + status + size + b"}"


def _summary(container: Container) -> dict[str, Any]:
    record, sandbox = container.record, saved_sandbox(container)
    return {
        "Id": record.id,
        "Names": [f"/{record.name}"],
        "Image": record.config["Image"],
        "ImageID": record.image_id,
        "Command": " ".join([record.path, *(_quoted(word) for word in record.args)]),
        "Created": record.created_ns // 1_000_000_000,
        "Ports": _ports(sandbox.ports if sandbox else {}),
        "Labels": record.config["Labels"],
        "State": str(record.state.status),
        "HostConfig": {"NetworkMode": record.host_config["NetworkMode"]},
        "NetworkSettings": {"Networks": networks_to_wire(container, sandbox)},
        "Mounts": [point.to_wire() for point in record.mounts],
    }


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word


def _ports(ports: Mapping[str, list[PublishedPort] | None]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for port, places in ports.items():
        number, _, protocol = port.partition("/")
        if not places:
            found.append({"PrivatePort": int(number), "Type": protocol})
        for place in places or ():
            published = {"PrivatePort": int(number), "PublicPort": int(place["HostPort"]), "Type": protocol}
            found.append({"IP": place["HostIp"], **published})
    return found


def status_text(state: State, now_ns: int) -> str:
    """`Up 2 minutes (healthy)`, `Exited (3) 5 seconds ago`..."""
    if state.status in _FIXED_TEXT:
        return _FIXED_TEXT[state.status]
    if not state.has_process:
        word = "Restarting" if state.status is Status.RESTARTING else "Exited"
        return f"{word} ({state.exit_code}) {in_words((now_ns - state.finished_ns) / 1e9)} ago"
    return f"Up {in_words((now_ns - state.started_ns) / 1e9)}{_remark(state)}"


def _remark(state: State) -> str:
    if state.status is Status.PAUSED:
        return " (Paused)"
    if state.health is None:
        return ""
    return " (health: starting)" if state.health.status == "starting" else f" ({state.health.status})"


def select(
    store: ContainerStore, *, show_all: bool, limit: int | None, filters: Filters, images: set[str]
) -> list[Container]:
    """Those asked for, newest first. `images` are the ids that the `ancestor` filter names. Raises InvalidArgument."""
    _check(filters)
    by_age = sorted(_candidates(store, filters), key=lambda container: container.record.created_ns, reverse=True)
    limits_by_state = "status" in filters or "exited" in filters
    before, since = (_created(store, filters, key) for key in ("before", "since"))
    asked = [key for key in _KNOWN if key in filters]
    found = []
    for container in by_age:
        # -n 5 means the newest five whatever they do; a filter by state asks for all as well.
        if not (show_all or limit or limits_by_state or container.state.is_running):
            continue
        created = container.record.created_ns
        if (before is not None and created >= before) or (since is not None and created <= since):
            continue
        if not asked or _matches(container, filters, images):
            found.append(container)
    return found[:limit] if limit else found


def _candidates(store: ContainerStore, filters: Filters) -> Iterable[Container]:
    """Whoever asks for whole ids, as a console does after each event, does not pay for all containers."""
    ids = filters.get("id")
    if not ids or any(len(value) != _ID_LENGTH for value in ids):
        return store
    found = {value: store.find(value) for value in ids}
    return [container for value, container in found.items() if container is not None and container.id == value]


def _check(filters: Filters) -> None:
    filters.check_known(_KNOWN)
    for value in filters.get("status"):
        if value not in set(Status):
            raise InvalidArgument(f"invalid filter 'status={value}'")
    for value in filters.get("health"):
        if value not in _HEALTH:
            raise InvalidArgument(f"unrecognized filter value for health: {value}")
    for key in ("expose", "publish"):
        for value in filters.get(key):
            _port_names(value)
    for value in filters.get("exited"):
        if not re.fullmatch(r"-?\d+", value):
            raise InvalidArgument(f"invalid filter 'exited={value}'")


def _created(store: ContainerStore, filters: Filters, key: str) -> int | None:
    values = filters.get(key)
    if not values:
        return None
    container = store.find(values[0])
    if container is None:
        raise ContainerNotFound(values[0])
    return container.record.created_ns


def _matches(container: Container, filters: Filters, images: set[str]) -> bool:
    return filters.match_labels(container.record.config["Labels"]) and all(
        any(matches(container, value, images) for value in filters.get(key))
        for key, matches in _MATCHES.items()
        if key in filters
    )


def _health_is(container: Container, value: str) -> bool:
    health = container.record.state.health
    return (health.status if health else "none") == value


def _has_exited_with(container: Container, value: str) -> bool:
    state = container.record.state
    return state.status is Status.EXITED and state.exit_code == int(value)


def _has_mount(container: Container, value: str) -> bool:
    return any(value in (point.name, point.source, point.destination) for point in container.record.mounts)


def _is_made_of(container: Container, value: str, images: set[str]) -> bool:
    return container.record.image_id in images or container.record.config["Image"] == value


def _name_matches(pattern: str, name: str) -> bool:
    """A regular expression anywhere in the name, with or without the slash before it."""
    try:
        return bool(re.search(pattern, name) or re.search(pattern, f"/{name}"))
    except re.error:
        return pattern in name


def _is_on_network(container: Container, wanted: str) -> bool:
    sandbox = saved_sandbox(container)
    ids = [endpoint.network_id for endpoint in sandbox.endpoints.values()] if sandbox else []
    return wanted in container.record.endpoints or any(network_id.startswith(wanted) for network_id in ids)


def _published(container: Container) -> list[str]:
    """The ports of the host, as `8080/tcp`."""
    sandbox = saved_sandbox(container)
    ports = sandbox.ports if sandbox else {}
    return [f"{p['HostPort']}/{port.partition('/')[2]}" for port, places in ports.items() for p in places or ()]


def _has_port(ports: Iterable[str], wanted: str) -> bool:
    names = _port_names(wanted)
    return any(port in names for port in ports)


def _port_names(wanted: str) -> set[str]:
    """`80`, `80/udp`, `80-90/tcp` of a filter as the names of ports. Raises InvalidArgument."""
    numbers, protocol = parse_port(wanted)
    return {f"{number}/{protocol}" for number in numbers}


# Which containers a value of each filter lets through; the third argument are the images that `ancestor` names.
_MATCHES: Mapping[str, Callable[[Container, str, set[str]], bool]] = {
    "status": lambda container, value, _images: container.record.state.status == value,
    "exited": lambda container, value, _images: _has_exited_with(container, value),
    "id": lambda container, value, _images: container.record.id.startswith(value),
    "name": lambda container, value, _images: _name_matches(value, container.record.name),
    "health": lambda container, value, _images: _health_is(container, value),
    "network": lambda container, value, _images: _is_on_network(container, value),
    "volume": lambda container, value, _images: _has_mount(container, value),
    "expose": lambda container, value, _images: _has_port(container.record.config.get("ExposedPorts") or (), value),
    "publish": lambda container, value, _images: _has_port(_published(container), value),
    "ancestor": _is_made_of,
    "is-task": lambda _container, value, _images: value.lower() in ("false", "0"),
    "isolation": lambda _container, value, _images: value in ("", "default"),
}
