"""Every system call that Python 3.11 does not offer; the only module of the engine that uses ctypes.

One function per call, arguments as in section 2 of the manual. Each raises OSError, naming the path it was about.
The library handle releases the GIL for the time of the call.
"""

import ctypes
import os
from collections.abc import Callable
from enum import IntEnum, IntFlag

AT_FDCWD = -100

# The generic numbers are the same on every architecture for calls that came after Linux 5.1.
_SYS_OPEN_TREE = 428
_SYS_MOVE_MOUNT = 429
_SYS_FSOPEN = 430
_SYS_FSCONFIG = 431
_SYS_FSMOUNT = 432
_SYS_OPENAT2 = 437
_SYS_MOUNT_SETATTR = 442

_libc = ctypes.CDLL(None, use_errno=True)


class MountFlag(IntFlag):
    """Flags of mount(2)."""

    RDONLY = 1
    NOSUID = 2
    NODEV = 4
    NOEXEC = 8
    SYNCHRONOUS = 16
    REMOUNT = 32
    DIRSYNC = 128
    NOATIME = 1024
    NODIRATIME = 2048
    BIND = 4096
    MOVE = 8192
    REC = 16384
    PRIVATE = 1 << 18
    SLAVE = 1 << 19
    SHARED = 1 << 20
    RELATIME = 1 << 21
    STRICTATIME = 1 << 24


class UmountFlag(IntFlag):
    """Flags of umount2(2)."""

    DETACH = 2
    NOFOLLOW = 8


class CloneFlag(IntFlag):
    """The namespaces of unshare(2) and setns(2)."""

    NEWNS = 0x00020000
    NEWCGROUP = 0x02000000
    NEWUTS = 0x04000000
    NEWIPC = 0x08000000
    NEWUSER = 0x10000000
    NEWPID = 0x20000000
    NEWNET = 0x40000000


class _FsConfig(IntEnum):
    SET_FLAG = 0
    SET_STRING = 1
    CREATE = 6


def _checked(call: Callable[[], int], path: str | None = None) -> int:
    """The result of `call`, or the OSError of its errno. ctypes keeps one errno per thread."""
    result = call()
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result


