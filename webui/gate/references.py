"""From what a request calls a thing (a name, an id, the beginning of one) to the thing itself.

The live picture answers where this process has one; else the host is asked, as Quayside itself. What comes back also
carries the full id, which is then sent in place of the reference: so what was looked at and what the host acts on
cannot be two different things. Reads the database and the network: for threads.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from json import dumps
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from webui.gate.errors import HostUnreachable, Refused
from webui.ownership import Kind, Thing, repository_of, thing_of
from webui.ownership.kinds import COMPOSE_PROJECT, SWARM_STACK

if TYPE_CHECKING:
    from webui.hosts.models import Host

Raw = Mapping[str, Any]


class Lists(Protocol):
    """What a host holds right now, by id (volumes: by name), as Docker's list JSON."""

    @property
    def containers(self) -> Mapping[str, Any]: ...
    @property
    def images(self) -> Mapping[str, Any]: ...
    @property
    def volumes(self) -> Mapping[str, Any]: ...
    @property
    def networks(self) -> Mapping[str, Any]: ...


# Handed in by webui.live, which stands above this room: the lists of a host if they are fresh in this process.
KnownLists = Callable[["Host"], Lists | None]
_known_lists: list[KnownLists] = []

_HEXADECIMAL: Final = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}")
_MOST_EXECS: Final = 4096
_ASKING_S: Final = 10
# The event of a change comes some milliseconds after its answer, on a busy machine later.
_FORGOTTEN_S: Final = 5.0
_SAFE: Final = "/:@+~!$&'()*,;=-._"


def register_lists(known: KnownLists) -> None:
    """Hand in what knows the lists of a host without asking it. It must not wait."""
    _known_lists[:] = [known]


@dataclass(frozen=True, slots=True)
class Found:
    """A thing, and the name by which it is asked for from now on: the full id, or the name where names are its ids.

    `id` is that of an image's content, whose name goes on being its name.
    """

    thing: Thing
    sent: str
    id: str = ""


