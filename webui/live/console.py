"""Console sessions: a terminal that outlives the websocket which shows it, so that a cut network ends nothing.

A session belongs to one sign-in of one person, and is found again only by that and its unguessable id. It keeps the
last part of what came; while nobody looks it goes on for a grace time, and what is then too much is counted as lost.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.utils.translation import gettext as _

from webui.live.not_started import state_words
from webui.live.rights import rights_asked
from webui.live.shared_size import Shared, Size
from webui.live.terminals import Ended, NotStarted, Terminal
from webui.live.upstream import UPSTREAM_ERRORS, words_of

# How long a session goes on without anybody who looks.
GRACE_S: Final = 60.0
# Bytes that the browser has not drawn yet. Beyond, it is sent no more until it has, and a terminal of its own waits.
MOST_UNDRAWN: Final = 256 * 1024
# What is kept to be shown again. More than may be undrawn: what was on its way when a connection broke is in it.
_KEPT_BYTES: Final = 512 * 1024
# What was typed or pasted and the program has not taken yet.
MOST_TYPED: Final = 1024 * 1024
MOST_PER_USER: Final = 24
MOST_PER_PROCESS: Final = 400
# While a socket is open it looks after the rights itself, and hears of changes; else they are asked for this often.
_RIGHTS_S: Final = 4.0


class Refusal(Exception):
    """No session; the text says why."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One sign-in of one person."""

    user_id: int | None
    session_key: str | None


