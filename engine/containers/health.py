"""Health checks: the probe of each running container that has one, at its interval."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from msgspec import Struct

from engine.containers.execs import Execs
from engine.containers.model import Container, Health, HealthResult, Status
from engine.containers.store import ContainerStore
from engine.containers.times import go_duration
from engine.errors import EngineError

log = logging.getLogger(__name__)

_SECOND_NS = 1_000_000_000
_KEPT_RESULTS = 5

Tell = Callable[[Container, str], None]


class HealthCheck(Struct, frozen=True):
    """Config.Healthcheck with its defaults (API 1.51)."""

    command: tuple[str, ...]
    interval_s: float
    timeout_s: float
    start_period_s: float
    start_interval_s: float
    retries: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "HealthCheck | None":
        check = config.get("Healthcheck") or {}
        test = list(check.get("Test") or ["NONE"])
        if test[0] == "NONE" or len(test) < 2:
            return None
        shell = list(config.get("Shell") or ["/bin/sh", "-c"])
        command = [*shell, *test[1:]] if test[0] == "CMD-SHELL" else test[1:]

        def seconds(key: str, default: float) -> float:
            return (check.get(key) or 0) / _SECOND_NS or default

        return cls(
            tuple(command),
            interval_s=seconds("Interval", 30),
            timeout_s=seconds("Timeout", 30),
            start_period_s=seconds("StartPeriod", 0),
            start_interval_s=seconds("StartInterval", 5),
            retries=check.get("Retries") or 3,
        )


class HealthChecks:
    """One task per running container with a check."""

    def __init__(self, execs: Execs, store: ContainerStore, tell: Tell) -> None:
        self._execs = execs
        self._store = store
        self._tell = tell
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run_began(self, container: Container) -> None:
        check = HealthCheck.of(container.config)
        if check is None:
            return
        if container.state.health is None:
            container.state.health = Health()
        self._start(container.id, self._watch(container, check, container.state.health))

    def run_ended(self, container: Container) -> None:
        task = self._tasks.pop(container.id, None)
        if task is not None:
            task.cancel()
        if container.state.health is not None:
            container.state.health.status = "unhealthy"

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, container_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"health {container_id[:12]}")
        self._tasks[container_id] = task
        task.add_done_callback(_log_failure)

    async def _watch(self, container: Container, check: HealthCheck, health: Health) -> None:
        while container.state.has_process:
            is_starting = health.status == "starting" and self._is_in_start_period(container, check)
            await asyncio.sleep(min(check.start_interval_s, check.interval_s) if is_starting else check.interval_s)
            if container.state.status is Status.RUNNING:
                result = await self._probe(container, check)
                if container.state.health is health:
                    self._judge(container, check, health, result)

    async def _probe(self, container: Container, check: HealthCheck) -> HealthResult:
        start_ns = time.time_ns()
        try:
            code, output = await self._execs.probe(container, list(check.command), timeout_s=check.timeout_s)
        except TimeoutError:
            code, output = -1, f"Health check exceeded timeout ({go_duration(check.timeout_s)})"
        except EngineError as error:
            code, output = -1, error.message
        return HealthResult(start_ns, time.time_ns(), code, output)

    def _judge(self, container: Container, check: HealthCheck, health: Health, result: HealthResult) -> None:
        health.log = [*health.log, result][-_KEPT_RESULTS:]
        before = health.status
        if result.exit_code == 0:
            health.failing_streak, health.status = 0, "healthy"
        elif not (before == "starting" and self._is_in_start_period(container, check)):
            # Failures while it starts do not count, until it has been healthy once.
            health.failing_streak += 1
            if health.failing_streak >= check.retries:
                health.status = "unhealthy"
        self._store.save(container)
        if health.status != before:
            container.touch()
            self._tell(container, f"health_status: {health.status}")

    @staticmethod
    def _is_in_start_period(container: Container, check: HealthCheck) -> bool:
        return time.time_ns() - container.state.started_ns < check.start_period_s * _SECOND_NS


def _log_failure(task: "asyncio.Task[None]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
