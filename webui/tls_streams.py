"""TLS whose two directions end one by one, as TCP's do: for connections that carry a program's input and output.

asyncio's own TLS closes both directions when the other side ends its own (`echo | docker run -i` would lose what the
program still says). Here the end of one direction (close_notify, RFC 8446 section 6.1) is handed on as an end of file.
"""

import asyncio
import contextlib
import os
import ssl
from collections.abc import Iterable
from typing import Any, Final, cast

_READ_BYTES: Final = 256 * 1024
HANDSHAKE_TIMEOUT_S: Final = 10.0


def load_identity(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Give a context its certificate and key, PEM. Python loads them only from a file: one that is on no disk."""
    descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, f"{certificate}\n{key}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


class TlsTransport(asyncio.Transport):
    """What the protocol above writes to. Made by TlsWire when the handshake is done."""

    def __init__(self, wire: "TlsWire", below: asyncio.Transport) -> None:
        super().__init__()
        self._wire, self._below = wire, below
        self._is_paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        # "sslcontext" stays unanswered: asyncio's streams take it for a sign that there is no half-close.
        return self._wire.tls if name == "ssl_object" else self._below.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._wire.send(data)

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(pieces))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._wire.end_writing()

    def is_reading(self) -> bool:
        return not self._is_paused

    def pause_reading(self) -> None:
        self._is_paused = True
        self._below.pause_reading()

    def resume_reading(self) -> None:
        self._is_paused = False
        if not self._below.is_closing():
            self._below.resume_reading()
            asyncio.get_running_loop().call_soon(self._wire.deliver)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def close(self) -> None:
        if not self._below.is_closing():
            self._wire.end_writing()
            self._below.close()

    def abort(self) -> None:
        self._below.abort()


class TlsWire(asyncio.Protocol):
    """Between TCP and `protocol`, which hears `connection_made` once the handshake is done, and `connection_lost`
    also when it fails. A protocol factory for `create_server` and `create_connection`."""

    def __init__(
        self, context: ssl.SSLContext, protocol: asyncio.Protocol, *, is_server: bool, server_name: str | None = None
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=is_server, server_hostname=server_name
        )  # fmt: skip
        self._protocol = protocol
        self._backlog = bytearray()
        self._error: Exception | None = None
        self._is_open = self._has_ended = self._is_told_of_end = self._has_ended_writing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do what asyncio's do, and are none by class.
        self._below = cast(asyncio.Transport, transport)
        self._transport = TlsTransport(self, self._below)
        self._deadline = asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, self._below.abort)
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self._is_open or self._shake_hands():
            self.deliver()

    def eof_received(self) -> bool:
        """TCP itself has ended: whoever that was is gone, whether they said goodbye or not."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._deadline.cancel()
        self._protocol.connection_lost(error or self._error)

    def pause_writing(self) -> None:
        if self._is_open:
            self._protocol.pause_writing()

    def resume_writing(self) -> None:
        if self._is_open:
            self._protocol.resume_writing()

    def send(self, data: bytes | bytearray | memoryview) -> None:
        if self._below.is_closing() or self._has_ended_writing or not data:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self.tls.write(rest) :]
        except ssl.SSLError as error:
            self._fail(error)
            return
        self._flush()

    def end_writing(self) -> None:
        """Say that nothing more comes from us; the other direction stays open."""
        if self._has_ended_writing or not self._is_open:
            return
        self._has_ended_writing = True
        # OpenSSL drops what has arrived and is not read yet when it looks for the other side's goodbye.
        while data := self._decrypted():
            self._backlog += data
        # Ours is said; "want read" means that theirs has not come yet.
        with contextlib.suppress(ssl.SSLError, OSError):
            self.tls.unwrap()
        self._flush()

    def deliver(self) -> None:
        """Hand on what has come, as far as the protocol takes it."""
        while self._transport.is_reading() and not self._has_ended:
            if self._backlog:
                data, self._backlog = bytes(self._backlog), bytearray()
            else:
                data = self._decrypted()
            if not data:
                break
            self._protocol.data_received(data)
        if self._has_ended and not self._backlog and not self._is_told_of_end:
            self._is_told_of_end = True
            if not self._protocol.eof_received():
                self._transport.close()

    def _decrypted(self) -> bytes:
        """The next plain bytes; b"" where there are none now, or none will come (then `_has_ended`)."""
        try:
            data = self.tls.read(_READ_BYTES)
        except ssl.SSLWantReadError:
            self._flush()
            return b""
        except ssl.SSLZeroReturnError:
            data = b""
        except ssl.SSLError as error:
            self._fail(error)
            return b""
        self._has_ended = not data
        return data

    def _shake_hands(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except (ssl.SSLError, OSError) as error:
            self._error = error
            self._flush()  # the alert that says why
            self._below.close()
            return False
        self._deadline.cancel()
        self._flush()
        self._is_open = True
        self._protocol.connection_made(self._transport)
        return True

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._below.abort()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and not self._below.is_closing():
            self._below.write(data)
