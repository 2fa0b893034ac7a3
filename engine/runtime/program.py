"""The runtime program itself: sealed in memory, its folders, its fifo."""

import fcntl
import os
import select
import time
from pathlib import Path

from engine.runtime.choice import RuntimeChoice

# linux/fcntl.h; Python 3.11 has no names for them on every platform.
_F_ADD_SEALS = 1033
_ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8  # seal, shrink, grow, write
_FIFO_TIMEOUT_S = 10.0
# A busy machine needs some of it; a container whose program is the runtime itself starts this much later.
_EXEC_WAIT_S = 2.0


class RuntimeProgram:
    """An OCI runtime with a state folder of this engine's own.

    crun copies itself into a sealed memfd at each start, so that no container can overwrite the program on the host
    (CVE-2019-5736). Started from a memfd that is sealed already, it need not.
    """

    def __init__(self, choice: RuntimeChoice, state_root: Path) -> None:
        self.choice = choice
        self._state_root = state_root
        self._memfd = _sealed_copy(choice.path) if choice.is_crun else -1

    def close(self) -> None:
        if self._memfd >= 0:
            os.close(self._memfd)
            self._memfd = -1

    @property
    def executable(self) -> str:
        """The path to start it by, in a process that has been given `fds`."""
        return f"/proc/self/fd/{self._memfd}" if self._memfd >= 0 else str(self.choice.path)

    @property
    def fds(self) -> tuple[int, ...]:
        return (self._memfd,) if self._memfd >= 0 else ()

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("--root", str(self._state_root))

    @property
    def state_root(self) -> Path:
        return self._state_root

    def state_folder(self, container_id: str) -> Path:
        return self._state_root / container_id

    def compiled_seccomp(self, container_id: str) -> bytes | None:
        """The filter that crun has compiled for this container, None when it runs unconfined."""
        try:
            return (self.state_folder(container_id) / "seccomp.bpf").read_bytes() or None
        except FileNotFoundError:
            return None

    def release(self, container_id: str, pid: int) -> None:
        """Let the created process go on into its program: what `start` does, without starting the runtime again.

        Blocking, but only until the process, which waits at the other end, has become that program. Raises
        FileNotFoundError when it has been released before and TimeoutError when nobody waits there.
        """
        fifo = self.state_folder(container_id) / "exec.fifo"
        runtime = _executable(pid)
        # crun's process reads from the fifo, runc's writes to it.
        (_write_one_byte if self.choice.is_crun else _read_one_byte)(fifo)
        fifo.unlink(missing_ok=True)
        # Until then `top` would show the runtime instead of what was asked for.
        deadline = time.monotonic() + _EXEC_WAIT_S
        while runtime is not None and _executable(pid) == runtime and time.monotonic() < deadline:
            time.sleep(0.0003)


def _executable(pid: int) -> str | None:
    """What a process runs, None when it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115
    except OSError:
        return None


def _write_one_byte(fifo: Path) -> None:
    deadline = time.monotonic() + _FIFO_TIMEOUT_S
    while True:
        try:
            # O_NONBLOCK: without a reader (the process was killed) this is ENXIO instead of waiting for ever.
            fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no process waits at {fifo}") from error
            time.sleep(0.001)
            continue
        with os.fdopen(fd, "wb", buffering=0) as file:
            file.write(b"0")
        return


def _read_one_byte(fifo: Path) -> None:
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(_FIFO_TIMEOUT_S * 1000):
            raise TimeoutError(f"no process waits at {fifo}")
        os.read(fd, 1)
    finally:
        os.close(fd)


def _sealed_copy(path: Path) -> int:
    fd = os.memfd_create(path.name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        contents = memoryview(path.read_bytes())
        while contents:
            contents = contents[os.write(fd, contents) :]
        fcntl.fcntl(fd, _F_ADD_SEALS, _ALL_SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd
