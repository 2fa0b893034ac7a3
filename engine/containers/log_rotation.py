"""Keeps the logs of running containers within their limits."""

import asyncio

from engine.containers.model import Container
from engine.containers.rooms import Runtime
from engine.logs import LogReader, log_limits


class LogRotation:
    """One task per running container whose log has a limit."""

    def __init__(self, logs: LogReader, runtime: Runtime) -> None:
        self._logs = logs
        self._runtime = runtime
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run_began(self, container: Container) -> None:
        given = container.host_config["LogConfig"]
        limits = log_limits(given["Type"], given["Config"])
        if container.log_path is None or not limits.max_size_bytes:
            return
        work = self._logs.files(container.log_path).keep_within(limits, lambda: self._runtime.reopen_log(container.id))
        self._tasks[container.id] = asyncio.create_task(work, name=f"log of {container.id[:12]}")

    def run_ended(self, container: Container) -> None:
        task = self._tasks.pop(container.id, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
