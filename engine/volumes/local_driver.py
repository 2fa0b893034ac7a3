"""The local driver's options: what kind of mount a volume is, in the words of mount(8).

Without options a volume is a folder. With `type`, `device` and `o` it is mounted while a container uses it: tmpfs,
a bind of another folder, NFS, CIFS, any file system.
"""

import socket
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from engine.errors import EngineError, InvalidArgument
from engine.linux import mounts
from engine.linux.mounts import MountFlag

_KNOWN = ("type", "device", "o", "size")
_NETWORK_TYPES = ("nfs", "nfs4", "cifs", "smb3")

# The words of mount(8) that are flags of mount(2): each with whether it sets or clears its flag.
_FLAGS: dict[str, tuple[MountFlag, bool]] = {
    "ro": (MountFlag.RDONLY, True),
    "rw": (MountFlag.RDONLY, False),
    "nosuid": (MountFlag.NOSUID, True),
    "suid": (MountFlag.NOSUID, False),
    "nodev": (MountFlag.NODEV, True),
    "dev": (MountFlag.NODEV, False),
    "noexec": (MountFlag.NOEXEC, True),
    "exec": (MountFlag.NOEXEC, False),
    "sync": (MountFlag.SYNCHRONOUS, True),
    "async": (MountFlag.SYNCHRONOUS, False),
    "dirsync": (MountFlag.DIRSYNC, True),
    "noatime": (MountFlag.NOATIME, True),
    "atime": (MountFlag.NOATIME, False),
    "nodiratime": (MountFlag.NODIRATIME, True),
    "relatime": (MountFlag.RELATIME, True),
    "strictatime": (MountFlag.STRICTATIME, True),
    "bind": (MountFlag.BIND, True),
    "rbind": (MountFlag.BIND | MountFlag.REC, True),
    "private": (MountFlag.PRIVATE, True),
    "rprivate": (MountFlag.PRIVATE | MountFlag.REC, True),
    "slave": (MountFlag.SLAVE, True),
    "rslave": (MountFlag.SLAVE | MountFlag.REC, True),
    "shared": (MountFlag.SHARED, True),
    "rshared": (MountFlag.SHARED | MountFlag.REC, True),
    "defaults": (MountFlag(0), True),
}
_PROPAGATION = MountFlag.PRIVATE | MountFlag.SLAVE | MountFlag.SHARED
_IGNORED = ("auto", "noauto", "_netdev", "user", "nouser", "nofail")


class MountOptions(Struct, frozen=True):
    """A mount to be made for a volume, as mount(2) wants it."""

    fstype: str
    device: str
    flags: int
    data: str

    @property
    def is_bind(self) -> bool:
        return bool(self.flags & MountFlag.BIND)


def parse_options(options: Mapping[str, str]) -> MountOptions | None:
    """The mount that `options` describe; None for a plain folder. Raises InvalidArgument, in dockerd's words."""
    for key in options:
        if key not in _KNOWN:
            raise InvalidArgument(f'invalid option: "{key}"')
    given = {key: value for key, value in options.items() if value}
    if not given:
        return None
    if "size" in given and set(given) == {"size"}:
        raise InvalidArgument("quota size requested but no quota support: use type=tmpfs with o=size=...")
    if "type" not in given and "device" not in given:
        raise InvalidArgument("missing required option: type or device")
    if "device" not in given:
        raise InvalidArgument('missing required option: "device"')
    if "type" not in given and "bind" not in given.get("o", ""):
        raise InvalidArgument('missing required option: "type"')
    flags, data = _split(given.get("o", ""))
    return MountOptions(given.get("type", "none"), given["device"], flags, data)


def mount(options: MountOptions, target: Path) -> None:
    """Mount at `target`. Blocks, for a network file system as long as the server takes.

    Raises EngineError, saying what was tried; then nothing is mounted.
    """
    fstype = None if options.is_bind else options.fstype
    propagation = options.flags & (_PROPAGATION | (MountFlag.REC if options.flags & _PROPAGATION else 0))
    flags = options.flags & ~_PROPAGATION
    try:
        data = _with_address(options) if options.fstype in _NETWORK_TYPES else options.data
        mounts.mount(options.device, target, fstype, flags & ~MountFlag.RDONLY if options.is_bind else flags, data)
        try:
            if options.is_bind and flags & MountFlag.RDONLY:
                # A bind mount takes its flags only in a second call.
                mounts.mount(None, target, None, MountFlag.BIND | MountFlag.REMOUNT | flags)
            if propagation:
                # A change of propagation is a call of its own too.
                mounts.mount(None, target, None, propagation)
        except BaseException:
            mounts.unmount(target, lazy=True)
            raise
    except OSError as error:
        raise EngineError(
            f"failed to mount local volume: mount {options.device}:{target}, flags: {hex(options.flags)}, "
            f"data: {options.data}: {error.strerror or error}"
        ) from error


def unmount(target: Path) -> None:
    mounts.unmount(target, lazy=True)


def _split(text: str) -> tuple[int, str]:
    """The flags among the options of `o`, and the rest, which is the file system's own business."""
    flags = MountFlag(0)
    data = []
    for word in filter(None, text.split(",")):
        if word in _FLAGS:
            flag, is_set = _FLAGS[word]
            flags = flags | flag if is_set else flags & ~flag
        elif word not in _IGNORED:
            data.append(word)
    return int(flags), ",".join(data)


def _with_address(options: MountOptions) -> str:
    """The kernel wants the server as an address, which mount.nfs(8) and mount.cifs(8) look up; so do we."""
    words = dict(word.partition("=")[::2] for word in options.data.split(",") if word)
    host = words.get("addr") or _server_of(options)
    key = "ip" if options.fstype in ("cifs", "smb3") else "addr"
    if not host:
        return options.data
    try:
        address = str(socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)[0][4][0])
    except OSError as error:
        raise OSError(error.errno or 0, f"cannot resolve {host}: {error.strerror}") from error
    words.pop("addr", None)
    return ",".join([*(f"{name}={value}" if value else name for name, value in words.items()), f"{key}={address}"])


def _server_of(options: MountOptions) -> str:
    if options.fstype in ("cifs", "smb3"):
        return options.device.lstrip("/").partition("/")[0]
    return options.device.partition(":")[0] if not options.device.startswith(":") else ""
