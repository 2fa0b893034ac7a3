"""A container: what was asked for, what it is doing, and who waits for it.

The state machine is here and nowhere else: `TRANSITIONS` says which state may follow which, and `Container.turn` is the
only way from one to another. Whoever turns a container holds its lock.
"""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct, field, to_builtins

from engine.config import IdMap
from engine.containers.times import rfc3339
from engine.errors import Conflict, EngineError, NotFound


class Status(StrEnum):
    """State.Status of the API."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


# A failed start leaves `created` or `exited` as it was; `dead` is what a failed removal leaves.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.CREATED: frozenset({Status.RUNNING, Status.REMOVING}),
    Status.RUNNING: frozenset({Status.PAUSED, Status.RESTARTING, Status.EXITED}),
    Status.PAUSED: frozenset({Status.RUNNING, Status.RESTARTING, Status.EXITED}),
    Status.RESTARTING: frozenset({Status.RUNNING, Status.EXITED}),
    Status.EXITED: frozenset({Status.RUNNING, Status.REMOVING}),
    Status.REMOVING: frozenset({Status.DEAD}),
    Status.DEAD: frozenset({Status.REMOVING}),
}


class HealthResult(Struct):
    """One run of a health check; `output` holds at most 4 KiB."""

    start_ns: int
    end_ns: int
    exit_code: int
    output: str

    def to_wire(self) -> dict[str, Any]:
        return {
            "Start": rfc3339(self.start_ns),
            "End": rfc3339(self.end_ns),
            "ExitCode": self.exit_code,
            "Output": self.output,
        }


class Health(Struct):
    """What the health checks of the current run say; the newest five results are kept."""

    status: str = "starting"
    failing_streak: int = 0
    log: list[HealthResult] = field(default_factory=list)

    def to_wire(self) -> dict[str, Any]:
        return {
            "Status": self.status,
            "FailingStreak": self.failing_streak,
            "Log": [result.to_wire() for result in self.log],
        }


class State(Struct):
    """What a container does now, and how its last run ended. Times are unix nanoseconds, 0 for never."""

    status: Status = Status.CREATED
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started_ns: int = 0
    finished_ns: int = 0
    health: Health | None = None

    @property
    def is_running(self) -> bool:
        """As the API understands it: a paused container runs, one that waits for its next start as well."""
        return self.status in (Status.RUNNING, Status.PAUSED, Status.RESTARTING)

    @property
    def has_process(self) -> bool:
        return self.status in (Status.RUNNING, Status.PAUSED)


class MountPoint(Struct, frozen=True):
    """A mount of a container, as inspect shows it. `source` of a volume is its folder on the host.

    `image` is the reference by which an image was asked for, `image_id` what that was; `name` is then its layer's.
    `options` are those of a tmpfs (`size=64m`); `copies_image` says that an empty volume is filled from the image.
    """

    type: str
    destination: str
    source: str = ""
    name: str = ""
    driver: str = ""
    mode: str = ""
    is_writable: bool = True
    propagation: str = ""
    options: str = ""
    is_recursive: bool = True
    copies_image: bool = False
    is_anonymous: bool = False
    subpath: str = ""
    image: str = ""
    image_id: str = ""
    is_from_mounts: bool = False
    is_read_only_recursively: bool = True
    volume_options: Mapping[str, str] = field(default_factory=dict)
    volume_labels: Mapping[str, str] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        named = {"Name": self.name} if self.name else {}
        driver = {"Driver": self.driver} if self.driver else {}
        return {
            "Type": self.type,
            **named,
            "Source": self.source,
            "Destination": self.destination,
            **driver,
            "Mode": self.mode,
            "RW": self.is_writable,
            "Propagation": self.propagation,
        }


class Record(Struct):
    """The part of a container that is kept on disk. `config`, `host_config` and `endpoints` are the API's objects."""

    id: str
    name: str
    created_ns: int
    image_id: str
    chain_id: str | None
    path: str
    args: list[str]
    config: dict[str, Any]
    host_config: dict[str, Any]
    endpoints: dict[str, dict[str, Any]]
    mounts: list[MountPoint] = field(default_factory=list)
    state: State = field(default_factory=State)
    restart_count: int = 0
    was_stopped_by_user: bool = False
    sandbox: dict[str, Any] | None = None
    spec: dict[str, Any] | None = None
    platform: str = "linux"
    id_map: IdMap | None = None  # None runs in the host's user namespace

    def to_json(self) -> dict[str, Any]:
        return dict(to_builtins(self))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Record":
        state = dict(document["state"])
        health = state.pop("health")
        if health is not None:
            log = [HealthResult(**result) for result in health["log"]]
            health = Health(health["status"], health["failing_streak"], log)
        return cls(
            **{
                **document,
                "state": State(**{**state, "status": Status(state["status"])}, health=health),
                "mounts": [MountPoint(**mount) for mount in document["mounts"]],
                "id_map": IdMap(**document["id_map"]) if document.get("id_map") else None,
            }
        )


