"""Connections that a host hands over after an HTTP upgrade: the input and output of an exec or attach.

Docker API 1.51, "Hijacking" of ContainerAttach.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from webui.gate import wire
from webui.gate.actors import Actor
from webui.gate.addresses import unreachable
from webui.gate.errors import HostRefused
from webui.gate.passage import end_async
from webui.gate.recorded import MULTIPLEXED, Tap, tap
from webui.gate.streams import begin_visible, message_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

_UPGRADE: Final = {"Connection": "Upgrade", "Upgrade": "tcp", "Content-Type": "application/json"}


class Duplex:
    """Both directions of a connection that was handed over. `is_framed`: output carries Docker's 8-byte headers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content_type: str, tap: Tap) -> None:
        self._reader, self._writer, self._tap = reader, writer, tap
        self.is_framed = content_type == MULTIPLEXED

    async def read(self, most_bytes: int) -> bytes:
        """What has come, at most so many bytes; b"" at the end."""
        data = await self._reader.read(most_bytes)
        await self._tap.keep(data)
        return data

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other side does not take more."""
        self._writer.write(data)
        await self._writer.drain()

    async def write_end(self) -> None:
        """Close our direction only: the program sees the end of its input and may go on writing."""
        self._writer.write_eof()


@asynccontextmanager
async def hijack(
    actor: Actor, host: "Host", method: str, path: str, *, query: Mapping[str, str] | None = None, json: Any = None
) -> AsyncIterator[Duplex]:
    """The connection that the host hands over; leaving the block closes it.

    Raises Refused, HostUnreachable, HostRefused when the host answers with an error instead.
    """
    body = b"" if json is None else orjson.dumps(json)
    passage = await begin_visible(actor, host, method, path, query=query or {}, body=body)
    body = passage.body or body
    status, message = None, ""
    writer = None
    try:
        try:
            reader, writer = await wire.connect(host)
            target = passage.path + (f"?{urlencode(query)}" if query else "")
            writer.write(wire.head_of(host, method, target, {**_UPGRADE, "Content-Length": str(len(body))}) + body)
            await writer.drain()
            status, pairs = await wire.read_head(reader)
            headers = {name.lower(): value for name, value in pairs}
        except wire.CUT as error:
            told = unreachable(host, error)
            message = str(told)
            raise told from error
        if status not in {101, 200}:
            raise HostRefused(status, message_of(await wire.read_rest(reader, headers), status))
        content_type = headers.get("content-type", "")
        async with tap(host, passage, body=body, content_type=content_type) as kept:
            yield Duplex(reader, writer, content_type, kept)
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await end_async(passage, status, message)
