"""Processes that are added to a running container: `docker exec`."""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from engine.errors import Conflict
from engine.runtime.failures import start_failure
from engine.runtime.shim import (
    EXEC_SPEC,
    Shim,
    ShimRecord,
    ShimStarter,
    end_conmon,
    record_of,
    resize_terminal,
    to_its_end,
)

_UNKNOWN_EXIT_CODE = 255


class ExecHandle:
    """One exec that runs, or ran. Somebody must call `wait`, and then `clean_up`."""

    def __init__(self, folder: Path, shim: Shim, container_id: str) -> None:
        self.attach_path = folder / "attach"
        self.pid = shim.record.pid
        self._folder = folder
        self._shim = shim
        self._exit_file = folder / "exits" / container_id
        self._exit_code: int | None = None

    async def wait(self) -> int:
        """The exit code, 128+n after a signal. Many may wait, and again later."""
        await self._shim.wait()
        if self._exit_code is None:
            try:
                # A few bytes of a file in memory: less than the way to a thread and back, for which the client waits.
                self._exit_code = int(self._exit_file.read_text(encoding="ascii"))
            except (FileNotFoundError, ValueError):
                self._exit_code = _UNKNOWN_EXIT_CODE
            self._shim.close()
        return self._exit_code

    async def clean_up(self) -> None:
        """Remove what is left of it on disk. Call it after `wait`."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def resize(self, rows: int, columns: int) -> None:
        """Raises Conflict when the exec has ended."""
        try:
            resize_terminal(self._folder, rows, columns)
        except OSError as error:
            raise Conflict(f"cannot resize: exec {self._folder.name} is not running") from error

    async def kill(self, signal: int) -> None:
        """Signal the process; one that has ended is left alone."""
        with contextlib.suppress(ProcessLookupError, OSError):
            self._shim.send_signal(signal)


class ExecStarter:
    """Runs `conmon -e`; each exec has a folder of its own below `root`."""

    def __init__(self, root: Path, starter: ShimStarter) -> None:
        self._root = root
        self._starter = starter

    async def start(
        self,
        container_id: str,
        exec_id: str,
        process: Mapping[str, Any],
        *,
        cgroup_path: str,
        tty: bool,
        stdin: bool,
        on_attachable: Callable[[Path], Awaitable[None]] | None,
    ) -> ExecHandle:
        """Start `process` in the container. Raises StartFailed; then nothing of it is left."""
        folder = self._root / exec_id
        await asyncio.to_thread(_prepare, folder, process)
        command = str(process["args"][0])
        try:
            report = await to_its_end(
                self._starter.start(
                    folder,
                    container_id,
                    _arguments(folder, exec_id, tty=tty, stdin=stdin, attach=on_attachable is not None),
                    on_attachable=_bound(on_attachable, folder / "attach"),
                )
            )
            if report.pid < 0:
                raise start_failure(report.message, command=command, action="exec")
            record = record_of(folder, report.pid, cgroup_path=cgroup_path, command=command, is_tty=tty)
            record.save(folder / "shim.json")
            return ExecHandle(folder, Shim(folder, record), container_id)
        except BaseException:
            # An exec that did not come to life: nothing of it stays.
            await end_conmon(folder)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise

    def remove_ended(self) -> None:
        """Remove the folders of execs that ended while no daemon ran."""
        if not self._root.is_dir():
            return
        for folder in self._root.iterdir():
            record = ShimRecord.load(folder / "shim.json")
            if record is None or not record.shim_runs():
                shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, process: Mapping[str, Any]) -> None:
    (folder / "exits").mkdir(parents=True)
    (folder / EXEC_SPEC).write_bytes(orjson.dumps(dict(process)))


def _arguments(folder: Path, exec_id: str, *, tty: bool, stdin: bool, attach: bool) -> list[str]:
    arguments = ["-u", exec_id, "-e", "--exec-process-spec", str(folder / EXEC_SPEC)]
    arguments += ["--exit-dir", str(folder / "exits"), "-l", "none"]
    if attach:
        arguments.append("--exec-attach")
    if tty:
        arguments.append("-t")
    if stdin:
        arguments.append("-i")
    return arguments


def _bound(callback: Callable[[Path], Awaitable[None]] | None, path: Path) -> Callable[[], Awaitable[None]] | None:
    if callback is None:
        return None

    async def call() -> None:
        await callback(path)

    return call
