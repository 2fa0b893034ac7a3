"""A layer's tar becomes a tree on disk, and never touches anything outside that tree.

Every step goes through the descriptor of a directory that was opened without following links, so neither `..`, nor
absolute names, nor a symbolic link planted by an earlier entry leads out. Whiteouts follow the OCI layer spec.
"""

import contextlib
import os
import stat
from pathlib import Path

from msgspec import Struct

from engine.layers.recipe import RecipeWriter
from engine.layers.tar_reader import BadArchive, TarEntry, TarReader
from engine.storage import Whiteouts

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_OPEN, _MAX_LINKS = 200, 40
_OPAQUE, _WHITEOUT, _AUFS = b".wh..wh..opq", b".wh.", b".wh..wh."
# Overlayfs reads these as its own orders; no layer may give any.
_REFUSED_XATTRS = ("trusted.overlay.", "user.overlay.")


def clean(name: bytes) -> bytes:
    """`name` relative to the root, without `.` and `..`; raises BadArchive where it leads out."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise BadArchive(f"{os.fsdecode(name)!r} is outside of the layer: invalid path")
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


class _Directory(Struct, frozen=True):
    fd: int
    path: bytes  # from the root, without links


class _Directories:
    """Open directories of the tree by the name an archive gives them."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, _DIRECTORY)
        self._open: dict[bytes, _Directory] = {}

    def close(self) -> None:
        self.forget()
        os.close(self._root)

    def forget(self) -> None:
        for fd in {directory.fd for directory in self._open.values()} - {self._root}:
            os.close(fd)
        self._open.clear()

    def limit(self) -> None:
        """Between entries only: descriptors are in use within one."""
        if len(self._open) > _MAX_OPEN:
            self.forget()

    def open(self, path: bytes, *, links: int = 0) -> _Directory:
        """The directory at `path`; missing ones are made. Links are followed inside the tree."""
        if not path:
            return _Directory(self._root, b"")
        known = self._open.get(path)
        if known is None:
            known = self._open[path] = self._enter(path, links)
        return known

    def _enter(self, path: bytes, links: int) -> _Directory:
        above, _, name = path.rpartition(b"/")
        parent = self.open(above, links=links)
        try:
            return _Directory(os.open(name, _DIRECTORY, dir_fd=parent.fd), _join(parent.path, name))
        except FileNotFoundError:
            os.mkdir(name, 0o755, dir_fd=parent.fd)
            os.chmod(name, 0o755, dir_fd=parent.fd)  # noqa: S103 - whatever our umask is
            return _Directory(os.open(name, _DIRECTORY, dir_fd=parent.fd), _join(parent.path, name))
        except NotADirectoryError:
            return self._follow(parent, name, links)

    def _follow(self, parent: _Directory, name: bytes, links: int) -> _Directory:
        status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
        if not stat.S_ISLNK(status.st_mode):
            raise BadArchive(f"{os.fsdecode(_join(parent.path, name))}: not a directory")
        if links >= _MAX_LINKS:
            raise BadArchive(f"{os.fsdecode(_join(parent.path, name))}: too many levels of symbolic links")
        target = os.readlink(name, dir_fd=parent.fd)
        # As in a chroot: `/` is the tree's root and `..` of the root is the root.
        return self.open(_inside(target if target[:1] == b"/" else _join(parent.path, target)), links=links + 1)


def _inside(path: bytes) -> bytes:
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            parts[-1:] = []
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def _join(parent: bytes, name: bytes) -> bytes:
    return parent + b"/" + name if parent else name


