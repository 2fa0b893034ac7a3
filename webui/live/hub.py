"""One upstream for all who watch the same thing: shared, with a replay for those who come later, and no one delays
another.

A Channel runs while somebody is subscribed and lingers a while after, so that a reload costs nothing. What it gives are
frames: bytes ready for the browser, encoded once, with the number of lines (or samples) inside.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

# What one slow browser may have waiting: frames beyond this are dropped, and counted.
MOST_WAITING: Final = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes for the browser. `count` is what a viewer that loses it is told to have missed (0: never dropped)."""

    data: bytes
    count: int = 0


class Subscription:
    """One viewer's bounded queue."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._some = asyncio.Event()
        self.skipped = 0

    def put(self, frame: Frame) -> None:
        """Add a frame; when too many wait, the oldest that may be lost makes room."""
        if len(self._frames) >= MOST_WAITING:
            victim = next((waiting for waiting in self._frames if waiting.count), None)
            if victim is not None:
                self._frames.remove(victim)
                self.skipped += victim.count
        self._frames.append(frame)
        self._some.set()

    async def get(self) -> tuple[Frame, int]:
        """The next frame, and how many lines were lost before it."""
        while not self._frames:
            self._some.clear()
            await self._some.wait()
        skipped, self.skipped = self.skipped, 0
        return self._frames.popleft(), skipped


class Channel:
    """One upstream. `produce(channel)` runs as its task and calls `send`; `replay` gives the frames for a newcomer."""

    def __init__(
        self,
        produce: Callable[["Channel"], Coroutine[Any, Any, None]],
        *,
        replay: Callable[[], list[Frame]],
        linger_s: float,
    ) -> None:
        self._produce = produce
        self._replay = replay
        self._linger_s = linger_s
        self._viewers: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._holders = 0
        self._stays_until = 0.0
        # What tells this run of it from others before and after it, for those that come back; "" where none do.
        self.run = ""
        # The last thing that was sent, before it was encoded; for those who hold a channel without reading frames.
        self.newest: object = None
        self.on_closed: Callable[[], None] = lambda: None

    @property
    def is_watched(self) -> bool:
        return bool(self._viewers) or self._holders > 0

    @property
    def has_viewers(self) -> bool:
        """Whether anybody reads its frames, and does not only hold it."""
        return bool(self._viewers)

    def send(self, frame: Frame) -> None:
        for viewer in self._viewers:
            viewer.put(frame)

    @contextlib.asynccontextmanager
    async def subscribed(self) -> AsyncIterator[Subscription]:
        """Watch: the replay first, then what comes. The upstream starts with the first viewer."""
        subscription = Subscription()
        for frame in self._replay():
            subscription.put(frame)
        self._viewers.add(subscription)
        self._run()
        try:
            yield subscription
        finally:
            self._viewers.discard(subscription)
            self._leave(self._linger_s)

    @contextlib.asynccontextmanager
    async def held(self, *, linger_s: float) -> AsyncIterator[None]:
        """Keep the upstream running without reading its frames: `newest` is enough. Lingers only as long as it says."""
        self._holders += 1
        self._run()
        try:
            yield
        finally:
            self._holders -= 1
            self._leave(linger_s)

    def _run(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._produce(self))

    def _leave(self, linger_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._stays_until = max(self._stays_until, loop.time() + linger_s)
        if not self.is_watched:
            self._closing = loop.call_at(self._stays_until, self.close)

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.on_closed()


class Hub:
    """The channels of one event loop, by key."""

    def __init__(self) -> None:
        self._channels: dict[object, Channel] = {}

    def channel(self, key: object, make: Callable[[], Channel]) -> Channel:
        """The channel of this key, made if there is none."""
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = make()
            channel.on_closed = lambda: self._forget(key)
        return channel

    def of_run(self, key: tuple[object, ...], run: str) -> Channel | None:
        """The channel whose key begins so, if that run of it is still there."""
        for one, channel in self._channels.items():
            if channel.run == run and isinstance(one, tuple) and one[: len(key)] == key:
                return channel
        return None

    def _forget(self, key: object) -> None:
        self._channels.pop(key, None)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop (a web process has one loop, hence one hub)."""
    loop = asyncio.get_running_loop()
    return _hubs.setdefault(loop, Hub())
