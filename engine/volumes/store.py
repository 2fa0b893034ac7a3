"""Volumes by name: one document and one folder each, and a count of who has them mounted.

A folder `root/volumes/<name>` holds `volume.json` and `_data`; only the latter is ever shown to a container. Who uses a
volume is the containers' knowledge: it is asked for, never kept here.
"""

import asyncio
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

import orjson
from msgspec import Struct, field
from msgspec.structs import asdict

from engine.config import EngineConfig
from engine.errors import Conflict, EngineError, InvalidArgument, NotFound
from engine.events import Publish
from engine.linux import mounts
from engine.linux.files import write_atomically
from engine.volumes import local_driver

log = logging.getLogger(__name__)

# Anonymous volumes carry it since API 1.42: prune takes those, and named ones only when told so.
ANONYMOUS_LABEL = "com.docker.volume.anonymous"

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_MAX_NAME = 255
_REMOVED = ".removed-"
_LIST_FILTERS = ("dangling", "driver", "label", "label!", "name")
_PRUNE_FILTERS = ("all", "label", "label!")

InUse = Callable[[str], Collection[str]]


class Filters(Protocol):
    """The filters of a request, as the API hands them in."""

    def __contains__(self, key: str) -> bool: ...
    def get(self, key: str) -> tuple[str, ...]: ...
    def check_known(self, known: Iterable[str]) -> None: ...
    def flag(self, key: str, *, default: bool) -> bool: ...
    def match_labels(self, labels: Mapping[str, str]) -> bool: ...


class Volume(Struct, frozen=True):
    """A volume. `options` are the local driver's: none for a plain folder."""

    name: str
    mountpoint: Path
    created: str
    driver: str = "local"
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """The Volume of the API (1.51)."""
        return {
            "CreatedAt": self.created,
            "Driver": self.driver,
            "Labels": dict(self.labels) or None,
            "Mountpoint": str(self.mountpoint),
            "Name": self.name,
            "Options": dict(self.options) or None,
            "Scope": "local",
        }


