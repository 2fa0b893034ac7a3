"""The thread that starts conmon, where a hybrid host makes it necessary in a mount namespace of its own.

crun refuses to work while a version 2 hierarchy is mounted beside version 1. A thread can have another mount namespace
than its process, and what it starts inherits it: no extra program between the daemon and conmon.

The namespace is a slave of the host's. Below the engine's own folders, which are made shared, every mount and unmount
of the daemon arrives there; for the rest it is made anew when a path that a container needs looks different in it. It
lives as long as the thread and those it started, so a restarted daemon simply makes another one.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from engine.linux import mounts, syscalls
from engine.linux.processes import Process, spawn
from engine.linux.syscalls import CloneFlag, MountFlag

_T = TypeVar("_T")
_Identity = tuple[int, int] | None


def share_mounts(folders: Iterable[Path]) -> None:
    """Make mounts below these folders visible in namespaces that are slaves of this one. Repeating it is fine."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        real = Path(os.path.realpath(folder))
        if not _is_shared(real):
            mounts.bind(real, real, recursive=True)
            mounts.make_private(real)
            mounts.make_shared(real)


def unshare_mounts(folders: Iterable[Path]) -> None:
    """Undo share_mounts where nothing is mounted below and nobody has anything open; else leave it as it is."""
    for folder in folders:
        real = Path(os.path.realpath(folder))
        # A folder that is mounted onto itself is on the file system of its parent; somebody's disk is not.
        if mounts.is_mountpoint(real) and real.stat().st_dev == real.parent.stat().st_dev:
            with contextlib.suppress(OSError):
                mounts.unmount(real)


def _is_shared(folder: Path) -> bool:
    mount = mounts.covering(folder)
    return mount is not None and any(option.startswith("shared:") for option in mount.propagation)


class Spawner:
    """Starts programs one after another on a thread of its own; `hidden` mounts are not seen by them.

    `prepare` is called once on that thread, before its first program.
    """

    def __init__(self, hidden: Sequence[Path] = (), *, prepare: Callable[[], None] | None = None) -> None:
        self._hidden = tuple(hidden)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner", initializer=prepare)
        self._host_namespace = -1

    def close(self) -> None:
        """End the thread. What it has started goes on."""
        self._thread.shutdown(wait=True)
        if self._host_namespace >= 0:
            os.close(self._host_namespace)
            self._host_namespace = -1

    async def spawn(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        stderr: Path,
        needed: Iterable[Path] = (),
    ) -> Process:
        """Start a program that sees `needed` paths as this process does; it writes its complaints to the file `stderr`.

        Raises OSError.
        """
        identities = {path: _identity(path) for path in needed} if self._hidden else {}

        def start() -> Process:
            if self._hidden:
                self._enter(identities)
            with stderr.open("wb") as file:
                # conmon leaves a file `oom` in its working directory, wherever that is: let it be the container's.
                return spawn(argv, env=env, cwd=stderr.parent, pass_fds=pass_fds, stderr=file)

        return await self._on_thread(start)

    async def _on_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _enter(self, identities: Mapping[Path, _Identity]) -> None:
        if self._host_namespace >= 0:
            if all(_identity(path) == wanted for path, wanted in identities.items()):
                return
            syscalls.setns(self._host_namespace, CloneFlag.NEWNS)
        else:
            # /proc/self is the process, whose first thread has stayed in the host's namespace.
            self._host_namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        syscalls.unshare(CloneFlag.NEWNS)
        syscalls.mount(None, "/", None, flags=MountFlag.SLAVE | MountFlag.REC)
        for path in self._hidden:
            mounts.unmount(path, lazy=True)


def _identity(path: Path) -> _Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
