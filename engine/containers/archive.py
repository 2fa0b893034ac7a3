"""HEAD, GET and PUT of /containers/{id}/archive: what `docker cp` is made of."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, TypeVar

from engine.config import IdMap
from engine.containers.filesystem import ContainerTrees, check_writable, mounted_places
from engine.containers.model import Container
from engine.containers.rooms import Layers
from engine.containers.times import rfc3339
from engine.errors import InvalidArgument, NotFound
from engine.images.byte_queue import ByteQueue
from engine.layers.compression import open_decompressed
from engine.layers.extraction import ExtractOptions, Extractor
from engine.layers.packing import Packer
from engine.layers.tar_reader import TarReader
from engine.layers.tar_writer import END
from engine.linux.rooted import Tree
from engine.spec import find_user

_PIECE = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY

# os.FileMode of Go: its own bits, above the nine of the permissions.
_GO_TYPES = {
    stat.S_IFDIR: 1 << 31,
    stat.S_IFLNK: 1 << 27,
    stat.S_IFBLK: 1 << 26,
    stat.S_IFCHR: 1 << 26 | 1 << 21,
    stat.S_IFIFO: 1 << 25,
    stat.S_IFSOCK: 1 << 24,
}
_GO_BITS = {stat.S_ISUID: 1 << 23, stat.S_ISGID: 1 << 22, stat.S_ISVTX: 1 << 20}

T = TypeVar("T")
Tell = Callable[[Container, str], None]


class Archives:
    """Files into and out of containers."""

    def __init__(self, trees: ContainerTrees, layers: Layers, tell: Tell) -> None:
        self._trees = trees
        self._layers = layers
        self._tell = tell

    async def stat(self, container: Container, path: str, *, reference: str) -> dict[str, Any]:
        """What X-Docker-Container-Path-Stat tells. Raises NotFound, which names the container by `reference`."""
        absolute = _absolute(path)
        async with self._trees.open(container) as tree:
            return await to_its_end(path_stat, tree, absolute, reference)

    @contextlib.asynccontextmanager
    async def get(
        self, container: Container, path: str, *, reference: str
    ) -> AsyncIterator[tuple[dict[str, Any], AsyncIterator[bytes]]]:
        """What `stat` tells, and the tar of what is at `path`. Raises NotFound."""
        absolute = _absolute(path)
        async with self._trees.open(container) as tree:
            found = await to_its_end(path_stat, tree, absolute, reference)
            pieces = _packed(tree, absolute, found, mounted_places(container), container.record.id_map)
            self._tell(container, "archive-path")
            yield found, in_thread(pieces)

    async def put(
        self,
        container: Container,
        path: str,
        stream: AsyncIterator[bytes],
        *,
        reference: str,
        keeps_kind: bool = False,
        takes_owner: bool = False,
    ) -> None:
        """Extract a tar, also a compressed one, into the directory at `path`.

        Raises NotFound, InvalidArgument (no directory, a bad archive), Forbidden (a place that is read-only).
        """
        absolute = _absolute(path)
        owner = await self._owner(container) if takes_owner else None
        async with self._trees.open(container) as tree:
            place = await to_its_end(_extraction_place, tree, absolute, reference)
            check_writable(container, place)
            options = ExtractOptions(keeps_kind, owner, container.record.id_map)
            extract = Extractor(tree, place, options).extract
            await feed(stream, lambda queue: extract(TarReader(open_decompressed(queue))))
            self._tell(container, "extract-to-dir")

    async def _owner(self, container: Container) -> tuple[int, int] | None:
        if not container.config["User"]:
            return None
        rootfs = await self._layers.mount(container.id)
        try:
            user = await asyncio.to_thread(find_user, rootfs, container.config["User"])
        finally:
            if not container.state.has_process:
                await self._layers.unmount(container.id)
        return user.uid, user.gid


def path_stat(tree: Tree, absolute: str, reference: str) -> dict[str, Any]:
    """The JSON of X-Docker-Container-Path-Stat; a link in the last component is described, not followed."""
    try:
        status = tree.lstat(_resolved(tree, absolute))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"Could not find the file {absolute} in container {reference}") from None
    except OSError as error:
        raise InvalidArgument(f"{absolute}: {error.strerror}") from error
    if absolute.endswith(("/", "/.")) and not stat.S_ISDIR(status.st_mode):
        raise InvalidArgument(f"{absolute}: not a directory")
    is_link = stat.S_ISLNK(status.st_mode)
    return {
        "name": _base(absolute),
        "size": status.st_size,
        "mode": go_file_mode(status.st_mode),
        "mtime": rfc3339(status.st_mtime_ns),
        "linkTarget": tree.evaluate(absolute) if is_link else "",
    }


def go_file_mode(mode: int) -> int:
    """st_mode as Go's os.FileMode."""
    bits = sum(go for ours, go in _GO_BITS.items() if mode & ours)
    return _GO_TYPES.get(stat.S_IFMT(mode), 0) | bits | mode & 0o777


