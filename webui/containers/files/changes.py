"""Changing what is in a container: folders, uploads and texts by the archive API, the rest by programs of the image.

Removing and renaming have no word in the archive API: a stopped container cannot have them, and says so. Whatever a
program claims to have done is looked at afterwards.
"""

import io
import re
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from webui.containers.files.archive import Archive, Member, Readable
from webui.containers.files.entries import Kind
from webui.containers.files.names import is_text, is_within, joined, shown, split
from webui.containers.files.programs import Programs
from webui.containers.rows import ContainerRow
from webui.resources import EngineRefusal

if TYPE_CHECKING:
    from webui.resources import Opened

# A file of a stopped container is copied out and in again to change its mode: no further than this.
_MOST_COPIED_BYTES: Final = 256 << 20
_IN_MEMORY_BYTES: Final = 1 << 20
_BUSY: Final = re.compile("device or resource busy", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that came: its path below the folder that it is meant for, its size and its bytes.

    `is_folder`: a folder with nothing in it.
    """

    path: str
    size: int
    body: Readable
    is_folder: bool = False


class Files:
    """The files of one container as one person may change them. All raise EngineRefusal and HostUnreachable."""

    def __init__(self, here: "Opened", row: ContainerRow) -> None:
        self._row = row
        self.archive = Archive(here, row.id)
        self._programs = Programs(here, row.id)

    def make_folder(self, folder: str, name: str) -> None:
        self._check_free(folder, name)
        self.archive.write(folder, [(self._info(folder, name, tarfile.DIRTYPE, 0o755), None)])

    def make_file(self, folder: str, name: str) -> None:
        """An empty one."""
        self._check_free(folder, name)
        self.archive.write(folder, [(self._info(folder, name, tarfile.REGTYPE, 0o644), None)])

    def upload(self, folder: str, uploads: Sequence[Upload]) -> None:
        """All of them in one archive, with the folders on the way; they belong to whom the folder belongs to."""
        owner = self.archive.first(folder)
        self.archive.write(folder, _uploaded(uploads, owner, self._missing(folder, uploads)))

    def save(self, path: str, data: bytes) -> None:
        """New bytes for a file: its mode and owner stay. One that is gone is made again."""
        folder, name = split(path)
        try:
            info = self.archive.first(path)
        except EngineRefusal as error:
            if not error.is_gone:
                raise
            info = self._info(folder, name, tarfile.REGTYPE, 0o644)
        if info.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            raise EngineRefusal(_("%s is no plain file.") % shown(path))
        info.name, info.size, info.mtime, info.pax_headers = name, len(data), int(time.time()), {}
        try:
            self.archive.write(folder, [(info, io.BytesIO(data))])
        except EngineRefusal as error:
            mount = next((one for one in self._row.mounts if one.target == path), None)
            if mount is None and not _BUSY.search(str(error)):
                raise
            if mount is not None and not mount.writable:
                raise EngineRefusal(_("It is mounted read-only into this container.")) from error
            if self._row.state != "running":
                raise EngineRefusal(
                    _("It is mounted by itself: the container has to run for it to be changed.")
                ) from error
            if not is_text(path):
                raise
            self._save_in_place(path, data)

    def _save_in_place(self, path: str, data: bytes) -> None:
        """A file that is mounted by itself: dockerd would put another in its place, which no kernel lets it, and where
        the root is read-only no engine takes an archive."""
        done = self._programs.feed(("dd", f"of={path}"), data)
        if not done.was_started or done.code:
            said = done.err.decode(errors="replace").strip()[:500]
            raise EngineRefusal(said or _("It is mounted by itself, and the image has no “dd” to write into it."))

    def change_mode(self, path: str, mode: int) -> None:
        if self._row.state == "running":
            self._programs.do(("chmod", f"{mode:04o}", "--"), [path])
        else:
            self._write_mode(path, mode)
        found = self.archive.stat(path).mode
        if found != mode:
            raise EngineRefusal(_("It is %(found)04o still.") % {"found": found})

    def rename(self, folder: str, name: str, new_name: str) -> None:
        self._check_running(_("rename"))
        self._check_free(folder, new_name)
        old, new = joined(folder, name), joined(folder, new_name)
        self._check_no_mount(old)
        self._programs.do(("mv", "-n", "--"), [old, new])
        if self.archive.is_there(old) or not self.archive.is_there(new):
            raise EngineRefusal(_("“mv” said that it was done, and it was not."))

    def remove(self, folder: str, names: Sequence[str]) -> None:
        """Folders with all that is in them. What is still there afterwards is for the caller to look at."""
        self._check_running(_("remove"))
        paths = [joined(folder, name) for name in names]
        for path in paths:
            self._check_no_mount(path)
        self._programs.do(("rm", "-rf", "--"), paths)

    def mounts_within(self, path: str) -> list[str]:
        """Where volumes and folders of the host are mounted, at this path or below it."""
        return sorted(mount.target for mount in self._row.mounts if is_within(mount.target, path))

    def _missing(self, folder: str, uploads: Sequence[Upload]) -> list[str]:
        """The folders on the way that are not there yet, from the top down."""
        wanted = {parent for upload in uploads for parent in _parents(upload.path)}
        wanted |= {upload.path for upload in uploads if upload.is_folder}
        missing: list[str] = []
        for one in sorted(wanted):
            if one.rpartition("/")[0] in missing or not self.archive.is_there(joined(folder, one)):
                missing.append(one)
        return missing

    def _check_free(self, folder: str, name: str) -> None:
        if self.archive.is_there(joined(folder, name)):
            raise EngineRefusal(_("There is something called “%s” here already.") % shown(name))

    def _check_running(self, verb: str) -> None:
        if self._row.state != "running":
            raise EngineRefusal(
                _("To %s files the container must run: the archive API has no word for it, and without a process there "
                  "is nobody to do it. Start the container first.") % verb
            )  # fmt: skip

    def _check_no_mount(self, path: str) -> None:
        mounts = self.mounts_within(path)
        if mounts:
            words = _("A volume or a folder of the host is mounted at %s. It stays; what is in it can be changed.")
            raise EngineRefusal(words % ", ".join(mounts))

    def _info(self, folder: str, name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
        return _info_like(self.archive.first(folder), name, kind, mode)

    def _write_mode(self, path: str, mode: int) -> None:
        """The same file again with another mode; its bytes are kept here until all of them have come."""
        folder, name = split(path)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as kept:
            with self.archive.read(path) as members:
                info = members.first
                if not (info.isreg() or info.isdir()) or info.size > _MOST_COPIED_BYTES:
                    words = _("While the container does not run, only files up to 256 MB and folders can be changed.")
                    raise EngineRefusal(words)
                source = members.body(info)
                if source is not None:
                    _copy(source, kept)
            kept.seek(0)
            info.name, info.mode = name, mode
            self.archive.write(folder, [(info, kept if info.isreg() else None)])


def _copy(source: Readable, target: IO[bytes]) -> None:
    while piece := source.read(1 << 18):
        target.write(piece)


def _info_like(owner: tarfile.TarInfo, name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, int(time.time())
    info.uid, info.gid = owner.uid, owner.gid
    return info


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _uploaded(uploads: Sequence[Upload], owner: tarfile.TarInfo, missing: Sequence[str]) -> Iterator[Member]:
    """Folders that are there already are not named: they would get our mode and owner."""
    for folder in missing:
        yield _info_like(owner, folder, tarfile.DIRTYPE, 0o755), None
    for upload in uploads:
        if upload.is_folder:
            continue
        info = _info_like(owner, upload.path, tarfile.REGTYPE, 0o644)
        info.size = upload.size
        yield info, upload.body


def kind_words(kind: Kind) -> str:
    return {
        Kind.FOLDER: _("folder"), Kind.FILE: _("file"), Kind.LINK: _("link"), Kind.DEVICE: _("device"),
        Kind.PIPE: _("pipe"), Kind.SOCKET: _("socket"),
    }[kind]  # fmt: skip
