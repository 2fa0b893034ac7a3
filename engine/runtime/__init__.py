"""Containers as the kernel has them: created, started, watched and removed through an OCI runtime and conmon.

Life cycle of one id: create -> start -> (exec, pause, resume, kill, update) -> wait_exit -> delete, and again from
create. Each container has a conmon of its own that outlives the daemon, holds its streams, writes its log and leaves
its exit code in a file; this room never has to be running for a container to run. It knows processes, not images,
networks or names.
"""

from engine.runtime.attachment import connect_attach
from engine.runtime.bundle import Bundle
from engine.runtime.choice import RuntimeChoice
from engine.runtime.detection import detect_runtime
from engine.runtime.execs import ExecHandle
from engine.runtime.failures import CommandNotRunnable, StartFailed
from engine.runtime.runtime import RestoredState, Runtime
from engine.runtime.shim import ExitStatus

__all__ = [
    "Bundle",
    "CommandNotRunnable",
    "ExecHandle",
    "ExitStatus",
    "RestoredState",
    "Runtime",
    "RuntimeChoice",
    "StartFailed",
    "connect_attach",
    "detect_runtime",
]
