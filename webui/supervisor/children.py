"""Child processes: how one is started, and when one that died is started again.

Two kinds. A forked child runs a function in a copy of this process and shares its memory: Django is imported once for
all of them. A spawned child is another program. Both end when this process does, however it ends.
"""

import ctypes
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from webui.supervisor.leftovers import note_process

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15  # at most 15 bytes (prctl(2)); what ps and top show
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_STEADY_S = 60.0  # who has lived this long has earned a fresh start

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Program:
    """Another program, as its own process."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, name: str) -> int:
        # The death signal is lost when a set-user-id program is run; ours are not. A fork of this small process costs
        # little more than posix_spawn, which cannot set it.
        pid = os.fork()
        if pid == 0:
            _become_child(name)
            try:
                os.execvpe(self.argv[0], list(self.argv), {**os.environ, **self.environment})  # noqa: S606
            except OSError as error:
                print(f"quayside: cannot start {self.argv[0]}: {error.strerror}", file=sys.stderr, flush=True)
                os._exit(127)
        return pid


@dataclass(frozen=True, slots=True)
class Function:
    """A function in a forked copy of this process; its return value is the exit code."""

    run: Callable[[], int | None]

    def start(self, name: str) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _become_child(name)
            code = 1
            try:
                code = self.run() or 0
            except SystemExit as request:
                code = request.code if isinstance(request.code, int) else 1
            except KeyboardInterrupt:
                code = 130
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        return pid


def _become_child(name: str) -> None:
    """Die with the parent, leave the terminal's Ctrl-C to it, and hear signals again (the parent blocks them)."""
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above took hold
        os._exit(1)
    _libc.prctl(_PR_SET_NAME, f"quayside-{name}".encode()[:15], 0, 0, 0)
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


@dataclass(slots=True)
class Child:
    """One process that should always run."""

    name: str
    what: Program | Function
    stop_signal: int = signal.SIGTERM
    stop_timeout_s: float = 10
    pid: int | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay_s: float = _FIRST_DELAY_S
    pid_file: Path | None = None

    def start(self) -> None:
        self.pid = self.what.start(self.name)
        if self.pid_file is not None:
            note_process(self.pid_file, self.pid)
        self.started_at = time.monotonic()

    def note_death(self, status: int, *, now: float) -> str:
        """Plan the next start; returns how it ended, in words."""
        lived_s = now - self.started_at
        self.pid = None
        self.delay_s = _FIRST_DELAY_S if lived_s > _STEADY_S else min(self.delay_s * 2, _LONGEST_DELAY_S)
        self.start_at = now + self.delay_s
        return f"{_ending(status)} after {lived_s:.0f} s; starting it again in {self.delay_s:.0f} s"

    def is_due(self, now: float) -> bool:
        return self.pid is None and now >= self.start_at


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def freeze_memory() -> None:
    """Keep the garbage collector from touching, and so copying, the pages that forked children share."""
    gc.collect()
    gc.freeze()


def run_once(function: Callable[[], int | None]) -> int:
    """Run a function in a forked child and wait for it: what it opens, this process never has open."""
    pid = Function(function).start("once")
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