class Session:
    """One terminal, what came of it, and whoever looks at it now (one socket; a second one takes over)."""

    def __init__(self, terminal: Terminal, *, user: Any, owner: Owner, host: str, operation: str, container_id: str,
                 label: str) -> None:  # fmt: skip
        self.id = secrets.token_urlsafe(24)
        self.user, self.owner, self.host, self.operation = user, owner, host, operation
        self.container_id, self.label = container_id, label
        self.is_tty = terminal.is_tty
        self.ended: Ended | None = None
        self.on_over: Callable[[], None] = lambda: None
        self._terminal = terminal
        self._kept = bytearray()
        self._came = 0
        self._drawn = 0
        self._typed = bytearray()
        # Bytes that viewers have sent, whether or not they were taken: where a browser goes on sending.
        self.typed_count = 0
        # What all windows have in common, where several may show the terminal.
        self.shared: Shared | None = None
        self._size: Size | None = None
        self._has_new_size = False
        self._viewer: object | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting: asyncio.Task[None] | None = None
        terminal.on_shared = self._share

    def begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    @property
    def _kept_from(self) -> int:
        return self._came - len(self._kept)

    def look(self, viewer: object, at: int) -> tuple[int, int, int]:
        """Have the session shown to `viewer`, who has seen it up to `at`.

        Returns where it goes on, how many bytes before that are lost, and up to where somebody has seen it before: what
        the program asked its terminal until there was answered, and is not to be answered again.
        """
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._viewer = viewer
        start = max(min(at, self._came), self._kept_from)
        seen, self._drawn = self._drawn, start
        self._notify()
        return start, start - min(at, self._came), seen

    async def output(self, viewer: object, at: int) -> AsyncIterator[bytes | int]:
        """What comes from `at` on, until the end or until another viewer has taken over.

        A number says how many bytes are lost there: of a viewer that drew too slowly nothing more was kept.
        """
        while self._viewer is viewer:
            if at == self._came and self.ended is not None:
                return
            if at == self._came or at - self._drawn > MOST_UNDRAWN:
                await self.change()
            elif at < self._kept_from:
                lost = self._kept_from - at
                at, self._drawn = self._kept_from, self._drawn + lost
                yield lost
            else:
                data = bytes(self._kept[at - self._kept_from :])
                at += len(data)
                yield data

    def drawn(self, viewer: object, count: int) -> None:
        if self._viewer is viewer:
            self._drawn = min(self._drawn + max(0, count), self._came)
            self._notify()

    def write(self, viewer: object, data: bytes) -> bool:
        """Take what was typed; False where too much of it waits already, and none of this was taken.

        It never waits: a program that writes and does not read must not keep anybody from saying what was drawn. Of a
        viewer that another one has replaced nothing is taken: what was stuck on a stalled line was sent again.
        """
        if self._viewer is not viewer:
            return True
        self.typed_count += len(data)
        if self.ended is not None or len(self._typed) + len(data) > MOST_TYPED:
            return False
        self._typed += data
        self._notify()
        return True

    async def _pass_on(self) -> None:
        while True:
            if self._typed:
                data = bytes(self._typed)
                self._typed.clear()
                await self._terminal.write(data)
            else:
                await self.change()

    def resize(self, rows: int, columns: int) -> None:
        """Have this size as soon as the host takes it; of several that wait only the last counts."""
        self._size = rows, columns
        self._fit()

    def _fit(self) -> None:
        self._has_new_size = True
        self._notify()

    def _share(self, shared: Shared) -> None:
        """Another window came, went or changed: what fits into all of them is to be told to the host."""
        self.shared = shared
        self._fit()

    async def _keep_size(self) -> None:
        while True:
            if not self._has_new_size:
                await self.change()
                continue
            self._has_new_size = False
            # A host that does not answer: the stream itself will tell.
            with contextlib.suppress(*UPSTREAM_ERRORS):
                if self._size is not None:
                    await self._terminal.resize(*self._size)
                elif self._viewer is None:
                    await self._terminal.unseen()

    def leave(self, viewer: object) -> None:
        """The socket is gone; the session waits for another."""
        if self._viewer is not viewer:
            return
        self._viewer = self._size = None
        self._fit()
        if self._task is not None and self._task.cancelling():
            return
        if self.ended is None:
            self._waiting = asyncio.create_task(self._wait_for_viewer())
        else:
            self.on_over()

    def end(self) -> None:
        """For good: what runs in it is hung up, and nobody finds it any more."""
        self.on_over()
        # Once: a second time would break off the hanging up.
        if self._task is not None and not self._task.cancelling():
            self._task.cancel()

    async def _wait_for_viewer(self) -> None:
        deadline = asyncio.get_running_loop().time() + GRACE_S
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(_RIGHTS_S, left))
            rights = await rights_asked(
                self.user, self.host, self.operation, session_key=self.owner.session_key, reference=self.container_id
            )
            if rights.code:
                break
        self.end()

    async def _run(self) -> None:
        helping = [asyncio.create_task(work) for work in (self._pass_on(), self._keep_size())]
        try:
            self.ended = await self._terminal.run(self._take)
        except NotStarted as error:
            self.ended = Ended(None, str(error), is_useless=not error.is_for_now)
        except UPSTREAM_ERRORS as error:
            # A host that goes away, or a container that is removed, takes what ran with it.
            self.ended = Ended(None, failure_words(error))
        except asyncio.CancelledError:
            self.ended = Ended(None, _("The console was closed."))
            await self._terminal.hang_up()
        finally:
            for task in helping:
                task.cancel()
            await asyncio.gather(*helping, return_exceptions=True)
            self._over()

    def _over(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if self.ended is None:
            self.ended = Ended(None, _("The console failed."))
        self._notify()
        # Who looks is told, and leaves then. Who comes back to a command that has ended wants to see how.
        if self._viewer is None:
            asyncio.get_running_loop().call_later(GRACE_S, self.on_over)

    async def _take(self, data: bytes) -> None:
        while self._terminal.waits_for_window and self._viewer is not None and self._came - self._drawn > MOST_UNDRAWN:
            await self.change()
        self._kept += data
        self._came += len(data)
        del self._kept[: max(0, len(self._kept) - _KEPT_BYTES)]
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait until something is other than now."""
        await self._changed.wait()


class Sessions:
    """The sessions of one event loop, bounded for each person and in all."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def check_room(self, owner: Owner) -> None:
        """Raises Refusal."""
        own = sum(session.owner.user_id == owner.user_id for session in self._by_id.values())
        if own >= MOST_PER_USER:
            raise Refusal(_("You have %d consoles open. Close some of them first.") % own)
        if len(self._by_id) >= MOST_PER_PROCESS:
            raise Refusal(_("There are %d consoles open in all, and no room for more. Try again later.")
                          % len(self._by_id))  # fmt: skip

    def begin(self, session: Session) -> None:
        self.check_room(session.owner)
        self._by_id[session.id] = session
        session.on_over = lambda: self._forget(session)
        session.begin()

    def find(self, session_id: str, owner: Owner, container_id: str) -> Session:
        """Raises Refusal: one that is over and one of somebody else look the same."""
        session = self._by_id.get(session_id)
        if session is None or session.owner != owner or session.container_id != container_id:
            raise Refusal(_("That console is over; it waits %d seconds for a lost connection.") % GRACE_S)
        return session

    def _forget(self, session: Session) -> None:
        self._by_id.pop(session.id, None)


_sessions: "WeakKeyDictionary[asyncio.AbstractEventLoop, Sessions]" = WeakKeyDictionary()


def sessions() -> Sessions:
    """Those of the running loop (a web process has one loop)."""
    return _sessions.setdefault(asyncio.get_running_loop(), Sessions())


def failure_words(error: BaseException) -> str:
    # Podman says it with another status.
    if getattr(error, "status", None) == 409 or "container state improper" in str(error):
        return state_words(str(error))
    return words_of(error)
