"""Daphne that waits: for a browser to take what is sent before more is made, and for a view to ask for what came.

Daphne itself keeps in memory whatever a slow browser has not taken yet, and the whole body of every request; a
download or an upload of gigabytes would live there. It also leaves a browser waiting for ever when an answer breaks in
the middle; here the connection is cut, which every browser takes for what it is.
"""

import asyncio
from functools import partial
from typing import Any, Final

from daphne.http_protocol import WebRequest
from daphne.server import Server

Message = dict[str, Any]
# What goes to the view at once of the body of a request.
_PIECE_BYTES: Final = 256 * 1024


class PacedServer(Server):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, request_buffer_size=_PIECE_BYTES, **kwargs)

    def create_application(self, protocol: Any, scope: Message) -> Any:
        queue = super().create_application(protocol, scope)
        if queue is None or not isinstance(protocol, WebRequest):
            return queue
        details = self.connections[protocol]
        details["application_instance"].add_done_callback(partial(_cut_if_broken, protocol))
        # The application was given the queue's own `get`; what fills it is exchanged behind that.
        return _Body(queue, protocol.content)

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        if message["type"] != "http.response.body":
            await super().handle_reply(protocol, message)
            return
        pace = getattr(protocol, "pace", None)
        if message.get("more_body") and pace is None and _is_taken(protocol) and not protocol.finished:
            pace = protocol.pace = _Pace()
            protocol.registerProducer(pace, True)
        if not message.get("more_body") and pace is not None and _is_taken(protocol):
            protocol.unregisterProducer()
        await super().handle_reply(protocol, message)
        if pace is not None:
            await pace.room.wait()
        if not _is_taken(protocol):
            # Nobody takes it any more: give the application a moment in which it is told.
            await asyncio.sleep(0)


class _Pace:
    """A streaming producer as Twisted has them (IPushProducer): told to pause while the socket takes no more."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.room.set()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's names
        self.room.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self.room.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.room.set()


class _Body:
    """Takes the pieces of a request's body from Daphne and puts where they are, in Twisted's file, in place of them."""

    def __init__(self, queue: "asyncio.Queue[Message]", content: Any) -> None:
        self._queue, self._content = queue, content
        self._at = 0

    def put_nowait(self, message: Message) -> None:
        if message["type"] == "http.request":
            size = len(message["body"])
            message = _Piece(message, self._content, self._at, size)
            self._at += size
        self._queue.put_nowait(message)


class _Piece(dict[str, Any]):
    """A message whose body is read when somebody looks at it."""

    def __init__(self, message: Message, content: Any, at: int, size: int) -> None:
        super().__init__({**message, "body": b""})
        self._content, self._at, self._size = content, at, size

    def __getitem__(self, name: str) -> Any:
        if name != "body" or not self._size:
            return super().__getitem__(name)
        if self._content.closed:
            raise ConnectionResetError("the request is over")
        self._content.seek(self._at)
        return self._content.read(self._size)

    def get(self, name: str, default: Any = None) -> Any:
        return self["body"] if name == "body" else super().get(name, default)


def _is_taken(protocol: Any) -> bool:
    """Whether there is still somebody at the other end. Twisted deletes the channel of a request that is over."""
    return getattr(protocol, "channel", None) is not None


def _cut_if_broken(protocol: Any, application: "asyncio.Future[Any]") -> None:
    if application.cancelled() or application.exception() is None:
        return
    if protocol._response_started and not protocol.finished and _is_taken(protocol):
        protocol.channel.loseConnection()
