"""Device nodes in the container's /dev, and what its device cgroup lets it open."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.errors import InvalidArgument
from engine.spec.paths import default_device_rules

# The container has its own of these, or makes no sense of them.
_NOT_FROM_HOST = frozenset({"pts", "shm", "fd", "mqueue", "console", "lxc", "lxd-fuse", ".lxc", ".lxd-mounts", ".udev"})
_OWN_DEVICES = frozenset({"null", "zero", "full", "random", "urandom", "tty", "ptmx"})
_RULE = re.compile(r"([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})")


class Device(Struct, frozen=True):
    path: str
    host_path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int
    gid: int
    access: str

    def as_node(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "type": self.kind,
            "major": self.major,
            "minor": self.minor,
            "fileMode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
        }

    def as_bind(self) -> dict[str, Any]:
        """The host's own file instead of a new one: in a user namespace nobody may make devices (mknod(2))."""
        options = ["bind", "nosuid", "noexec"]
        return {"destination": self.path, "type": "bind", "source": self.host_path, "options": options}

    def as_rule(self) -> dict[str, Any]:
        return {"allow": True, "type": self.kind, "major": self.major, "minor": self.minor, "access": self.access}


def devices(host_config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The nodes to make; all of the host's when privileged."""
    if host_config.get("Privileged"):
        return [device.as_node() for device in _host_devices(Path("/dev"), "/dev", "rwm")]
    return [device.as_node() for device in _asked_for(host_config)]


def device_binds(host_config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same as mounts, for a container in a user namespace."""
    return [device.as_bind() for device in _asked_for(host_config)]


def device_rules(host_config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The device cgroup: everything when privileged, else the usual harmless ones and what was asked for."""
    if host_config.get("Privileged"):
        return [{"allow": True, "access": "rwm"}]
    asked = [device.as_rule() for device in _asked_for(host_config)]
    extra = [_parse_rule(rule) for rule in host_config.get("DeviceCgroupRules") or ()]
    return [*default_device_rules(), *asked, *extra]


def device_at(host_path: str, container_path: str, access: str) -> Device:
    """The device file at `host_path`. Raises InvalidArgument when there is none."""
    try:
        found = os.stat(host_path)  # noqa: PTH116
    except OSError as error:
        raise InvalidArgument(
            f'error gathering device information while adding custom device "{host_path}": no such file or directory'
        ) from error
    device = _device(found, host_path, container_path, access)
    if device is None:
        raise InvalidArgument(
            f'error gathering device information while adding custom device "{host_path}": not a device node'
        )
    return device


def _asked_for(host_config: Mapping[str, Any]) -> Iterator[Device]:
    for entry in host_config.get("Devices") or ():
        host_path = entry["PathOnHost"]
        container_path = entry.get("PathInContainer") or host_path
        access = entry.get("CgroupPermissions") or "rwm"
        # A folder, such as /dev/snd, stands for every device below it.
        if Path(host_path).is_dir():
            yield from _host_devices(Path(host_path), container_path, access)
        else:
            yield device_at(host_path, container_path, access)


def _host_devices(folder: Path, container_folder: str, access: str) -> Iterator[Device]:
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        container_path = f"{container_folder}/{entry.name}"
        if container_path.startswith("/dev/") and (entry.name in _NOT_FROM_HOST or container_path[5:] in _OWN_DEVICES):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _host_devices(Path(entry.path), container_path, access)
        elif (device := _device(entry.stat(follow_symlinks=False), entry.path, container_path, access)) is not None:
            yield device


def _device(found: os.stat_result, host_path: str, container_path: str, access: str) -> Device | None:
    if stat.S_ISCHR(found.st_mode):
        kind = "c"
    elif stat.S_ISBLK(found.st_mode):
        kind = "b"
    else:
        return None
    return Device(
        path=container_path,
        host_path=host_path,
        kind=kind,
        major=os.major(found.st_rdev),
        minor=os.minor(found.st_rdev),
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        access=access,
    )


def _parse_rule(text: str) -> dict[str, Any]:
    match = _RULE.fullmatch(text)
    if match is None:
        raise InvalidArgument(f"invalid device cgroup rule format: '{text}'")
    rule: dict[str, Any] = {"allow": True, "type": match[1], "access": match[4]}
    for name, value in (("major", match[2]), ("minor", match[3])):
        if value != "*":
            rule[name] = int(value)
    return rule
