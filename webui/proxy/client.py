"""The client's end of a connection: its streams, how it ends, and how an answer's head is written."""

import asyncio
import http
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

_BUFFER_BYTES: Final = 256 * 1024
Headers = Iterable[tuple[str, str]]


class ClientProtocol(asyncio.StreamReaderProtocol):
    """Streams that say when the client ended its direction, and when it is gone altogether."""

    def __init__(self, connected: "Callable[[ClientProtocol, asyncio.StreamWriter], None]") -> None:
        self.reader = asyncio.StreamReader(limit=_BUFFER_BYTES)
        super().__init__(self.reader, lambda _reader, writer: connected(self, writer))
        self.ended, self.lost = asyncio.Event(), asyncio.Event()

    def eof_received(self) -> bool:
        super().eof_received()
        self.ended.set()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()
        self.lost.set()
        super().connection_lost(error)


class Client:
    """One client, for one connection.

    `is_known`: they have said who they are. `has_answered`: the head of an answer is on its way.
    """

    def __init__(self, protocol: ClientProtocol, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = protocol.reader, writer
        self._protocol = protocol
        self.is_known = self.ends_after_this = self.has_answered = self.is_handed_over = False

    @property
    def address(self) -> str:
        return str((self.writer.get_extra_info("peername") or ("",))[0])

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """What the client showed, as far as our authority signed it; TLS has refused all others."""
        tls = self.writer.get_extra_info("ssl_object")
        return tls.getpeercert() if tls is not None else None

    async def gone(self) -> None:
        """Wait until nobody takes an answer any more. In a connection that is handed over an end is only of input."""
        await self._protocol.ended.wait()
        if self.is_handed_over:
            await self._protocol.lost.wait()

    def send_head(self, status: int, headers: Headers) -> None:
        self.has_answered = True
        lines = [f"HTTP/1.1 {status} {reason(status)}", *(f"{name}: {value}" for name, value in headers)]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", errors="replace"))

    async def send_whole(self, status: int, headers: Headers, body: bytes, *, is_head: bool = False) -> None:
        """A whole answer. To HEAD it has the length that the body would have, and none."""
        ending = [("Connection", "close")] if self.ends_after_this else []
        has_body = status not in {204, 304}
        self.send_head(status, [*headers, *([("Content-Length", str(len(body)))] if has_body else []), *ending])
        if has_body and not is_head:
            self.writer.write(body)
        await self.writer.drain()

    async def send_error(self, status: int, words: str, headers: Headers = (), *, is_head: bool = False) -> None:
        """What the docker CLI shows as `Error response from daemon: ...`."""
        body = orjson.dumps({"message": words}) + b"\n"
        await self.send_whole(status, [("Content-Type", "application/json"), *headers], body, is_head=is_head)

    def cut(self) -> None:
        """End the connection so that the client can tell it from an answer's end."""
        self.writer.transport.abort()


def reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Answer"
