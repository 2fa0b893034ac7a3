"""One `quayside up` per data folder, and one per port: said clearly, before anything is started."""

import errno
import fcntl
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path


class AlreadyRunning(Exception):
    """Another `quayside up` holds what this one needs; the text says what to do."""


@dataclass(frozen=True, slots=True)
class DataLock:
    """Held for as long as this object's file is open; the kernel lets go of it however the process ends."""

    descriptor: int

    def close_in_child(self) -> None:
        """A forked child shares the lock; without this it would hold it after its parent's death."""
        os.close(self.descriptor)


def lock_data(data: Path, *, patience_s: float = 12) -> DataLock:
    """Take the data folder for this process.

    Waits a little: after a kill -9 the children of the last `up` need a moment to notice. Raises AlreadyRunning.
    """
    path = data / "quayside.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            owner = os.pread(descriptor, 64, 0).decode().strip()
            if _is_alive(owner) or time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyRunning(
                    f"Quayside already runs on {data} (process {owner or 'unknown'}). "
                    "Stop it first, or give another folder with --data."
                ) from None
            time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return DataLock(descriptor)


def _is_alive(pid: str) -> bool:
    """Whether the process that wrote the lock still runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{int(pid)}/stat").read_text()
    except (OSError, ValueError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def bind(address: str) -> socket.socket:
    """The console's listening socket, kept by the supervisor: while the web process is started again, callers wait.

    Raises AlreadyRunning for a port that is taken, ValueError for an address that is none.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is no HOST:PORT, such as 127.0.0.1:8000")
    host = host.strip("[]") or "127.0.0.1"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise AlreadyRunning(_words(address, error)) from error
    return listener


def _words(address: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{address} is taken: another program listens there. Stop it, or give another address with --bind."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Not allowed to listen on {address}: ports below 1024 need root. Give another address with --bind."
    return f"Cannot listen on {address}: {error.strerror}. Give another address with --bind."