def _bytes_or_null(text: str | os.PathLike[str] | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def mount(
    source: str | os.PathLike[str] | None,
    target: str | os.PathLike[str],
    fstype: str | None,
    *,
    flags: int = 0,
    data: str | None = None,
) -> None:
    """mount(2). `data` may hold at most one page (4,095 bytes); FsContext has no such limit."""
    arguments = (_bytes_or_null(source), os.fsencode(target), _bytes_or_null(fstype))
    _checked(lambda: _libc.mount(*arguments, ctypes.c_ulong(flags), _bytes_or_null(data)), os.fspath(target))


def umount2(target: str | os.PathLike[str], flags: int = 0) -> None:
    """umount2(2)."""
    _checked(lambda: _libc.umount2(os.fsencode(target), flags), os.fspath(target))


def syncfs(path: str | os.PathLike[str]) -> None:
    """syncfs(2): put everything of the file system that holds `path` on the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(lambda: _libc.syncfs(fd), os.fspath(path))
    finally:
        os.close(fd)


def unshare(flags: int) -> None:
    """unshare(2): give the calling *thread* namespaces of its own; NEWNS also gives it its own working directory."""
    _checked(lambda: _libc.unshare(flags))


def setns(fd: int, flags: int = 0) -> None:
    """setns(2): move the calling *thread* into the namespace of `fd`. NEWNS needs unshare_fs() before."""
    _checked(lambda: _libc.setns(fd, flags))


def unshare_fs() -> None:
    """Give the calling thread its own root, working directory and umask: what setns(2) into a mount namespace wants."""
    clone_fs = 0x00000200
    unshare(clone_fs)


def inotify_init1() -> int:
    """inotify_init1(2), non-blocking and closed on exec."""
    return _checked(lambda: _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))


def inotify_add_watch(fd: int, path: str | os.PathLike[str], mask: int) -> int:
    """inotify_add_watch(2)."""
    return _checked(lambda: _libc.inotify_add_watch(fd, os.fsencode(path), ctypes.c_uint32(mask)), os.fspath(path))


def inotify_rm_watch(fd: int, number: int) -> None:
    """inotify_rm_watch(2)."""
    _checked(lambda: _libc.inotify_rm_watch(fd, number))


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def openat2_in_root(root_fd: int, path: bytes, flags: int, mode: int = 0) -> int:
    """openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: `root_fd` is `/` for the whole of the path.

    Neither `..`, nor an absolute link, nor a rename at the wrong moment leads out of it. EAGAIN, which the kernel gives
    when it cannot tell because of such a rename, is raised as it is.
    """
    no_magic_links, in_root = 0x02, 0x10
    how = _OpenHow(flags | os.O_CLOEXEC, mode, no_magic_links | in_root)
    return _checked(
        lambda: _libc.syscall(_SYS_OPENAT2, root_fd, path, ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))),
        os.fsdecode(path),
    )


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def mount_idmapped(source: str | os.PathLike[str], target: str | os.PathLike[str], userns_fd: int) -> None:
    """open_tree(2), mount_setattr(2), move_mount(2): `source` again at `target`, its owners as the namespace maps them.

    EINVAL: the file system cannot do it, or the kernel is older than Linux 5.12.
    """
    clone, empty_path, idmap = 1, 0x1000, 0x00100000
    cloned = _checked(
        lambda: _libc.syscall(_SYS_OPEN_TREE, AT_FDCWD, os.fsencode(source), ctypes.c_uint(clone | os.O_CLOEXEC)),
        os.fspath(source),
    )
    try:
        wanted = _MountAttributes(set=idmap, userns_fd=userns_fd)
        size = ctypes.c_size_t(ctypes.sizeof(wanted))
        _checked(
            lambda: _libc.syscall(_SYS_MOUNT_SETATTR, cloned, b"", empty_path, ctypes.byref(wanted), size),
            os.fspath(source),
        )
        from_descriptor = 4  # MOVE_MOUNT_F_EMPTY_PATH
        arguments = (cloned, b"", AT_FDCWD, os.fsencode(target), ctypes.c_uint(from_descriptor))
        _checked(lambda: _libc.syscall(_SYS_MOVE_MOUNT, *arguments), os.fspath(target))
    finally:
        os.close(cloned)


class FsContext:
    """A file system being put together with fsopen(2), fsconfig(2), fsmount(2), move_mount(2); Linux 5.2 or newer.

    Unlike mount(2) it takes options of any number and length one by one, which an overlay of many layers needs.
    Use it as a context manager; leaving it without `attach` leaves nothing behind.
    """

    def __init__(self, fstype: str) -> None:
        self._fstype = fstype
        self._fd = -1

    def __enter__(self) -> "FsContext":
        cloexec = 1
        self._fd = _checked(
            lambda: _libc.syscall(_SYS_FSOPEN, os.fsencode(self._fstype), ctypes.c_uint(cloexec)), self._fstype
        )
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def set_string(self, key: str, value: str) -> None:
        """Set an option `key=value`. A value is limited to 255 bytes by the kernel, keys may repeat."""
        self._configure(_FsConfig.SET_STRING, key, value)

    def set_flag(self, key: str) -> None:
        """Set an option that has no value, such as `ro`."""
        self._configure(_FsConfig.SET_FLAG, key, None)

    def attach(self, target: str | os.PathLike[str], *, attributes: int = 0) -> None:
        """Create the file system and mount it at `target`; `attributes` are MOUNT_ATTR_* (RDONLY 1, NOSUID 2, ...)."""
        self._configure(_FsConfig.CREATE, None, None)
        cloexec = 1
        mount_fd = _checked(
            lambda: _libc.syscall(_SYS_FSMOUNT, self._fd, ctypes.c_uint(cloexec), ctypes.c_uint(attributes)),
            self._fstype,
        )
        try:
            empty_path = 4  # MOVE_MOUNT_F_EMPTY_PATH: the source is the descriptor itself
            arguments = (mount_fd, b"", AT_FDCWD, os.fsencode(target), ctypes.c_uint(empty_path))
            _checked(lambda: _libc.syscall(_SYS_MOVE_MOUNT, *arguments), os.fspath(target))
        finally:
            os.close(mount_fd)

    def _configure(self, command: _FsConfig, key: str | None, value: str | None) -> None:
        arguments = (self._fd, ctypes.c_uint(command), _bytes_or_null(key), _bytes_or_null(value), 0)
        try:
            _checked(lambda: _libc.syscall(_SYS_FSCONFIG, *arguments))
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._reason() or f"{self._fstype} {key}={value}") from error

    def _reason(self) -> str:
        """What the file system itself has to say: its messages are read from the context, one per read."""
        messages = []
        while True:
            try:
                messages.append(os.read(self._fd, 4096).decode(errors="replace").strip())
            except OSError:  # ENODATA ends the list
                return "; ".join(messages)
