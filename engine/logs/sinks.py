"""Where log lines go besides the file: syslog (RFC 3164, RFC 5424) and journald (its native protocol).

A sink blocks, and raises OSError when the other side is not there: the caller tries again.
"""

import os
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from engine.errors import InvalidArgument
from engine.logs.lines import LogPiece

JOURNALD_SOCKET = Path("/run/systemd/journal/socket")
_SYSLOG_SOCKETS = (Path("/dev/log"), Path("/var/run/syslog"), Path("/var/run/log"))
_FACILITIES = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "security", "console", "solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
]  # fmt: skip
_FORMATS = ("", "rfc3164", "rfc5424", "rfc5424micro")
_ERR, _INFO, _STDERR = 3, 6, 2
_TIMEOUT_S = 5.0


class Sink(Protocol):
    def send(self, pieces: Sequence[LogPiece]) -> None: ...
    def close(self) -> None: ...


class Syslog(Struct):
    """`address` is (kind, place): unix or unixgram and a path, udp or tcp and a host with its port."""

    address: tuple[str, str]
    facility: int
    format: str
    tag: str
    _socket: socket.socket | None = None

    @classmethod
    def of(cls, options: Mapping[str, str], tag: str) -> "Syslog":
        """Raises InvalidArgument for options that mean nothing, and when no address is given and none is here."""
        name = options.get("syslog-facility") or "daemon"
        facility = _FACILITIES.index(name) if name in _FACILITIES else int(name) if name.isdigit() else -1
        if not 0 <= facility < len(_FACILITIES):
            raise InvalidArgument(f"invalid syslog facility: {name}")
        kind = options.get("syslog-format", "")
        if kind not in _FORMATS:
            raise InvalidArgument(f"Invalid syslog format: {kind}")
        return cls(_address(options.get("syslog-address", "")), facility, kind, tag)

    def send(self, pieces: Sequence[LogPiece]) -> None:
        try:
            sock = self._socket = self._socket or self._connect()
            ends_lines = b"\n" if sock.type == socket.SOCK_STREAM else b""
            for piece in pieces:
                sock.sendall(self.line(piece, time.time()) + ends_lines)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def line(self, piece: LogPiece, moment: float) -> bytes:
        """The message, without what ends it."""
        stream, payload = piece
        priority = self.facility << 3 | (_ERR if stream == _STDERR else _INFO)
        text, pid, host = payload.rstrip(b"\n"), os.getpid(), socket.gethostname()
        when = datetime.fromtimestamp(moment, UTC)
        if self.format.startswith("rfc5424"):
            stamp = when.isoformat(timespec="microseconds" if self.format.endswith("micro") else "seconds")
            head = f"<{priority}>1 {stamp.replace('+00:00', 'Z')} {host} {self.tag} {pid} {self.tag} - "
        else:
            is_local = self.address[0].startswith("unix")
            local = when.astimezone()
            stamp, place = f"{local:%b} {local.day:2d} {local:%H:%M:%S}", "" if is_local else f"{host} "
            head = f"<{priority}>{stamp} {place}{self.tag}[{pid}]: "
        return head.encode() + text

    def _connect(self) -> socket.socket:
        kind, place = self.address
        if kind.startswith("unix"):
            # The usual socket takes datagrams; some daemons listen for streams instead.
            types = (socket.SOCK_DGRAM,) if kind == "unixgram" else (socket.SOCK_DGRAM, socket.SOCK_STREAM)
            return _connected_unix(place, types)
        host, _, port = place.rpartition(":")
        if kind == "tcp":
            return socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_S)
        family, _, _, _, target = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.connect(target)
        return sock


def _connected_unix(path: str, types: Sequence[socket.SocketKind]) -> socket.socket:
    failure = OSError(path)
    for kind in types:
        sock = socket.socket(socket.AF_UNIX, kind)
        sock.settimeout(_TIMEOUT_S)
        try:
            sock.connect(path)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _address(text: str) -> tuple[str, str]:
    if not text:
        for path in _SYSLOG_SOCKETS:
            if path.is_socket():
                return "unix", str(path)
        raise InvalidArgument("failed to initialize logging driver: Unix syslog delivery error")
    parts = urlsplit(text)
    if parts.scheme in ("unix", "unixgram"):
        if not Path(parts.path).exists():
            raise InvalidArgument(f"syslog-address {text}: no such file or directory")
        return parts.scheme, parts.path
    if parts.scheme not in ("udp", "tcp"):
        raise InvalidArgument(f"syslog-address {text}: unsupported scheme, give unix, unixgram, udp or tcp")
    try:
        return parts.scheme, f"{parts.hostname or '127.0.0.1'}:{parts.port or 514}"
    except ValueError as error:
        raise InvalidArgument(f"syslog-address {text}: {error}") from error


class Journald:
    """Fields as dockerd's driver names them (CONTAINER_ID, CONTAINER_NAME...), plus those of labels and env."""

    def __init__(self, fields: Mapping[str, str], path: Path = JOURNALD_SOCKET) -> None:
        """Raises InvalidArgument on a host without journald."""
        if not path.exists():
            raise InvalidArgument("failed to initialize logging driver: journald is not enabled on this host")
        self._fields = b"".join(_journal_field(name, value.encode()) for name, value in fields.items())
        self._path = path
        self._socket: socket.socket | None = None

    def send(self, pieces: Sequence[LogPiece]) -> None:
        try:
            sock = self._socket = self._socket or _connected_unix(str(self._path), (socket.SOCK_DGRAM,))
            for stream, payload in pieces:
                priority = _ERR if stream == _STDERR else _INFO
                partial = b"" if payload.endswith(b"\n") else _journal_field("CONTAINER_PARTIAL_MESSAGE", b"true")
                message = _journal_field("MESSAGE", payload.removesuffix(b"\n"))
                sock.sendall(self._fields + _journal_field("PRIORITY", b"%d" % priority) + partial + message)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _journal_field(name: str, value: bytes) -> bytes:
    """`NAME=value`, or with a length before it where the value has lines of its own (systemd's native protocol)."""
    clean = name.encode()
    if b"\n" not in value:
        return clean + b"=" + value + b"\n"
    return clean + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
