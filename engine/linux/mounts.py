"""Mounting, unmounting, and what is mounted now.

What is mounted is always read from the kernel (/proc/self/mountinfo), never remembered.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from engine.linux import syscalls
from engine.linux.syscalls import MountFlag, UmountFlag

__all__ = [
    "MountFlag",
    "MountPoint",
    "bind",
    "covering",
    "is_mountpoint",
    "make_private",
    "make_shared",
    "mount",
    "mountpoints",
    "mountpoints_under",
    "unmount",
    "unmount_under",
]

_ESCAPE = re.compile(r"\\([0-7]{3})")


class MountPoint(Struct, frozen=True):
    """One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).

    `root` is the part of the file system that is seen; `propagation` holds fields such as `shared:5`.
    """

    mount_id: int
    parent_id: int
    root: str
    path: Path
    options: tuple[str, ...]
    propagation: tuple[str, ...]
    fstype: str
    source: str
    super_options: tuple[str, ...]


def mount(
    source: str | Path | None,
    target: Path,
    fstype: str | None,
    flags: int = 0,
    data: str | None = None,
) -> None:
    """mount(2), for a new mount. Raises OSError naming `target`."""
    syscalls.mount(source, target, fstype, flags=flags, data=data)


def bind(source: Path, target: Path, *, recursive: bool = False, read_only: bool = False) -> None:
    """Make what is at `source` visible at `target`, which exists and is of the same kind (file or directory).

    Raises OSError; then nothing is mounted.
    """
    flags = MountFlag.BIND | (MountFlag.REC if recursive else 0)
    syscalls.mount(source, target, None, flags=flags)
    if not read_only:
        return
    # The kernel ignores RDONLY while it makes a bind mount: it takes a second call, which must repeat the flags that
    # the source's own mount has, or it would take them away (and EPERM in a user namespace).
    try:
        locked = os.statvfs(target).f_flag & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC)
        syscalls.mount(None, target, None, flags=MountFlag.BIND | MountFlag.REMOUNT | MountFlag.RDONLY | locked)
    except OSError:
        unmount(target, lazy=True)
        raise


def unmount(target: Path, *, lazy: bool = False) -> None:
    """Unmount the topmost mount at `target`; nothing mounted there is success.

    `lazy` takes it out of sight at once even if it is in use; the kernel frees it after the last user.
    Symbolic links in the last component are not followed. Raises OSError, EBUSY above all.
    """
    try:
        syscalls.umount2(target, UmountFlag.NOFOLLOW | (UmountFlag.DETACH if lazy else 0))
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != 22 or is_mountpoint(target):  # EINVAL: not a mount point
            raise


def make_shared(path: Path) -> None:
    """Let mounts made below `path` appear in its peers, and theirs here (mount_namespaces(7)). It is a mount point."""
    syscalls.mount(None, path, None, flags=MountFlag.SHARED)


def make_private(path: Path, *, recursive: bool = False) -> None:
    """Neither send nor receive mounts below `path`, which is a mount point."""
    syscalls.mount(None, path, None, flags=MountFlag.PRIVATE | (MountFlag.REC if recursive else 0))


def mountpoints(*, below: Path = Path("/")) -> list[MountPoint]:
    """The mounts at and below a path, in the kernel's order: parents before children, lower before upper."""
    return [_parse(line) for path, line in _lines() if _is_within(path, str(below))]


def covering(path: Path) -> MountPoint | None:
    """The mount on which `path` lies, which holds no links; None for what cannot be seen from here."""
    found = [line for mounted, line in _lines() if _is_within(str(path), mounted)]
    return _parse(found[-1]) if found else None


def mountpoints_under(path: Path) -> list[Path]:
    """The mount points at or below `path`, deepest first: the order in which they can be unmounted.

    A path on which two mounts are stacked is there twice.
    """
    root = os.path.realpath(path)
    return [Path(mounted) for mounted, _ in _lines() if _is_within(mounted, root)][::-1]


def is_mountpoint(path: Path) -> bool:
    """Whether something is mounted exactly at `path`; also true for a bind of a folder onto itself."""
    real = os.path.realpath(path)
    return any(mounted == real for mounted, _ in _lines())


def unmount_under(path: Path, *, lazy: bool = True) -> None:
    """Unmount everything at or below `path`."""
    for point in mountpoints_under(path):
        unmount(point, lazy=lazy)


def _lines() -> Iterator[tuple[str, str]]:
    """Where something is mounted, and its line. Kept as text: a host of many containers has hundreds of them."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        for line in file:
            yield _unescape(line.split(" ", 5)[4]), line


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _parse(line: str) -> MountPoint:
    # 36 35 98:0 /root /mount/point rw,noatime master:1 shared:5 - ext3 /dev/root rw,errors=continue
    fields, _, rest = line.rstrip("\n").partition(" - ")
    mount_id, parent_id, _, root, path, options, *propagation = fields.split(" ")
    fstype, source, super_options = rest.split(" ", 2)
    return MountPoint(
        mount_id=int(mount_id),
        parent_id=int(parent_id),
        root=_unescape(root),
        path=Path(_unescape(path)),
        options=tuple(options.split(",")),
        propagation=tuple(propagation),
        fstype=fstype,
        source=_unescape(source),
        super_options=tuple(super_options.split(",")),
    )


def _unescape(text: str) -> str:
    """The kernel writes space, tab, newline and backslash as three octal digits."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text) if "\\" in text else text
