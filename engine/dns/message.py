"""DNS messages, as far as a small server needs them: one question in, addresses or a name out (RFC 1035)."""

import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec import Struct

Address = IPv4Address | IPv6Address

TYPE_A, TYPE_PTR, TYPE_AAAA = 1, 12, 28
CLASS_IN = 1
NO_ERROR, SERVER_FAILURE, NAME_ERROR = 0, 2, 3

# Short: the next container with this name has another address.
TTL_S = 10

_HEADER = struct.Struct(">HHHHHH")
_IS_RESPONSE, _AUTHORITATIVE, _RECURSION_DESIRED, _RECURSION_AVAILABLE, _TRUNCATED = (
    0x8000,
    0x0400,
    0x0100,
    0x0080,
    0x0200,
)
_OPCODE = 0x7800


class MalformedMessage(ValueError):
    """Bytes that are no question that we could answer."""


class Question(Struct, frozen=True):
    """A query: `name` in lower case without the final dot, `raw` as it stood in the message."""

    message_id: int
    flags: int
    name: str
    record_type: int
    record_class: int
    raw: bytes


def parse_question(message: bytes) -> Question:
    """The one question of a query; raises MalformedMessage."""
    if len(message) < _HEADER.size:
        raise MalformedMessage("shorter than a header")
    message_id, flags, questions, *_ = _HEADER.unpack_from(message)
    if flags & _IS_RESPONSE or flags & _OPCODE or questions != 1:
        raise MalformedMessage("not a query with one question")
    labels: list[str] = []
    offset = _HEADER.size
    while True:
        length = _byte(message, offset)
        offset += 1
        if length == 0:
            break
        if length > 63 or offset + length > len(message):  # a compressed name has no place in a question
            raise MalformedMessage("a label that is too long")
        labels.append(message[offset : offset + length].decode("ascii", errors="replace"))
        offset += length
    if offset + 4 > len(message):
        raise MalformedMessage("cut off behind the name")
    record_type, record_class = struct.unpack_from(">HH", message, offset)
    raw = message[_HEADER.size : offset + 4]
    return Question(message_id, flags, ".".join(labels).lower(), record_type, record_class, raw)


def answer_addresses(question: Question, addresses: Sequence[Address]) -> bytes:
    """Those of the addresses that are of the type asked for. None of them is an answer too: the name is there."""
    version = {TYPE_A: 4, TYPE_AAAA: 6}.get(question.record_type)
    return _response(question, [address.packed for address in addresses if address.version == version])


def answer_name(question: Question, name: str) -> bytes:
    """The name of an address (PTR)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return _response(question, [labels + b"\0"])


def answer_error(question: Question, code: int) -> bytes:
    return _response(question, [], code=code)


def reverse_address(name: str) -> Address | None:
    """The address that `4.3.2.1.in-addr.arpa` or its IPv6 form asks about."""
    labels = name.split(".")
    try:
        if labels[-2:] == ["in-addr", "arpa"]:
            return ip_address(".".join(reversed(labels[:-2])))
        if labels[-2:] == ["ip6", "arpa"] and len(labels) == 34:
            digits = "".join(reversed(labels[:-2]))
            return ip_address(bytes.fromhex(digits))
    except ValueError:
        pass
    return None


def answer_truncated(question: Question) -> bytes:
    """Says that the answer is too long for a datagram: ask again over TCP."""
    return _response(question, [], flags=_TRUNCATED)


def _response(question: Question, records: Sequence[bytes], *, code: int = NO_ERROR, flags: int = 0) -> bytes:
    flags |= _IS_RESPONSE | _RECURSION_AVAILABLE | question.flags & _RECURSION_DESIRED | code
    header = _HEADER.pack(question.message_id, flags, 1, len(records), 0, 0)
    name = 0xC000 | _HEADER.size  # a pointer to the name in the question
    answers = (struct.pack(">HHHIH", name, question.record_type, CLASS_IN, TTL_S, len(data)) + data for data in records)
    return b"".join((header, question.raw, *answers))


def _byte(message: bytes, offset: int) -> int:
    try:
        return message[offset]
    except IndexError:
        raise MalformedMessage("cut off in a name") from None
