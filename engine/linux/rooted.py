"""A tree of files whose own root is `/` for every path looked up in it, whatever links it holds.

For paths that strangers choose in trees that strangers fill: a container's root file system. The kernel does the
resolving (openat2(2) with RESOLVE_IN_ROOT), so that there is no moment between looking and opening.
"""

import os
import stat
from pathlib import Path

from engine.linux import syscalls

_TRIES = 100
_MAX_LINKS = 255  # as Go's EvalSymlinks, which Docker's clients have seen so far
_LOOK = os.O_PATH | os.O_NOFOLLOW


class Tree:
    """Owns the descriptor of the root; close it, or use it as a context manager. All methods block."""

    def __init__(self, root_fd: int) -> None:
        self.root_fd = root_fd

    def __enter__(self) -> "Tree":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self.root_fd >= 0:
            os.close(self.root_fd)
            self.root_fd = -1

    def open(self, path: str | bytes, flags: int, mode: int = 0) -> int:
        """A descriptor of `path`; the last component is followed too, unless `flags` say O_NOFOLLOW. Raises OSError."""
        for attempt in range(_TRIES):
            try:
                return syscalls.openat2_in_root(self.root_fd, os.fsencode(path) or b"/", flags, mode)
            except BlockingIOError:
                # EAGAIN: something was renamed while `..` was resolved.
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def lstat(self, path: str | bytes) -> os.stat_result:
        """What is at `path`; a link in the last component is not followed. Raises OSError."""
        fd = self.open(path, _LOOK)
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def evaluate(self, path: str) -> str:
        """`path` without links, as an absolute path in the tree. What does not exist stays as it is written.

        To be shown or compared, not to be trusted: the tree may have changed when this returns.
        """
        done: list[str] = []
        waiting = [part for part in path.split("/") if part not in ("", ".")]
        links = 0
        while waiting:
            part = waiting.pop(0)
            if part == "..":
                done[-1:] = []
                continue
            target = self._link_at("/" + "/".join([*done, part]))
            if target is None:
                done.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise OSError(40, "too many levels of symbolic links", path)
            if target.startswith("/"):
                done = []
            waiting[:0] = [word for word in target.split("/") if word not in ("", ".")]
        return "/" + "/".join(done)

    def _link_at(self, path: str) -> str | None:
        """Where the link at `path` points; None for everything else."""
        try:
            fd = self.open(path, _LOOK)
        except OSError:
            return None
        try:
            # An empty path means the descriptor itself (readlinkat(2)).
            return os.readlink("", dir_fd=fd) if stat.S_ISLNK(os.fstat(fd).st_mode) else None
        finally:
            os.close(fd)


def is_mount_point(name: str | bytes, dir_fd: int) -> bool:
    """Whether something is mounted at `name` itself, in the mount namespace that the descriptor belongs to.

    To be asked before it is unlinked or renamed over: from another mount namespace the kernel allows that, and takes
    the mount away silently. Raises OSError.
    """
    fd = os.open(name, _LOOK | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        return _mount_id(fd) != _mount_id(dir_fd)
    finally:
        os.close(fd)


def _mount_id(fd: int) -> bytes:
    # proc_pid_fdinfo(5). Device numbers would not do: a file may be bound from the very file system that it covers.
    with Path(f"/proc/self/fdinfo/{fd}").open("rb") as lines:
        return next(line for line in lines if line.startswith(b"mnt_id:"))


def open_regular(name: str | bytes, dir_fd: int) -> tuple[int, os.stat_result] | None:
    """Open a plain file for reading, following no link; None when it is no plain file.

    Looked at before it is opened: opening a device or a fifo is not harmless. Raises OSError.
    """
    looked = os.open(name, _LOOK | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        if not stat.S_ISREG(os.fstat(looked).st_mode):
            return None
        fd = os.open(f"/proc/self/fd/{looked}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(looked)
    return fd, os.fstat(fd)
