"""Requests and streamed answers for async code: live views and the proxy."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from webui.gate import recorded
from webui.gate.actors import Actor
from webui.gate.addresses import CONNECT_TIMEOUT_S, base_url, read_address, tls_context, unreachable
from webui.gate.errors import HostRefused, NotVisible, Refused
from webui.gate.passage import Passage, answered_async, begin_async, end_async

if TYPE_CHECKING:
    from webui.hosts.models import Host

Query = Mapping[str, str]
_CHUNK_BYTES: Final = 64 * 1024
_LARGEST_ERROR_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answered, whole. An error status is an answer too."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is none."""
        return orjson.loads(self.body)


async def request(
    actor: Actor, host: "Host", method: str, path: str, *, query: Query | None = None, json: Any = None,
    body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout_s: float = 60,
) -> Reply:  # fmt: skip
    """Ask a host and wait for the whole answer. `body` is JSON as bytes, in place of `json`.

    Raises Refused (nothing was sent), HostUnreachable, TimeoutError. What may not be seen is answered as not found.
    """
    body = body if json is None else orjson.dumps(json)
    try:
        passage = await begin_async(actor, host, method, path, query=query or {}, body=body)
    except NotVisible as not_visible:
        words = orjson.dumps({"message": str(not_visible)})
        return Reply(not_visible.status, {"Content-Type": "application/json"}, words)
    body = passage.body or body
    status, message = None, ""
    try:
        async with _session(host, timeout_s) as session:
            asked = session.request(
                method,
                _url(host, passage.path, query),
                data=body,
                headers=_headers(headers, body),
                allow_redirects=False,
            )
            async with asked as response:
                said = status = response.status
                recorded.resized(host, passage.path, query or {})
                answer = await response.read()
                if status < 400 and passage.reads_whole:
                    # What it raises is our no, whatever the host has said.
                    status = None
                    answer = await answered_async(passage, answer)
                    status = said
                return Reply(said, response.headers, answer)
    except Refused as refused:
        message = str(refused)
        raise
    except (aiohttp.ClientConnectionError, ssl.SSLError) as error:
        told = unreachable(host, error)
        message = str(told)
        raise told from error
    finally:
        await end_async(passage, status, message)


@asynccontextmanager
async def stream(
    actor: Actor, host: "Host", method: str, path: str, *, query: Query | None = None, json: Any = None,
    headers: Mapping[str, str] | None = None, as_sent: bool = False,
) -> AsyncIterator[AsyncIterator[bytes]]:  # fmt: skip
    """An answer chunk by chunk as it comes, however long it lasts. Leaving the block closes the connection.

    `as_sent`: each chunk is one that the host sent (RFC 9112, 7.1), or a part of one beyond 64 KiB; it costs more.

    Raises Refused, HostUnreachable, HostRefused for an error status or what may not be seen. A stream that is cut while
    it is read raises aiohttp.ClientError: it is not an end.
    """
    body = None if json is None else orjson.dumps(json)
    passage = await begin_visible(actor, host, method, path, query=query or {}, body=body)
    body = passage.body or body
    status, message = None, ""
    session = _session(host, None)
    try:
        try:
            response = await session.request(
                method,
                _url(host, passage.path, query),
                data=body,
                headers=_headers(headers, body),
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectionError, ssl.SSLError) as error:
            told = unreachable(host, error)
            message = str(told)
            raise told from error
        try:
            status = response.status
            if status >= 400:
                raise HostRefused(status, message_of(await response.content.read(_LARGEST_ERROR_BYTES), status))
            yield await _chunks(passage, response, as_sent=as_sent)
        finally:
            # However the block is left: the session ends the connection, but only the response lets it go.
            response.close()
    finally:
        await session.close()
        await end_async(passage, status, message)


async def _chunks(passage: Passage, response: aiohttp.ClientResponse, *, as_sent: bool) -> AsyncIterator[bytes]:
    """The answer as it comes, or what may be seen of it."""
    is_chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    chunks = _sent_chunks(response.content) if as_sent and is_chunked else response.content.iter_any()
    if passage.cuts_lines:
        return passage.lines(chunks)
    if passage.reads_whole:
        return _one(await answered_async(passage, await response.read()))
    return chunks


async def _sent_chunks(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    held = b""
    async for data, is_end in content.iter_chunks():
        held += data
        if held and (is_end or len(held) >= _CHUNK_BYTES):
            yield held
            held = b""
    if held:
        yield held


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


async def begin_visible(
    actor: Actor, host: "Host", method: str, path: str, *, query: Query, body: bytes | None
) -> Passage:
    """`begin_async` for what has no Reply to answer with: what may not be seen is HostRefused, as from the host."""
    try:
        return await begin_async(actor, host, method, path, query=query, body=body)
    except NotVisible as not_visible:
        raise HostRefused(not_visible.status, str(not_visible)) from None


def message_of(body: bytes, status: int) -> str:
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, LookupError, TypeError):
        return body.decode(errors="replace").strip() or f"the host answered {status}"


def _session(host: "Host", timeout_s: float | None) -> aiohttp.ClientSession:
    """A session for one request: its connector is the host's, and nothing of the environment is taken."""
    address = read_address(host.url)
    connector: aiohttp.BaseConnector
    if address.socket_path:
        connector = aiohttp.UnixConnector(path=address.socket_path, force_close=True)
    else:
        connector = aiohttp.TCPConnector(ssl=tls_context(host) or True, force_close=True)
    timeout = aiohttp.ClientTimeout(total=timeout_s, connect=CONNECT_TIMEOUT_S)
    return aiohttp.ClientSession(
        connector=connector, timeout=timeout, trust_env=False, read_bufsize=_CHUNK_BYTES, auto_decompress=False
    )


def _url(host: "Host", path: str, query: Query | None) -> URL:
    # The path is already as it must be sent: yarl may not touch it. Names of files are any bytes (PEP 383).
    asked = urlencode(query or {}, errors="surrogateescape")
    return URL(base_url(host) + path + (f"?{asked}" if asked else ""), encoded=True)


def _headers(headers: Mapping[str, str] | None, body: bytes | None) -> dict[str, str]:
    return {**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
