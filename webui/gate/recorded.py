"""Sessions on hosts whose rule says that they are recorded: what was shown goes to the audit log's recordings.

Knows which stream is a terminal and which is framed by Docker's 8-byte headers; refuses to know how one is kept.
"""

import asyncio
import logging
import re
import struct
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Any, Final

import orjson

from webui.audit import Recorder
from webui.gate.passage import Passage, in_thread

if TYPE_CHECKING:
    from webui.hosts.models import Host

logger = logging.getLogger(__name__)

MULTIPLEXED: Final = "application/vnd.docker.multiplexed-stream"
_HEADER: Final = struct.Struct(">BxxxL")
_PATH: Final = re.compile(r"(?:/v[0-9.]+)?(/(?:exec|containers)/[^/]+)/(?:start|attach|resize)")
_SIZE: Final = (24, 80)
# Which terminals are being recorded now, so that a change of their size, another request, reaches the recording.
_open: dict[tuple[int, str], Recorder] = {}


class Tap(AbstractAsyncContextManager["Tap"]):
    """What is shown to somebody, kept on the way. One that keeps nothing for hosts that do not record."""

    def __init__(self, recorder: Recorder | None, key: tuple[int, str], *, is_framed: bool) -> None:
        self._recorder, self._key, self._is_framed = recorder, key, is_framed
        self._rest = b""

    async def __aenter__(self) -> "Tap":
        if self._recorder is not None:
            _open[self._key] = self._recorder
            await asyncio.to_thread(self._recorder.write)
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._recorder is None:
            return
        _open.pop(self._key, None)
        # The session is over; that its recording is not whole must not look like a failure of the session.
        try:
            await in_thread(self._recorder.end)
        except OSError:
            logger.exception("the recording %s could not be finished", self._recorder.name)

    async def keep(self, data: bytes) -> None:
        """Raises OSError when it cannot be kept: what must be recorded is not shown."""
        if self._recorder is None:
            return
        self._recorder.feed(self._unframed(data) if self._is_framed else data)
        if self._recorder.is_due:
            await asyncio.to_thread(self._recorder.write)

    def _unframed(self, data: bytes) -> bytes:
        pending, shown = self._rest + data, []
        while len(pending) >= _HEADER.size:
            _stream, length = _HEADER.unpack_from(pending)
            end = _HEADER.size + length
            if len(pending) < end:
                break
            shown.append(pending[_HEADER.size : end])
            pending = pending[end:]
        self._rest = pending
        # A program's lines end without the carriage return that a terminal would add.
        return b"".join(shown).replace(b"\n", b"\r\n")


def tap(host: "Host", passage: Passage, *, body: bytes, content_type: str, is_terminal: bool = True) -> Tap:
    """The tap on a connection that was handed over; `body` is that of the request for it."""
    key = (host.pk, object_of(passage.path))
    if not (is_terminal and host.records_consoles) or passage.entry_id is None:
        return Tap(None, key, is_framed=False)
    asked = _fields(body)
    is_framed = content_type == MULTIPLEXED or (bool(asked) and not asked.get("Tty"))
    rows, columns = _size(asked.get("ConsoleSize"))
    title = f"{host.name}: {object_of(passage.path).strip('/')}"
    return Tap(Recorder(passage.entry_id, columns=columns, rows=rows, title=title), key, is_framed=is_framed)


def resized(host: "Host", path: str, query: Mapping[str, str]) -> None:
    """A terminal of this host got another size; nothing where it is not being recorded."""
    recorder = _open.get((host.pk, object_of(path))) if path.endswith("/resize") else None
    if recorder is not None:
        with suppress(ValueError, LookupError):
            recorder.resized(int(query["w"]), int(query["h"]))


def object_of(path: str) -> str:
    """`/exec/ID` or `/containers/ID` of a path below it."""
    found = _PATH.fullmatch(path)
    return found[1] if found else path


def _fields(body: bytes) -> dict[str, Any]:
    try:
        asked = orjson.loads(body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _size(given: Any) -> tuple[int, int]:
    if isinstance(given, list) and len(given) == 2 and all(isinstance(one, int) and 0 < one < 10_000 for one in given):
        return given[0], given[1]
    return _SIZE