class VolumeStore:
    """All volumes of this daemon."""

    def __init__(self, config: EngineConfig, publish: Publish, *, in_use: InUse | None = None) -> None:
        """`in_use` gives the ids of the containers, running or not, that have a volume of this name."""
        self._root = config.root / "volumes"
        self._publish = publish
        self.in_use: InUse = in_use or (lambda name: ())
        self._volumes: dict[str, Volume] = {}
        self._users: dict[str, set[str]] = {}
        # Weak: a lock is there as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start(self) -> None:
        """Read every volume. One whose document cannot be read is told and left alone."""
        await asyncio.to_thread(self._load)

    async def create(
        self,
        name: str | None = None,
        driver: str = "local",
        options: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Volume:
        """Make a volume, or give the one of that name. Without a name it is anonymous: 64 hex digits.

        Raises InvalidArgument for a name or an option, NotFound for a driver, Conflict when the volume is there with
        another driver.
        """
        if driver not in ("", "local"):
            raise NotFound(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
        own_labels = dict(labels or {})
        if not name:
            name = secrets.token_hex(32)
            own_labels.setdefault(ANONYMOUS_LABEL, "")
        _check_name(name)
        try:
            local_driver.parse_options(options or {})
        except InvalidArgument as error:
            raise InvalidArgument(f"create {name}: {error}") from error
        async with self._lock(name):
            existing = self._volumes.get(name)
            if existing is not None:
                return existing
            created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            volume = Volume(name, self._data(name), created, "local", dict(options or {}), own_labels)
            await asyncio.to_thread(self._make, volume)
            self._volumes[name] = volume
        self._publish("volume", "create", name, {"driver": volume.driver})
        return volume

    def get(self, name: str) -> Volume:
        """Raises NotFound."""
        if name not in self._volumes:
            raise NotFound(f"get {name}: no such volume")
        return self._volumes[name]

    def path_of(self, name: str) -> Path:
        """Where the volume's files are, as long as it is mounted. Raises NotFound."""
        return self.get(name).mountpoint

    def list(self, filters: Filters) -> "Volumes":
        """The volumes that pass, by name; raises InvalidArgument for a filter that volumes do not have."""
        filters.check_known(_LIST_FILTERS)
        return [volume for _, volume in sorted(self._volumes.items()) if self._passes(volume, filters)]

    async def remove(self, name: str, *, force: bool = False) -> None:
        """Delete a volume and its files. `force` makes one that is not there fine.

        Raises NotFound, or Conflict while a container, running or not, has it.
        """
        async with self._lock(name):
            if name not in self._volumes and force:
                return
            self.get(name)
            users = sorted({*self.in_use(name), *self._users.get(name, ())})
            if users:
                raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
            await asyncio.to_thread(self._destroy, name)
            self._volumes.pop(name, None)
        self._publish("volume", "destroy", name, {"driver": "local"})

    async def prune(self, filters: Filters, *, only_anonymous: bool) -> "tuple[Names, int]":
        """Remove what no container has; returns the names and the bytes that they held.

        The filter `all` makes named volumes go as well.
        """
        filters.check_known(_PRUNE_FILTERS)
        takes_named = not only_anonymous or filters.flag("all", default=False)
        removed: Names = []
        size_bytes = 0
        for name, volume in sorted(self._volumes.items()):
            if not filters.match_labels(volume.labels) or not (takes_named or ANONYMOUS_LABEL in volume.labels):
                continue
            size = await self.size_bytes(name)
            try:
                await self.remove(name)
            except (Conflict, NotFound):
                continue  # in use, or gone meanwhile
            removed.append(name)
            size_bytes += size
        self._publish("volume", "prune", "", {"reclaimed": str(size_bytes)})
        return removed, size_bytes

    async def mount(self, name: str, container_id: str) -> Path:
        """Have the volume there for a container that starts; returns where. A second call for it is fine.

        Raises NotFound, or EngineError when its device cannot be mounted; the container then does not count as a user.
        """
        async with self._lock(name):
            volume = self.get(name)
            options = local_driver.parse_options(volume.options)
            users = self._users.setdefault(name, set())
            # What is mounted is asked of the kernel: a daemon before this one may have mounted it.
            if options is not None and not await asyncio.to_thread(mounts.is_mountpoint, volume.mountpoint):
                await asyncio.to_thread(local_driver.mount, options, volume.mountpoint)
            users.add(container_id)
        attributes = {"driver": volume.driver, "container": container_id, "destination": str(volume.mountpoint)}
        self._publish("volume", "mount", name, attributes)
        return volume.mountpoint

    async def unmount(self, name: str, container_id: str) -> None:
        """Say that a container has ended; with its last user what was mounted goes. One that is no user is fine."""
        async with self._lock(name):
            users = self._users.get(name, set())
            if container_id not in users:
                return
            users.discard(container_id)
            volume = self._volumes.get(name)
            if volume is not None and volume.options and not users:
                await asyncio.to_thread(local_driver.unmount, volume.mountpoint)
        self._publish("volume", "unmount", name, {"driver": "local", "container": container_id})

    async def restore(self, users: Mapping[str, Iterable[str]]) -> None:
        """Tell which running containers use which volumes, by name, after a restart; others' mounts are undone."""
        self._users = {name: set(container_ids) for name, container_ids in users.items()}
        for name, volume in self._volumes.items():
            if volume.options and not self._users.get(name):
                await asyncio.to_thread(local_driver.unmount, volume.mountpoint)

    async def size_bytes(self, name: str) -> int:
        """The disk space of a volume's files; 0 for one that is mounted from elsewhere."""
        volume = self.get(name)
        return 0 if volume.options else await asyncio.to_thread(_size_bytes, volume.mountpoint)

    async def disk_usage(self) -> "Wires":
        """Every volume with its UsageData, as GET /system/df has it."""
        return [
            {
                **volume.to_wire(),
                "UsageData": {"Size": await self.size_bytes(name), "RefCount": len(set(self.in_use(name)))},
            }
            for name, volume in sorted(self._volumes.items())
        ]

    def list_wire(self, filters: Filters) -> "Wires":
        return [volume.to_wire() for volume in self.list(filters)]

    def inspect(self, name: str) -> dict[str, Any]:
        return self.get(name).to_wire()

    async def create_wire(self, request: dict[str, Any]) -> dict[str, Any]:
        """POST /volumes/create: Name, Driver, DriverOpts, Labels, all of them optional."""
        if request.get("ClusterVolumeSpec"):
            raise InvalidArgument("cluster volumes need a swarm, and this engine is in none")
        volume = await self.create(
            str(request.get("Name") or ""),
            str(request.get("Driver") or "local"),
            _strings(request.get("DriverOpts"), "DriverOpts"),
            _strings(request.get("Labels"), "Labels"),
        )
        return volume.to_wire()

    def _passes(self, volume: Volume, filters: Filters) -> bool:
        if "dangling" in filters and filters.flag("dangling", default=False) == bool(self.in_use(volume.name)):
            return False
        names, drivers = filters.get("name"), filters.get("driver")
        return (
            filters.match_labels(volume.labels)
            and (not names or any(part in volume.name for part in names))
            and (not drivers or volume.driver in drivers)
        )

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _data(self, name: str) -> Path:
        return self._root / name / "_data"

    def _load(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o701)
        for directory in self._root.iterdir():
            if directory.name.startswith(_REMOVED) or _is_half_made(directory):
                # What a daemon that was killed did not finish.
                shutil.rmtree(directory, ignore_errors=True)
                continue
            try:
                saved = orjson.loads((directory / "volume.json").read_bytes())
                volume = Volume(**{**saved, "mountpoint": directory / "_data"})
            except (OSError, ValueError, TypeError) as error:
                log.error("volume folder %s has no document that can be read and is ignored: %s", directory, error)
                continue
            self._volumes[volume.name] = volume

    def _make(self, volume: Volume) -> None:
        directory = self._root / volume.name
        directory.mkdir(mode=0o701, exist_ok=True)
        volume.mountpoint.mkdir(mode=0o755, exist_ok=True)
        document = {key: value for key, value in asdict(volume).items() if key != "mountpoint"}
        # Last: a folder without a document is what a crash in between leaves, and is no volume.
        write_atomically(directory / "volume.json", orjson.dumps(document))

    def _destroy(self, name: str) -> None:
        directory = self._root / name
        # What is mounted belongs to somebody else: deleting must never reach into it.
        mounts.unmount_under(directory)
        if mounts.mountpoints_under(directory):
            raise EngineError(f"remove {name}: something is still mounted in {directory}")
        # Under another name it is no volume any more, however far the deletion gets; no volume has a dot first.
        removed = directory.rename(self._root / f"{_REMOVED}{secrets.token_hex(8)}")
        shutil.rmtree(removed)


Volumes = list[Volume]
Names = list[str]
Wires = list[dict[str, Any]]


def _check_name(name: str) -> None:
    if len(name) == 1:
        raise InvalidArgument(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise InvalidArgument(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )


def _is_half_made(directory: Path) -> bool:
    """Without a document and without files. One that has files and no document is somebody's data, and left alone."""
    data = directory / "_data"
    return not (directory / "volume.json").exists() and not (data.is_dir() and any(data.iterdir()))


def _strings(values: object, name: str) -> dict[str, str]:
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InvalidArgument(f"{name}: an object of strings is wanted")
    return {str(key): str(value) for key, value in values.items()}


def _size_bytes(path: Path) -> int:
    """The sum of the files' blocks; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                stat = os.lstat(os.path.join(directory, name))  # noqa: PTH118
            except FileNotFoundError:
                continue
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_blocks * 512
    return total
