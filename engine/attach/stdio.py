"""One connection to the streams of a process, and everyone who listens to it.

A session may join before the process exists: it then misses nothing. The connection is read as fast as the slowest
session takes it, so that nothing is dropped and memory stays bounded. Where all only type, the shim is told that
nobody reads: it need not send every line for nothing.
"""

import asyncio
import logging
import socket

from engine.attach.session import AttachSession

log = logging.getLogger(__name__)

# conmon's packets: one byte that names the stream, then up to 8 KB.
_PAYLOAD_BYTES = 8192
_STREAM_OF = {2: 1, 3: 2}
_PACKETS_AT_ONCE = 64
# Where packets are read to; nothing stays in it from one call to the next, so that all connections share it.
_KIND = bytearray(1)
_ROOM = memoryview(bytearray(_PAYLOAD_BYTES * _PACKETS_AT_ONCE))


class Stdio:
    """The streams of one process, or of one container over all its runs.

    `closes_stdin`: the process's stdin ends when the first session that has it ends it (StdinOnce of the API); else it
    stays open for the next one.
    """

    def __init__(self, *, is_tty: bool, closes_stdin: bool) -> None:
        self.is_tty = is_tty
        self._closes_stdin = closes_stdin
        self._sessions: set[AttachSession] = set()
        self._socket: socket.socket | None = None  # input goes here
        self._listening: socket.socket | None = None  # output comes from here, mostly the same one
        self._is_paused = False
        self._is_ready = asyncio.Event()

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for the process to begin."""
        return bool(self._sessions)

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    @property
    def is_missed(self) -> bool:
        """Whether somebody waits for output and nothing is connected that brings it."""
        return self._listening is None and any(session.has_output for session in self._sessions)

    def connect(self, connection: socket.socket) -> None:
        """Use this connection from now on; it is closed here when the process has ended or nobody takes part.

        Where nobody wants output it is for input alone, and the end of the process has to be told (`process_ended`).
        """
        self.disconnect(ends_sessions=False)
        self._socket = connection
        self._is_ready.set()
        if self.is_missed:
            self.listen(connection)
        else:
            # conmon's next write fails with EPIPE; it then writes no more to this client, and goes on reading from it.
            connection.shutdown(socket.SHUT_RD)

    def listen(self, connection: socket.socket) -> None:
        """Hear the output from this connection: the one for input, or another."""
        self._listening = connection
        self._is_paused = False
        asyncio.get_running_loop().add_reader(connection, self._on_readable)

    def disconnect(self, *, ends_sessions: bool = True) -> None:
        """Close the connection. Sessions end, unless they are to see the next run."""
        connections = self._connections()
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
        self._socket = self._listening = None
        self._is_ready.clear()
        for connection in connections:
            connection.close()
        if ends_sessions:
            for session in list(self._sessions):
                session.end()
            self._sessions.clear()

    def process_ended(self) -> None:
        """Ends the sessions, unless there is output, which tells of its end by itself, when all of it was read."""
        if self._listening is None:
            self.disconnect()

    def join(self, *, stdin: bool, stdout: bool, stderr: bool, detach_keys: bytes) -> AttachSession:
        """Take part from now on. Call `leave` at the end."""
        session = AttachSession(
            self, stdin=stdin, stdout=stdout, stderr=stderr, detach_keys=detach_keys if self.is_tty else b""
        )
        self._sessions.add(session)
        return session

    def leave(self, session: AttachSession, *, has_detached: bool) -> None:
        """Take no more part. The stdin that was this session's alone ends with it, unless it detached."""
        self._sessions.discard(session)
        session.end()
        if session.has_stdin and self._closes_stdin and not has_detached:
            self.end_stdin()
        if self._sessions or self._closes_stdin:
            self.resume_reading()
        else:
            self.disconnect()

    async def wait_ready(self) -> None:
        """Wait until there is a process: what a client sends before the start is kept for it."""
        await self._is_ready.wait()

    async def send(self, data: bytes) -> None:
        """Pass on what was typed. What comes after the end of the process is dropped."""
        view = memoryview(data)
        while view and self._socket is not None:
            try:
                # conmon reads up to 8 KB of a packet and drops the rest of it.
                await asyncio.get_running_loop().sock_sendall(self._socket, view[:_PAYLOAD_BYTES])
            except OSError as error:
                log.debug("the process takes no more input: %s", error)
                return
            view = view[_PAYLOAD_BYTES:]

    def end_stdin(self) -> None:
        """The end of the process's input, where that is ours to say. Its output goes on."""
        if self._socket is None or not self._closes_stdin or self.is_tty:
            return
        # conmon ends the input when the last of its clients has.
        for connection in self._connections():
            try:
                connection.shutdown(socket.SHUT_WR)
            except OSError as error:
                log.debug("the process has ended before its input: %s", error)

    def resume_reading(self) -> None:
        """A session has room again."""
        if self._is_paused and self._listening is not None and not any(s.is_full for s in self._sessions):
            self._is_paused = False
            asyncio.get_running_loop().add_reader(self._listening, self._on_readable)

    def _connections(self) -> set[socket.socket]:
        return {connection for connection in (self._socket, self._listening) if connection is not None}

    def _on_readable(self) -> None:
        """Read what is there, neighbouring packets of one stream into one piece; between streams the order is kept."""
        if self._listening is None:
            return
        connection, stream, begin, end = self._listening, 0, 0, 0
        for _ in range(_PACKETS_AT_ONCE):
            try:
                count = connection.recvmsg_into([_KIND, _ROOM[end : end + _PAYLOAD_BYTES]])[0]
            except BlockingIOError:
                break
            except OSError:
                count = 0
            if count == 0:
                self._deliver(stream, _ROOM[begin:end])
                self.disconnect()
                return
            kind = _STREAM_OF.get(_KIND[0])
            if kind is None:
                continue
            if kind != stream:
                self._deliver(stream, _ROOM[begin:end])
                stream, begin = kind, end
            end += count - 1
        self._deliver(stream, _ROOM[begin:end])
        if any(session.is_full for session in self._sessions):
            self._is_paused = True
            asyncio.get_running_loop().remove_reader(connection)

    def _deliver(self, stream: int, payload: memoryview) -> None:
        if payload:
            piece = bytes(payload)
            for session in self._sessions:
                session.offer(stream, piece)
