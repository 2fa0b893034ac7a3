"""From a container that exists to the create body that makes it again: every field that it has, known to us or not.

Pure. What a container only has from its image is left out, so that it follows the image when that is pulled anew.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Raw = dict[str, Any]

_FROM_IMAGE: Final = ("WorkingDir", "User", "Healthcheck", "StopSignal", "Shell", "OnBuild")
_MAPPINGS: Final = ("ExposedPorts", "Labels", "Volumes")
# Settings of an endpoint that somebody chose; everything else in it was given by the engine.
_CHOSEN: Final = ("IPAMConfig", "Links", "DriverOpts", "GwPriority")
_NAMELESS: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `POST /containers/create` takes, and the networks to join before the start: API 1.43 takes one at a time."""

    body: Raw
    networks: Mapping[str, Raw] = field(default_factory=dict)


def recipe_of(found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Recipe:
    """The recipe of a container, from its `GET /containers/{id}/json` and its image's `GET /images/{id}/json`.

    Data stays: volumes without a name are mounted again by the one that they were given.
    """
    config = _own_config(found["Config"], (image or {}).get("Config") or {}, short_id=str(found["Id"])[:12])
    host = copy.deepcopy(dict(found["HostConfig"]))
    host["Binds"] = [*(host.get("Binds") or []), *_nameless_volumes(found, host)]
    if host.get("Links"):
        host["Links"] = [_link(str(link)) for link in host["Links"]]
    endpoints = _endpoints(found)
    mode = str(host.get("NetworkMode") or "default")
    first = mode if mode in endpoints else ("bridge" if mode == "default" and "bridge" in endpoints else "")
    body = {**config, "HostConfig": host}
    if first:
        body["NetworkingConfig"] = {"EndpointsConfig": {first: endpoints.pop(first)}}
    return Recipe(body, {} if mode in {"host", "none"} or mode.startswith("container:") else endpoints)


def _own_config(config: Mapping[str, Any], image: Mapping[str, Any], *, short_id: str) -> Raw:
    own = copy.deepcopy(dict(config))
    if own.get("Hostname") == short_id:
        del own["Hostname"]
    for key in _FROM_IMAGE:
        if own.get(key) == image.get(key):
            own.pop(key, None)
    for key in _MAPPINGS:
        theirs = image.get(key) or {}
        own[key] = {name: value for name, value in (own.get(key) or {}).items() if theirs.get(name, ...) != value}
    own["Env"] = [pair for pair in own.get("Env") or [] if pair not in (image.get("Env") or [])]
    # An entrypoint of one's own leaves the image's command aside, so the two go together.
    if (own.get("Entrypoint") or None) == (image.get("Entrypoint") or None):
        own.pop("Entrypoint", None)
        if (own.get("Cmd") or None) == (image.get("Cmd") or None):
            own.pop("Cmd", None)
    return own


def _nameless_volumes(found: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    told = {bind.split(":")[1] for bind in host.get("Binds") or [] if ":" in bind}
    told |= {str(mount.get("Target")) for mount in host.get("Mounts") or [] if mount.get("Source")}
    return [
        f"{mount['Name']}:{mount['Destination']}{'' if mount.get('RW', True) else ':ro'}"
        for mount in found.get("Mounts") or []
        if mount.get("Type") == "volume" and mount.get("Name") and mount["Destination"] not in told
    ]


def _link(link: str) -> str:
    """Inspect says `/db:/web/database` for what was asked for as `db:database`."""
    source, _, alias = link.partition(":")
    return f"{source.lstrip('/')}:{alias.rsplit('/', 1)[-1]}"


def _endpoints(found: Mapping[str, Any]) -> dict[str, Raw]:
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: _endpoint(held or {}, short_id=str(found["Id"])[:12]) for name, held in networks.items()}


def _endpoint(held: Mapping[str, Any], *, short_id: str) -> Raw:
    chosen = {key: copy.deepcopy(held[key]) for key in _CHOSEN if held.get(key)}
    aliases = [alias for alias in held.get("Aliases") or [] if alias != short_id]
    return {**chosen, "Aliases": aliases} if aliases else chosen


@dataclass(frozen=True, slots=True)
class Shown:
    """What the run form shows of a recipe; the rest is kept behind it."""

    command: Sequence[str]
    variables: Sequence[tuple[str, str]]
    ports: Sequence[tuple[str, str, str]]
    mounts: Sequence[tuple[str, str, str]]
    network: str
    restart: str
    memory: int
    nano_cpus: int


def shown_of(recipe: Recipe) -> Shown:
    body, host = recipe.body, recipe.body["HostConfig"]
    return Shown(
        command=[str(part) for part in body.get("Cmd") or []],
        variables=[(name, value) for name, _, value in (pair.partition("=") for pair in body["Env"])],
        ports=[
            (_address(binding), *key.partition("/")[::2])
            for key, bindings in (host.get("PortBindings") or {}).items()
            for binding in bindings or [{}]
        ],
        mounts=[line for bind in host["Binds"] if (line := _shown_bind(bind))],
        network=_network(host),
        restart=str((host.get("RestartPolicy") or {}).get("Name") or "no"),
        memory=int(host.get("Memory") or 0),
        nano_cpus=int(host.get("NanoCpus") or 0),
    )


def _address(binding: Mapping[str, Any]) -> str:
    address, port = str(binding.get("HostIp") or ""), str(binding.get("HostPort") or "")
    # An address without a port cannot be written in the form's one field; the port is then any free one.
    if not address or address == "0.0.0.0" or not port:  # noqa: S104 - compares, does not bind
        return port
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _shown_bind(bind: str) -> tuple[str, str, str] | None:
    """The bind as a line of the form; None for one with options that the form does not have, or a nameless volume."""
    parts = bind.split(":")
    if len(parts) == 2:
        parts = [*parts, "rw"]
    if len(parts) != 3 or parts[2] not in {"rw", "ro"} or _NAMELESS.fullmatch(parts[0]):
        return None
    return parts[0], parts[1], parts[2]


def _network(host: Mapping[str, Any]) -> str:
    mode = str(host.get("NetworkMode") or "default")
    return "bridge" if mode == "default" else mode


def overlaid(recipe: Recipe, form_body: Mapping[str, Any]) -> Recipe:
    """The recipe with what the run form says (`RunForm.own_body`) in place of what it showed; all else stays."""
    body, wanted = copy.deepcopy(recipe.body), form_body["HostConfig"]
    host, networks = body["HostConfig"], dict(recipe.networks)
    published = set(host.get("PortBindings") or {})
    exposed = {key: value for key, value in (body.get("ExposedPorts") or {}).items() if key not in published}
    body |= {"Image": form_body["Image"], "Env": form_body["Env"], "ExposedPorts": exposed | form_body["ExposedPorts"]}
    body.pop("Cmd", None)
    if form_body.get("Cmd"):
        body["Cmd"] = form_body["Cmd"]
    if wanted.get("NetworkMode") and wanted["NetworkMode"] != _network(host):
        host["NetworkMode"] = wanted["NetworkMode"]
        body.pop("NetworkingConfig", None)
        networks.pop(wanted["NetworkMode"], None)
        if wanted["NetworkMode"] in {"host", "none"}:
            networks = {}
    host["PortBindings"] = wanted["PortBindings"]
    host["Binds"] = [*(bind for bind in host["Binds"] if not _shown_bind(bind)), *wanted["Binds"]]
    if wanted["RestartPolicy"]["Name"] != (host.get("RestartPolicy") or {}).get("Name"):
        host["RestartPolicy"] = wanted["RestartPolicy"]
    _put_limits(host, wanted)
    return Recipe(body, networks)


def _put_limits(host: Raw, wanted: Mapping[str, Any]) -> None:
    memory, cpus = int(wanted.get("Memory") or 0), int(wanted.get("NanoCpus") or 0)
    if memory != int(host.get("Memory") or 0):
        host["Memory"] = memory
        # The old sum of memory and swap may be less than the new memory alone; -1 stays "as much as there is".
        if host.get("MemorySwap") != -1 or not memory:
            host["MemorySwap"] = 0
        if memory and int(host.get("MemoryReservation") or 0) > memory:
            host["MemoryReservation"] = 0
    if cpus != int(host.get("NanoCpus") or 0):
        host["NanoCpus"] = cpus
        if cpus:
            # Docker refuses both ways of saying it at once.
            host["CpuPeriod"] = host["CpuQuota"] = 0
