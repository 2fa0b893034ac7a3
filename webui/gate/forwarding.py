"""Requests of other people's programs, the docker CLI first: looked at, then sent as they were looked at.

Nothing of a request is passed on: path, query and body are made anew from what was read and decided about, of the
headers only those that Docker knows. Each request has a connection of its own, so nothing that follows it on the
client's connection can reach a host unseen.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from webui.access import Operation
from webui.gate import wire
from webui.gate.actors import Actor
from webui.gate.addresses import unreachable
from webui.gate.errors import Refused
from webui.gate.passage import Passage, begin_async, end_async
from webui.gate.paths import TAKEN_WHOLE, query_of, read_path
from webui.gate.recorded import Tap, tap
from webui.gate.rules import Rule
from webui.gate.table import ROWS

if TYPE_CHECKING:
    from webui.hosts.models import Host

Pairs = Sequence[tuple[str, str]]


class Way(Enum):
    """How an answer goes on: WHOLE when it is complete, RELAYED as it comes, HANDED_OVER in both directions."""

    WHOLE = auto()
    RELAYED = auto()
    HANDED_OVER = auto()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request will be like. `has_json`: its body must be read whole, so that it can be looked at."""

    way: Way
    has_json: bool
    operation: Operation | None


_HANDED_OVER: Final = {Operation.CONTAINER_ATTACH, Operation.BUILD_SESSION}
_RELAYED: Final = {
    Operation.BUILD_RUN,
    Operation.CONTAINER_COMMIT,
    Operation.CONTAINER_EXPORT,
    Operation.CONTAINER_FILES_READ,
    Operation.CONTAINER_FILES_WRITE,
    Operation.CONTAINER_LOGS,
    Operation.CONTAINER_STATS,
    # The CLI starts a container once the head of this answer is there, long before the rest.
    Operation.CONTAINER_WAIT,
    Operation.IMAGE_EXPORT,
    Operation.IMAGE_IMPORT,
    Operation.IMAGE_LOAD,
    Operation.IMAGE_PULL,
    Operation.IMAGE_PUSH,
    Operation.PLUGIN_CREATE,
    Operation.PLUGIN_INSTALL,
    Operation.PLUGIN_PUSH,
    Operation.PLUGIN_UPGRADE,
    Operation.SERVICE_LOGS,
    Operation.SYSTEM_EVENTS,
    Operation.TASK_LOGS,
}
# The docker CLI repeats these: several images to save, several tags of a build, several changes to commit.
_MAY_REPEAT: Final = {*TAKEN_WHOLE, "changes"}
_PASSED_ON: Final = {"accept", "user-agent", "x-registry-auth", "x-registry-config"}
_STREAMS: Final = "application/vnd.docker."
_SESSION_PREFIX: Final = "x-docker-expose-session-"
# Docker's daemon takes parameters out of forms; those would not have been looked at.
_MEDIA_TYPES: Final = {
    "", "application/json", "application/x-tar", "application/tar", "application/octet-stream", "application/gzip",
    "application/x-gzip", "text/plain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was read. `body` is what was read whole; `pieces` is one that is still coming."""

    method: str
    path: str
    query: Pairs = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: AsyncIterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A host's answer: its head, and the connection, on which the body follows as the host writes it."""

    status: int
    headers: Pairs
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    # Whoever shows what is handed over gives it to this first.
    tap: Tap
    is_handed_over: bool = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


def shape_of(method: str, path: str, query: Pairs) -> Shape:
    """What to expect of a request; nothing is decided yet. What the table does not know will be refused as a whole."""
    match = None
    with contextlib.suppress(Refused):
        match = ROWS.match(method, read_path(path).path)
    if match is None or not isinstance(match.rule, Rule):
        return Shape(Way.WHOLE, has_json=True, operation=None)
    operation = match.rule.operation_for(query_of(query))
    if match.rule.path == "/exec/{id}/start" or operation in _HANDED_OVER:
        return Shape(Way.HANDED_OVER, match.rule.is_json, operation)
    return Shape(Way.RELAYED if operation in _RELAYED else Way.WHOLE, match.rule.is_json, operation)


def media_type_of(headers: Mapping[str, str]) -> str:
    """Raises Refused for one that a host might take parameters from."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _MEDIA_TYPES:
        raise Refused(f"A body of the kind {kind[:80]!r} is refused: give JSON or a tar.", rule="body")
    return kind


def passed_on(headers: Mapping[str, str], operation: Operation | None) -> dict[str, str]:
    """The headers that go along to a host."""
    names = {name for name in headers if name in _PASSED_ON}
    if operation is Operation.BUILD_SESSION:
        names |= {name for name in headers if name.startswith(_SESSION_PREFIX)}
    return {name: headers[name] for name in sorted(names)}


@asynccontextmanager
async def forward(actor: Actor, host: "Host", asked: Asked, *, upgrade: str = "") -> AsyncIterator[Answer]:
    """The host's answer to a request, whatever its status. Leaving the block closes the connection to the host.

    `upgrade` is the protocol that is asked for ("tcp", "h2c"), "" for none. Raises Refused, HostUnreachable.
    """
    shape = shape_of(asked.method, asked.path, asked.query)
    passage = await _begin(actor, host, asked)
    status, message = None, ""
    writer = pump = None
    try:
        try:
            reader, writer = await wire.connect(host)
            head = wire.head_of(
                host, asked.method, _target(passage, asked.query), _headers(asked, shape, upgrade)
            )  # fmt: skip
            writer.write(head + asked.body)
            await writer.drain()
            if asked.pieces is not None:
                # Beside the answer: a host may refuse an upload before it has taken all of it.
                pump = asyncio.create_task(_send_pieces(writer, asked.pieces))
            status, headers = await _head_or_broken_upload(reader, pump)
        except wire.CUT as error:
            told = unreachable(host, error)
            message = str(told)
            raise told from error
        content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        is_handed_over = shape.way is Way.HANDED_OVER and (status == 101 or content_type.startswith(_STREAMS))
        is_terminal = is_handed_over and shape.operation is not Operation.BUILD_SESSION
        async with tap(host, passage, body=asked.body, content_type=content_type, is_terminal=is_terminal) as kept:
            yield Answer(status, headers, reader, writer, kept, is_handed_over=is_handed_over)
    finally:
        if pump is not None:
            pump.cancel()
            await asyncio.wait([pump])
        if writer is not None:
            wire.close(writer)
        await end_async(passage, status, message)


async def _begin(actor: Actor, host: "Host", asked: Asked) -> Passage:
    kind = media_type_of(asked.headers)
    check_query(asked.query)
    passage = await begin_async(
        actor, host, asked.method, asked.path, query=query_of(asked.query), body=asked.body,
        is_streamed=asked.pieces is not None, content_type=kind,
    )  # fmt: skip
    if passage.reads_whole or passage.cuts_lines:
        await end_async(passage, None, "refused")
        raise Refused(f"The answer to {asked.path[:200]} must be looked at as a whole.", rule="ownership")
    if passage.body is not None:
        await end_async(passage, None, "refused")
        raise Refused(f"The body for {asked.path[:200]} must be given whole.", rule="body")
    return passage


def check_query(query: Pairs, *, may_repeat: bool = True) -> None:
    """Raises Refused for a parameter that stands there twice and that Docker reads once."""
    names = [name for name, _value in query]
    several = _MAY_REPEAT if may_repeat else ()
    twice = next((name for name in names if names.count(name) > 1 and name not in several), None)
    if twice is not None:
        raise Refused(f"The parameter {twice[:80]!r} stands there twice.", rule="query")


def _target(passage: Passage, query: Pairs) -> str:
    return passage.path + (f"?{urlencode(list(query))}" if query else "")


def _headers(asked: Asked, shape: Shape, upgrade: str) -> dict[str, str]:
    headers = passed_on(asked.headers, shape.operation)
    kind = media_type_of(asked.headers)
    if asked.pieces is not None:
        headers |= {"Content-Type": kind or "application/x-tar", "Transfer-Encoding": "chunked"}
    elif asked.body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(asked.body))}
    elif asked.method in {"POST", "PUT"}:
        headers["Content-Length"] = "0"
    return headers | ({"Connection": "Upgrade", "Upgrade": upgrade} if upgrade else {"Connection": "close"})


async def _send_pieces(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
    """The body as chunks of our own making (RFC 9112, section 7.1)."""
    async for piece in pieces:
        if piece:
            writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _head_or_broken_upload(
    reader: asyncio.StreamReader, pump: "asyncio.Task[None] | None"
) -> tuple[int, list[tuple[str, str]]]:
    """The answer's head. An upload whose sender broke off has none; one that the host cut off may still have one."""
    head = asyncio.ensure_future(wire.read_head(reader))
    try:
        if pump is not None:
            await asyncio.wait([head, pump], return_when=asyncio.FIRST_COMPLETED)
            if pump.done() and not head.done() and pump.exception() is not None:
                error = pump.exception()
                if not isinstance(error, ConnectionError):
                    raise error  # type: ignore[misc]
        return await head
    finally:
        head.cancel()
