"""From names in a body to the ids that were judged, where hosts keep ids themselves; elsewhere a second look after it.

Between the look and the use a name could come to mean another thing. What dockerd and our engine turn into ids anyway
(namespaces of containers, networks of services, who joins and leaves a network) is sent as ids. What they keep as it
was written, for everybody to see in an inspection (images, VolumesFrom, networks of containers), is judged again when
the container is there, by what the host says then. Pure, but for `still_judged`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webui.access import Operation
from webui.gate.naming import Named, field_of
from webui.gate.references import References
from webui.ownership import Kind

Body = Mapping[str, Any]
_JOINED: Final = ("NetworkMode", "PidMode", "IpcMode")
_CONTAINER: Final = "container:"


@dataclass(frozen=True, slots=True)
class Judged:
    """A thing that a body names, and the id that it had when it was judged; an image's is that of its content."""

    named: Named
    id: str


def with_ids(operation: Operation, body: Body, judged: Iterable[Judged]) -> dict[str, Any] | None:
    """The body with the ids in it; None where it stays as it is."""
    ids = {(one.named.kind, one.named.reference): one.id for one in judged}
    match operation:
        case Operation.CONTAINER_CREATE:
            made = _with(body, "HostConfig", _joined_by_ids(field_of(body, "HostConfig"), ids))
            made = _with(made, "NetworkingConfig", _endpoints_with_ids(made, ids))
        case Operation.NETWORK_CONNECT | Operation.NETWORK_DISCONNECT:
            made = _with(body, "Container", ids.get((Kind.CONTAINER, str(field_of(body, "Container")))))
        case Operation.SERVICE_CREATE | Operation.SERVICE_UPDATE:
            task = field_of(body, "TaskTemplate")
            made = _with(body, "Networks", _targets(field_of(body, "Networks"), ids))
            if isinstance(task, Mapping):
                made = _with(made, "TaskTemplate", _with(task, "Networks", _targets(field_of(task, "Networks"), ids)))
        case _:
            return None
    return dict(made) if made != body else None


def still_judged(references: References, judged: Iterable[Judged]) -> Named | None:
    """The first thing that is another one now than when it was judged; None where all are what they were.

    `references` ask the host and trust no memory: for threads.
    """
    return next((one.named for one in judged if references.id_of(one.named.kind, one.named.reference) != one.id), None)


def _with(body: Body, name: str, value: Any) -> Body:
    """The body with another value of a field, under the name that it has there; itself for a value of None."""
    if value is None:
        return body
    written = next((key for key in body if key.casefold() == name.casefold()), name)
    return {**body, written: value}


def _joined_by_ids(config: Any, ids: Mapping[tuple[Kind, str], str]) -> Body | None:
    if not isinstance(config, Mapping):
        return None
    for field in _JOINED:
        mode = field_of(config, field)
        if isinstance(mode, str) and mode.startswith(_CONTAINER):
            key = ids.get((Kind.CONTAINER, mode.removeprefix(_CONTAINER)))
            config = _with(config, field, _CONTAINER + key if key else None)
    return dict(config)


def _endpoints_with_ids(body: Body, ids: Mapping[tuple[Kind, str], str]) -> Body | None:
    """The networks that it is made for, with their ids beside their names: dockerd and our engine then join these or
    none, also at a start that comes much later. Older engines take one endpoint, so none is added beside another.
    """
    networking = field_of(body, "NetworkingConfig")
    networking = networking if isinstance(networking, Mapping) else {}
    endpoints = field_of(networking, "EndpointsConfig")
    endpoints = dict(endpoints) if isinstance(endpoints, Mapping) else {}
    mode = field_of(field_of(body, "HostConfig"), "NetworkMode")
    if not endpoints and (Kind.NETWORK, mode) in ids:
        endpoints = {mode: {}}
    pinned = {
        name: {**(endpoint or {}), "NetworkID": ids[Kind.NETWORK, name]} if (Kind.NETWORK, name) in ids else endpoint
        for name, endpoint in endpoints.items()
    }
    return _with(networking, "EndpointsConfig", pinned) if pinned else None


def _targets(networks: Any, ids: Mapping[tuple[Kind, str], str]) -> list[Any] | None:
    if not isinstance(networks, list):
        return None
    return [
        _with(one, "Target", ids.get((Kind.NETWORK, str(field_of(one, "Target"))))) if isinstance(one, Mapping) else one
        for one in networks
    ]
