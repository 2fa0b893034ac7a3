"""Each layer a whole copy of the tree: slow and large, but it works on every file system."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.config import IdMap
from engine.errors import EngineError
from engine.linux.files import write_atomically
from engine.selinux import relabel
from engine.storage.changes import tree_changes
from engine.storage.driver import StagedLayer, StorageDriver
from engine.storage.folders import Folders, id_map_of, names_in, save_id_map, size_of


class PlainWhiteouts:
    """Hiding is removing: the tree is a copy of our own."""

    def hide(self, directory_fd: int, name: bytes) -> None:
        try:
            status = os.stat(name, dir_fd=directory_fd, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(name, dir_fd=directory_fd)
        else:
            os.unlink(name, dir_fd=directory_fd)

    def hide_all(self, directory_fd: int, kept: frozenset[bytes]) -> None:
        for name in os.listdir(directory_fd):
            if os.fsencode(name) not in kept:
                self.hide(directory_fd, os.fsencode(name))


class Vfs(StorageDriver):
    name = "vfs"
    layers_are_independent = False

    def __init__(self, root: Path) -> None:
        self.whiteouts = PlainWhiteouts()
        self._folders = Folders(root)

    def status(self) -> list[list[str]]:
        return []

    def stage(self, parent: str | None) -> StagedLayer:
        staged = self._folders.stage()
        if parent is not None:
            try:
                _copy(self.files_of(parent), staged.files)
            except BaseException:
                self.abort(staged)
                raise
        return staged

    def commit(self, staged: StagedLayer, layer_id: str) -> None:
        self._folders.commit(staged, _name(layer_id))

    def abort(self, staged: StagedLayer) -> None:
        self._folders.discard(staged.directory)

    def has_layer(self, layer_id: str) -> bool:
        return self.files_of(layer_id).is_dir()

    def files_of(self, layer_id: str) -> Path:
        return self._folders.layers / _name(layer_id) / "diff"

    def keep_only(self, layer_ids: Iterable[str]) -> None:
        for name in names_in(self._folders.layers) - {_name(layer_id) for layer_id in layer_ids}:
            self._folders.discard(self._folders.layers / name)

    def discard_layer(self, layer_id: str) -> None:
        self._folders.discard(self._folders.layers / _name(layer_id))

    def create_writable(self, writable_id: str, layers: Sequence[str], id_map: IdMap | None = None) -> None:
        staged = self.stage(layers[-1] if layers else None)
        if id_map is not None:
            save_id_map(staged.directory, id_map)
            _give(staged.files, id_map)
            for folder in (self._folders.root.parent, self._folders.root, self._folders.writable, staged.directory):
                folder.chmod(0o711)
        write_atomically(staged.directory / "parent.json", orjson.dumps(layers[-1] if layers else None))
        staged.directory.rename(self._folders.writable / writable_id)

    def check_id_map(self, id_map: IdMap) -> None:
        """A copy can belong to anybody."""

    def mount(self, writable_id: str, label: str = "") -> Path:
        files = self.rootfs_of(writable_id)
        files.stat()
        if label:
            relabel(files, label)
        return files

    def rootfs_of(self, writable_id: str) -> Path:
        return self._folders.writable / writable_id / "diff"

    def unmount(self, writable_id: str) -> None:
        """A copy is always there."""

    def remove_writable(self, writable_id: str) -> None:
        self._folders.discard(self._folders.writable / writable_id)

    def writables(self) -> set[str]:
        return names_in(self._folders.writable)

    def graph_data(self, writable_id: str) -> dict[str, str] | None:
        return None

    def image_graph_data(self, layers: Sequence[str]) -> dict[str, str] | None:
        return None

    def changes(self, writable_id: str) -> list[dict[str, Any]]:
        id_map = id_map_of(self._folders.writable / writable_id)
        return tree_changes(self.mount(writable_id), self._parent_files(writable_id), id_map)

    def _parent_files(self, writable_id: str) -> Path | None:
        parent = orjson.loads((self._folders.writable / writable_id / "parent.json").read_bytes())
        return None if parent is None else self.files_of(parent)

    def size_rw(self, writable_id: str) -> int:
        files = self.mount(writable_id)
        parent = self._parent_files(writable_id)
        return size_of(files) - (size_of(parent) if parent else 0)

    def empty_trash(self) -> None:
        self._folders.empty_trash()

    def recover(self) -> None:
        self._folders.recover()


def _name(layer_id: str) -> str:
    return layer_id.removeprefix("sha256:")


def _give(files: Path, id_map: IdMap) -> None:
    """Shift the owners of a whole tree. chown(2) takes setuid bits away: put them back."""
    for folder, names, others in os.walk(files):
        for path in (folder, *(f"{folder}/{name}" for name in [*names, *others] if _is_leaf(f"{folder}/{name}"))):
            status = os.lstat(path)
            os.lchown(path, *id_map.to_host(status.st_uid, status.st_gid))
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o6000:
                os.chmod(path, stat.S_IMODE(status.st_mode))  # noqa: PTH101


def _is_leaf(path: str) -> bool:
    """Whether os.walk does not come to it by itself."""
    return os.path.islink(path) or not os.path.isdir(path)  # noqa: PTH112, PTH114


def _copy(source: Path, target: Path) -> None:
    # cp keeps owners, times, links, devices, sparse files and attributes, and clones blocks where the disk can.
    argv = ["cp", "-a", "--reflink=auto", f"{source}/.", f"{target}/"]
    result = subprocess.run(argv, capture_output=True, check=False)
    if result.returncode != 0:
        raise EngineError(f"cannot copy layer {source.parent.name}: {result.stderr.decode(errors='replace').strip()}")
