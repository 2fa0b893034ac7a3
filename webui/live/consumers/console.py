"""The console: keys in, the terminal's bytes out, at the speed of the browser."""

import asyncio
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import orjson
from django.utils.translation import gettext as _

from webui.live.console import NoShell, Terminal
from webui.live.consumers.base import LiveConsumer
from webui.live.upstream import UPSTREAM_ERRORS, words_of

# Bytes that the browser has not drawn yet. Beyond, the terminal waits, as a real one does: nothing is lost.
_MOST_UNDRAWN: Final = 256 * 1024
_LARGEST_SIZE: Final = 1000


class ConsoleConsumer(LiveConsumer):
    """/ws/h/<host>/containers/<id>/console/?rows=&columns=&user=. Binary frames are the terminal, text is JSON."""

    needs: ClassVar[str] = "container.exec"

    async def watch(self) -> None:
        params = parse_qs(self.scope["query_string"].decode())
        rows, columns = (
            _size(params.get(name, [""])[0], fallback) for name, fallback in (("rows", 24), ("columns", 80))
        )
        self._undrawn = 0
        self._drawn = asyncio.Event()
        user = params.get("user", [""])[0]
        container_id = str(self.scope["url_route"]["kwargs"]["id"])
        self._terminal = Terminal(self.actor, self.host, container_id, rows=rows, columns=columns, user=user)
        try:
            code = await self._terminal.run(self._output)
            await self.send_json({"t": "ended", "code": code})
        except NoShell as error:
            await self.send_json({"t": "failed", "words": str(error), "is_final": True})
        except UPSTREAM_ERRORS as error:
            await self.send_json({"t": "failed", "words": _words(error)})

    async def _output(self, data: bytes) -> None:
        self._undrawn += len(data)
        await self.send(bytes_data=data)
        while self._undrawn > _MOST_UNDRAWN:
            self._drawn.clear()
            await self._drawn.wait()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        terminal = getattr(self, "_terminal", None)
        if terminal is None:
            return
        if bytes_data is not None:
            await terminal.write(bytes_data)
            return
        message: Any = orjson.loads(text_data or "{}")
        if isinstance(message.get("drawn"), int):
            self._undrawn = max(0, self._undrawn - message["drawn"])
            self._drawn.set()
        elif "rows" in message:
            await terminal.resize(_size(message["rows"], 24), _size(message.get("columns"), 80))


def _size(text: Any, fallback: int) -> int:
    try:
        return min(max(int(text), 1), _LARGEST_SIZE)
    except (TypeError, ValueError):
        return fallback


def _words(error: BaseException) -> str:
    if getattr(error, "status", None) == 409:
        return _("The container is not running. Start it, then connect again.")
    return words_of(error)
