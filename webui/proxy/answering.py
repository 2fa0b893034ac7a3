"""One request on its way: read, handed to the gate, and the host's answer brought back in the form that it needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Final

from webui import gate
from webui.access import Operation
from webui.gate.forwarding import (
    Answer,
    Asked,
    Shape,
    Way,
    check_query,
    forward,
    media_type_of,
    passed_on,
)
from webui.gate.paths import query_of
from webui.proxy.bodies import pieces_of, whole_of
from webui.proxy.callers import Caller
from webui.proxy.client import Client
from webui.proxy.heads import BadRequest, Head

_CHUNK_BYTES: Final = 256 * 1024
# A container may be given long to stop, an image long to be removed.
_LONGEST_ANSWER_S: Final = 3600.0
_HOP_BY_HOP: Final = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding",
     "upgrade"}
)  # fmt: skip
_NO_BODY: Final = frozenset({204, 304})
Headers = Iterable[tuple[str, str]]


async def answer(client: Client, head: Head, caller: Caller, shape: Shape) -> None:
    """Answer one request of a caller. Raises BadRequest and the gate's errors while nothing is answered yet."""
    if head.upgrade and shape.way is not Way.HANDED_OVER and shape.operation is not None:
        raise BadRequest(f"{caller.path[:200]} is not upgraded to anything.")
    if head.upgrade == "h2c" and shape.operation is not Operation.BUILD_SESSION:
        raise BadRequest("HTTP/2 is not spoken here.")
    if shape.operation is None:
        client.ends_after_this |= head.has_body
        await gate.request(caller.actor, caller.host, head.method, caller.path, query=query_of(head.query))
    elif shape.operation is Operation.SYSTEM_EVENTS:
        await _events(client, head, caller)
    elif shape.way is Way.WHOLE:
        await _whole(client, head, caller, shape)
    elif shape.way is Way.RELAYED:
        await _relayed(client, head, caller, shape)
    else:
        await _handed_over(client, head, caller, shape)


async def _whole(client: Client, head: Head, caller: Caller, shape: Shape) -> None:
    check_query(head.query, may_repeat=False)
    media_type_of(head.headers)
    body = await whole_of(client.reader, head) if head.has_body else b""
    reply = await gate.request(
        caller.actor, caller.host, head.method, caller.path, query=query_of(head.query), body=body or None,
        headers={**passed_on(head.headers, shape.operation), "Accept-Encoding": "identity"},
        timeout_s=_LONGEST_ANSWER_S,
    )  # fmt: skip
    headers = list(reply.headers.items())
    if shape.operation is Operation.SYSTEM_PING and not _may(caller, Operation.BUILD_SESSION):
        # BuildKit's session cannot be looked into; by this the CLI knows to build without it.
        headers = [(name, "1" if name.lower() == "builder-version" else value) for name, value in headers]
    await client.send_whole(reply.status, _kept(headers), reply.body, is_head=head.method == "HEAD")


async def _relayed(client: Client, head: Head, caller: Caller, shape: Shape) -> None:
    async with forward(caller.actor, caller.host, await _asked(client, head, caller, shape)) as said:
        await _relay(client, head, said)


async def _handed_over(client: Client, head: Head, caller: Caller, shape: Shape) -> None:
    asked = await _asked(client, head, caller, shape)
    if asked.pieces is not None:
        raise BadRequest("What is to be handed over has no body.")
    async with forward(caller.actor, caller.host, asked, upgrade=head.upgrade or "tcp") as said:
        if not said.is_handed_over:
            await _relay(client, head, said)
            return
        kept = [(name, value) for name, value in said.headers if name.lower() == "content-type"]
        if head.upgrade:
            client.send_head(101, [*kept, ("Connection", "Upgrade"), ("Upgrade", head.upgrade)])
        else:
            client.send_head(200, [*kept, ("Connection", "close")])
        await _join(client, said)


async def _events(client: Client, head: Head, caller: Caller) -> None:
    """Chunk by chunk through the gate, which leaves out what is not for these eyes."""
    check_query(head.query, may_repeat=False)
    if head.has_body:
        await whole_of(client.reader, head)
    opened = gate.stream(caller.actor, caller.host, head.method, caller.path, query=query_of(head.query))
    async with opened as chunks:
        client.ends_after_this = True
        client.send_head(
            200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"), ("Connection", "close")]
        )
        await client.writer.drain()
        async for chunk in chunks:
            client.writer.write(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
            await client.writer.drain()
        client.writer.write(b"0\r\n\r\n")


async def _asked(client: Client, head: Head, caller: Caller, shape: Shape) -> Asked:
    body, pieces = b"", None
    if head.has_body:
        if shape.has_json or shape.way is Way.HANDED_OVER:
            body = await whole_of(client.reader, head)
        else:
            pieces = _noted(client, pieces_of(client.reader, head))
    return Asked(head.method, caller.path, head.query, head.headers, body, pieces)


async def _noted(client: Client, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body that was not read to its end leaves no place where the next request could begin."""
    before, client.ends_after_this = client.ends_after_this, True
    async for piece in pieces:
        yield piece
    client.ends_after_this = before


async def _relay(client: Client, head: Head, said: Answer) -> None:
    """The answer as the host wrote it, chunks and all."""
    kept = list(_kept(said.headers))
    length = said.header("content-length")
    if head.method == "HEAD" or said.status in _NO_BODY:
        client.send_head(said.status, [*kept, *([("Content-Length", length)] if length else [])])
        return
    if length.isdecimal():
        client.send_head(said.status, [*kept, ("Content-Length", length)])
        await _copy_exactly(client, said.reader, int(length))
        return
    client.ends_after_this = True
    if said.header("transfer-encoding").lower() == "chunked":
        kept.append(("Transfer-Encoding", "chunked"))
    client.send_head(said.status, [*kept, ("Connection", "close")])
    await _copy(said.reader, client.writer)


async def _join(client: Client, said: Answer) -> None:
    """Both directions until the host ends its own. The end of the client's is handed on, and ends nothing else."""
    client.ends_after_this = client.is_handed_over = True
    up = asyncio.create_task(_copy_up(client, said))
    try:
        while data := await said.reader.read(_CHUNK_BYTES):
            await said.tap.keep(data)
            client.writer.write(data)
            await client.writer.drain()
    finally:
        up.cancel()
        await asyncio.wait([up])


async def _copy_up(client: Client, said: Answer) -> None:
    # A host that no longer listens may still have something to say.
    with contextlib.suppress(ConnectionError):
        await _copy(client.reader, said.writer)
        said.writer.write_eof()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


async def _copy_exactly(client: Client, reader: asyncio.StreamReader, size: int) -> None:
    while size:
        data = await reader.read(min(size, _CHUNK_BYTES))
        if not data:
            raise ConnectionResetError("the host broke off in the middle of its answer")
        size -= len(data)
        client.writer.write(data)
        await client.writer.drain()


def _kept(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def _may(caller: Caller, operation: Operation) -> bool:
    return gate.may(caller.actor, caller.host, operation)
