"""Containers on disk and in memory: one JSON file each, found by id, prefix of an id, or name.

Knows nothing of what a container does. A record is written to a temporary file that replaces the old one.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from engine.containers.model import Container, ContainerNotFound, Record
from engine.errors import Conflict, InvalidArgument

log = logging.getLogger(__name__)

_RECORD = "container.json"


class ContainerStore:
    """Every container of the engine.

    Saving after a change of state is put off by a moment and done in a thread: after a crash the real system is asked
    what runs, so an old state on disk does no harm. A new container is on disk before anyone hears of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_id: dict[str, Container] = {}
        self._by_name: dict[str, Container] = {}
        self._taken: dict[str, str] = {}
        self._dirty: set[Container] = set()
        self._writing: asyncio.Task[None] | None = None
        # One writer at a time, or an older state could overtake a newer one.
        self._disk = asyncio.Lock()

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def directory_of(self, container_id: str) -> Path:
        return self._folder / container_id

    def load(self) -> None:
        """Read every record. What a crash left of a container that never was, or is no more, is removed. Blocking."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for directory in sorted(self._folder.iterdir()):
            try:
                record = Record.from_json(orjson.loads((directory / _RECORD).read_bytes()))
            except FileNotFoundError:
                shutil.rmtree(directory, ignore_errors=True)
                continue
            except (ValueError, KeyError, TypeError) as error:
                log.error("container %s cannot be read and is left alone: %s", directory.name, error)
                continue
            container = Container(record, directory)
            self._by_id[record.id] = container
            self._by_name[record.name] = container

    def find(self, reference: str) -> Container | None:
        """The container of that id, name or unique prefix of an id.

        Raises InvalidArgument for a prefix that several have.
        """
        name = reference.removeprefix("/")
        found = self._by_id.get(reference) or self._by_name.get(name)
        if found is not None or not name:
            return found
        matches = [container for container_id, container in self._by_id.items() if container_id.startswith(name)]
        if len(matches) > 1:
            raise InvalidArgument(f"Multiple IDs found with provided prefix: {reference}")
        return matches[0] if matches else None

    def get(self, reference: str) -> Container:
        """As `find`; raises NotFound in dockerd's words when there is none."""
        container = self.find(reference)
        if container is None:
            raise ContainerNotFound(reference)
        return container

    def reserve(self, name: str, container_id: str) -> None:
        """Take a name for a container that is being made. Raises Conflict when it is taken."""
        holder = self._taken.get(name)
        if name in self._by_name:
            holder = self._by_name[name].id
        if holder is not None and holder != container_id:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{holder}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )
        self._taken[name] = container_id

    def release(self, name: str) -> None:
        """Give back a reserved name."""
        self._taken.pop(name, None)

    def has_name(self, name: str) -> bool:
        return name in self._by_name or name in self._taken

    async def add(self, container: Container) -> None:
        """Write a new container, then let it be found."""
        await asyncio.to_thread(_write, container.directory, orjson.dumps(container.record.to_json()), durably=True)
        self._by_id[container.id] = container
        self._by_name[container.name] = container
        self.release(container.name)

    def rename(self, container: Container, name: str) -> None:
        """Give a container the name that was reserved for it."""
        self._by_name.pop(container.name, None)
        container.record.name = name
        container.touch()
        self._by_name[name] = container
        self.release(name)

    async def unwrite(self, container: Container) -> None:
        """Take the record off the disk, though the container can still be found: it is about to be taken apart.

        A daemon that starts after a crash then finishes the removal, instead of showing a container without its files,
        or two of one name. `save` puts the record back.
        """
        async with self._disk:
            self._dirty.discard(container)
            (container.directory / _RECORD).unlink(missing_ok=True)

    async def discard(self, container: Container) -> None:
        """Forget a container and delete its folder. From now on nobody finds it."""
        await self.unwrite(container)
        self._by_id.pop(container.id, None)
        if self._by_name.get(container.name) is container:
            del self._by_name[container.name]
        await asyncio.to_thread(shutil.rmtree, container.directory, ignore_errors=True)

    def save(self, container: Container) -> None:
        """Write the record soon."""
        if container.id not in self._by_id:
            return
        self._dirty.add(container)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_dirty())

    async def save_now(self, container: Container) -> None:
        """Write the record before going on, though not against a power cut."""
        async with self._disk:
            self._dirty.discard(container)
            await asyncio.to_thread(_write_all, [(container.directory, orjson.dumps(container.record.to_json()))])

    async def flush(self) -> None:
        """Wait until everything that was to be saved is on disk."""
        while self._writing is not None and not self._writing.done():
            await asyncio.shield(self._writing)

    async def _write_dirty(self) -> None:
        while self._dirty:
            # A moment, so that the changes of one start or stop become one write.
            await asyncio.sleep(0.02)
            async with self._disk:
                batch = [(container.directory, orjson.dumps(container.record.to_json())) for container in self._dirty]
                self._dirty.clear()
                await asyncio.to_thread(_write_all, batch)


def _write_all(batch: Iterable[tuple[Path, bytes]]) -> None:
    for directory, document in batch:
        try:
            _write(directory, document, durably=False)
        except OSError as error:
            # A full disk must not stop what runs; the next change tries again.
            log.error("cannot save %s: %s", directory, error)


def _write(directory: Path, document: bytes, *, durably: bool) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o710)
    temporary = directory / f".{_RECORD}.new"
    with temporary.open("wb") as file:
        file.write(document)
        if durably:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(directory / _RECORD)
