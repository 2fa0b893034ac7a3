"""Log drivers that send on what a container writes: syslog and journald."""

import asyncio
import re

from engine.containers.model import Container
from engine.logs import Journald, LogReader, Sink, Syslog, attributes, ship

_FIELD = re.compile(r"\{\{ *\.(\w+) *\}\}")


class LogShipping:
    """One task per container with such a driver; after the end of a run it goes on until all is sent."""

    def __init__(self, logs: LogReader) -> None:
        self._logs = logs
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run_began(self, container: Container) -> None:
        sink = sink_of(container)
        if sink is None or container.log_path is None or container.run_ended is None:
            return
        before = self._tasks.get(container.id)
        if before is not None:
            before.cancel()  # it goes on below, from where it came to
        position = container.directory / "sent.json"
        work = ship(self._logs.files(container.log_path), sink, position, container.run_ended)
        task = self._tasks[container.id] = asyncio.create_task(work, name=f"sending the log of {container.id[:12]}")
        task.add_done_callback(lambda done: self._forget(container.id, done))

    def run_ended(self, container: Container) -> None:
        """It ends by itself."""

    def _forget(self, container_id: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(container_id) is task:
            del self._tasks[container_id]

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def sink_of(container: Container) -> Sink | None:
    """Where the log goes besides its file. Raises InvalidArgument when that is not to be had on this host."""
    driver, options = container.host_config["LogConfig"]["Type"], container.host_config["LogConfig"]["Config"]
    if driver not in ("syslog", "journald"):
        return None
    tag = log_tag(container, options.get("tag") or "{{.ID}}")
    if driver == "syslog":
        return Syslog.of(options, tag)
    return Journald(
        {
            "CONTAINER_ID": container.id[:12],
            "CONTAINER_ID_FULL": container.id,
            "CONTAINER_NAME": container.name,
            "CONTAINER_TAG": tag,
            "IMAGE_NAME": container.config["Image"],
            "SYSLOG_IDENTIFIER": tag,
            **{_journal_name(name): value for name, value in log_attributes(container).items()},
        }
    )


def _journal_name(name: str) -> str:
    """journald takes capital letters, digits and `_`, and no `_` at the beginning."""
    return re.sub(r"[^A-Z0-9_]", "_", name.upper()).lstrip("_")


def log_attributes(container: Container) -> dict[str, str]:
    """The labels and variables that the log options name."""
    environment = dict(entry.partition("=")[::2] for entry in container.config["Env"] or ())
    options, labels = container.host_config["LogConfig"]["Config"], container.config["Labels"]
    return attributes(options, labels=labels, environment=environment)


def log_tag(container: Container, template: str) -> str:
    """The tag that the log option of that name makes: Go's `{{.Name}}/{{.ID}}`; what is not known stays as it is."""
    values = {
        "ID": container.id[:12],
        "FullID": container.id,
        "Name": container.name,
        "ImageID": container.record.image_id.removeprefix("sha256:")[:12],
        "ImageFullID": container.record.image_id,
        "ImageName": container.config["Image"],
        "DaemonName": "docker",
    }
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), template)
