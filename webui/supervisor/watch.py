"""The loop that keeps children alive until somebody says stop.

The process is single-threaded and sleeps in sigtimedwait: signals come one at a time, in the loop, never in a handler.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence

from webui.supervisor.children import Child

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_IDLE_S = 1.0


def block_signals() -> None:
    """From here on signals wait for `watch`; call it before the first child is started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def watch(children: Sequence[Child], *, say: Callable[[str], None]) -> None:
    """Start what is not running, start again what dies; return after stopping all, on SIGTERM, SIGINT or SIGHUP."""
    while True:
        now = time.monotonic()
        for child in children:
            if child.is_due(now):
                child.start()
        received = signal.sigtimedwait(_SIGNALS, _seconds_until_due(children))
        if received is not None and received.si_signo != signal.SIGCHLD:
            break
        _reap(children, say)
    stop_all(children)


def _seconds_until_due(children: Sequence[Child]) -> float:
    now = time.monotonic()
    waits = [max(0.0, child.start_at - now) for child in children if child.pid is None]
    return min([_IDLE_S, *waits])


def _reap(children: Sequence[Child], say: Callable[[str], None]) -> None:
    for pid, status in _dead():
        for child in children:
            if child.pid == pid:
                say(f"{child.name} {child.note_death(status, now=time.monotonic())}")


def _dead() -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.append((pid, status))


def stop_all(children: Sequence[Child]) -> None:
    """Stop in reverse order, so that nobody loses what it stands on; what does not stop in time is killed."""
    for child in reversed(children):
        if child.pid is not None:
            _stop(child, child.pid)


def _stop(child: Child, pid: int) -> None:
    os.kill(pid, child.stop_signal)
    deadline = time.monotonic() + child.stop_timeout_s
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            child.pid = None
            return
        signal.sigtimedwait([signal.SIGCHLD], 0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    child.pid = None
