"""What is mounted in the container, and in which order: the usual kernel file systems, then what it was given."""

from collections.abc import Sequence
from typing import Any

from engine.spec.request import MountSpec, SpecRequest

_SHM = "/dev/shm"  # noqa: S108 - the container's own
_QUEUES = "/dev/mqueue"
_DEFAULT_SHM_BYTES = 64 * 1024 * 1024
_TMPFS_DEFAULTS = ("nosuid", "nodev", "noexec")
_OPPOSITE = {"nosuid": "suid", "nodev": "dev", "noexec": "exec"}


def container_mounts(request: SpecRequest) -> list[dict[str, Any]]:
    """In mounting order. A mount that was given at the place of a usual one replaces it, and all usual ones below."""
    given = [*request.mounts, *_host_config_tmpfs(request), *_init_mount(request)]
    places = {_clean(mount.destination) for mount in given}
    usual = [m for m in _usual_mounts(request) if not _is_at_or_below(m["destination"], places)]
    # Parents before children, or a child would be hidden.
    ordered = sorted(given, key=lambda mount: _clean(mount.destination).count("/"))
    return [*usual, *(_as_oci(mount) for mount in ordered)]


def rootfs_propagation(mounts: Sequence[MountSpec]) -> str:
    """A shared or slave mount needs a root that is no more private than it is."""
    kinds = {mount.propagation.removeprefix("r") for mount in mounts if mount.type == "bind"}
    if "shared" in kinds:
        return "shared"
    return "rslave" if "slave" in kinds else "rprivate"


def _usual_mounts(request: SpecRequest) -> list[dict[str, Any]]:
    is_privileged = bool(request.host_config.get("Privileged"))
    access = "rw" if is_privileged else "ro"
    return [
        _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        _mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount(
            "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"
        ),
        _mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", access),
        *_ipc_mounts(request),
    ]


def _ipc_mounts(request: SpecRequest) -> list[dict[str, Any]]:
    mode = request.host_config.get("IpcMode") or "private"
    if mode == "host":
        queues = [_bind(_QUEUES, _QUEUES)] if request.facts.has_message_queues else []
        return [_bind(_SHM, _SHM), *queues]
    queue = _mount(_QUEUES, "mqueue", "mqueue", "nosuid", "noexec", "nodev")
    if request.shared_memory is not None:
        return [queue, _bind(str(request.shared_memory), _SHM)]
    if mode == "none":
        return [queue]
    size = request.host_config.get("ShmSize") or _DEFAULT_SHM_BYTES
    return [queue, _mount(_SHM, "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", f"size={size}")]


def _host_config_tmpfs(request: SpecRequest) -> list[MountSpec]:
    taken = {mount.destination for mount in request.mounts}
    tmpfs = request.host_config.get("Tmpfs") or {}
    return [
        MountSpec(destination, type="tmpfs", options=tuple(o for o in options.split(",") if o))
        for destination, options in tmpfs.items()
        if destination not in taken
    ]


def _init_mount(request: SpecRequest) -> list[MountSpec]:
    if request.init is None:
        return []
    return [MountSpec("/sbin/docker-init", str(request.init), read_only=True, recursive=False)]


def _as_oci(mount: MountSpec) -> dict[str, Any]:
    if mount.type == "tmpfs":
        wanted = {option.partition("=")[0] for option in mount.options}
        defaults = [o for o in _TMPFS_DEFAULTS if o not in wanted and _OPPOSITE[o] not in wanted]
        access = ["ro"] if mount.read_only and "ro" not in wanted else []
        return _mount(mount.destination, "tmpfs", "tmpfs", *defaults, *access, *mount.options)
    access_option = "ro" if mount.read_only else "rw"
    bind = "rbind" if mount.recursive else "bind"
    return _mount(
        mount.destination, "bind", mount.source, bind, access_option, mount.propagation or "rprivate", *mount.options
    )


def _mount(destination: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}


def _bind(source: str, destination: str) -> dict[str, Any]:
    return _mount(destination, "bind", source, "rbind", "rprivate")


def _clean(path: str) -> str:
    return path.rstrip("/") or "/"


def _is_at_or_below(path: str, places: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:end]) in places for end in range(2, len(parts) + 1))
