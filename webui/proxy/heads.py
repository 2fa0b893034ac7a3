"""The head of a request, read strictly (RFC 9112): what could be read in two ways is refused, never repaired."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from webui.tokens import SECRET

LARGEST_BYTES: Final = 64 * 1024
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{3,7}) (/[!-~]*) HTTP/1\.1")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
# Of these a second one would be a second opinion. The list-valued ones (Connection, Accept) may stand there twice.
_ONCE: Final = frozenset(
    {"authorization", "content-length", "content-type", "expect", "host", "transfer-encoding", "upgrade"}
)
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_UPGRADES: Final = frozenset({"", "tcp", "h2c"})


class BadRequest(Exception):
    """What came is no request that we read. The connection ends with the answer: where the next begins is not known."""

    def __init__(self, words: str, *, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head. `length` is None for a body in chunks, 0 for none. Names of headers are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    length: int | None
    upgrade: str = ""

    @property
    def has_body(self) -> bool:
        return self.length != 0

    @property
    def keeps_alive(self) -> bool:
        return "close" not in self.headers.get("connection", "").lower()


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next request's head, None where the client has closed between two. Raises BadRequest."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise BadRequest("The request breaks off in its head.") from error
    except asyncio.LimitOverrunError as error:
        raise BadRequest("The head of the request is too long.", status=431) from error
    if len(raw) > LARGEST_BYTES:
        raise BadRequest("The head of the request is too long.", status=431)
    return _head(raw[:-4])


def _head(raw: bytes) -> Head:
    first, *lines = raw.split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise BadRequest("The request line is not one: METHOD /path HTTP/1.1, with a path and no address before it.")
    headers = _headers(lines)
    target = line[2].decode("ascii")
    if SECRET.search(target):
        raise BadRequest("Tokens do not belong into addresses, which end up in logs. Revoke this one.")
    upgrade = headers.get("upgrade", "").lower()
    if upgrade not in _UPGRADES:
        raise BadRequest(f"An upgrade to {upgrade[:40]!r} is not to be had here.")
    if upgrade and "upgrade" not in {word.strip().lower() for word in headers.get("connection", "").split(",")}:
        raise BadRequest("The header Upgrade stands without Connection: Upgrade.")
    path, _mark, query = target.partition("?")
    return Head(line[1].decode(), path, _query(query), headers, _length(headers), upgrade)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        # A bare line end, a fold, or a blank before the colon: each was a way to hide a header from somebody.
        field = _FIELD.fullmatch(line)
        if field is None:
            raise BadRequest(f"This is no header: {line[:60].decode('latin-1')!r}")
        name, value = field[1].decode().lower(), field[2].decode("latin-1")
        if name in headers and name in _ONCE:
            raise BadRequest(f"The header {name} stands there twice.")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if "host" not in headers:
        raise BadRequest("The header Host is missing.")
    if "expect" in headers:
        raise BadRequest("Send the body at once, without Expect.", status=417)
    return headers


def _length(headers: Mapping[str, str]) -> int | None:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None and length is not None:
        raise BadRequest("A body is either of a length or in chunks.")
    if coding is not None:
        if coding.lower() != "chunked":
            raise BadRequest("The only transfer coding that is read here is chunked.", status=501)
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise BadRequest("Content-Length is no number.")
    return int(length)


def _query(query: str) -> tuple[tuple[str, str], ...]:
    # Older daemons (Go before 1.17) take ";" for a separator. As what it is here it is sent percent-encoded.
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError as error:
        raise BadRequest("The parameters are not UTF-8, or more than a hundred.") from error
