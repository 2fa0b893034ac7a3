"""One connection to a host, spoken by hand, because HTTP clients keep the socket to themselves."""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from webui.gate.addresses import CONNECT_TIMEOUT_S, read_address, tls_context
from webui.tls_streams import TlsWire

if TYPE_CHECKING:
    from webui.hosts.models import Host

LARGEST_HEAD_BYTES: Final = 64 * 1024
_BUFFER_BYTES: Final = 256 * 1024
# How a connection ends that is cut before its answer is there, or that never was one.
CUT: Final = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(host: "Host") -> Streams:
    """Both directions of a new connection; each can be ended alone. Raises OSError, TimeoutError, ssl.SSLError."""
    address = read_address(host.url)
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        if address.socket_path:
            return await asyncio.open_unix_connection(address.socket_path, limit=_BUFFER_BYTES)
        context = tls_context(host)
        if context is None:
            return await asyncio.open_connection(address.name, address.port, limit=_BUFFER_BYTES)
        return await _connect_tls(address.name, address.port, context)


async def _connect_tls(name: str, port: int, context: ssl.SSLContext) -> Streams:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_BUFFER_BYTES, loop=loop)
    protocol = _ReadyProtocol(reader, loop=loop)
    connection, _ = await loop.create_connection(
        lambda: TlsWire(context, protocol, is_server=False, server_name=name), name, port
    )  # fmt: skip
    try:
        transport = await protocol.ready
    except BaseException:
        # Nobody else knows of it: who gives up in the middle of the handshake would leave it open.
        connection.abort()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _ReadyProtocol(asyncio.StreamReaderProtocol):
    """Streams that say when the handshake is done, or why it failed."""

    def __init__(self, reader: asyncio.StreamReader, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self.ready: asyncio.Future[asyncio.Transport] = loop.create_future()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.ready.set_result(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionResetError("closed during the TLS handshake"))
        super().connection_lost(error)


def head_of(host: "Host", method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request. `target` and the headers hold no line ends: both come from what was looked at."""
    address = read_address(host.url)
    named = {"Host": "docker" if address.socket_path else address.authority, **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line end inside of a request's head")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers of an answer. Raises ConnectionError where it is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if len(head) > LARGEST_HEAD_BYTES:
        raise ConnectionError("the answer's head is too long")
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise ConnectionError(f"the answer is not HTTP: {first[:80]!r}")
    if any("\n" in line or "\r" in line for line in lines):
        raise ConnectionError("the answer's head holds a bare line end")
    pairs = (line.partition(":")[::2] for line in lines if ":" in line)
    return int(words[1]), [(name.strip(), value.strip()) for name, value in pairs]


async def read_rest(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """The body of an error: of the length that is said, else what is there until the end, within bounds."""
    length = headers.get("content-length", "")
    size = min(int(length), LARGEST_HEAD_BYTES) if length.isdecimal() else None
    with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await (reader.readexactly(size) if size is not None else reader.read(LARGEST_HEAD_BYTES))
    return b""


def close(writer: asyncio.StreamWriter) -> None:
    """Close without waiting: the other side may never take what is still on its way."""
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()
