"""A tree put together from bind mounts that nobody else sees.

The mounts live in a mount namespace of their own, which no process is in: a descriptor keeps it, and when that is
closed - or the daemon dies - the kernel takes them all away.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from engine.linux import syscalls
from engine.linux.rooted import Tree
from engine.linux.syscalls import CloneFlag, MountFlag


class PrivateBind(Struct, frozen=True):
    """`source`, a path of the host, is to be seen at `destination`, an absolute path in the tree."""

    source: Path
    destination: str
    is_read_only: bool = False
    is_recursive: bool = True


class PrivateTree(Tree):
    """`root` with `binds` in it, parents first. A missing destination is made in the tree. Raises OSError."""

    def __init__(self, root: Path, binds: Sequence[PrivateBind]) -> None:
        super().__init__(-1)
        self._namespace_fd = -1
        failures: list[BaseException] = []
        # unshare(2) is for ever: the thread that does it must end with it, so none of a pool.
        thread = threading.Thread(target=self._make, args=(root, binds, failures), name="private mounts")
        thread.start()
        thread.join()
        for error in failures:
            self.close()
            raise error

    def close(self) -> None:
        super().close()
        if self._namespace_fd >= 0:
            os.close(self._namespace_fd)
            self._namespace_fd = -1

    def _make(self, root: Path, binds: Sequence[PrivateBind], failures: list[BaseException]) -> None:
        try:
            syscalls.unshare_fs()
            syscalls.unshare(CloneFlag.NEWNS)
            syscalls.mount(None, "/", None, flags=MountFlag.REC | MountFlag.PRIVATE)
            self._namespace_fd = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            self.root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            for bind in binds:
                self._bind(bind)
        except BaseException as error:
            failures.append(error)

    def _bind(self, bind: PrivateBind) -> None:
        self._make_place(bind)
        flags = MountFlag.BIND | (MountFlag.REC if bind.is_recursive else 0)
        self._mount_at(bind.destination, bind.source, flags)
        if bind.is_read_only:
            # A second call, on what is there now: the kernel ignores RDONLY while it makes a bind mount.
            self._mount_at(bind.destination, None, MountFlag.BIND | MountFlag.REMOUNT | MountFlag.RDONLY)

    def _mount_at(self, destination: str, source: Path | None, flags: int) -> None:
        fd = self.open(destination, os.O_PATH)
        try:
            syscalls.mount(source, f"/proc/self/fd/{fd}", None, flags=flags)
        finally:
            os.close(fd)

    def _make_place(self, bind: PrivateBind) -> None:
        is_directory = bind.source.is_dir()
        path = ""
        parts = [part for part in bind.destination.split("/") if part]
        for position, part in enumerate(parts):
            parent, path = path or "/", f"{path}/{part}"
            try:
                os.close(self.open(path, os.O_PATH))
                continue
            except FileNotFoundError:
                fd = self.open(parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                if is_directory or position < len(parts) - 1:
                    os.mkdir(part, 0o755, dir_fd=fd)
                else:
                    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=fd))
            finally:
                os.close(fd)
