"""Keeps the picture of one host right: its event stream says what changed, a question to the host says to what.

Runs in the live loop. Events that arrive while a question is under way, or right after one, are asked about together,
so that a thousand events cost a few questions and a single one is seen at once.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui.live.changes import ALL, Dirty, changes_of
from webui.live.looks import AT_ONCE, Looks, Pace
from webui.live.loop import live_loop, spawn
from webui.live.picture import KINDS, HostState, Picture, Raw, as_down, as_up, with_list, with_objects
from webui.live.saved import load_picture, save_picture
from webui.live.untold import LOOK_S, hides_health, silent_kinds, with_health
from webui.live.upstream import UPSTREAM_ERRORS, Upstream, words_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

# Called in the live loop's thread with a kind ("" for the host's own state) and the ids that changed.
Listener = Callable[[str, frozenset[str]], None]

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0
# Docker's list carries words that age ("Up 3 minutes"), and an event may have been lost: ask for everything now and
# then.
_REFRESH_S: Final = 60.0
_SAVE_S: Final = 60.0
# Some engines send no headers until the first event; the lists are asked for after this at the latest.
_STREAM_WAIT_S: Final = 2.0

_PATHS: Final = {
    "containers": ("/containers/json", {"all": "1"}),
    "images": ("/images/json", {}),
    "volumes": ("/volumes", {}),
    "networks": ("/networks", {}),
}
# An id filter long enough to make the URL unwieldy is slower than the whole list.
_MOST_IDS: Final = 40


class HostFeed:
    """One per host and process. `picture` is replaced, never changed; `answered` is set once it was up or down."""

    def __init__(self, host: "Host", pace: Pace = AT_ONCE) -> None:
        self.host = host
        self._pace = pace
        self.picture: Picture = load_picture(host.slug) or Picture(host.slug)
        self.answered = threading.Event()
        self.changed = threading.Condition()
        self._upstream = Upstream(host)
        self._listeners: set[Listener] = set()
        self._dirty = Dirty()
        # One question at a time: an older answer must not come after a newer one.
        self._asking = asyncio.Lock()
        self._looks = Looks(pace, self._dirty.add)
        self._saved_serial = self.picture.serial
        self._version: dict[str, Any] = {}
        self._run: Future[None] | None = None

    def start(self) -> None:
        self._run = spawn(self._keep())

    def stop(self) -> None:
        """End the feed; its picture stays as it is."""
        if self._run is not None:
            self._run.cancel()

    def moved(self, host: "Host") -> None:
        """The host was changed, perhaps its address: ask there from now on. Who listens goes on listening."""
        self.stop()
        self.host, self._upstream = host, Upstream(host)
        # Of another engine, perhaps: nobody may be judged by it until this one has answered.
        self.picture = replace(self.picture, is_stored=True)
        self.answered.clear()
        self.start()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` at each change, in the live thread; returns what ends that. Both may be called anywhere."""
        live_loop().call_soon_threadsafe(self._listeners.add, listener)

        def stop() -> None:
            live_loop().call_soon_threadsafe(self._listeners.discard, listener)

        return stop

    async def _keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._follow()
                error = "the event stream ended"
            except* UPSTREAM_ERRORS as group:
                error = words_of(group)
            except* Exception as group:
                logger.exception("the feed of host %s failed", self.host.slug)
                error = words_of(group)
            pause_s = _FIRST_PAUSE_S if self.picture.is_up else min(pause_s * 2, _LONGEST_PAUSE_S)
            self._replace(as_down(self.picture, error), "", frozenset())
            await self._save()
            await asyncio.sleep(pause_s)

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            opened = asyncio.Event()
            reader = tasks.create_task(self._read_events(opened))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(opened.wait(), _STREAM_WAIT_S)
            # The stream is open before the lists are asked for, so that nothing falls between the two.
            await self._load()
            keepers = [tasks.create_task(keep()) for keep in (self._ask_again, self._refresh, self._look_at_silent)]
            if not opened.is_set():
                keepers.append(tasks.create_task(self._look_when(opened)))
            await reader
            for task in keepers:
                task.cancel()

    async def _read_events(self, opened: asyncio.Event) -> None:
        filters = orjson.dumps({"type": ["container", "image", "volume", "network"]}).decode()
        async with self._upstream.stream("/events", query={"filters": filters}) as chunks:
            opened.set()
            rest = b""
            async for chunk in chunks:
                # Docker ends each event with a line feed, Podman too.
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        self._note(orjson.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        for kind, object_id, is_gone in changes_of(event):
            if is_gone:
                self._apply(kind, *with_objects(self.picture, kind, [object_id], []))
            # Also what is gone: the answer to a question that is under way may still hold it.
            self._looks.expect(kind, object_id)

    async def _load(self) -> None:
        # By its version the host is known, and with it how its lists are to be asked for.
        version = self._version = await self._upstream.get("/version")
        info, *lists = await asyncio.gather(
            self._upstream.get("/info"),
            *(self._list(kind, frozenset()) for kind in KINDS),
        )
        for kind, raws in zip(KINDS, lists, strict=True):
            self._apply(kind, *with_list(self.picture, kind, raws))
        self._replace(as_up(self.picture, version, str(info.get("Driver") or "")), "", frozenset())

    async def _ask_again(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            asked = await self._dirty.taken()
            began = loop.time()
            for kind, ids in asked.items():
                async with self._asking:
                    is_whole = ALL in ids or len(ids) > _MOST_IDS
                    raws = await self._list(kind, frozenset() if is_whole else ids)
                    before = self.picture
                    news = with_list(before, kind, raws) if is_whole else with_objects(before, kind, ids, raws)
                    self._apply(kind, *news)
                # Where there was an event while this was asked, the answer may be from before.
                self._looks.answered(kind, [one for one in ids if not self._dirty.holds(kind, one)], news[1])
            await asyncio.sleep(self._pace.pause_s(loop.time() - began))

    def look_again(self, kind: str) -> None:
        """Ask for a whole list anew, soon, and once however many want it. May be called anywhere."""
        live_loop().call_soon_threadsafe(self._dirty.add, kind, ALL)

    def ask_now(self, kind: str) -> "Future[None]":
        """Ask the host for a whole list without waiting for an event; a host that does not answer changes nothing.

        May be called anywhere; what is returned is done when the picture holds the answer.
        """
        return spawn(self._ask_now(kind))

    async def _ask_now(self, kind: str) -> None:
        with contextlib.suppress(*UPSTREAM_ERRORS):
            async with self._asking:
                self._apply(kind, *with_list(self.picture, kind, await self._list(kind, frozenset())))

    async def _look_when(self, opened: asyncio.Event) -> None:
        """A host that took long to open the stream was not heard between its lists and then."""
        await opened.wait()
        for kind in KINDS:
            self._dirty.add(kind, ALL)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            for kind in KINDS:
                self._dirty.add(kind, ALL)
            await self._save()

    async def _look_at_silent(self) -> None:
        kinds = silent_kinds(self._version)
        while kinds:
            await asyncio.sleep(LOOK_S)
            for kind in kinds:
                self._dirty.add(kind, ALL)

    async def _list(self, kind: str, ids: frozenset[str]) -> list[Raw]:
        filters = {"name" if kind == "volumes" else "id": sorted(ids)} if ids else {}
        raws = await self._listed(kind, filters)
        if kind == "containers" and raws and hides_health(self._version):
            raws = await with_health(raws, lambda health: self._listed(kind, {**filters, "health": [health]}))
        return raws

    async def _listed(self, kind: str, filters: dict[str, list[str]]) -> list[Raw]:
        path, query = _PATHS[kind]
        if filters:
            query = {**query, "filters": orjson.dumps(filters).decode()}
        reply = await self._upstream.get(path, query=query)
        raws: list[Raw] = (reply["Volumes"] or []) if kind == "volumes" else reply
        return raws

    def _apply(self, kind: str, picture: Picture, changed: frozenset[str]) -> None:
        if changed or picture is not self.picture:
            self._replace(picture, kind, changed)

    def _replace(self, picture: Picture, kind: str, changed: frozenset[str]) -> None:
        is_news = bool(changed) or picture.state is not self.picture.state
        with self.changed:
            self.picture = picture
            self.changed.notify_all()
        if picture.state is not HostState.WAITING:
            self.answered.set()
        if is_news:
            self._tell(kind, changed)

    def _tell(self, kind: str, changed: frozenset[str]) -> None:
        for listener in list(self._listeners):
            try:
                listener(kind, changed)
            except RuntimeError:
                # Its event loop has ended, and with it whoever wanted to know.
                self._listeners.discard(listener)

    async def _save(self) -> None:
        if self.picture.serial != self._saved_serial and self.picture.seen_at is not None:
            self._saved_serial = self.picture.serial
            await asyncio.to_thread(save_picture, self.picture)
