"""From files on disk to a tar stream, through descriptors: nothing that is renamed meanwhile leads elsewhere.

Says what of a tree goes in, under which names; what the tar is for is the caller's business.
"""

import os
import stat
from collections.abc import Callable, Generator

from engine.config import IdMap
from engine.errors import EngineError
from engine.layers.tar_reader import TarEntry
from engine.layers.tar_writer import header, padding
from engine.linux.rooted import open_regular

_CHUNK = 1 << 18
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: b"0",
    stat.S_IFLNK: b"2",
    stat.S_IFCHR: b"3",
    stat.S_IFBLK: b"4",
    stat.S_IFDIR: b"5",
    stat.S_IFIFO: b"6",
}
_KEPT_XATTRS = ("security.capability", "user.")
# overlayfs's own, as it shows them in a layer's folder; they mean nothing elsewhere.
_DROPPED_XATTRS = ("user.overlay.",)

# Whether the walk goes into the directory with this path and this status; by default it does.
Enter = Callable[[bytes, os.stat_result], bool]


def _everywhere(_: bytes, __: os.stat_result) -> bool:
    return True


class Packer:
    """Packs files of one tree; remembers hard links over all of its calls.

    `id_map` is that of the tree; the archive has the owners as the container knows them.
    """

    def __init__(self, *, enter: Enter = _everywhere, id_map: IdMap | None = None) -> None:
        self._enter = enter
        self._id_map = id_map
        self._seen: dict[tuple[int, int], bytes] = {}

    def tree(self, dir_fd: int, name: bytes, *, path: bytes) -> Generator[bytes, None, None]:
        """The directory `dir_fd` as `name` in the archive, and all that is in it. `path` is where it is in the tree.

        A file that vanishes during the walk is left out; one that becomes shorter raises EngineError.
        """
        if name:
            status = os.fstat(dir_fd)
            yield header(self._entry(status, _slashed(name), b"", _xattrs(dir_fd)))
        for child in sorted(os.listdir(dir_fd), key=os.fsencode):
            child_name = os.fsencode(child)
            yield from self.member(dir_fd, child_name, _join(name, child_name), path=_join(path, child_name))

    def member(self, dir_fd: int, child: bytes, name: bytes, *, path: bytes) -> Generator[bytes, None, None]:
        """One entry of the directory `dir_fd` as `name`, with all that is in it."""
        try:
            status = os.stat(child, dir_fd=dir_fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                fd = os.open(child, _DIRECTORY, dir_fd=dir_fd)
            else:
                yield from self.one(dir_fd, child, name)
                return
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            if self._enter(path, status):
                yield from self.tree(fd, name, path=path)
            else:
                yield header(self._entry(os.fstat(fd), _slashed(name), b"", {}))
        finally:
            os.close(fd)

    def one(self, dir_fd: int, child: bytes, name: bytes) -> Generator[bytes, None, None]:
        """One entry alone, without what is in it. Sockets are left out: no archive can hold one."""
        try:
            opened = open_regular(child, dir_fd)
            if opened is None:
                status = os.stat(child, dir_fd=dir_fd, follow_symlinks=False)
                if stat.S_IFMT(status.st_mode) not in _KINDS or stat.S_ISREG(status.st_mode):
                    return
                link = os.readlink(child, dir_fd=dir_fd) if stat.S_ISLNK(status.st_mode) else b""
        except FileNotFoundError:
            return
        if opened is not None:
            yield from self._file(*opened, name)
            return
        name = _slashed(name) if stat.S_ISDIR(status.st_mode) else name
        yield header(self._entry(status, name, link, {}))

    def _file(self, fd: int, status: os.stat_result, name: bytes) -> Generator[bytes, None, None]:
        try:
            place = status.st_dev, status.st_ino
            if status.st_nlink > 1 and place in self._seen:
                entry = self._entry(status, name, self._seen[place], {})
                entry.kind, entry.size = b"1", 0
                yield header(entry)
                return
            if status.st_nlink > 1:
                self._seen[place] = name
            yield header(self._entry(status, name, b"", _xattrs(fd)))
            left = status.st_size
            while left:
                data = os.read(fd, min(left, _CHUNK))
                if not data:
                    raise EngineError(f"{os.fsdecode(name)} became shorter while it was read")
                left -= len(data)
                yield data
            yield padding(status.st_size)
        finally:
            os.close(fd)

    def _entry(self, status: os.stat_result, name: bytes, link: bytes, xattrs: dict[str, bytes]) -> TarEntry:
        kind = stat.S_IFMT(status.st_mode)
        is_device = kind in (stat.S_IFCHR, stat.S_IFBLK)
        uid, gid = status.st_uid, status.st_gid
        if self._id_map is not None:
            uid, gid = self._id_map.to_container(uid, gid)
        return TarEntry(
            name=name,
            kind=_KINDS[kind],
            mode=stat.S_IMODE(status.st_mode),
            uid=uid,
            gid=gid,
            size=status.st_size if kind == stat.S_IFREG else 0,
            mtime_ns=status.st_mtime_ns,
            link=link,
            device=(os.major(status.st_rdev), os.minor(status.st_rdev)) if is_device else (0, 0),
            xattrs=xattrs,
        )


def _xattrs(fd: int) -> dict[str, bytes]:
    try:
        names = [name for name in os.listxattr(fd) if name.startswith(_KEPT_XATTRS)]
        return {name: os.getxattr(fd, name) for name in names if not name.startswith(_DROPPED_XATTRS)}
    except OSError:  # a file system that has none
        return {}


def _join(parent: bytes, name: bytes) -> bytes:
    if not parent:
        return name
    return parent + name if parent.endswith(b"/") else parent + b"/" + name


def _slashed(name: bytes) -> bytes:
    return name if name.endswith(b"/") else name + b"/"
