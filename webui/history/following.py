"""Following the logs of a host into its store: a reader for each container that runs, a look at each that has ended."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from channels.db import database_sync_to_async
from django.db import DatabaseError

from webui.gate import HostRefused
from webui.history.bounds import Bound, enforce
from webui.history.owners import note_access
from webui.history.places import is_container_id, logs_folder
from webui.history.segments import About
from webui.history.set_back import RECENT, is_set_back, is_still_in
from webui.history.store import LogStore
from webui.history.unkept import forget_unkept, note_unkept
from webui.live.lines import LineCutter
from webui.live.log_drivers import driver_of, is_unfollowable, is_unreadable
from webui.live.upstream import UPSTREAM_ERRORS, Upstream
from webui.log_lines import Place, Rejoiner, Skipper

if TYPE_CHECKING:
    from webui.hosts.models import Host
    from webui.live.hostfeed import HostFeed

logger = logging.getLogger(__name__)

_RUNS: Final = frozenset({"running", "paused", "restarting"})
# In Docker's "Exited (0) 3 seconds ago". A run of less than a second may be seen only with the minute.
_JUST_ENDED: Final = ("second", "About a minute")
_ENDED_AT_ONCE: Final = 4
_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_TIDY_S: Final = 20.0


class _NotKept(Exception):
    """The disk is full, or broken: not the host's fault."""


@dataclass(slots=True)
class _Reader:
    """One container's reader. `is_stale` asks for another look when this one has ended."""

    task: "asyncio.Task[None]"
    is_stale: bool = False


