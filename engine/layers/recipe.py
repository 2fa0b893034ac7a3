"""How to put a layer's very own tar together again from its files on disk.

A recipe holds every byte of the tar that is not file contents, and for the contents the path of the file. The tar
that comes out has the diff id that went in, so that a layer is saved and pushed under the digest it came with.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import zstandard

from engine.errors import EngineError

_CHUNK = 1 << 18
_RAW, _FILE = b"R", b"F"
_HEAD = struct.Struct(">cIQ")


class RecipeWriter:
    """Written while a layer is unpacked. Files that a later entry of the same tar replaces go to `shadow`."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._out = zstandard.ZstdCompressor(level=1).stream_writer(self._file)
        self._raw: list[bytes] = []
        self._raw_size = 0
        self.file_count = 0

    def raw(self, data: bytes) -> None:
        self._raw.append(data)
        self._raw_size += len(data)
        if self._raw_size > _CHUNK:
            self._flush()

    def file(self, path: bytes, size: int) -> int:
        """The contents of `path` come here; returns the number by which `shadow` would know them."""
        self._flush()
        self._out.write(_HEAD.pack(_FILE, len(path), size) + path)
        self.file_count += 1
        return self.file_count - 1

    def _flush(self) -> None:
        if self._raw:
            data = b"".join(self._raw)
            self._out.write(_HEAD.pack(_RAW, len(data), 0) + data)
            self._raw, self._raw_size = [], 0

    def close(self) -> None:
        self._flush()
        self._out.close()  # type: ignore[no-untyped-call]
        self._file.close()


def assemble(recipe: Path, files: Path, shadow: Path) -> Iterator[bytes]:
    """The layer's tar, in pieces. Raises EngineError when a file is not what it was: the disk was tampered with."""
    number = 0
    with recipe.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        while head := stream.read(_HEAD.size):
            kind, length, size = _HEAD.unpack(head)
            data = stream.read(length)
            if kind == _RAW:
                yield data
                continue
            replaced = shadow / str(number)
            path = replaced if replaced.exists() else os.fsencode(files) + b"/" + data
            yield from _contents(path, size)
            number += 1


def _contents(path: Path | bytes, size: int) -> Iterator[bytes]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise EngineError(f"a file of the layer is gone: {error}; pull or load the image again") from error
    try:
        left = size
        while left:
            data = os.read(fd, min(left, _CHUNK))
            if not data:
                raise EngineError(f"{os.fsdecode(path)} is shorter than it was: pull or load the image again")
            left -= len(data)
            yield data
    finally:
        os.close(fd)
