"""The console's websocket: keys in, the terminal's bytes out, at the speed of the browser.

/ws/h/<host>/containers/<id>/console/?kind=exec|attach&rows=&columns=&command=&user=&folder= begins a session;
?session=<id>&at=<bytes seen> goes on with one. Binary frames are the terminal, text is JSON.

What is typed is counted on both sides: "opened" and "typed" say how many bytes of it have come, so that a browser whose
connection broke sends again what did not.
"""

import asyncio
import contextlib
import shlex
from dataclasses import asdict
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import orjson
from django.utils.translation import gettext as _

from webui.audit import folding
from webui.live.console import Owner, Refusal, Session, failure_words, sessions
from webui.live.consumers.base import GONE, PONG, REFUSED, SIGN_IN, LiveConsumer
from webui.live.follow import container_states
from webui.live.pictures import host_feed
from webui.live.shells import shells_of
from webui.live.terminals import DETACH_KEYS, AttachTerminal, ExecTerminal, NotStarted, Terminal
from webui.live.upstream import UPSTREAM_ERRORS

_LARGEST_SIZE: Final = 1000
_LONGEST_COMMAND: Final = 4000
# How often a browser is told how much of what was typed has come.
_TELL_S: Final = 0.2


class ConsoleConsumer(LiveConsumer):
    needs: ClassVar[str] = "container.exec"

    _session: Session | None = None
    _is_over: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_typed = asyncio.Event()

    def required(self) -> str:
        return "container.attach" if self._asked("kind") == "attach" else self.needs

    async def watch(self) -> None:
        container_id = str(self.scope["url_route"]["kwargs"]["id"])
        owner = Owner(self.actor.user_id, getattr(self.scope.get("session"), "session_key", None))
        try:
            if session_id := self._asked("session"):
                session = sessions().find(session_id, owner, container_id)
            else:
                session = await self._new(owner, container_id)
        except (Refusal, NotStarted) as error:
            await self.send_json({"t": "failed", "words": str(error), "is_final": True})
        except UPSTREAM_ERRORS as error:
            await self.send_json({"t": "failed", "words": failure_words(error)})
        else:
            await self._show(session)

    async def _new(self, owner: Owner, container_id: str) -> Session:
        sessions().check_room(owner)
        # Looking for shells, starting one and hanging it up later is one thing in the log.
        folding.begin()
        terminal, label = await self._terminal(container_id)
        session = Session(
            terminal, user=self.scope["user"], owner=owner, host=self.host.slug, operation=self.required(),
            container_id=container_id, label=label,
        )  # fmt: skip
        # Asking for the shells took a while, in which others may have come.
        sessions().begin(session)
        return session

    async def _terminal(self, container_id: str) -> tuple[Terminal, str]:
        size = self._asked_size()
        if self._asked("kind") == "attach":
            attached = AttachTerminal(self.actor, self.host, container_id, **size)
            await attached.look()
            words = _("Detach with Ctrl-P Ctrl-Q") if attached.takes_input else _("It takes no input")
            await self.send_json({"t": "note", "words": words, "keys": DETACH_KEYS})
            return attached, _("main process")
        command = self._asked("command")
        if command:
            argv = _argv(command)
        else:
            shells = await shells_of(self.actor, self.host, container_id)
            await self.send_json({"t": "shells", "shells": shells})
            argv = [shells[0]]
        terminal = ExecTerminal(
            self.actor, self.host, container_id, argv, user=self._asked("user"), folder=self._asked("folder"), **size
        )
        return terminal, argv[0].rpartition("/")[2]

    def _asked_size(self) -> dict[str, int]:
        return {"rows": _size(self._asked("rows"), 24), "columns": _size(self._asked("columns"), 80)}

    async def _show(self, session: Session) -> None:
        self._session = session
        at = self._asked("at")
        start, lost, seen = session.look(self, int(at) if at.isdecimal() else 0)
        opened = {"session": session.id, "label": session.label, "tty": session.is_tty, "at": start, "lost": lost,
                  "seen": seen, "typed": session.typed_count}  # fmt: skip
        await self.send_json({"t": "opened", **opened})
        if self._asked("rows"):
            session.resize(**self._asked_size())
        works = (self._tell_pauses(session.container_id), self._tell_typed(), self._tell_size(session))
        telling = [asyncio.create_task(work) for work in works]
        try:
            async for piece in session.output(self, start):
                if isinstance(piece, int):
                    await self.send_json({"t": "lost", "count": piece})
                else:
                    await self.send(bytes_data=piece)
        finally:
            for task in telling:
                task.cancel()
            await asyncio.gather(*telling, return_exceptions=True)
        if session.ended is None:
            await self.send_json({"t": "taken"})
        else:
            ended = session.ended
            await self.send_json({"t": "ended", "code": ended.code, "words": ended.words, "useless": ended.is_useless})

    async def _tell_pauses(self, container_id: str) -> None:
        """Whoever types into a container that is paused sees nothing happen: say so, and when it goes on."""
        is_told = False
        async with contextlib.aclosing(container_states(host_feed(self.host), container_id)) as states:
            async for raw in states:
                is_paused = raw.get("State") == "paused"
                if is_paused != is_told:
                    await self.send_json({"t": "paused", "is": is_paused})
                    is_told = is_paused

    async def _tell_size(self, session: Session) -> None:
        """Where several windows show one terminal, its size is not this window's alone to say."""
        told = None
        while True:
            if session.shared is not None and session.shared != told:
                told = session.shared
                await self.send_json({"t": "size", **asdict(told)})
            await session.change()

    async def _tell_typed(self) -> None:
        while self._session is not None:
            await self._has_typed.wait()
            self._has_typed.clear()
            await self.send_json({"t": "typed", "at": self._session.typed_count})
            await asyncio.sleep(_TELL_S)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message: Any = orjson.loads(text_data or "{}")
        if "ping" in message:
            await self.send_json(PONG)
        session = self._session
        if session is None:
            return
        if bytes_data is not None:
            if not session.write(self, bytes_data):
                await self.send_json({"t": "note", "words": _("Too much was typed at once; that was not taken.")})
            self._has_typed.set()
        elif isinstance(message.get("drawn"), int):
            session.drawn(self, message["drawn"])
        elif "rows" in message:
            session.resize(_size(message["rows"], 24), _size(message.get("columns"), 80))
        elif message.get("bye"):
            self._is_over = True
            await self.close()

    async def close(self, code: Any = None, reason: Any = None) -> None:
        # Whose rights ended, or who closed the tab, leaves nothing running; a broken connection does.
        self._is_over = self._is_over or code in {SIGN_IN, REFUSED, GONE}
        # At once: a browser that does not answer the close would keep the disconnect waiting.
        if self._is_over and self._session is not None:
            self._session.end()
        await super().close(code, reason)

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if self._session is not None:
            if self._is_over or code in {SIGN_IN, REFUSED, GONE}:
                self._session.end()
            self._session.leave(self)

    def _asked(self, name: str) -> str:
        return parse_qs(self.scope["query_string"].decode()).get(name, [""])[0][:_LONGEST_COMMAND]


def _argv(command: str) -> list[str]:
    """A command line as a shell would cut it; nothing else of a shell happens to it. Raises Refusal."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise Refusal(_("The command cannot be read: %s.") % error) from None
    if not argv:
        raise Refusal(_("The command is empty."))
    return argv


def _size(text: Any, fallback: int) -> int:
    try:
        return min(max(int(text), 1), _LARGEST_SIZE)
    except (TypeError, ValueError):
        return fallback
