"""The websocket of a search in kept logs: what a process of its own finds, passed on at the pace of this browser."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from typing import Any, ClassVar, Final

import orjson
from channels.db import database_sync_to_async
from django.http import QueryDict
from django.utils.translation import gettext as _

from webui.history.asking import KeptQuery, query_in
from webui.history.bounds import beginning_of
from webui.history.places import logs_folder
from webui.history.rights import readable
from webui.history.segments import About
from webui.live.consumers.base import FAILED
from webui.live.consumers.streams import SharedStreamConsumer

MOST_FOUND: Final = 5_000
# Searches end by themselves when they have worked enough (search_program); this is for those that hang.
_LONGEST_S: Final = 120.0
_LONGEST_UNREAD_S: Final = 60.0
_AT_ONCE: Final = 4
_LONGEST_MESSAGE: Final = 8 << 20
_KINDS: Final = ("found", "progress", "end", "error")
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG")

_running = 0


class KeptConsumer(SharedStreamConsumer):
    """/ws/h/<host>/logs/kept/?<the page's query>: "sources", "found" and "progress" as often as there is more, "end" or
    "error". "sources" says as well from when on (ms since the epoch) there is something, and whether there was more.

    `before` and `held` ask for what comes before the last line that was found (see KeptQuery).
    """

    needs: ClassVar[str] = "container.logs"

    async def watch(self) -> None:
        asked = query_in(QueryDict(self.scope["query_string"]))
        abouts = asked.folders(await database_sync_to_async(readable)(self.actor, self.host))
        folders = [logs_folder(self.host.slug) / about.container_id for about in abouts]
        began = await asyncio.to_thread(beginning_of, folders)
        sources = {
            "sources": [_source(about) for about in abouts],
            "begins": began.first_ms,
            "dropped": began.has_dropped,
        }
        await self.send_json({"t": "sources", **sources})
        async with contextlib.aclosing(self._messages(asked, [str(folder) for folder in folders])) as messages:
            async for message in messages:
                try:
                    async with asyncio.timeout(_LONGEST_UNREAD_S):
                        await self.send_taken(orjson.dumps(message).decode())
                except TimeoutError:
                    # A browser that stopped reading keeps the turn from others.
                    await self.close(FAILED)
                    return
        # Closing would only make the browser search again.
        await asyncio.Event().wait()

    async def _messages(self, asked: KeptQuery, folders: Sequence[str]) -> AsyncGenerator[dict[str, Any], None]:
        global _running  # noqa: PLW0603 - how many searches this process has under way
        if _running >= _AT_ONCE:
            yield {"t": "error", "error": _("Other searches are under way. Try again in a moment.")}
            return
        _running += 1
        try:
            async for message in found(asked, folders):
                yield message
        except TimeoutError:
            yield {"t": "error", "error": _too_long()}
        finally:
            _running -= 1


async def found(asked: KeptQuery, folders: Sequence[str]) -> AsyncGenerator[dict[str, Any], None]:
    """What a search gives, message by message. Leaving it ends its process. Raises TimeoutError."""
    body = {"folders": list(folders), "text": asked.text, "is_regex": asked.is_regex, "since": asked.since,
            "until": asked.until, "held": asked.held, "limit": MOST_FOUND}  # fmt: skip
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "webui.history.search_program", env=environment, limit=_LONGEST_MESSAGE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(orjson.dumps(body) + b"\n")
        deadline = asyncio.get_running_loop().time() + _LONGEST_S
        has_ended = False
        while line := await _line_of(process.stdout, deadline):
            message = orjson.loads(line)
            has_ended = "end" in message or "error" in message
            yield {"t": next(kind for kind in _KINDS if kind in message), **message}
        if not has_ended:
            code = await process.wait()
            yield {"t": "error", "error": _too_long() if code == -signal.SIGXCPU else _("The search failed.")}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _line_of(stdout: asyncio.StreamReader, deadline: float) -> bytes:
    async with asyncio.timeout_at(deadline):
        return await stdout.readline()


def _too_long() -> str:
    return _("The search took too long and was ended. Narrow it: less time, fewer containers, a simpler pattern.")


def _source(about: About) -> dict[str, Any]:
    return {"id": about.container_id[:12], "name": about.name, "created": about.created, "image": about.image}