class Follower:
    """All logs of one host."""

    def __init__(self, host: "Host", feed: "HostFeed", bound: Bound) -> None:
        self._host, self._feed = host, feed
        self._bound = bound
        self._readers: dict[str, _Reader] = {}
        self._stores: dict[str, LogStore] = {}
        self._wanted: set[str] = set()
        self._news = asyncio.Event()
        self._slots = asyncio.Semaphore(_ENDED_AT_ONCE)
        self._tidying = asyncio.Lock()
        self._looked_at: set[str] = set()
        self._unreadable: set[str] = set()

    async def run(self) -> None:
        """Until it is cancelled; then every file is as it must be."""
        loop = asyncio.get_running_loop()

        def heard(kind: str, ids: frozenset[str]) -> None:
            # The feed tells in a thread of its own.
            loop.call_soon_threadsafe(self._heard, kind, ids)

        stop = self._feed.listen(heard)
        self._wanted.update(self._feed.picture.containers)
        tidier = asyncio.create_task(self._keep_tidy())
        try:
            while True:
                self._read_wanted()
                await self._news.wait()
                self._news.clear()
        finally:
            stop()
            tasks = [tidier, *(reader.task for reader in self._readers.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _heard(self, kind: str, ids: frozenset[str]) -> None:
        if kind == "":
            ids = frozenset(self._feed.picture.containers)
        elif kind != "containers":
            return
        self._wanted.update(ids)
        self._news.set()

    def _read_wanted(self) -> None:
        if not self._feed.picture.is_up:
            return
        wanted, self._wanted = self._wanted, set()
        for container_id in wanted:
            raw = self._feed.picture.containers.get(container_id)
            if raw is None:
                self._unreadable.discard(container_id)
                self._looked_at.discard(container_id)
                continue
            reader = self._readers.get(container_id)
            if reader is not None:
                reader.is_stale = True
                self._rename(container_id, raw)
            elif self._has_news(container_id, raw) and is_container_id(container_id):
                self._readers[container_id] = _Reader(asyncio.create_task(self._read(container_id, raw)))

    def _has_news(self, container_id: str, raw: Mapping[str, Any]) -> bool:
        """Whether a look at its log may bring lines: it runs, was never looked at, or has just ended."""
        if container_id in self._unreadable:
            return False
        has_just_ended = any(words in str(raw.get("Status")) for words in _JUST_ENDED)
        return raw.get("State") in _RUNS or container_id not in self._looked_at or has_just_ended

    async def _read(self, container_id: str, raw: Mapping[str, Any]) -> None:
        pause_s, is_refused = _PAUSE_S, False
        try:
            while True:
                try:
                    await self._read_once(container_id, raw)
                    pause_s, is_refused = _PAUSE_S, False
                except _NotKept as error:
                    logger.error("the log of %s on %s is not kept: %s", container_id[:12], self._host.slug, error)
                    pause_s = _LONGEST_PAUSE_S
                except UPSTREAM_ERRORS as error:
                    if getattr(error, "status", None) == HTTPStatus.NOT_FOUND or is_unreadable(error):
                        # Gone, or of a log driver that cannot be read.
                        logger.info("the log of %s on %s: %s", container_id[:12], self._host.slug, error)
                        self._unreadable.add(container_id)
                        return
                    # A host that is busy may refuse what it gives the next time; of what has ended, that is not asked.
                    is_refused = getattr(error, "status", None) is not None
                    pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
                found = self._feed.picture.containers.get(container_id)
                if found is None or (found.get("State") not in _RUNS and (pause_s == _PAUSE_S or is_refused)):
                    return
                raw = found
        finally:
            self._left(container_id)

    def _left(self, container_id: str) -> None:
        """A reader has ended: its store is closed, and opened again for what was heard of meanwhile."""
        store, reader = self._stores.pop(container_id, None), self._readers.pop(container_id, None)
        self._looked_at.add(container_id)
        if store is not None:
            try:
                store.close()
            except OSError as error:
                # Its place is found from its lines the next time.
                logger.error("the place in the log of %s is not kept: %s", container_id[:12], error)
        if reader is not None and reader.is_stale:
            self._wanted.add(container_id)
            self._news.set()

    async def _read_once(self, container_id: str, raw: Mapping[str, Any]) -> None:
        if raw.get("State") in _RUNS:
            try:
                await self._copy(container_id, raw, follow=True)
            except HostRefused as error:
                if not is_unfollowable(error):
                    raise
                # What is new is then asked for after every pause.
                await self._copy(container_id, raw, follow=False)
        else:
            async with self._slots:
                await self._copy(container_id, raw, follow=False)

    async def _copy(self, container_id: str, raw: Mapping[str, Any], *, follow: bool) -> None:
        """From where the store has come to, to the end of the container's log."""
        upstream = Upstream(self._host)
        inspection = await upstream.get(f"/containers/{container_id}/json")
        store = await self._store(container_id, raw)
        is_terminal = bool(inspection["Config"]["Tty"])
        path, query = f"/containers/{container_id}/logs", {"stdout": "1", "stderr": "1", "timestamps": "1"}
        cutter = LineCutter(is_terminal=is_terminal)
        try:
            since, skipper = await self._place_of(store, upstream, path, query, is_terminal=is_terminal)
            query |= since | ({"follow": "1"} if follow else {})
            async with upstream.stream(path, query=query, as_sent=is_terminal) as chunks:
                _note(forget_unkept, store.folder)
                async for chunk in chunks:
                    lines = skipper.new(cutter.feed_bytes(chunk))
                    await self._add(store, lines, skipper.counted, cutter.reread_from)
        except HostRefused as error:
            if is_unreadable(error):
                _note(note_unkept, store.folder, driver_of(inspection))
            raise
        await self._add(store, skipper.last(cutter.last_bytes()), ())

    async def _place_of(
        self, store: LogStore, upstream: Upstream, path: str, query: dict[str, str], *, is_terminal: bool
    ) -> tuple[dict[str, str], Skipper[bytes] | Rejoiner[bytes]]:
        """From when on a log is to be read, as a part of its query, and what leaves out what the store has of that."""
        recent = await asyncio.to_thread(store.recent, RECENT)
        if not await is_set_back(upstream, store.place, recent):
            since = store.place.since() or str(int(time.time()) - self._bound.days * 86400)
            return {"since": since}, Skipper(store.place)
        logger.info("the clock of %s was set back: the log at %s is read anew", self._host.slug, path)
        is_there = await is_still_in(upstream, path, query, recent, is_terminal=is_terminal)
        # Where none of it is there any more, all that is there came after it.
        return {}, Rejoiner(recent) if is_there else Skipper(Place(b""))

    async def _add(
        self, store: LogStore, lines: Sequence[bytes], counted: Sequence[bytes], reread_from: bytes = b""
    ) -> None:
        try:
            if store.add(lines, counted, reread_from):
                await asyncio.to_thread(store.seal)
                await self._enforce()
        except OSError as error:
            raise _NotKept(str(error)) from error

    async def _store(self, container_id: str, raw: Mapping[str, Any]) -> LogStore:
        found = self._stores.get(container_id)
        if found is None:
            folder = logs_folder(self._host.slug) / container_id
            try:
                found = await asyncio.to_thread(LogStore, folder, about_of(container_id, raw))
            except OSError as error:
                raise _NotKept(str(error)) from error
            self._stores[container_id] = found
        return found

    def _rename(self, container_id: str, raw: Mapping[str, Any]) -> None:
        store = self._stores.get(container_id)
        if store is not None:
            store.name_it(about_of(container_id, raw))

    async def _keep_tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_S)
            try:
                for store in [store for store in self._stores.values() if store.is_old]:
                    await asyncio.to_thread(store.seal)
                await self._enforce()
                await database_sync_to_async(self._note_access)()
            except (OSError, DatabaseError):
                logger.exception("the kept logs of host %s cannot be tidied", self._host.slug)

    def _note_access(self) -> None:
        folder = logs_folder(self._host.slug)
        note_access(self._host.pk, folder.iterdir() if folder.is_dir() else (), present=self._feed.picture.containers)

    async def _enforce(self) -> None:
        async with self._tidying:
            left = await self._dropped()
            while left > self._bound.most_bytes:
                # All that is left is being written: the largest of it is sealed, and can go with the next look.
                largest = max(self._stores.values(), key=lambda store: store.active_bytes, default=None)
                if largest is None or not largest.active_bytes:
                    return
                await asyncio.to_thread(largest.seal)
                left = await self._dropped()

    async def _dropped(self) -> int:
        folder, present = logs_folder(self._host.slug), frozenset(self._feed.picture.containers)
        return await asyncio.to_thread(enforce, folder, self._bound, busy=frozenset(self._stores), present=present)


def _note(do: Callable[..., None], *what: object) -> None:
    try:
        do(*what)
    except OSError as error:
        raise _NotKept(str(error)) from error


def about_of(container_id: str, raw: Mapping[str, Any]) -> About:
    """What the store says of a container, from Docker's list JSON."""
    names = raw.get("Names") or [container_id[:12]]
    return About(
        container_id,
        str(names[0]).lstrip("/"),
        str(raw.get("Image") or ""),
        int(raw.get("Created") or 0),
        {str(key): str(value) for key, value in (raw.get("Labels") or {}).items()},
    )
