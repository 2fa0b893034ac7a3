"""The hijacked streams: attach to a container, and processes added to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from engine.api.routes.containers import encode, stream_type, terminal_size
from engine.api.server import Route
from engine.api.wire import HijackedStream, bool_query, empty, frame_head, hijack, json_response, path_param, read_json
from engine.errors import EngineError, InvalidArgument

_READ_BYTES = 65536


class Session(Protocol):
    """A client's part in the streams of a process."""

    @property
    def is_tty(self) -> bool: ...
    def output(self) -> AsyncIterator[tuple[int, bytes]]: ...
    async def send(self, data: bytes) -> bool: ...
    async def end_input(self) -> None: ...


class ExecLike(Protocol):
    """An exec that can be started."""

    @property
    def is_tty(self) -> bool: ...


class Streams(Protocol):
    """Who holds the streams of containers and execs."""

    def is_tty(self, reference: str) -> bool: ...
    def attach(
        self, reference: str, *, stdin: bool, stdout: bool, stderr: bool, detach_keys: str
    ) -> AbstractAsyncContextManager[Session]: ...
    def logs_so_far(
        self, reference: str, *, stdout: bool, stderr: bool
    ) -> AsyncIterator[Sequence[tuple[int, bytes]]]: ...
    def create_exec(self, reference: str, body: Mapping[str, Any]) -> str: ...
    def inspect_exec(self, exec_id: str) -> dict[str, Any]: ...
    def exec_to_start(self, exec_id: str) -> Any: ...
    async def start_exec_detached(self, found: Any) -> None: ...
    def exec_session(
        self, found: Any, *, console_size: tuple[int, int] | None
    ) -> AbstractAsyncContextManager[Session]: ...
    async def resize_exec(self, exec_id: str, rows: int, columns: int) -> None: ...


def routes(streams: Streams) -> list[Route]:
    async def attach(request: web.Request) -> web.StreamResponse:
        return await _attach(request, streams)

    async def attach_websocket(request: web.Request) -> web.StreamResponse:
        return await _attach_websocket(request, streams)

    async def create(request: web.Request) -> web.StreamResponse:
        return json_response({"Id": streams.create_exec(path_param(request, "id"), await read_json(request))}, 201)

    async def start(request: web.Request) -> web.StreamResponse:
        return await _start_exec(request, streams)

    async def resize(request: web.Request) -> web.StreamResponse:
        await streams.resize_exec(path_param(request, "id"), *terminal_size(request))
        return empty(200)

    async def inspect(request: web.Request) -> web.StreamResponse:
        return json_response(streams.inspect_exec(path_param(request, "id")))

    return [
        # The client's going away ends its view of the process and nothing else.
        Route("POST", "/containers/{id}/attach", attach, is_abandonable=True),
        Route("GET", "/containers/{id}/attach/ws", attach_websocket),
        Route("POST", "/containers/{id}/exec", create),
        Route("POST", "/exec/{id}/start", start, is_abandonable=True),
        Route("POST", "/exec/{id}/resize", resize),
        Route("GET", "/exec/{id}/json", inspect),
    ]


def _attachment(request: web.Request, streams: Streams) -> AbstractAsyncContextManager[Session]:
    is_stream = bool_query(request, "stream")
    return streams.attach(
        path_param(request, "id"),
        stdin=is_stream and bool_query(request, "stdin"),
        stdout=is_stream and bool_query(request, "stdout"),
        stderr=is_stream and bool_query(request, "stderr"),
        detach_keys=request.query.get("detachKeys", ""),
    )


async def _attach(request: web.Request, streams: Streams) -> web.StreamResponse:
    reference = path_param(request, "id")
    is_tty = streams.is_tty(reference)
    await request.read()
    async with _attachment(request, streams) as session:
        async with hijack(request, stream_type(request, is_tty=is_tty)) as (stream, response):
            await _send_log(request, streams, stream, is_tty=is_tty)
            if bool_query(request, "stream"):
                await carry(session, stream, is_raw=is_tty)
        return response


async def _send_log(request: web.Request, streams: Streams, stream: HijackedStream, *, is_tty: bool) -> None:
    if not bool_query(request, "logs"):
        return
    await stream.wait_taken()
    stdout, stderr = bool_query(request, "stdout"), bool_query(request, "stderr")
    async for batch in streams.logs_so_far(path_param(request, "id"), stdout=stdout, stderr=stderr):
        await stream.write(encode(batch, is_tty=is_tty))


async def _start_exec(request: web.Request, streams: Streams) -> web.StreamResponse:
    body = await read_json(request, optional=True)
    found = streams.exec_to_start(path_param(request, "id"))
    if body.get("Detach"):
        await streams.start_exec_detached(found)
        return empty(200)
    # The Tty of this request tells how the client reads; that of the exec, whether the process has a terminal.
    is_raw = bool(body.get("Tty"))
    async with hijack(request, stream_type(request, is_tty=is_raw)) as (stream, response):
        try:
            async with streams.exec_session(found, console_size=_console_size(body)) as session:
                await carry(session, stream, is_raw=is_raw)
        except EngineError as error:
            # The answer has begun: the words go where the output would, and the exit code tells the client.
            await stream.write(encode([(1, f"{error.message}\r\n".encode())], is_tty=is_raw))
    return response


def _console_size(body: Mapping[str, Any]) -> tuple[int, int] | None:
    size = body.get("ConsoleSize")
    if size is None:
        return None
    if not isinstance(size, list) or len(size) != 2:
        raise InvalidArgument("ConsoleSize is [height, width]")
    return (int(size[0]), int(size[1])) if all(size) else None


async def carry(session: Session, stream: HijackedStream, *, is_raw: bool) -> None:
    """Carry bytes both ways until the process has ended, the client has detached, or it takes no more output.

    Output goes out raw, or framed.
    """
    typing = asyncio.create_task(_carry_input(session, stream))
    try:
        async for channel, payload in session.output():
            if is_raw:
                await stream.write(payload)
            else:
                await stream.write(frame_head(channel, len(payload)), payload)
    finally:
        typing.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await typing


async def _carry_input(session: Session, stream: HijackedStream) -> None:
    while data := await stream.reader.read(_READ_BYTES):
        if not await session.send(data):
            return
    await session.end_input()


async def _attach_websocket(request: web.Request, streams: Streams) -> web.StreamResponse:
    """The same over a websocket: output as it comes, unframed, in binary messages."""
    async with _attachment(request, streams) as session:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        typing = asyncio.create_task(_carry_websocket_input(session, socket))
        try:
            async for _, payload in session.output():
                await socket.send_bytes(payload)
            await socket.close()
        except ConnectionError:
            return socket
        finally:
            typing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await typing
        return socket


async def _carry_websocket_input(session: Session, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data = message.data.encode() if isinstance(message.data, str) else message.data
            if not await session.send(data):
                return
    await session.end_input()
