"""From Binds, Mounts, Tmpfs, Volumes and VolumesFrom to one list of mount points, in dockerd's words when it is wrong.

Pure but for one question to the file system: whether the source of a `Mounts` bind exists.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec.structs import replace

from engine.containers.model import MountPoint
from engine.errors import InvalidArgument

_PROPAGATIONS = frozenset({"private", "rprivate", "slave", "rslave", "shared", "rshared"})
_ACCESS = frozenset({"ro", "rw"})
_LABELS = frozenset({"z", "Z"})
_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")

FromContainer = Callable[[str], Sequence[MountPoint]]


def mount_points(
    config: Mapping[str, Any], host_config: Mapping[str, Any], *, from_container: FromContainer
) -> list[MountPoint]:
    """Everything that is to be mounted, one per destination, ordered so that a parent comes before what is in it.

    A volume without a name is anonymous and gets its name later. Raises InvalidArgument.
    """
    points: dict[str, MountPoint] = {}
    for source in host_config.get("VolumesFrom") or ():
        points |= {point.destination: point for point in _from_container(source, from_container)}
    explicit: dict[str, MountPoint] = {}
    for bind in host_config.get("Binds") or ():
        _add_once(explicit, parse_bind(bind, volume_driver=host_config.get("VolumeDriver") or "local"))
    for mount in host_config.get("Mounts") or ():
        _add_once(explicit, parse_mount(mount))
    for destination in host_config.get("Tmpfs") or {}:
        # The spec mounts these by itself, and inspect shows them in HostConfig only.
        _add_once(explicit, MountPoint("tmpfs", _absolute(destination, "tmpfs")))
    points |= {place: point for place, point in explicit.items() if place not in (host_config.get("Tmpfs") or {})}
    for destination in config.get("Volumes") or ():
        clean = _absolute(destination, "volume")
        points.setdefault(clean, MountPoint("volume", clean, driver="local", copies_image=True, is_anonymous=True))
    return sorted(points.values(), key=lambda point: (point.destination.count("/"), point.destination))


def _add_once(points: dict[str, MountPoint], point: MountPoint) -> None:
    if point.destination in points:
        raise InvalidArgument(f"Duplicate mount point: {point.destination}")
    points[point.destination] = point


def _absolute(path: str, kind: str) -> str:
    if not path.startswith("/"):
        raise InvalidArgument(
            f"invalid mount config for type \"{kind}\": invalid mount path: '{path}' mount path must be absolute"
        )
    clean = str(PurePosixPath("/" + path.lstrip("/")))
    if clean == "/":
        raise InvalidArgument("invalid volume specification: destination can't be '/'")
    return clean


def parse_bind(text: str, *, volume_driver: str = "local") -> MountPoint:
    """`SOURCE:DESTINATION[:MODE]`, where a source that is no path is a volume; `DESTINATION` alone is anonymous."""
    parts = text.split(":")
    if not 1 <= len(parts) <= 3 or not all(parts[:2]):
        raise InvalidArgument(f"invalid volume specification: '{text}'")
    source, destination, mode = ("", parts[0], "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))
    is_bind = source.startswith("/")
    words = _mode_words(mode, is_bind=is_bind)
    try:
        clean = _absolute(destination, "bind" if is_bind else "volume")
    except InvalidArgument as error:
        raise InvalidArgument(f"invalid volume specification: '{text}': {error.message}") from None
    propagation = next((word for word in words if word in _PROPAGATIONS), "rprivate" if is_bind else "")
    if is_bind:
        return MountPoint(
            "bind", clean, str(PurePosixPath(source)), mode=mode, is_writable="ro" not in words, propagation=propagation
        )
    if source:
        _check_volume_name(source)
    return MountPoint(
        "volume",
        clean,
        name=source,
        driver=volume_driver,
        mode=mode or "z",
        is_writable="ro" not in words,
        copies_image="nocopy" not in words,
        is_anonymous=not source,
    )


def _mode_words(mode: str, *, is_bind: bool) -> set[str]:
    words = [word for word in mode.split(",") if word]
    only_here = _PROPAGATIONS if is_bind else frozenset({"nocopy", "copy"})
    groups = (_ACCESS, _LABELS, only_here, frozenset({"consistent", "cached", "delegated", "default"}))
    for group in groups:
        if sum(word in group for word in words) > 1:
            raise InvalidArgument(f"invalid mode: {mode}")
    if any(not any(word in group for group in groups) for word in words):
        raise InvalidArgument(f"invalid mode: {mode}")
    return set(words)


def _check_volume_name(name: str) -> None:
    if len(name) < 2:
        raise InvalidArgument(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
    if not _VOLUME_NAME.fullmatch(name):
        raise InvalidArgument(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )


def parse_mount(mount: Mapping[str, Any]) -> MountPoint:
    """One element of HostConfig.Mounts."""
    kind = str(mount.get("Type") or "")
    if kind not in ("bind", "volume", "image", "tmpfs"):
        raise InvalidArgument(f'invalid mount config for type "{kind}": mount type unknown')
    target = str(mount.get("Target") or "")
    if not target:
        raise InvalidArgument(f'invalid mount config for type "{kind}": field Target must not be empty')
    destination = _absolute(target, kind)
    is_writable = not mount.get("ReadOnly")
    source = str(mount.get("Source") or "")
    if kind == "bind":
        return _bind_mount(mount, destination, source, is_writable=is_writable)
    if kind == "image":
        return _image_mount(mount, destination, source)
    if kind == "tmpfs":
        return MountPoint(
            "tmpfs", destination, is_writable=is_writable, options=_tmpfs_options(mount), is_from_mounts=True
        )
    options = mount.get("VolumeOptions") or {}
    if source:
        _check_volume_name(source)
    return MountPoint(
        "volume",
        destination,
        name=source,
        driver=(options.get("DriverConfig") or {}).get("Name") or "local",
        mode="z",
        is_writable=is_writable,
        copies_image=not options.get("NoCopy"),
        is_anonymous=not source,
        subpath=options.get("Subpath") or "",
        volume_options=dict((options.get("DriverConfig") or {}).get("Options") or {}),
        volume_labels=dict(options.get("Labels") or {}),
        is_from_mounts=True,
    )


def _bind_mount(mount: Mapping[str, Any], destination: str, source: str, *, is_writable: bool) -> MountPoint:
    options = mount.get("BindOptions") or {}
    if not source:
        raise InvalidArgument('invalid mount config for type "bind": field Source must not be empty')
    if not source.startswith("/"):
        raise InvalidArgument(
            f"invalid mount config for type \"bind\": invalid mount path: '{source}' mount path must be absolute"
        )
    if not Path(source).exists() and not options.get("CreateMountpoint"):
        raise InvalidArgument(f'invalid mount config for type "bind": bind source path does not exist: {source}')
    propagation = options.get("Propagation") or "rprivate"
    if propagation not in _PROPAGATIONS:
        raise InvalidArgument(f'invalid mount config for type "bind": invalid propagation mode: {propagation}')
    if options.get("ReadOnlyForceRecursive"):
        _check_recursively_read_only(options, propagation, is_writable=is_writable)
    return MountPoint(
        "bind",
        destination,
        str(PurePosixPath(source)),
        is_writable=is_writable,
        propagation=propagation,
        is_read_only_recursively=not options.get("ReadOnlyNonRecursive"),
        is_recursive=not options.get("NonRecursive"),
        is_from_mounts=not options.get("CreateMountpoint"),
    )


def _image_mount(mount: Mapping[str, Any], destination: str, source: str) -> MountPoint:
    subpath = str((mount.get("ImageOptions") or {}).get("Subpath") or "")
    if not source:
        raise InvalidArgument('invalid mount config for type "image": field Source must not be empty')
    if subpath.startswith("/") or ".." in subpath.split("/"):
        raise InvalidArgument(
            'invalid mount config for type "image": subpath must be a relative path within the volume'
        )
    return MountPoint("image", destination, image=source, is_writable=False, subpath=subpath, is_from_mounts=True)


def _tmpfs_options(mount: Mapping[str, Any]) -> str:
    options = mount.get("TmpfsOptions") or {}
    words = [f"size={int(options['SizeBytes'])}"] if options.get("SizeBytes") else []
    if options.get("Mode"):
        words.append(f"mode={int(options['Mode']):o}")
    for option in options.get("Options") or ():
        if not 1 <= len(option) <= 2:
            raise InvalidArgument('invalid mount config for type "tmpfs": invalid option array length')
        words.append("=".join(option))
    return ",".join(words)


def _check_recursively_read_only(options: Mapping[str, Any], propagation: str, *, is_writable: bool) -> None:
    problem = None
    if is_writable:
        problem = "mount is not read-only"
    elif options.get("ReadOnlyNonRecursive"):
        problem = "conflicting options: ReadOnlyNonRecursive and ReadOnlyForceRecursive"
    elif options.get("NonRecursive"):
        problem = "mount is not recursive"
    elif propagation != "rprivate":
        problem = "requires the bind propagation to be rprivate"
    if problem:
        raise InvalidArgument(f'invalid mount config for type "bind": ReadOnlyForceRecursive: {problem}')


def _from_container(reference: str, from_container: FromContainer) -> list[MountPoint]:
    container, _, mode = reference.partition(":")
    if mode not in ("", "ro", "rw", "z", "Z"):
        raise InvalidArgument(f"invalid mode: {mode}")
    shared = [point for point in from_container(container) if point.type in ("bind", "volume")]
    return [
        replace(point, is_writable=point.is_writable and mode != "ro", copies_image=False, is_anonymous=False)
        for point in shared
    ]
