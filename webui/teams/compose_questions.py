"""What `docker compose up` of a file would ask of a host: networks, volumes, each service's build, create and start.

Compose itself is not run: it would read files and addresses that the text names, on this machine.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from django.utils.translation import gettext as _

from webui.containers.dialects import DialectError, Raw, Wanted
from webui.containers.dialects.compose_reading import parse_service, service_names
from webui.containers.dialects.compose_values import mapping
from webui.containers.dialects.yaml_text import load_yaml
from webui.teams.requests import Request, creates

# Where the file lies is not known; that it lies somewhere is what makes a bind mount of "./data".
_FOLDER: Final = "/the/folder/of/the/file"
_PROJECT: Final = "com.docker.compose.project"


def requests_of_file(text: str) -> tuple[list[Request], tuple[str, ...]]:
    """The requests, and what cannot be judged. Raises DialectError."""
    whole = mapping(load_yaml(text), "A compose file")
    names = service_names(text)
    if "services" not in whole:
        whole = {"services": {name or "service": whole.get(name, whole) for name in names}}
    project = str(whole.get("name") or "stack")
    requests = [*_networks(whole, project), *_volumes(whole, project)]
    notes = [_("include is not followed: what it names is not judged.")] if whole.get("include") else []
    for name, service in mapping(whole["services"], "services").items():
        wanted = _wanted(whole, name, mapping(service, name), project)
        requests += _service(wanted, name, service, project)
        notes += [f"{name}: {words}" for words in wanted.warnings]
    return requests, tuple(notes)


def _networks(whole: Raw, project: str) -> Iterator[Request]:
    declared = {"default": {}, **mapping(whole.get("networks") or {}, "networks")}
    for name, given in declared.items():
        network = given or {}
        if network.get("external"):
            continue
        body = {
            "Name": str(network.get("name") or f"{project}_{name}"), "Driver": str(network.get("driver") or "bridge"),
            "Internal": bool(network.get("internal")), "Attachable": bool(network.get("attachable")),
            "Options": network.get("driver_opts"), "Labels": {_PROJECT: project},
            "IPAM": {"Driver": "default", "Config": (network.get("ipam") or {}).get("config") or []},
        }  # fmt: skip
        about = _("network %s") % body["Name"]
        yield Request(about, "POST", "/networks/create", body=_without_nothing(body))


def _volumes(whole: Raw, project: str) -> Iterator[Request]:
    for name, given in mapping(whole.get("volumes") or {}, "volumes").items():
        volume = given or {}
        if volume.get("external"):
            continue
        body = {
            "Name": str(volume.get("name") or f"{project}_{name}"), "Driver": str(volume.get("driver") or "local"),
            "DriverOpts": volume.get("driver_opts"), "Labels": {_PROJECT: project},
        }  # fmt: skip
        yield Request(_("volume %s") % body["Name"], "POST", "/volumes/create", body=_without_nothing(body))


def _wanted(whole: Raw, name: str, service: Raw, project: str) -> Wanted:
    """The service as a create body, with names and paths as Compose would make them."""
    made = {key: value for key, value in service.items() if key not in {"build", "configs", "depends_on", "secrets"}}
    if "image" not in made and service.get("build"):
        made["image"] = f"{project}-{name}"
    made["volumes"] = [_resolved(one) for one in service.get("volumes") or ()]
    named = {kind: _named(whole, kind, project) for kind in ("networks", "volumes")}
    text = yaml.safe_dump({"services": {name: made}, **named}, sort_keys=False)
    try:
        wanted = parse_service(text, name)
    except DialectError as error:
        raise DialectError(f"{name}: {error}") from error
    wanted.body.setdefault("Labels", {})[_PROJECT] = project
    host_config = wanted.body.setdefault("HostConfig", {})
    host_config["Mounts"] = [*host_config.get("Mounts", ()), *_files(whole, service)]
    return wanted


def _service(wanted: Wanted, name: str, service: Raw, project: str) -> Iterator[Request]:
    if service.get("build"):
        query = {"t": wanted.image, "version": "1"}
        yield Request(_("%s: its build") % name, "POST", "/build", query=query, is_of_new=True)
    name_of_it = wanted.name if service.get("container_name") else f"{project}-{name}-1"
    yield from creates(wanted, name=name_of_it, about=name, is_attached=False, makes_networks=True)


def _named(whole: Raw, kind: str, project: str) -> Raw:
    """What the file declares, as things that are there under the names that Compose gives them."""
    declared = mapping(whole.get(kind) or {}, kind)
    return {
        name: {"external": True, "name": str((given or {}).get("name") or _own_name(name, given or {}, project))}
        for name, given in declared.items()
    }


def _own_name(name: str, given: Raw, project: str) -> str:
    return name if given.get("external") else f"{project}_{name}"


def _files(whole: Raw, service: Raw) -> Iterator[Raw]:
    """Secrets and configs out of files: Compose mounts them from the host."""
    for kind, folder in (("secrets", "/run/secrets/"), ("configs", "/")):
        declared = mapping(whole.get(kind) or {}, kind)
        for used in service.get(kind) or ():
            name = str(used.get("source") if isinstance(used, Mapping) else used)
            source = (declared.get(name) or {}).get("file")
            if source:
                yield {"Type": "bind", "Source": _path(str(source)), "Target": folder + name, "ReadOnly": True}


def _resolved(volume: Any) -> Any:
    if isinstance(volume, str):
        source, colon, rest = volume.partition(":")
        return f"{_path(source)}{colon}{rest}" if colon and source.startswith((".", "~")) else volume
    if isinstance(volume, Mapping) and str(volume.get("source", "")).startswith((".", "~")):
        return {**volume, "source": _path(str(volume["source"]))}
    return volume


def _path(source: str) -> str:
    return posixpath.normpath(posixpath.join(_FOLDER, source))


def _without_nothing(body: Raw) -> Raw:
    return {key: value for key, value in body.items() if value is not None}
