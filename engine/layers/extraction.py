"""A tar from a client into a tree that exists: `docker cp` into a container.

Unlike a layer it has no whiteouts, replaces what is there, and may follow the tree's own links - inside the tree: every
path is resolved by the kernel under the tree's root.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator

from msgspec import Struct

from engine.config import IdMap
from engine.errors import Forbidden, InvalidArgument
from engine.layers.tar_reader import BadArchive, TarEntry, TarReader
from engine.linux.rooted import Tree, is_mount_point

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SAME_FILE = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class ExtractOptions(Struct, frozen=True):
    """`owner` is given all that is made, whatever the archive says. `id_map` is that of the tree."""

    keeps_kind: bool = False
    owner: tuple[int, int] | None = None
    id_map: IdMap | None = None


class Extractor:
    """Extracts one archive below `destination`, an absolute path in the tree that is a directory."""

    def __init__(self, tree: Tree, destination: str, options: ExtractOptions) -> None:
        self._tree = tree
        self._destination = destination.rstrip("/").encode("utf-8", "surrogateescape")
        self._options = options
        self._times: dict[bytes, int] = {}

    def extract(self, reader: TarReader) -> None:
        """Raises BadArchive for what leads out or is cut, InvalidArgument, Forbidden when the place is read-only.

        What was extracted before stays, as with dockerd; a file is there whole or as it was before.
        """
        try:
            for entry in reader:
                self._place(entry, reader)
            reader.drain()
            for path, mtime_ns in reversed(self._times.items()):
                with contextlib.suppress(OSError), self._opened(path) as fd:
                    os.utime(fd, ns=(mtime_ns, mtime_ns))
        except OSError as error:
            if error.errno == errno.EROFS:
                raise Forbidden("mounted volume is marked read-only") from error
            raise InvalidArgument(f"cannot extract: {error}") from error

    def _place(self, entry: TarEntry, reader: TarReader) -> None:
        if entry.kind == b"g":
            return
        path = _cleaned(entry.name, self._destination)
        if not path:
            return  # the destination itself, which is left as it is
        above, _, name = path.rpartition(b"/")
        with self._parent(above) as parent:
            exists = self._make_room(parent, name, entry)
            if entry.is_file and exists:
                self._file_in_place(parent, name, entry, reader)
            elif entry.is_file:
                self._file(parent, name, entry, reader)
            elif entry.kind == b"5":
                if not exists:
                    os.mkdir(name, 0o700, dir_fd=parent)
                self._directory(parent, name, path, entry)
            elif entry.kind == b"1":
                self._hard_link(parent, name, entry)
            else:
                self._special(parent, name, entry)

    @contextlib.contextmanager
    def _opened(self, path: bytes) -> Iterator[int]:
        fd = self._tree.open(self._destination + b"/" + path, _DIRECTORY)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _parent(self, path: bytes) -> Iterator[int]:
        """The directory at `path` below the destination; missing ones are made."""
        try:
            with self._opened(path) as fd:
                yield fd
            return
        except FileNotFoundError:
            if not path:
                raise
        above, _, name = path.rpartition(b"/")
        with self._parent(above) as parent, contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=parent)
            if self._options.id_map:
                os.chown(name, *self._options.id_map.to_host(0, 0), dir_fd=parent)
        with self._opened(path) as fd:
            yield fd

    def _make_room(self, parent: int, name: bytes, entry: TarEntry) -> bool:
        """Remove what stands there, unless it is to be filled (True): both are directories, or a file is mounted.

        A plain file stays for now; the new one is laid over it when it is whole.
        """
        try:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return False
        is_directory, becomes_directory = stat.S_ISDIR(status.st_mode), entry.kind == b"5"
        if is_directory and becomes_directory:
            return True
        shown = os.fsdecode(entry.name)
        if self._options.keeps_kind and is_directory:
            raise InvalidArgument(f'cannot overwrite directory "{shown}" with non-directory')
        if self._options.keeps_kind and becomes_directory:
            raise InvalidArgument(f'cannot overwrite non-directory "{shown}" with directory')
        becomes_file = entry.is_file and stat.S_ISREG(status.st_mode)
        if is_mount_point(name, parent):
            if becomes_file:
                return True
            raise InvalidArgument(f"cannot extract: unlinkat {shown}: {os.strerror(errno.EBUSY).lower()}")
        if is_directory:
            shutil.rmtree(name, dir_fd=parent)
        elif not becomes_file:
            os.unlink(name, dir_fd=parent)
        return False

    def _file(self, parent: int, name: bytes, entry: TarEntry, reader: TarReader) -> None:
        """Under another name until it is whole: a full disk or a cut archive leaves what was there."""
        unfinished = b".extracting-" + secrets.token_hex(8).encode()
        fd = os.open(unfinished, _NEW_FILE, 0o600, dir_fd=parent)
        try:
            with contextlib.ExitStack() as undo:
                undo.callback(os.unlink, unfinished, dir_fd=parent)
                self._fill(fd, entry, reader)
                os.rename(unfinished, name, src_dir_fd=parent, dst_dir_fd=parent)
                undo.pop_all()
        finally:
            os.close(fd)

    def _file_in_place(self, parent: int, name: bytes, entry: TarEntry, reader: TarReader) -> None:
        """Into the file that is mounted there, which others have open and no other can take the place of."""
        fd = os.open(name, _SAME_FILE, dir_fd=parent)
        try:
            self._fill(fd, entry, reader)
        finally:
            os.close(fd)

    def _fill(self, fd: int, entry: TarEntry, reader: TarReader) -> None:
        for data in reader.contents():
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
        self._finish(fd, entry)
        os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))

    def _directory(self, parent: int, name: bytes, path: bytes, entry: TarEntry) -> None:
        fd = os.open(name, _DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            self._finish(fd, entry)
            self._times[path] = entry.mtime_ns
        finally:
            os.close(fd)

    def _finish(self, fd: int, entry: TarEntry) -> None:
        os.fchown(fd, *self._owner(entry))
        for key, value in entry.xattrs.items():
            if key.startswith(("user.", "security.capability")):
                with contextlib.suppress(OSError):  # a file system that has none
                    os.setxattr(fd, key, value)
        os.fchmod(fd, entry.mode)  # after chown, which clears setuid

    def _owner(self, entry: TarEntry) -> tuple[int, int]:
        owner = self._options.owner or (entry.uid, entry.gid)
        return self._options.id_map.to_host(*owner) if self._options.id_map else owner

    def _hard_link(self, parent: int, name: bytes, entry: TarEntry) -> None:
        target = _cleaned(entry.link, self._destination)
        above, _, target_name = target.rpartition(b"/")
        try:
            with self._opened(above) as source:
                os.link(target_name, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            if error.errno == errno.EROFS:
                raise
            raise InvalidArgument(
                f"link {os.fsdecode(entry.name)} -> {os.fsdecode(entry.link)}: {error.strerror}"
            ) from error

    def _special(self, parent: int, name: bytes, entry: TarEntry) -> None:
        if entry.kind == b"2":
            os.symlink(entry.link, name, dir_fd=parent)
        elif entry.kind in (b"3", b"4"):
            kind = stat.S_IFCHR if entry.kind == b"3" else stat.S_IFBLK
            os.mknod(name, kind | entry.mode, os.makedev(*entry.device), dir_fd=parent)
        elif entry.kind == b"6":
            os.mkfifo(name, entry.mode, dir_fd=parent)
        else:
            raise BadArchive(f"unhandled tar header type {entry.kind.decode('latin-1')!r}")
        os.chown(name, *self._owner(entry), dir_fd=parent, follow_symlinks=False)
        if entry.kind != b"2":
            os.chmod(name, entry.mode, dir_fd=parent)
        os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=parent, follow_symlinks=False)


def _cleaned(name: bytes, destination: bytes) -> bytes:
    """`name` relative to the destination, without `.` and `..`. Raises BadArchive where it leads out."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise BadArchive(f'"{os.fsdecode(name)}" is outside of "{os.fsdecode(destination) or "/"}"')
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)
