"""Compressed streams by their first bytes, and readers that count and hash what passes."""

import bz2
import hashlib
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, cast

import zstandard
from isal import igzip, isal_zlib

from engine.layers.tar_reader import BadArchive

_GZIP, _ZSTD, _XZ, _BZIP2 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"BZh"


class Source(Protocol):
    """Bytes from somewhere; blocks; b"" is the end."""

    def read(self, size: int = -1, /) -> bytes: ...


_gunzip: Callable[..., Source] = igzip.IGzipFile
_ISAL_ERROR: Any = isal_zlib.error
DECOMPRESSION_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    zlib.error,
    _ISAL_ERROR,
    lzma.LZMAError,
    zstandard.ZstdError,
)


class HashingReader:
    """Passes bytes through; `digest` is that of all that went by."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        self.size_bytes += len(data)
        return data

    def drain(self) -> None:
        while self.read(1 << 18):
            pass

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


class _Peeked:
    """A source whose first bytes were looked at."""

    def __init__(self, source: Source, head: bytes) -> None:
        self._source = source
        self._head = head

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._source.read(size)
        taken = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(taken) :]
        return taken + self._source.read() if size < 0 else taken

    def readinto(self, buffer: memoryview, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    closed = False


class _Decompressed:
    """What the decompressor says is wrong, told as BadArchive."""

    def __init__(self, stream: Source, kind: str, source: Source) -> None:
        self._stream = stream
        self._kind = kind
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except BadArchive:
            raise
        except DECOMPRESSION_ERRORS as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise BadArchive(f"{self._kind}: {error}") from error


def open_decompressed(source: Source) -> Source:
    """`source` without its gzip, zstd, xz or bzip2; anything else is passed through as it is.

    Reading raises BadArchive where the compressed stream is damaged or cut.
    """
    head = b""
    while len(head) < 6 and (more := source.read(6 - len(head))):
        head += more
    peeked = _Peeked(source, head)
    file = cast(BinaryIO, peeked)
    if head.startswith(_GZIP):
        return _Decompressed(_gunzip(fileobj=file, mode="rb"), "gzip", peeked)
    if head.startswith(_ZSTD):
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_size=1 << 18, read_across_frames=True)
        return _Decompressed(cast(Source, stream), "zstd", peeked)
    if head.startswith(_XZ):
        return _Decompressed(lzma.LZMAFile(file), "xz", peeked)
    if head.startswith(_BZIP2):
        return _Decompressed(bz2.BZ2File(file), "bzip2", peeked)
    return peeked