class Ended(Struct, frozen=True):
    """How a run, or a container, ended: what `wait` answers."""

    exit_code: int
    error: str | None = None


class Container:
    """A container in memory: its record, its lock, and those who wait for something to happen to it."""

    def __init__(self, record: Record, directory: Path) -> None:
        self.record = record
        self.directory = directory
        self.lock = asyncio.Lock()
        self.exec_ids: list[str] = []
        self.list_element: bytes | None = None
        # Set while a run lasts; `stop` and `kill` wait for it to be done.
        self.run_ended: asyncio.Future[Ended] | None = None
        # A background task of this container, by what it does: watching its run, its next start, its health.
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.restart_delay_s = 0.0
        # While `restart` runs, the end of a run neither removes the container nor starts it anew.
        self.is_being_restarted = False
        self._next_exit: set[asyncio.Future[Ended]] = set()
        self._removed: set[asyncio.Future[Ended]] = set()

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def state(self) -> State:
        return self.record.state

    @property
    def config(self) -> dict[str, Any]:
        return self.record.config

    @property
    def host_config(self) -> dict[str, Any]:
        return self.record.host_config

    @property
    def is_tty(self) -> bool:
        return bool(self.config["Tty"])

    @property
    def log_path(self) -> Path | None:
        """Where the output is kept; None with the log driver `none`."""
        is_kept = self.host_config["LogConfig"]["Type"] != "none"
        return self.directory / "container.log" if is_kept else None

    def turn(self, status: Status) -> None:
        """Go to another state. Raises Conflict when the present one does not lead there."""
        if status not in TRANSITIONS[self.state.status]:
            raise Conflict(f"Container {self.id} is {self.state.status}: it cannot become {status}")
        self.state.status = status
        self.touch()

    def touch(self) -> None:
        """Something that lists show has changed."""
        self.list_element = None

    def require_process(self) -> None:
        """Raise Conflict unless there is a process, running or paused."""
        if not self.state.has_process:
            raise Conflict(f"Container {self.id} is not running")

    def next_exit(self) -> asyncio.Future[Ended]:
        """Done when the present run, or the next one, has ended. Cancel it when nobody waits any longer."""
        return _wait_in(self._next_exit)

    def removal(self) -> asyncio.Future[Ended]:
        """Done when the container is gone."""
        return _wait_in(self._removed)

    def tell_exit(self, ended: Ended) -> None:
        """A run is over, and everything that was made for it is gone."""
        if self.run_ended is not None and not self.run_ended.done():
            self.run_ended.set_result(ended)
        _resolve(self._next_exit, ended)

    def tell_removed(self) -> None:
        """The container is gone: nobody needs to wait for it any longer."""
        ended = Ended(self.state.exit_code)
        _resolve(self._next_exit, ended)
        _resolve(self._removed, ended)

    def tell_removal_failed(self, error: EngineError) -> None:
        _resolve(self._removed, Ended(self.state.exit_code, error.message))


def _wait_in(waiting: set[asyncio.Future[Ended]]) -> asyncio.Future[Ended]:
    future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
    waiting.add(future)
    future.add_done_callback(waiting.discard)
    return future


def _resolve(waiting: set[asyncio.Future[Ended]], ended: Ended) -> None:
    for future in list(waiting):
        if not future.done():
            future.set_result(ended)


class ContainerNotFound(NotFound):
    """There is no container of that id, prefix of an id, or name."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"No such container: {reference}")