class References:
    """The references of one request on one host. `asks`: the host itself, whatever is known in memory."""

    def __init__(self, host: "Host", *, asks: bool = False) -> None:
        self._host, self._asks = host, asks

    @property
    def _lists(self) -> Lists | None:
        if self._asks:
            return None
        return next((lists for known in _known_lists if (lists := known(self._host)) is not None), None)

    def known(self, kind: Kind, key: str) -> Thing:
        """The thing of a full id with what is in memory of it; never asks."""
        lists = self._lists
        raw = getattr(lists, f"{kind}s").get(key) if lists else None
        return thing_of(kind, raw) if raw else Thing(kind, (key,))

    def find(self, kind: Kind, reference: str, *, resource: str = "") -> Found | None:
        """The thing; None where the host has none, or several. `resource` tells execs and tasks from their owners."""
        if not reference:
            return None
        if resource in {"exec", "task"}:
            return self._find_part(resource, reference)
        match kind:
            case Kind.IMAGE:
                return self._find_image(reference)
            case Kind.CONTAINER:
                return self._listed(kind, reference) or self._asked(kind, f"/containers/{reference}/json")
            case _:
                return self._listed(kind, reference) or self._asked(kind, f"/{kind}s/{reference}")

    def id_of(self, kind: Kind, reference: str) -> str:
        """The id behind a reference, an image's of its content; a volume's is its name. "" for nothing."""
        found = self.find(kind, reference)
        return (found.id or found.sent) if found else ""

    def has_repository(self, key: str) -> bool:
        """Whether an image goes by this name, under whatever tag."""
        return bool(self._tagged(key))

    def is_built_here(self, key: str) -> bool:
        """Whether what goes by this name came from no registry."""
        tagged = self._tagged(key)
        return any(all(repository_of(str(one)) != key for one in raw.get("RepoDigests") or ()) for raw in tagged)

    def has_stack(self, name: str, *, in_swarm: bool = False) -> bool:
        """Whether anything of this project is there: also a volume that outlived its containers is its owner's."""
        if in_swarm:
            return bool(self.asked("/services", {"filters": dumps({"label": [f"{SWARM_STACK}={name}"]})}))
        lists = self._lists
        every = (lists.containers, lists.volumes, lists.networks) if lists else ()
        if any((raw.get("Labels") or {}).get(COMPOSE_PROJECT) == name for raws in every for raw in raws.values()):
            return True
        # What was made a moment ago may not be in memory yet.
        filters = dumps({"label": [f"{COMPOSE_PROJECT}={name}"]})
        return bool(
            self.asked("/containers/json", {"all": "1", "filters": filters})
            or (self.asked("/volumes", {"filters": filters}) or {}).get("Volumes")
            or self.asked("/networks", {"filters": filters})
        )

    def users_of(self, volume: str) -> Iterable[Raw]:
        """The containers that mount a volume."""
        if lists := self._lists:
            containers = lists.containers.values()
            return [raw for raw in containers if any(one.get("Name") == volume for one in raw.get("Mounts") or ())]
        found: list[Raw] = self.asked("/containers/json", {"all": "1", "filters": dumps({"volume": [volume]})})
        return found or []

    def _listed(self, kind: Kind, reference: str) -> Found | None:
        """As the daemon looks (moby, daemon/container.go): a full id, then a name, then the beginning of one id."""
        things: Mapping[str, Raw] = getattr(self._lists, f"{kind}s", {})
        if kind is Kind.VOLUME and _is_forgotten(self._host.pk, kind, reference, ()):
            return None
        if reference in things:
            return Found(thing_of(kind, things[reference]), reference)
        if kind is Kind.VOLUME:
            return None
        wanted = reference.removeprefix("/")
        named = [key for key, raw in things.items() if wanted in _names_of(raw)]
        if any(_is_forgotten(self._host.pk, kind, key, _names_of(things[key])) for key in named):
            return None
        begun = [key for key in things if key.startswith(reference)] if not named else []
        keys = named or begun
        return Found(thing_of(kind, things[keys[0]]), keys[0]) if len(keys) == 1 else None

    def _find_image(self, reference: str) -> Found | None:
        images = lists.images if (lists := self._lists) else {}
        name = _full_name(reference)
        for key, raw in images.items():
            if name in _full_names(raw):
                return Found(Thing(Kind.IMAGE, (repository_of(reference),)), reference, key)
        wanted = f"sha256:{reference.removeprefix('sha256:')}"
        begun = [key for key in images if key.startswith(wanted)] if _HEXADECIMAL.fullmatch(reference) else []
        if len(begun) == 1:
            return Found(thing_of(Kind.IMAGE, images[begun[0]]), begun[0])
        raw = self.asked(f"/images/{reference}/json")
        if raw is None:
            return None
        if name in _full_names(raw):
            return Found(Thing(Kind.IMAGE, (repository_of(reference),)), reference, str(raw["Id"]))
        return Found(thing_of(Kind.IMAGE, raw), str(raw["Id"]))

    def _tagged(self, key: str) -> list[Raw]:
        lists = self._lists
        if lists and (known := _tagged_in(lists.images.values(), key)):
            return known
        # What was made a moment ago may not be in memory yet.
        return _tagged_in(self.asked("/images/json", {"filters": dumps({"reference": [key]})}) or [], key)

    def _find_part(self, resource: str, reference: str) -> Found | None:
        if resource == "task":
            raw = self.asked(f"/tasks/{reference}")
            return Found(thing_of(Kind.SERVICE, {"ServiceID": "", **raw}), str(raw["ID"])) if raw else None
        container_id = container_of_exec(self._host.pk, reference)
        if container_id is None:
            raw = self.asked(f"/exec/{reference}/json")
            if raw is None:
                return None
            container_id = str(raw["ContainerID"])
            remember_exec(self._host.pk, reference, container_id)
        found = self.find(Kind.CONTAINER, container_id)
        return Found(found.thing, reference) if found else None

    def _asked(self, kind: Kind, path: str) -> Found | None:
        raw = self.asked(path)
        if raw is None:
            return None
        return Found(thing_of(kind, raw), str(raw.get("Id") or raw.get("ID") or raw["Name"]))

    def asked(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What the host says itself; None for what it does not have, or for a name that is none."""
        from webui.gate.actors import asking_actor
        from webui.gate.clients import docker_client

        client = docker_client(asking_actor(), self._host, timeout_s=_ASKING_S)
        api: Any = client.api
        try:
            # "%" and the like make a path that the gate refuses: no host knows such a name either.
            url = f"{api.base_url}/v{api.api_version}{quote(path, safe=_SAFE)}"
            response = api._get(url, params=params)
        except Refused:
            return None
        finally:
            client.close()
        if response.status_code == HTTPStatus.OK:
            return response.json()
        # 400: a name that is none; 503: no swarm, so none of its things.
        if response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE}:
            return None
        raise HostUnreachable(f"{self._host.name} answered {response.status_code} when asked about {path}.")


def _tagged_in(images: Iterable[Raw], key: str) -> list[Raw]:
    return [raw for raw in images if any(repository_of(str(tag)) == key for tag in raw.get("RepoTags") or ())]


def _names_of(raw: Raw) -> Iterable[str]:
    if "Names" in raw:
        return [str(name).removeprefix("/") for name in raw["Names"] or ()]
    return [str(raw.get("Name", ""))]


def _full_name(reference: str) -> str:
    """`repository:tag` or `repository@digest`."""
    name, at, digest = reference.partition("@")
    if at:
        return f"{repository_of(name)}@{digest}"
    tag = name.rpartition("/")[2].partition(":")[2]
    return f"{repository_of(name)}:{tag or 'latest'}"


def _full_names(raw: Raw) -> set[str]:
    return {_full_name(str(name)) for name in [*(raw.get("RepoTags") or ()), *(raw.get("RepoDigests") or ())]}


# What was renamed or removed through here a moment ago, by the reference that was used, and until when that counts:
# memory may still have it under its old name, so the host is asked instead.
_forgotten: list[tuple[float, int | None, Kind, str]] = []
_forgotten_lock = threading.Lock()


def forget_name(host_id: int | None, kind: Kind, reference: str) -> None:
    now = time.monotonic()
    with _forgotten_lock:
        still = [one for one in _forgotten if one[0] > now]
        _forgotten[:] = [*still, (now + _FORGOTTEN_S, host_id, kind, reference.removeprefix("/"))]


def _is_forgotten(host_id: int | None, kind: Kind, key: str, names: Iterable[str]) -> bool:
    now = time.monotonic()
    references = [one[3] for one in list(_forgotten) if one[0] > now and one[1:3] == (host_id, kind)]
    return any(key.startswith(reference) or reference in names for reference in references)


# Execs by id: whose container each is of never changes.
_execs: OrderedDict[tuple[int | None, str], str] = OrderedDict()
_execs_lock = threading.Lock()


def remember_exec(host_id: int | None, exec_id: str, container_id: str) -> None:
    with _execs_lock:
        _execs[host_id, exec_id] = container_id
        while len(_execs) > _MOST_EXECS:
            _execs.popitem(last=False)


def container_of_exec(host_id: int | None, exec_id: str) -> str | None:
    with _execs_lock:
        return _execs.get((host_id, exec_id))
