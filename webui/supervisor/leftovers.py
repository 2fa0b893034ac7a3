"""What an `up` that was killed may have left running: found by its pid files, ended before anything new starts.

Children are told to stop when their parent dies, but that takes a moment: a second store on the same files, or a second
engine on the same containers, would be worse than waiting for it.
"""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 20.0


def note_process(path: Path, pid: int) -> None:
    """Write down which process this is: number and start time, since numbers are used again."""
    started_at = _started_at(pid)
    if started_at is None:
        return
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{pid} {started_at}\n")
    temporary.replace(path)


def end_leftovers(folder: Path, *, say: Callable[[str], None], patience_s: float = _PATIENCE_S) -> None:
    """End the processes that the pid files name, if those are still the same ones, and remove the files."""
    for path in sorted(folder.glob("*.pid")):
        pid = _same_process(path)
        if pid is not None:
            say(f"{path.stem} of an earlier start still runs (process {pid}): waiting for it to end")
            _end(pid, patience_s)
        path.unlink(missing_ok=True)


def _same_process(path: Path) -> int | None:
    try:
        number, started_at = path.read_text().split()
        pid = int(number)
    except (OSError, ValueError):
        return None
    return pid if _started_at(pid) == started_at else None


def _end(pid: int, patience_s: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)
            # A pidfd becomes readable when its process ends (pidfd_open(2)).
            if select.select([descriptor], [], [], wait_s)[0]:
                return
    finally:
        os.close(descriptor)


def _started_at(pid: int) -> str | None:
    """When a process began, in clock ticks since boot (proc(5), stat field 22); None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]
