"""Namespaces that outlive the processes in them, and work done inside another namespace.

A namespace belongs to a thread, not to a process. A thread that has changed its own is therefore never given back to
a pool: it does its work and ends.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine.linux import mounts, syscalls
from engine.linux.syscalls import CloneFlag

Result = TypeVar("Result")


def create_network_namespace(path: Path, inside: Callable[[], Result], *, existing: Path | None = None) -> Result:
    """Make a network namespace, or take the one at `existing` (/proc/PID/ns/net); pin it at `path`, a new file, and
    return what `inside` gives, called in it.

    Blocks. If anything fails nothing stays behind, and the error is raised. A socket that `inside` opens belongs to
    the namespace for ever and can be used from any thread.
    """

    def make() -> Result:
        if existing is None:
            syscalls.unshare(CloneFlag.NEWNET)
        else:
            _enter(existing)
        path.touch(exist_ok=False)
        try:
            # The bind mount keeps the namespace alive without a process. Not /proc/self: that is the main thread.
            mounts.bind(Path("/proc/thread-self/ns/net"), path)
            return inside()
        except BaseException:
            remove_network_namespace(path)
            raise

    return _in_thread_of_its_own(make)


def remove_network_namespace(path: Path) -> None:
    """Unpin the namespace at `path`; it ends with its last process. One that is not there is fine."""
    mounts.unmount(path, lazy=True)
    path.unlink(missing_ok=True)


def in_network_namespace(path: Path, inside: Callable[[], Result]) -> Result:
    """What `inside` gives when called in the network namespace at `path` (a pin or /proc/PID/ns/net). Blocks."""

    def enter() -> Result:
        _enter(path)
        return inside()

    return _in_thread_of_its_own(enter)


def _enter(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.setns(fd, CloneFlag.NEWNET)
    finally:
        os.close(fd)


def _in_thread_of_its_own(function: Callable[[], Result]) -> Result:
    results: list[Result] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:  # it is raised again in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=call, name="namespace", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
