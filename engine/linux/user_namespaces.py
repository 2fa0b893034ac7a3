"""User namespaces made before anybody is in them (user_namespaces(7)).

A process of many threads can neither make nor enter one, so a small program does, and holds it while it is needed: it
waits for its input to end, which it does with us.
"""

import contextlib
import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

from engine.config import IdMap
from engine.errors import EngineError, Unavailable

_HOLD = ("sh", "-c", "echo ready; read -r _")
_TIMEOUT_S = 10.0


class HeldNamespace:
    """A user namespace and, if asked for, a network namespace that belongs to it. Close it when they are in use."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.user = Path(f"/proc/{process.pid}/ns/user")
        self.network = Path(f"/proc/{process.pid}/ns/net")

    def close(self) -> None:
        """Let go: a namespace that is in use, or pinned, stays. A second call is fine."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait(_TIMEOUT_S)
        if self._process.stdout:
            self._process.stdout.close()


def hold(id_map: IdMap, *, joined: Path | None = None, with_network: bool = False) -> HeldNamespace:
    """A new namespace with this mapping, or the one at `joined`. Blocks for milliseconds. Raises EngineError."""
    new = ["--user"] if joined is None else []
    unshare = ["unshare", *new, *(["--net"] if with_network else [])] if new or with_network else []
    enter = [] if joined is None else ["nsenter", f"--user={joined}"]
    try:
        process = subprocess.Popen(
            [*enter, *unshare, *_HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise EngineError(f"cannot make a user namespace: {error}") from error
    held = HeldNamespace(process)
    try:
        _wait_ready(process)
        if joined is None:
            Path(f"/proc/{process.pid}/uid_map").write_text(f"0 {id_map.uid_start} {id_map.size}\n", encoding="ascii")
            Path(f"/proc/{process.pid}/gid_map").write_text(f"0 {id_map.gid_start} {id_map.size}\n", encoding="ascii")
    except BaseException as error:
        held.close()
        if isinstance(error, OSError):
            raise EngineError(f"cannot map users to ids from {id_map.uid_start}: {error}") from error
        raise
    finally:
        if process.stderr:
            process.stderr.close()
    return held


def check_reachable(path: Path) -> None:
    """Raise Unavailable unless others may pass through every folder above `path`: the mapped root is one of them."""
    for folder in path.parents:
        if not folder.stat().st_mode & 0o001:
            raise Unavailable(f"users of containers cannot be mapped: they cannot pass through {folder}: chmod o+x it")


def _wait_ready(process: "subprocess.Popen[bytes]") -> None:
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("it was started without pipes")
    ready, _, _ = select.select([process.stdout], [], [], _TIMEOUT_S)
    if not ready or not process.stdout.readline():
        process.kill()
        words = process.stderr.read(4096).decode(errors="replace").strip()
        raise EngineError(f"cannot make a user namespace: {words or 'no answer'}")


@contextlib.contextmanager
def opened(id_map: IdMap) -> Iterator[int]:
    """A descriptor of a user namespace with this mapping: what an idmapped mount is made with."""
    held = hold(id_map)
    try:
        fd = os.open(held.user, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        held.close()
    try:
        yield fd
    finally:
        os.close(fd)
