"""Volumes of a compose service, and the real names of what the file declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webui.containers.dialects import DialectError, Raw
from webui.containers.dialects import compose_values as shapes
from webui.containers.dialects.mounts import read_volume


@dataclass(slots=True)
class Storage:
    binds: list[str] = field(default_factory=list)
    mounts: list[Raw] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def real_name(kind: str, key: str, declared: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What the host calls a network or volume that the file calls `key`, and what there is to say about it."""
    settings = shapes.mapping(declared.get(key), f"{kind}s {key}")
    if settings.get("name"):
        return str(settings["name"]), []
    if key not in declared or settings.get("external"):
        return key, []
    words = f"The {kind} {key} is taken by this very name; Compose would put the project's name before it."
    lost = [name for name in settings if name not in {"name", "external"} and settings[name]]
    return key, [words, *(f"Its {name} is left out." for name in lost)]


def read_volumes(value: Any, declared: Mapping[str, Any]) -> Storage:
    storage = Storage()
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            _long(shapes.mapping(one, "volumes"), declared, storage)
        else:
            _short(shapes.text(one, "volumes"), declared, storage)
    return storage


def _short(spec: str, declared: Mapping[str, Any], storage: Storage) -> None:
    bind, target = shapes.named(read_volume, spec, "volumes")
    if target:
        storage.nameless.append(target)
        return
    source, _, rest = bind.partition(":")
    if not source.startswith("/"):
        source, words = real_name("volume", source, declared)
        storage.warnings += words
    storage.binds.append(f"{source}:{rest}")


def _long(raw: Raw, declared: Mapping[str, Any], storage: Storage) -> None:
    kind = str(raw.get("type") or "volume")
    mount: Raw = {"Type": kind, "Target": str(raw.get("target") or "")}
    if kind not in {"bind", "volume", "tmpfs", "image", "npipe", "cluster"} or not mount["Target"].startswith("/"):
        raise DialectError(f"volumes: {kind} at “{mount['Target']}” needs a known type and a whole path as target.")
    if source := str(raw.get("source") or ""):
        if kind == "volume":
            source, words = real_name("volume", source, declared)
            storage.warnings += words
        if kind == "bind" and not source.startswith("/"):
            raise DialectError(f"volumes: {source} is counted from Compose's folder; write the whole path on the host.")
        mount["Source"] = source
    if raw.get("read_only") is not None and shapes.switch(raw["read_only"], "volumes read_only"):
        mount["ReadOnly"] = True
    if raw.get("consistency"):
        mount["Consistency"] = str(raw["consistency"])
    for name, options in (("BindOptions", _bind(raw)), ("VolumeOptions", _volume(raw)), ("TmpfsOptions", _tmpfs(raw)),
                          ("ImageOptions", _image(raw))):  # fmt: skip
        if options:
            mount[name] = options
    if shapes.mapping(raw.get("bind"), "bind").get("selinux"):
        storage.warnings.append("volumes: selinux is left out: write it as “:z” in the short way.")
    storage.mounts.append(mount)


def _bind(raw: Raw) -> Raw:
    if raw.get("type") != "bind":
        return {}
    settings = shapes.mapping(raw.get("bind"), "volumes bind")
    options: Raw = {"Propagation": str(settings["propagation"])} if settings.get("propagation") else {}
    # Compose makes what is not there unless it is told not to.
    if shapes.switch(settings.get("create_host_path", True), "create_host_path"):
        options["CreateMountpoint"] = True
    recursive = {"disabled": "NonRecursive", "writable": "ReadOnlyNonRecursive", "readonly": "ReadOnlyForceRecursive"}
    if word := recursive.get(str(settings.get("recursive") or "")):
        options[word] = True
    return options


def _volume(raw: Raw) -> Raw:
    settings = shapes.mapping(raw.get("volume"), "volumes volume")
    options: Raw = {}
    if settings.get("nocopy") is not None and shapes.switch(settings["nocopy"], "volumes nocopy"):
        options["NoCopy"] = True
    if settings.get("subpath"):
        options["Subpath"] = str(settings["subpath"])
    if settings.get("labels"):
        options["Labels"] = {k: v or "" for k, v in shapes.pairs(settings["labels"], "volumes labels").items()}
    return options


def _tmpfs(raw: Raw) -> Raw:
    settings = shapes.mapping(raw.get("tmpfs"), "volumes tmpfs")
    options: Raw = {}
    if settings.get("size") is not None:
        options["SizeBytes"] = shapes.size(settings["size"], "volumes tmpfs size")
    if settings.get("mode") is not None:
        options["Mode"] = shapes.number(settings["mode"], "volumes tmpfs mode")
    return options


def _image(raw: Raw) -> Raw:
    settings = shapes.mapping(raw.get("image"), "volumes image")
    return {"Subpath": str(settings["subpath"])} if settings.get("subpath") else {}
