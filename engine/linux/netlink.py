"""Netlink itself (netlink(7)): messages, attributes, and a socket that sends them in batches.

A batch is one write, and the kernel has done it when the write returns; its answers then only have to be read.
What the messages mean is the business of rtnetlink and nftables.
"""

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence

from msgspec import Struct

REQUEST = 0x001
ACK = 0x004
DUMP = 0x300
CREATE = 0x400
EXCL = 0x200
REPLACE = 0x100

NESTED = 0x8000  # NLA_F_NESTED: the attribute's payload is attributes

_ERROR, _DONE = 2, 3
_DUMP_INTERRUPTED = 0x10
_ACK_CAPPED, _ACK_HAS_TEXT = 0x100, 0x200
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_SO_ATTACH_FILTER = 26
_TIMEOUT_S = 10


class Message(Struct, frozen=True):
    """One request. `about` names its object in the error that it may cause."""

    kind: int
    payload: bytes
    flags: int = 0
    about: str = ""


def attribute(kind: int, payload: bytes) -> bytes:
    """A type-length-value triple, padded to four bytes; the length does not count the padding."""
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | NESTED, b"".join(attributes))


def string(kind: int, text: str) -> bytes:
    return attribute(kind, text.encode() + b"\0")


def u32(kind: int, number: int) -> bytes:
    """A number in the byte order of this machine, as rtnetlink has them (nftables' are big-endian)."""
    return attribute(kind, struct.pack("=I", number))


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in `data` by type, without the flag bits. Of a type that repeats the last one stays."""
    return dict(iterate_attributes(data))


def iterate_attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            return
        yield kind & 0x3FFF, data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3


class NetlinkSocket:
    """A netlink socket in the network namespace of the thread that opened it; it stays there for ever.

    Not for two threads at once. Use it as a context manager, or close it.
    """

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)  # errors come with words
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)  # answers do not repeat the request
        self._socket.settimeout(_TIMEOUT_S)
        self._sequence = 0

    def __enter__(self) -> "NetlinkSocket":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def execute(self, messages: Sequence[Message], *, opening: bytes = b"", closing: bytes = b"") -> None:
        """Send all messages at once and wait for every acknowledgement.

        Raises the OSError of the first that failed. What a failure means for the others is the protocol's: rtnetlink
        goes on with them, an nftables transaction (`opening` ... `closing`) undoes them all.
        """
        waiting: dict[int, Message] = {}
        parts = [opening]
        for message in messages:
            sequence = self._next_sequence()
            waiting[sequence] = message
            parts.append(encode(message, sequence, extra_flags=REQUEST | ACK))
        self._socket.send(b"".join([*parts, closing]))
        first_error: OSError | None = None
        while waiting:
            for kind, flags, sequence, payload in self._receive():
                if kind != _ERROR:
                    continue
                error = _error_of(flags, payload, waiting.get(sequence))
                first_error = first_error or error
                # Sequence 0 is the transaction as a whole: when it is refused nothing else may be answered.
                if sequence == 0 and error:
                    raise error
                waiting.pop(sequence, None)
        if first_error:
            raise first_error

    def query(self, message: Message) -> bytes:
        """Ask for one object; returns the payload of the answer. Raises OSError (ENODEV, ENOENT...) without one."""
        sequence = self._next_sequence()
        self._socket.send(encode(message, sequence, extra_flags=REQUEST))
        while True:
            for kind, flags, answered, payload in self._receive():
                if answered != sequence:
                    continue
                if kind == _ERROR:
                    raise _error_of(flags, payload, message) or OSError(0, "answered without an object", message.about)
                return payload

    def dump(self, message: Message) -> list[bytes]:
        """The payloads of all objects of a kind, read again when they changed in the middle of it."""
        while True:
            payloads, is_consistent = self._dump_once(message)
            if is_consistent:
                return payloads

    def _dump_once(self, message: Message) -> tuple[list[bytes], bool]:
        sequence = self._next_sequence()
        self._socket.send(encode(message, sequence, extra_flags=REQUEST | DUMP))
        payloads: list[bytes] = []
        is_consistent = True
        while True:
            for kind, flags, answered, payload in self._receive():
                if answered != sequence:
                    continue
                is_consistent = is_consistent and not flags & _DUMP_INTERRUPTED
                if kind == _DONE:
                    return payloads, is_consistent
                if kind == _ERROR:
                    raise _error_of(flags, payload, message) or OSError(0, "dump refused", message.about)
                payloads.append(payload)

    def _receive(self) -> Iterator[tuple[int, int, int, bytes]]:
        return _split(self._socket.recv(1 << 18))

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence


class NetlinkListener:
    """What the kernel tells a multicast group; for the event loop. In the namespace of the thread that opened it.

    With `only_kind` all other messages are dropped before they wake anybody, where each comes alone.
    """

    def __init__(self, protocol: int, group: int, *, only_kind: int | None = None) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol
        )
        if only_kind is not None:
            _drop_others(self._socket, only_kind)
        self._socket.bind((0, 1 << (group - 1)))

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def read(self) -> list[tuple[int, bytes]] | None:
        """The kind and payload of all that has come; None when some was lost, the buffer being full."""
        messages: list[tuple[int, bytes]] = []
        while True:
            try:
                messages += [(kind, payload) for kind, _, _, payload in _split(self._socket.recv(1 << 18))]
            except BlockingIOError:
                return messages
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    return None
                raise


def _drop_others(listener: socket.socket, kind: int) -> None:
    """Attach a filter (socket(7), linux/filter.h): load the half word at 4; the kind is taken, nothing else."""
    # The type stands there in the byte order of the host, and is loaded as if it were in that of the network.
    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (0x28, 0, 0, 4),
            (0x15, 0, 1, socket.htons(kind)),
            (0x06, 0, 0, 0xFFFFFFFF),
            (0x06, 0, 0, 0),
        )
    )
    instructions = ctypes.create_string_buffer(program, len(program))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", 4, ctypes.addressof(instructions)))


def _split(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Kind, flags, sequence and payload of each message in `data`."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, flags, sequence, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def encode(message: Message, sequence: int, *, extra_flags: int = 0) -> bytes:
    length = _HEADER.size + len(message.payload)
    header = _HEADER.pack(length, message.kind, message.flags | extra_flags, sequence, 0)
    return header + message.payload + bytes(-length % 4)


def _error_of(flags: int, payload: bytes, message: Message | None) -> OSError | None:
    """The error that an NLMSG_ERROR carries; 0 in it is an acknowledgement."""
    (code,) = struct.unpack_from("=i", payload)
    if code == 0:
        return None
    text = os.strerror(-code)
    if flags & _ACK_HAS_TEXT and flags & _ACK_CAPPED:
        explanation = parse_attributes(payload[4 + _HEADER.size :]).get(1, b"")  # NLMSGERR_ATTR_MSG
        text = explanation.rstrip(b"\0").decode(errors="replace") or text
    return OSError(-code, text, message.about if message else None)
