"""Connections that a host hands over after an HTTP upgrade: the input and output of an exec or attach.

Spoken by hand, because HTTP clients keep the socket to themselves. Docker API 1.51, "Hijacking" of ContainerAttach.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from webui.gate.actors import Actor
from webui.gate.addresses import CONNECT_TIMEOUT_S, read_address, tls_context, unreachable
from webui.gate.errors import HostRefused
from webui.gate.passage import end_async
from webui.gate.streams import begin_visible, message_of

if TYPE_CHECKING:
    from webui.hosts.models import Host

_LARGEST_HEAD_BYTES: Final = 64 * 1024


class Duplex:
    """Both directions of a connection that was handed over. `is_framed`: output carries Docker's 8-byte headers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content_type: str) -> None:
        self._reader, self._writer = reader, writer
        self.is_framed = content_type == "application/vnd.docker.multiplexed-stream"

    async def read(self, most_bytes: int) -> bytes:
        """What has come, at most so many bytes; b"" at the end."""
        return await self._reader.read(most_bytes)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other side does not take more."""
        self._writer.write(data)
        await self._writer.drain()

    async def write_end(self) -> None:
        """Close our direction only: the program sees the end of its input and may go on writing."""
        # TLS has no half-close in asyncio.
        if self._writer.can_write_eof():
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
    status, message = None, ""
    writer = None
    try:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await _connect(host)
            writer.write(_head(host, method, passage.path, query, len(body)) + body)
            await writer.drain()
            status, headers = await _read_head(reader)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            told = unreachable(host, error)
            message = str(told)
            raise told from error
        if status not in {101, 200}:
            raise HostRefused(status, message_of(await _rest(reader, headers), status))
        yield Duplex(reader, writer, headers.get("content-type", ""))
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await end_async(passage, status, message)


async def _connect(host: "Host") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = read_address(host.url)
    if address.socket_path:
        return await asyncio.open_unix_connection(address.socket_path)
    return await asyncio.open_connection(address.name, address.port, ssl=tls_context(host))


def _head(host: "Host", method: str, path: str, query: Mapping[str, str] | None, length: int) -> bytes:
    address = read_address(host.url)
    target = path + (f"?{urlencode(query)}" if query else "")
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {'docker' if address.socket_path else address.authority}",
        "Connection: Upgrade",
        "Upgrade: tcp",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if len(head) > _LARGEST_HEAD_BYTES:
        raise ConnectionError("the answer's head is too long")
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise ConnectionError(f"the answer is not HTTP: {first[:80]!r}")
    pairs = (line.partition(":")[::2] for line in lines if ":" in line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, value in pairs}


async def _rest(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """The body of an error: of the length that is said, else what is there until the end, within bounds."""
    length = headers.get("content-length", "")
    size = min(int(length), _LARGEST_HEAD_BYTES) if length.isdecimal() else None
    with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await (reader.readexactly(size) if size is not None else reader.read(_LARGEST_HEAD_BYTES))
    return b""
