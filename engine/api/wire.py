"""What goes over the wire: JSON in and out, streamed JSON, raw frames, and the hijacked connection.

Follows the Docker Engine API (1.51): errors are `{"message"}` with a newline, progress is JSON objects one after
another, output of a container without a terminal is framed by 8 bytes (stream, 3 zeros, big-endian length).
"""

import asyncio
import fcntl
import os
import struct
import termios
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from engine.api.status import status_of
from engine.errors import EngineError, InvalidArgument

RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
_MAX_JSON_BYTES = 16 << 20

# What the server notes of a request for its handler: the version that was asked for, the path without it.
ASKED_VERSION = web.RequestKey("api_version", tuple[int, int])
PATH = web.RequestKey("path", str)
PATH_PARAMS = web.RequestKey("path_params", dict[str, str])
COMMON_HEADERS = web.RequestKey("common_headers", dict[str, str])

STDIN, STDOUT, STDERR, SYSTEM_ERROR = 0, 1, 2, 3

_FALSE_WORDS = frozenset({"", "0", "no", "false", "none"})


def path_param(request: web.Request, name: str) -> str:
    """The part of the path that the route calls `name`, percent-decoded."""
    return request[PATH_PARAMS][name]


def bool_query(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A boolean as Docker reads it: everything but ``, 0, no, false and none is true."""
    value = request.query.get(name)
    return default if value is None else value.strip().lower() not in _FALSE_WORDS


def int_query(request: web.Request, name: str, *, default: int | None = None) -> int | None:
    value = request.query.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except ValueError:
        raise InvalidArgument(f"{name}: {value!r} is not a whole number") from None


def as_text(name: str) -> str:
    """A file's name for JSON, which holds text only: as Go does it, what is no UTF-8 becomes U+FFFD."""
    return os.fsencode(name).decode(errors="replace")


async def read_json(request: web.Request, *, optional: bool = False) -> dict[str, Any]:
    """The JSON object in the body.

    Raises InvalidArgument for what is not JSON, not an object, over 16 MiB, or of another content type.
    An empty body is {} where `optional`.
    """
    body = bytearray()
    async for chunk in request.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > _MAX_JSON_BYTES:
            raise InvalidArgument(f"request body is over {_MAX_JSON_BYTES} bytes")
    if not body.strip():
        if optional:
            return {}
        raise InvalidArgument("invalid JSON: got EOF while reading request body")
    # dockerd reads a body without a content type as JSON; anything else that is named is refused.
    if request.headers.get("Content-Type") and request.content_type not in ("application/json", "text/plain"):
        raise InvalidArgument(f"unsupported Content-Type header ({request.content_type}): must be 'application/json'")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"invalid JSON: {error}") from error
    if document is None and optional:
        return {}
    if not isinstance(document, dict):
        raise InvalidArgument(f"invalid JSON: wanted an object, got {type(document).__name__}")
    return document


def json_response(document: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(document) + b"\n", status=status, content_type="application/json")


def raw_json_response(body: bytes, status: int = 200) -> web.Response:
    """For lists whose elements are kept serialised."""
    return web.Response(body=body, status=status, content_type="application/json")


def empty(status: int = 204) -> web.Response:
    return web.Response(status=status)


def error_response(message: str, status: int) -> web.Response:
    if status == 304:  # has no body, by RFC 9110
        return web.Response(status=304)
    return json_response({"message": as_text(message)}, status)


def frame(stream: int, payload: bytes) -> bytes:
    """One frame of the multiplexed stream; `stream` is 1 for stdout, 2 for stderr."""
    return frame_head(stream, len(payload)) + payload


# The head of a frame alone, from stream and length: for those who send a large payload without copying it.
frame_head = struct.Struct(">BxxxL").pack


class NdjsonStream:
    """A streamed answer of JSON objects: progress, events, stats.

    Each goes out at once. Enter it with `ndjson_stream`, which turns an error after the headers into `errorDetail`.
    """

    def __init__(self, response: web.StreamResponse, request: web.Request) -> None:
        self._response = response
        self._request = request

    async def send(self, document: Any) -> None:
        await self._response.write(orjson.dumps(document) + b"\r\n")

    async def start(self) -> None:
        """Send the headers now, for streams whose first object may be long in coming."""
        if not self._response.prepared:
            await self._response.prepare(self._request)


class _LazyResponse(web.StreamResponse):
    """Prepares itself at the first write, so that an error before it is still a plain status."""

    request: web.Request

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.prepared:
            await self.prepare(self.request)
        await super().write(data)


@asynccontextmanager
async def ndjson_stream(
    request: web.Request, *, content_type: str = "application/json"
) -> AsyncIterator[tuple[NdjsonStream, web.StreamResponse]]:
    """Yield the stream and the response that the handler returns at its end.

    An EngineError before the first object is raised through, and becomes a plain error; after it, it becomes
    `{"errorDetail": {"code", "message"}, "error"}` and the stream ends.
    """
    response = _LazyResponse(headers={"Content-Type": content_type})
    response.request = request
    stream = NdjsonStream(response, request)
    try:
        yield stream, response
    except EngineError as error:
        if not response.prepared:
            raise
        await stream.send({"errorDetail": {"code": status_of(error), "message": error.message}, "error": error.message})
    if not response.prepared:
        await response.prepare(request)


class HijackedStream:
    """A connection that has left HTTP: bytes in from the client (`reader`), bytes out (`write`).

    The client's half-close is the end of `reader` only; output goes on until `close`.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, *data: bytes) -> None:
        """Send the pieces in order; waits while the client is slow. Raises ConnectionError when it is gone."""
        self.writer.writelines(data)
        await self.writer.drain()

    async def wait_taken(self, *, timeout_s: float = 0.2) -> None:
        """Wait, not for long, until the client has read all that was sent so far.

        docker-py reads on from the bare socket behind the headers, and loses what came in one piece with them.
        """
        connection = self.writer.get_extra_info("socket")
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            await asyncio.sleep(0.001)  # the event loop sends at the end of its round
            # SIOCOUTQ (unix(7), tcp(7)): bytes that the other end has not taken yet.
            if not any(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))):
                return

    async def close(self) -> None:
        self.writer.close()


class _HijackedResponse(web.StreamResponse):
    """Stands for an answer that was already written by hand."""

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None


@asynccontextmanager
async def hijack(
    request: web.Request, content_type: str = RAW_STREAM
) -> AsyncIterator[tuple[HijackedStream, web.StreamResponse]]:
    """Take the connection out of HTTP, for attach and exec.

    A client that asks for `Upgrade: tcp` gets 101, an older one 200; then both get the raw stream. The request's body
    must have been read. A client must wait for the answer before it sends stdin, as all known ones do: aiohttp's
    parser drops bytes that come in one packet with the headers. At the end the connection is closed; the handler
    returns the response that is yielded.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client went away before the stream began")
    loop = asyncio.get_running_loop()
    http = request.protocol
    if request.headers.get("Upgrade"):
        status = "101 UPGRADED"
        extra: Mapping[str, str] = {"Connection": "Upgrade", "Upgrade": "tcp"}
    else:
        status, extra = "200 OK", {}
    reader = asyncio.StreamReader(limit=1 << 20, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    transport.resume_reading()
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    headers = {"Content-Type": content_type} | dict(extra) | request[COMMON_HEADERS]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode())
    try:
        yield HijackedStream(reader, writer), _HijackedResponse()
    except ConnectionError:
        pass  # the client is gone, which ends its view and nothing else
    finally:
        writer.close()
        # aiohttp no longer hears of this connection: tell it, or the server would wait for it at shutdown.
        http.connection_lost(None)