class Unpacker:
    """Unpacks one tar into `root`; `shadow` takes files that the same tar replaces, for the recipe."""

    def __init__(self, root: Path, whiteouts: Whiteouts, recipe: RecipeWriter, shadow: Path) -> None:
        self._directories = _Directories(root)
        self._whiteouts = whiteouts
        self._recipe = recipe
        self._shadow = shadow
        self._written: dict[bytes, int | None] = {}
        self._directory_times: dict[bytes, int] = {}
        self.size_bytes = 0

    def unpack(self, reader: TarReader) -> None:
        """Raises BadArchive or OSError; the tree is then to be thrown away."""
        try:
            for entry in reader:
                self._directories.limit()
                self._place(entry, reader)
            reader.drain()
            for path, mtime_ns in reversed(self._directory_times.items()):
                self._directories.limit()
                os.utime(self._directories.open(path).fd, ns=(mtime_ns, mtime_ns))
        finally:
            self._directories.close()

    def _place(self, entry: TarEntry, reader: TarReader) -> None:
        path = clean(entry.name)
        if not path:
            if entry.kind == b"5":
                self._finish_directory(_Directory(self._directories.open(b"").fd, b""), entry)
            return
        above, _, name = path.rpartition(b"/")
        parent = self._directories.open(above)
        if name.startswith(_WHITEOUT):
            self._hide(parent, name)
            return
        if entry.kind == b"g":
            return
        full = _join(parent.path, name)
        exists_as_directory, parent = self._make_room(above, parent, entry)
        self._written[full] = None
        if entry.is_file:
            self._file(parent, name, full, entry, reader)
        elif entry.kind == b"5":
            if not exists_as_directory:
                os.mkdir(name, 0o700, dir_fd=parent.fd)
            self._finish_directory(self._directories.open(full), entry)
        elif entry.kind == b"1":
            self._hard_link(parent, name, full, entry)
        else:
            self._special(parent, name, entry)

    def _hide(self, parent: _Directory, name: bytes) -> None:
        if name == _OPAQUE:
            prefix = _join(parent.path, b"")
            kept = {path[len(prefix) :].partition(b"/")[0] for path in self._written if path.startswith(prefix)}
            self._whiteouts.hide_all(parent.fd, frozenset(kept))
            return
        hidden = name[len(_WHITEOUT) :]
        if name.startswith(_AUFS):
            return  # book-keeping of aufs, which means nothing to others
        if hidden in (b"", b".", b".."):
            raise BadArchive(f"invalid whiteout {os.fsdecode(name)!r}")
        full = _join(parent.path, hidden)
        # A whiteout speaks of the layers below only: what this layer itself brings stays.
        if full not in self._written:
            self._whiteouts.hide(parent.fd, hidden)
            self._directories.forget()

    def _make_room(self, above: bytes, parent: _Directory, entry: TarEntry) -> tuple[bool, _Directory]:
        """Remove what stands at the entry's name, unless both are directories (True); also returns the parent."""
        name = clean(entry.name).rpartition(b"/")[2]
        try:
            status = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
        except FileNotFoundError:
            return False, parent
        if stat.S_ISDIR(status.st_mode) and entry.kind == b"5":
            return True, parent
        self._remove(parent.fd, name, _join(parent.path, name), status)
        if stat.S_ISREG(status.st_mode):
            return False, parent
        # A directory or a link is gone: nothing may be put through a descriptor that was reached by it.
        self._directories.forget()
        return False, self._directories.open(above)

    def _remove(self, parent_fd: int, name: bytes, full: bytes, status: os.stat_result) -> None:
        if stat.S_ISDIR(status.st_mode):
            fd = os.open(name, _DIRECTORY, dir_fd=parent_fd)
            try:
                for child in os.listdir(fd):  # noqa: PTH208
                    child_name = os.fsencode(child)
                    child_status = os.stat(child_name, dir_fd=fd, follow_symlinks=False)
                    self._remove(fd, child_name, full + b"/" + child_name, child_status)
            finally:
                os.close(fd)
            os.rmdir(name, dir_fd=parent_fd)
            self._directory_times.pop(full, None)
            return
        number = self._written.pop(full, None)
        if number is None:
            os.unlink(name, dir_fd=parent_fd)
        else:
            self._shadow.mkdir(exist_ok=True)
            os.rename(name, self._shadow / str(number), src_dir_fd=parent_fd)

    def _file(self, parent: _Directory, name: bytes, full: bytes, entry: TarEntry, reader: TarReader) -> None:
        if entry.size:
            self._written[full] = self._recipe.file(full, entry.size)
            self.size_bytes += entry.size
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=parent.fd)
        try:
            for data in reader.contents():
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
            os.fchown(fd, entry.uid, entry.gid)
            self._set_xattrs(fd, entry)
            os.fchmod(fd, entry.mode)  # after chown, which clears setuid
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(fd)

    def _finish_directory(self, directory: _Directory, entry: TarEntry) -> None:
        os.fchown(directory.fd, entry.uid, entry.gid)
        self._set_xattrs(directory.fd, entry)
        os.fchmod(directory.fd, entry.mode)
        self._directory_times[directory.path] = entry.mtime_ns

    @staticmethod
    def _set_xattrs(fd: int, entry: TarEntry) -> None:
        for key, value in entry.xattrs.items():
            if not key.startswith(_REFUSED_XATTRS):
                # A disk, or a name space, that has no such attributes keeps the file without them, as dockerd does.
                with contextlib.suppress(OSError):
                    os.setxattr(fd, key, value)

    def _hard_link(self, parent: _Directory, name: bytes, full: bytes, entry: TarEntry) -> None:
        above, _, target = clean(entry.link).rpartition(b"/")
        source = self._directories.open(above)
        try:
            os.link(target, name, src_dir_fd=source.fd, dst_dir_fd=parent.fd, follow_symlinks=False)
        except (FileNotFoundError, PermissionError) as error:
            raise BadArchive(
                f"link {os.fsdecode(full)} -> {os.fsdecode(entry.link)}: {error.strerror}: the target must come first"
            ) from error

    def _special(self, parent: _Directory, name: bytes, entry: TarEntry) -> None:
        if entry.kind == b"2":
            os.symlink(entry.link, name, dir_fd=parent.fd)
        elif entry.kind in (b"3", b"4"):
            kind = stat.S_IFCHR if entry.kind == b"3" else stat.S_IFBLK
            os.mknod(name, kind | entry.mode, os.makedev(*entry.device), dir_fd=parent.fd)
        elif entry.kind == b"6":
            os.mkfifo(name, entry.mode, dir_fd=parent.fd)
        else:
            raise BadArchive(f"{os.fsdecode(entry.name)}: unhandled tar header type {entry.kind!r}")
        os.chown(name, entry.uid, entry.gid, dir_fd=parent.fd, follow_symlinks=False)
        if entry.kind != b"2":
            os.chmod(name, entry.mode, dir_fd=parent.fd)
        os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=parent.fd, follow_symlinks=False)
