"""Files on their way to a browser: one as it is, folders and selections as tar or zip, made while they are sent.

Reading a tar blocks, so each piece is made in a thread; the browser takes a piece before the next is made. What is cut
ends the answer with an error, which browsers show as a failed download: a short file would look like a whole one.
"""

import asyncio
import posixpath
import tarfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final

from django.db import connections

from webui.containers.files.archive import END, Archive, Member, Readable, member_bytes, pieces_of
from webui.containers.files.names import in_zip, is_text, joined, shown, split
from webui.resources import EngineRefusal

FORMATS: Final = ("tar", "zip")
# Between these a zip can hold a time: 1980, and the end of 2107 (its years are seven bits).
_ZIP_EPOCH, _ZIP_END = 315532800.0, 4354819198.0
_LINK_MODE: Final = 0o120777
_MSDOS_FOLDER: Final = 0x10


async def streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a blocking iterator, each made in a thread when the one before it was taken."""
    making: asyncio.Future[bytes] | None = None
    try:
        while True:
            making = asyncio.ensure_future(asyncio.to_thread(_next, pieces))
            # A thread cannot be cancelled; what it works on is closed after it.
            piece = await asyncio.shield(making)
            if not piece:
                return
            yield piece
    finally:
        if making is not None:
            await asyncio.wait([making])
        await asyncio.to_thread(_close, pieces)


def _next(iterator: Iterator[bytes]) -> bytes:
    """The next piece that is not empty, b"" at the end."""
    try:
        return next((piece for piece in iterator if piece), b"")
    finally:
        # The gate writes its audit entry from whatever thread asks.
        connections.close_all()


def _close(iterator: Iterator[bytes]) -> None:
    close: Callable[[], None] = getattr(iterator, "close", lambda: None)
    close()
    connections.close_all()


def made(
    archive: Archive, folder: str, names: Sequence[str], archive_format: str, *, container: str
) -> tuple[Iterator[bytes], str]:
    """The bytes of what is named in a folder, all of it where nothing is, and what a file of them is called."""
    if not archive_format:
        return file_pieces(archive, joined(folder, names[0])), shown(names[0])
    own = shown(names[0]) if len(names) == 1 else shown(split(folder)[1]) or container
    if not names:
        folder, name = split(folder)
        names = [name]
    if archive_format == "zip":
        return zip_pieces(archive, folder, names), f"{own}.zip"
    if len(names) == 1 and is_text(names[0]):
        # As the host makes it, with the extended attributes that a tar of ours would lose.
        return archive.raw(joined(folder, names[0])), f"{own}.tar"
    return tar_pieces(archive, folder, names), f"{own}.tar"


def file_pieces(archive: Archive, path: str) -> Iterator[bytes]:
    """The bytes of one plain file."""
    with archive.read(path) as members:
        source = members.body(members.first)
        if source is None:
            raise EngineRefusal(f"{shown(path)} is no plain file.")
        yield from pieces_of(source)


def tar_pieces(archive: Archive, folder: str, names: Sequence[str]) -> Iterator[bytes]:
    """One tar of several things of a folder, each with all that is below it."""
    for name in names:
        for info, body in _members(archive, joined(folder, name)):
            yield from member_bytes(info, body)
    yield END


def _members(archive: Archive, path: str) -> Iterator[Member]:
    with archive.read(path) as members:
        for info in members:
            if info.name.strip("/."):
                # All but the root itself, which every unpacker has already.
                yield info, members.body(info)


class _Sink:
    """Where a zip is written to: what has come since it was last taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def zip_pieces(archive: Archive, folder: str, names: Sequence[str]) -> Iterator[bytes]:
    """One zip of several things of a folder. Devices and pipes have no place in a zip."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:  # type: ignore[call-overload]
        for name in names:
            for info, body in _members(archive, joined(folder, name)):
                yield from _zipped(made, sink, info, body)
    yield sink.take()


def _zipped(made: zipfile.ZipFile, sink: _Sink, info: tarfile.TarInfo, body: Readable | None) -> Iterator[bytes]:
    modified = min(max(float(info.mtime), _ZIP_EPOCH), _ZIP_END)
    entry = zipfile.ZipInfo(in_zip(info.name.strip("/")), time.gmtime(modified)[:6])
    if info.isdir():
        entry.filename += "/"
        entry.external_attr = (0o040000 | info.mode & 0o777) << 16 | _MSDOS_FOLDER
        made.writestr(entry, b"")
    elif info.issym() or info.islnk():
        entry.external_attr = _LINK_MODE << 16
        made.writestr(entry, _target(info).encode(errors="surrogateescape"))
    elif body is not None:
        entry.external_attr = (0o100000 | info.mode & 0o777) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with made.open(entry, "w", force_zip64=True) as target:
            for piece in pieces_of(body):
                target.write(piece)
                yield sink.take()
    yield sink.take()


def _target(info: tarfile.TarInfo) -> str:
    """Where a link points to. A zip has no second names for one file: they become links to the first."""
    if info.issym():
        return info.linkname
    return posixpath.relpath(info.linkname, posixpath.dirname(info.name.strip("/")) or ".")
