"""The things that a request names beside its target: in the body of a create, in the parameters of a build.

Names of fields are read as Docker's daemon (Go) reads them: whatever their case. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError, loads
from typing import Any

from webui.access import Operation
from webui.ownership import Kind

Fields = Mapping[str, Any]
# Networks that come with a host, and what means "the usual one".
_OF_THE_HOST = {"", "default", "bridge", "host", "none", "private", "shareable"}


@dataclass(frozen=True, slots=True)
class Named:
    """A thing by the reference that the request uses. `is_written`: the request can change it or what is in it.

    `may_be_new`: the host makes one of this name where there is none, so it need not be there.
    """

    kind: Kind
    reference: str
    is_written: bool = False
    may_be_new: bool = False


def named_in(operation: Operation, query: Mapping[str, str], body: Fields) -> Iterator[Named]:
    """What must be visible to whoever asks; that it is, is for others to find out."""
    match operation:
        case Operation.CONTAINER_CREATE:
            yield Named(Kind.IMAGE, _text(body, "Image"))
            yield from _of_host_config(_object(body, "HostConfig"))
            for network in _object(_object(body, "NetworkingConfig"), "EndpointsConfig"):
                yield from _network(network)
        case Operation.NETWORK_CONNECT | Operation.NETWORK_DISCONNECT:
            yield Named(Kind.CONTAINER, _text(body, "Container"), is_written=True)
        case Operation.BUILD_RUN:
            yield from (Named(Kind.IMAGE, name, may_be_new=True) for name in _json_list(query.get("cachefrom", "")))
            yield from _network(query.get("networkmode", ""))
        case Operation.SERVICE_CREATE | Operation.SERVICE_UPDATE:
            yield from _of_service(body)


def labels_in(body: Fields) -> Mapping[str, str]:
    """The labels of what a body makes."""
    labels = _object(body, "Labels")
    return {str(name): str(value) for name, value in labels.items()}


def _of_host_config(config: Fields) -> Iterator[Named]:
    for bind in _list(config, "Binds"):
        parts = str(bind).split(":")
        if len(parts) > 1 and not parts[0].startswith("/"):
            is_read_only = len(parts) > 2 and "ro" in parts[2].split(",")
            yield Named(Kind.VOLUME, parts[0], is_written=not is_read_only, may_be_new=True)
    yield from _mounts(config)
    for source in _list(config, "VolumesFrom"):
        reference, _colon, mode = str(source).partition(":")
        yield Named(Kind.CONTAINER, reference, is_written="ro" not in mode.split(","))
    for field in ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "Cgroup"):
        mode = _text(config, field)
        if mode.startswith("container:"):
            yield Named(Kind.CONTAINER, mode.removeprefix("container:"), is_written=True)
    yield from _network(_text(config, "NetworkMode"))


def _mounts(config: Fields) -> Iterator[Named]:
    for mount in _list(config, "Mounts"):
        source = _text(mount, "Source") if isinstance(mount, Mapping) else ""
        if source and _text(mount, "Type") == "volume":
            is_written = not field_of(mount, "ReadOnly")
            yield Named(Kind.VOLUME, source, is_written=is_written, may_be_new=True)


def _of_service(body: Fields) -> Iterator[Named]:
    task = _object(body, "TaskTemplate")
    container = _object(task, "ContainerSpec")
    # A node pulls what it does not have, with what the request brings to sign in.
    yield Named(Kind.IMAGE, _text(container, "Image"), may_be_new=True)
    yield from _mounts(container)
    for field, kind in (("Secrets", Kind.SECRET), ("Configs", Kind.CONFIG)):
        for one in _list(container, field):
            yield Named(kind, _text(one, f"{field[:-1]}ID") if isinstance(one, Mapping) else "")
    for network in [*_list(task, "Networks"), *_list(body, "Networks")]:
        yield from _network(_text(network, "Target") if isinstance(network, Mapping) else "")


def is_own_network_of_host(name: str) -> bool:
    """Whether this is how a network that comes with a host is called; by an id it cannot be told."""
    return name in _OF_THE_HOST


def _network(name: str) -> Iterator[Named]:
    if name not in _OF_THE_HOST and ":" not in name:
        yield Named(Kind.NETWORK, name)


def field_of(fields: Any, name: str) -> Any:
    """The value of a field whatever its case, None where there is none. Bodies with two such fields are refused."""
    if not isinstance(fields, Mapping):
        return None
    if name in fields:
        return fields[name]
    folded = name.casefold()
    return next((value for key, value in fields.items() if key.casefold() == folded), None)


def _text(fields: Any, name: str) -> str:
    value = field_of(fields, name)
    return value if isinstance(value, str) else ""


def _object(fields: Any, name: str) -> Fields:
    value = field_of(fields, name)
    return value if isinstance(value, Mapping) else {}


def _list(fields: Any, name: str) -> list[Any]:
    value = field_of(fields, name)
    return value if isinstance(value, list) else []


def _json_list(text: str) -> list[str]:
    try:
        value = loads(text or "[]")
    except JSONDecodeError:
        return []
    return [str(one) for one in value] if isinstance(value, list) else []
