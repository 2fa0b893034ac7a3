"""From a container that exists to the create body that makes it again: every field that it has, known to us or not.

Pure. What a container only has from its image is left out, so that it follows the image when that is pulled anew.
"""

import copy
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from webui.containers.dialects import Wanted
from webui.containers.podman_words import in_dockers_words

Raw = dict[str, Any]

_FROM_IMAGE: Final = ("WorkingDir", "User", "Healthcheck", "StopSignal", "Shell", "OnBuild")
_MAPPINGS: Final = ("ExposedPorts", "Labels", "Volumes")
# Settings of an endpoint that somebody chose; everything else in it was given by the engine.
_CHOSEN: Final = ("IPAMConfig", "Links", "DriverOpts", "GwPriority")
# What engines make up themselves (moby, netutils): this, and the four bytes of the IPv4 address. With IPv6 alone they
# are any four.
_MADE_UP_MAC: Final = "02:42:"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `POST /containers/create` takes, and the networks to join before the start: API 1.43 takes one at a time.

    `platform` is part of the request and not of the body; no inspect tells it.
    """

    body: Raw
    networks: Mapping[str, Raw] = field(default_factory=dict)
    platform: str = ""

    def whole(self) -> Raw:
        """The body with all of the networks in it, as API 1.44 takes it: for reading and for other languages."""
        first = (self.body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        if not self.networks:
            return self.body
        mode = str((self.body.get("HostConfig") or {}).get("NetworkMode") or "")
        endpoints = {**({mode: {}} if mode and mode not in first else {}), **first, **self.networks}
        return {**self.body, "NetworkingConfig": {"EndpointsConfig": endpoints}}


def recipe_from(wanted: Wanted) -> Recipe:
    """The recipe of what a line or a compose service asks for. Who attaches is not its business: it runs by itself."""
    body = {key: copy.deepcopy(value) for key, value in wanted.body.items() if key not in _OF_WHO_ATTACHES}
    host = body.setdefault("HostConfig", {})
    networking = body.pop("NetworkingConfig", None) or {}
    endpoints = dict(networking.get("EndpointsConfig") or {})
    mode = str(host.get("NetworkMode") or "")
    first = mode if mode in endpoints else next(iter(endpoints), "")
    if first and endpoints[first]:
        body["NetworkingConfig"] = {"EndpointsConfig": {first: endpoints[first]}}
    endpoints.pop(first, None)
    return Recipe(body, endpoints, wanted.platform)


_OF_WHO_ATTACHES: Final = frozenset({"AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"})


def recipe_of(found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Recipe:
    """The recipe of a container, from its `GET /containers/{id}/json` and its image's `GET /images/{id}/json`.

    Data stays: volumes without a name are mounted again by the one that they were given.
    """
    found = in_dockers_words(found, image)
    config = _own_config(found["Config"], (image or {}).get("Config") or {}, short_id=str(found["Id"])[:12])
    host = copy.deepcopy(dict(found["HostConfig"]))
    _name_mounts(found, host)
    if nameless := _nameless_volumes(found, host):
        host["Binds"] = [*(host.get("Binds") or []), *nameless]
    # Unasked, an engine allows as much swap again; kept as a number it would contradict another memory limit.
    if host.get("Memory") and host.get("MemorySwap") == 2 * host["Memory"]:
        del host["MemorySwap"]
    if host.get("Links"):
        host["Links"] = [_link(str(link)) for link in host["Links"]]
    endpoints = _endpoints(found)
    mode = str(host.get("NetworkMode") or "default")
    first = mode if mode in endpoints else ("bridge" if mode == "default" and "bridge" in endpoints else "")
    body = {**config, "HostConfig": host}
    if first:
        body["NetworkingConfig"] = {"EndpointsConfig": {first: endpoints.pop(first)}}
    return Recipe(body, {} if mode in {"host", "none"} or mode.startswith("container:") else endpoints)


def recipe_parts(found: Mapping[str, Any], image: Mapping[str, Any] | None) -> tuple[Raw, Mapping[str, Raw]]:
    """The same as the gate takes it, in two parts."""
    recipe = recipe_of(found, image)
    return recipe.body, recipe.networks


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


def _name_mounts(found: Mapping[str, Any], host: Raw) -> None:
    """A mount that asked for a volume without naming it is given the one that it got."""
    given = {mount["Destination"]: mount["Name"] for mount in found.get("Mounts") or [] if mount.get("Name")}
    for mount in host.get("Mounts") or []:
        if mount.get("Type") == "volume" and not mount.get("Source") and mount.get("Target") in given:
            mount["Source"] = given[mount["Target"]]


def _nameless_volumes(found: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    told = {bind.split(":")[1] for bind in host.get("Binds") or [] if ":" in bind}
    told |= {str(mount.get("Target")) for mount in host.get("Mounts") or [] if mount.get("Source")}
    # What comes from other containers comes from them again; the volumes of its own are those that Config names.
    own = (found["Config"].get("Volumes") or {}) if host.get("VolumesFrom") else None
    return [
        f"{mount['Name']}:{mount['Destination']}{'' if mount.get('RW', True) else ':ro'}"
        for mount in found.get("Mounts") or []
        if mount.get("Type") == "volume" and mount.get("Name") and mount["Destination"] not in told
        and (own is None or mount["Destination"] in own)
    ]  # fmt: skip


def _link(link: str) -> str:
    """Inspect says `/db:/web/database` for what was asked for as `db:database`."""
    source, _, alias = link.partition(":")
    return f"{source.lstrip('/')}:{alias.rsplit('/', 1)[-1]}"


def _endpoints(found: Mapping[str, Any]) -> dict[str, Raw]:
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: _endpoint(held or {}, short_id=str(found["Id"])[:12]) for name, held in networks.items()}


def _endpoint(held: Mapping[str, Any], *, short_id: str) -> Raw:
    chosen = {key: copy.deepcopy(held[key]) for key in _CHOSEN if held.get(key)}
    address = str(held.get("MacAddress") or "")
    if address and not _is_made_up(address.lower(), held):
        chosen["MacAddress"] = address
    aliases = [alias for alias in held.get("Aliases") or [] if alias != short_id]
    return {**chosen, "Aliases": aliases} if aliases else chosen


def _is_made_up(mac_address: str, held: Mapping[str, Any]) -> bool:
    """Whether an engine has given it: inspect does not say so, but it follows from the other addresses."""
    if not mac_address.startswith(_MADE_UP_MAC):
        return False
    addresses = [held.get("IPAddress"), (held.get("IPAMConfig") or {}).get("IPv4Address")]
    made = {f"{_MADE_UP_MAC}{ipaddress.IPv4Address(one).packed.hex(':')}" for one in addresses if one}
    return mac_address in made if made else bool(held.get("GlobalIPv6Address"))


def without_mac_addresses(recipe: Recipe) -> Recipe:
    """The same for a second container beside the first: on one network no two can have one MAC address."""
    body = copy.deepcopy(recipe.body)
    body.pop("MacAddress", None)
    networks = copy.deepcopy(dict(recipe.networks))
    first = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
    for endpoint in [*first.values(), *networks.values()]:
        endpoint.pop("MacAddress", None)
    return Recipe(body, networks, recipe.platform)


def connect(api: Any, container_id: str, network: str, endpoint: Mapping[str, Any]) -> None:
    """Join a network as the recipe says. docker-py's own call leaves fields of the endpoint out."""
    body = {"Container": container_id, "EndpointConfig": dict(endpoint)}
    api._raise_for_status(api._post_json(api._url("/networks/{0}/connect", network), data=body))
