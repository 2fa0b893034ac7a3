"""The body of a request: of a length, or in chunks (RFC 9112, section 7.1, without extensions and trailers)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from webui.proxy.heads import BadRequest, Head

# Docker's own limit for JSON is lower still.
LARGEST_WHOLE_BYTES: Final = 16 * 1024 * 1024
_PIECE_BYTES: Final = 256 * 1024
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")


async def pieces_of(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The body as it comes. Raises BadRequest for one that breaks off or is not well formed."""
    try:
        if head.length is not None:
            async for piece in _exactly(reader, head.length):
                yield piece
            return
        while size := await _chunk_size(reader):
            async for piece in _exactly(reader, size):
                yield piece
            await _line_end(reader)
        await _line_end(reader)
    except asyncio.IncompleteReadError as error:
        raise BadRequest("The body of the request breaks off.") from error


async def whole_of(reader: asyncio.StreamReader, head: Head) -> bytes:
    """The body, read whole. Raises BadRequest, also for one that is too large to be looked at."""
    body = bytearray()
    async for piece in pieces_of(reader, head):
        body += piece
        if len(body) > LARGEST_WHOLE_BYTES:
            raise BadRequest("The body of the request is too large.", status=413)
    return bytes(body)


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, _PIECE_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(piece)
        yield piece


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    try:
        line = await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError as error:
        raise BadRequest("A chunk of the body has no size.") from error
    size = _SIZE_LINE.fullmatch(line)
    if size is None:
        raise BadRequest("A chunk of the body has no size, or more than that.")
    return int(size[1], 16)


async def _line_end(reader: asyncio.StreamReader) -> None:
    if await reader.readexactly(2) != b"\r\n":
        raise BadRequest("A chunk of the body is longer than it says, or trailers follow it.")
