"""A reader of tar streams: ustar, GNU and PAX, as fast as Python allows and as strict as strangers' files need.

Every byte that is not file contents is told to `on_raw`, so that the very same tar can be put together again.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct, field

from engine.errors import InvalidArgument

BLOCK = 512
_CHUNK = 1 << 18
_MAX_METADATA = 1 << 20
_ZERO = bytes(BLOCK)


class BadArchive(InvalidArgument):
    """The bytes are no tar, or are cut, or hold what no layer may hold."""


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class TarEntry(Struct):
    """One member; `kind` is the type byte of its header, `name` as it stands there."""

    name: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    link: bytes
    device: tuple[int, int]
    xattrs: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        return self.kind in (b"0", b"\0", b"7")


class TarReader:
    """Iterate it; before the next entry, `contents` or nothing of the current one is read: the rest is skipped."""

    def __init__(self, source: _Source, on_raw: Callable[[bytes], None] | None = None) -> None:
        self._source = source
        self._on_raw = on_raw or (lambda _: None)
        self._buffer = b""
        self._left = 0
        self._padding = 0
        self._global: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[TarEntry]:
        while (entry := self._next()) is not None:
            yield entry

    def contents(self) -> Iterator[bytes]:
        """The contents of the current entry, in pieces. They are not told to `on_raw`."""
        while self._left:
            data = self._take_some(min(self._left, _CHUNK))
            self._left -= len(data)
            yield data

    def drain(self) -> None:
        """Read to the end of the stream: what follows the end mark belongs to the digest, too."""
        self._skip()
        if self._buffer:
            self._on_raw(self._buffer)
            self._buffer = b""
        while data := self._source.read(_CHUNK):
            self._on_raw(data)

    def _skip(self) -> None:
        while self._left:
            data = self._take_some(min(self._left, _CHUNK))
            self._left -= len(data)
            self._on_raw(data)
        if self._padding:
            self._on_raw(self._take(self._padding))
            self._padding = 0

    def _next(self) -> TarEntry | None:
        self._skip()
        pax: dict[str, bytes] = {}
        long_name = long_link = None
        while True:
            header = self._header()
            if header is None:
                return None
            kind = header[156:157]
            if kind in (b"x", b"g", b"L", b"K"):
                data = self._metadata(_number(header[124:136]))
                if kind == b"x":
                    pax.update(_pax_records(data))
                elif kind == b"g":
                    self._global.update(_pax_records(data))
                elif kind == b"L":
                    long_name = data.partition(b"\0")[0]
                else:
                    long_link = data.partition(b"\0")[0]
                continue
            entry = _entry(header, long_name, long_link, {**self._global, **pax})
            self._left = entry.size
            self._padding = -entry.size % BLOCK
            return entry

    def _header(self) -> bytes | None:
        block = self._take(BLOCK, may_end=True)
        if not block:
            return None
        self._on_raw(block)
        if block == _ZERO:
            return None
        unsigned = sum(block) - sum(block[148:156]) + 8 * 32
        if unsigned != _number(block[148:156]) and _signed_sum(block) != _number(block[148:156]):
            raise BadArchive("archive/tar: invalid tar header")
        return block

    def _metadata(self, size: int) -> bytes:
        if size > _MAX_METADATA:
            raise BadArchive(f"archive/tar: extended header of {size} bytes, at most {_MAX_METADATA} are read")
        data = self._take(size + (-size % BLOCK))
        self._on_raw(data)
        return data[:size]

    def _take_some(self, size: int) -> bytes:
        if not self._buffer:
            self._buffer = self._source.read(max(size, BLOCK) if size > 65536 else 65536)
            if not self._buffer:
                raise BadArchive("unexpected EOF")
        data = self._buffer[:size]
        self._buffer = self._buffer[size:]
        return data

    def _take(self, size: int, *, may_end: bool = False) -> bytes:
        if len(self._buffer) >= size:
            data = self._buffer[:size]
            self._buffer = self._buffer[size:]
            return data
        pieces, missing = [self._buffer], size - len(self._buffer)
        self._buffer = b""
        while missing:
            more = self._source.read(max(missing, 65536))
            if not more:
                if may_end and missing == size:
                    return b""
                raise BadArchive("unexpected EOF")
            pieces.append(more[:missing])
            self._buffer = more[missing:]
            missing -= len(pieces[-1])
        return b"".join(pieces)


def _signed_sum(block: bytes) -> int:
    """Some old writers summed signed bytes."""
    return sum(int(byte) for byte in struct.unpack("148b8x356b", block)) + 8 * 32


def _number(field_: bytes) -> int:
    if field_[0] in (0x80, 0xFF):  # GNU's base 256
        value = int.from_bytes(field_[1:], "big")
        return value if field_[0] == 0x80 else value - (1 << (8 * (len(field_) - 1)))
    text = field_.split(b"\0", 1)[0].strip()
    try:
        return int(text, 8) if text else 0
    except ValueError:
        raise BadArchive("archive/tar: invalid tar header") from None


def _pax_records(data: bytes) -> dict[str, bytes]:
    records: dict[str, bytes] = {}
    position = 0
    while position < len(data):
        length_text, _, _ = data[position : position + 20].partition(b" ")
        if not length_text.isdigit():
            raise BadArchive("archive/tar: invalid PAX record")
        length = int(length_text)
        record = data[position + len(length_text) + 1 : position + length]
        if length <= len(length_text) + 1 or position + length > len(data) or not record.endswith(b"\n"):
            raise BadArchive("archive/tar: invalid PAX record")
        key, _, value = record[:-1].partition(b"=")
        records[key.decode(errors="surrogateescape")] = value
        position += length
    return records


def _entry(header: bytes, long_name: bytes | None, long_link: bytes | None, pax: dict[str, bytes]) -> TarEntry:
    if header[156:157] == b"S" or any(key.startswith("GNU.sparse.") for key in pax):
        raise BadArchive("sparse files in tar archives are not read: pack the layer without --sparse")
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == b"ustar\0" and header[345]:
        name = header[345:500].partition(b"\0")[0] + b"/" + name
    kind = header[156:157]
    try:
        size = int(pax["size"]) if "size" in pax else _number(header[124:136])
        mtime_ns = _nanoseconds(pax["mtime"]) if "mtime" in pax else _number(header[136:148]) * 1_000_000_000
        uid = int(pax["uid"]) if "uid" in pax else _number(header[108:116])
        gid = int(pax["gid"]) if "gid" in pax else _number(header[116:124])
    except ValueError:
        raise BadArchive("archive/tar: invalid PAX record") from None
    if size < 0 or not 0 <= uid < 1 << 32 or not 0 <= gid < 1 << 32:
        raise BadArchive("archive/tar: invalid tar header")
    if kind not in (b"0", b"\0", b"7"):
        size = 0 if kind in b"123456" else size
    # V7 tars mark directories by a slash alone.
    kind = b"5" if kind == b"\0" and name.endswith(b"/") else kind
    return TarEntry(
        name=pax.get("path") or long_name or name,
        kind=kind,
        mode=_number(header[100:108]) & 0o7777,
        uid=uid,
        gid=gid,
        size=size,
        mtime_ns=mtime_ns,
        link=pax.get("linkpath") or long_link or header[157:257].partition(b"\0")[0],
        device=(_number(header[329:337]), _number(header[337:345])) if kind in (b"3", b"4") else (0, 0),
        xattrs={key[13:]: value for key, value in pax.items() if key.startswith("SCHILY.xattr.")},
    )


def _nanoseconds(text: bytes) -> int:
    seconds, _, fraction = text.partition(b".")
    nanoseconds = int(fraction[:9].ljust(9, b"0")) if fraction else 0
    return int(seconds) * 1_000_000_000 + (-nanoseconds if seconds.startswith(b"-") else nanoseconds)