def _absolute(path: str) -> str:
    """Cleaned as Go does it, but for a `/` or `/.` at the end, which say that a directory is meant."""
    if not path:
        raise InvalidArgument("bad parameter: path cannot be empty")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    clean = "/" + "/".join(parts)
    if path == "." or path.endswith("/."):
        return clean.rstrip("/") + "/."
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _base(absolute: str) -> str:
    return absolute.rstrip("/").rpartition("/")[2] or "/"


def _resolved(tree: Tree, absolute: str) -> str:
    """The folder's links followed, the last component as it stands."""
    folder, _, base = absolute.rpartition("/")
    return f"{tree.evaluate(folder).rstrip('/')}/{base}" if base not in ("", ".") else tree.evaluate(folder)


def _packed(
    tree: Tree, absolute: str, found: dict[str, Any], places: tuple[str, ...], id_map: IdMap | None
) -> Generator[bytes, None, None]:
    path = _resolved(tree, absolute)
    name = os.fsencode(_base(absolute))
    if found["mode"] & 1 << 31:
        fd = tree.open(path, _DIRECTORY)
        try:
            packer = Packer(enter=_Boundary(os.fsencode(path), os.fstat(fd).st_dev, places), id_map=id_map)
            yield from packer.tree(fd, b"" if name == b"/" else name, path=os.fsencode(path))
        finally:
            os.close(fd)
    else:
        folder, _, base = path.rpartition("/")
        fd = tree.open(folder or "/", _DIRECTORY)
        try:
            yield from Packer(id_map=id_map).one(fd, os.fsencode(base), name)
        finally:
            os.close(fd)
    yield END


class _Boundary:
    """Goes into the container's own mounts, and not into /proc, /sys and /dev: those have an end for nobody."""

    def __init__(self, base: bytes, device: int, places: tuple[str, ...]) -> None:
        self._places = {os.fsencode(place.rstrip("/")) for place in places}
        self._devices = {base: device}

    def __call__(self, path: bytes, status: os.stat_result) -> bool:
        device = self._devices[path.rpartition(b"/")[0] or b"/"]
        self._devices[path] = status.st_dev
        return status.st_dev == device or path in self._places


def _extraction_place(tree: Tree, absolute: str, reference: str) -> str:
    """The directory that `absolute` leads to, links followed to the last."""
    place = tree.evaluate(absolute)
    try:
        status = tree.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"Could not find the file {absolute} in container {reference}") from None
    if not stat.S_ISDIR(status.st_mode):
        raise InvalidArgument("extraction point is not a directory")
    return place


async def in_thread(pieces: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """What `pieces` yields, about a megabyte at a time: a thread for each piece would cost more than the piece."""
    try:
        while data := await to_its_end(_gather, pieces):
            yield data
    finally:
        pieces.close()


async def to_its_end(call: Callable[..., T], *arguments: Any) -> T:
    """Run a blocking call in a thread; when cancelled, wait for it: it uses descriptors that are then closed."""
    working = asyncio.get_running_loop().run_in_executor(None, call, *arguments)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


def _gather(pieces: Iterator[bytes]) -> bytes:
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= _PIECE:
            break
    return b"".join(gathered)


async def feed(stream: AsyncIterator[bytes], work: Callable[[ByteQueue], None]) -> None:
    """Run `work` in a thread on the bytes of `stream`; returns, or raises, when both have ended."""
    queue = ByteQueue()

    def run() -> None:
        try:
            work(queue)
        finally:
            queue.abandon()

    working = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        async for data in stream:
            await queue.put(data)
        queue.end()
        await working
    except BaseException as error:
        queue.fail(error if isinstance(error, Exception) else ConnectionResetError("the upload was cut"))
        await asyncio.gather(working, return_exceptions=True)
        raise
