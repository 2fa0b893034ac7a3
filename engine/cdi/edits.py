"""`containerEdits` of a CDI specification, made in an OCI document (runtime specification 1.0.2)."""

import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import InvalidArgument

_HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer")
_KINDS = {stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p"}


def apply_edits(spec: dict[str, Any], edits: Iterable[Mapping[str, Any]]) -> None:
    """Change `spec`. Looks at the device files of the host. Raises InvalidArgument, and `spec` is then of no use."""
    mounts: list[dict[str, Any]] = []
    for edit in edits:
        _add_environment(spec["process"], edit.get("env") or ())
        for node in edit.get("deviceNodes") or ():
            _add_device(spec, node)
        mounts += [_mount(mount) for mount in edit.get("mounts") or ()]
        for hook in edit.get("hooks") or ():
            _add_hook(spec, hook)
        _add_groups(spec["process"]["user"], edit.get("additionalGids") or ())
        if edit.get("intelRdt"):
            raise InvalidArgument("CDI device injection failed: intelRdt is not supported by this engine")
    spec["mounts"] = [*spec["mounts"], *sorted(mounts, key=lambda mount: mount["destination"].count("/"))]


def _add_environment(process: dict[str, Any], entries: Iterable[str]) -> None:
    for entry in entries:
        name = str(entry).partition("=")[0]
        process["env"] = [*(one for one in process["env"] if one.partition("=")[0] != name), str(entry)]


def _add_groups(user: dict[str, Any], gids: Iterable[int]) -> None:
    if wanted := [int(gid) for gid in gids if gid]:
        user["additionalGids"] = list(dict.fromkeys([*user.get("additionalGids", ()), *wanted]))


def _add_device(spec: dict[str, Any], node: Mapping[str, Any]) -> None:
    device = _device(node)
    user = spec["process"]["user"]
    for key in ("uid", "gid"):
        # What is not said is root's; a container that runs as somebody else could not open it then.
        owner = node.get(key, user[key])
        if owner:
            device[key] = int(owner)
    linux = spec["linux"]
    if any(namespace["type"] == "user" for namespace in linux["namespaces"]):
        # Nobody may make devices there (mknod(2)): the host's own file then.
        source = str(node.get("hostPath") or device["path"])
        options = ["bind", "nosuid", "noexec"]
        spec["mounts"].append({"destination": device["path"], "type": "bind", "source": source, "options": options})
    else:
        linux["devices"] = [*(one for one in linux["devices"] if one["path"] != device["path"]), device]
    if device["type"] in ("b", "c"):
        rule = {"allow": True, "access": node.get("permissions") or "rwm"}
        linux["resources"]["devices"].append(rule | {key: device[key] for key in ("type", "major", "minor")})


def _device(node: Mapping[str, Any]) -> dict[str, Any]:
    path = str(node["path"])
    device: dict[str, Any] = {key: node[key] for key in ("type", "major", "minor", "fileMode") if node.get(key)}
    if device.get("type") == "u":
        device["type"] = "c"
    host_path = str(node.get("hostPath") or path)
    if "type" not in device or ("major" not in device and device["type"] != "p"):
        try:
            found = os.stat(host_path)  # noqa: PTH116
        except OSError as error:
            raise InvalidArgument(f"CDI device injection failed: {host_path}: {error.strerror}") from error
        kind = _KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is None or device.get("type", kind) != kind:
            raise InvalidArgument(f"CDI device injection failed: {host_path} is not the device that is described")
        numbers = {} if kind == "p" else {"major": os.major(found.st_rdev), "minor": os.minor(found.st_rdev)}
        device |= {"type": kind, **numbers}
        device.setdefault("fileMode", stat.S_IMODE(found.st_mode))
    if device["type"] != "p":
        device.setdefault("minor", 0)
    return {"path": path, **device}


def _mount(given: Mapping[str, Any]) -> dict[str, Any]:
    source, destination = str(given["hostPath"]), str(given["containerPath"])
    kind, options = str(given.get("type") or "bind"), [str(option) for option in given.get("options") or ()]
    if kind in ("bind", "none") and not {"bind", "rbind"} & set(options):
        options.append("rbind")
    return {"destination": destination, "source": source, "type": kind, "options": options}


def _add_hook(spec: dict[str, Any], hook: Mapping[str, Any]) -> None:
    name = str(hook["hookName"])
    if name not in _HOOKS:
        # Containers are started and removed without the runtime's part, which would have to run these.
        raise InvalidArgument(
            f"CDI device injection failed: hook {name} is not run by this engine, only {', '.join(_HOOKS)}"
        )
    entry = {key: hook[key] for key in ("path", "args", "env", "timeout") if hook.get(key)}
    spec.setdefault("hooks", {}).setdefault(name, []).append(entry)
