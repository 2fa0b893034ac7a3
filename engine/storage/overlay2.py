"""Layers as folders that overlayfs merges: a container costs one mkdir and one mount.

A layer is extracted without the ones below it, so all layers of an image can be extracted at once. Kernel facts:
Documentation/filesystems/overlayfs.rst.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from engine.config import IdMap
from engine.errors import EngineError
from engine.linux import mounts, syscalls
from engine.storage.changes import overlay_changes
from engine.storage.driver import StagedLayer, StorageDriver
from engine.storage.folders import Folders, id_map_of, names_in, save_id_map, size_of
from engine.storage.mapped_layers import MappedLayers

_OPAQUE = "trusted.overlay.opaque"
# mount(2) takes one page of options. Layers are named by this much of their chain id and mounted relative to the
# folder of all layers, so that 128 of them fit into it.
_NAME_LENGTH = 20
_LOWER, _NO_LAYERS = "lower", "none"
MAX_DEPTH = 128


class OverlayWhiteouts:
    """A character device 0/0 hides a name, an extended attribute makes a directory opaque."""

    def hide(self, directory_fd: int, name: bytes) -> None:
        os.mknod(name, stat.S_IFCHR | 0o600, os.makedev(0, 0), dir_fd=directory_fd)

    def hide_all(self, directory_fd: int, kept: frozenset[bytes]) -> None:
        os.setxattr(directory_fd, _OPAQUE, b"y")


class Overlay2(StorageDriver):
    """Raises OSError from the constructor where overlayfs cannot be mounted on `root`."""

    name = "overlay2"
    layers_are_independent = True

    def __init__(self, root: Path) -> None:
        self.whiteouts = OverlayWhiteouts()
        self._folders = Folders(root)
        # Relative lowerdirs are looked up from the working directory of the calling thread: this one has its own.
        self._mounter = ThreadPoolExecutor(1, "overlay-mount", initializer=self._enter_layers)
        self._mapped = MappedLayers(self._folders.layers, root / "mapped")
        self._backing = _fstype_of(root)
        self._probe()

    def _enter_layers(self) -> None:
        syscalls.unshare_fs()
        os.chdir(self._folders.layers)

    def _probe(self) -> None:
        staged = self._folders.stage()
        try:
            for name in ("upper", "work", "merged"):
                (staged.directory / name).mkdir()
            options = f"lowerdir={staged.files},upperdir={staged.directory}/upper,workdir={staged.directory}/work"
            mounts.mount("overlay", staged.directory / "merged", "overlay", data=options)
            mounts.unmount(staged.directory / "merged")
        finally:
            self._folders.discard(staged.directory)

    def status(self) -> list[list[str]]:
        return [
            ["Backing Filesystem", self._backing],
            ["Supports d_type", "true"],
            ["Native Overlay Diff", "true"],
            ["userxattr", "false"],
        ]

    def stage(self, parent: str | None) -> StagedLayer:
        return self._folders.stage()

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
        if len(layers) > MAX_DEPTH:
            raise EngineError(f"max depth exceeded: {len(layers)} layers, overlay2 takes {MAX_DEPTH}")
        directory = self._folders.writable / writable_id
        directory.mkdir(mode=0o710)
        for name in ("diff", "merged"):
            (directory / name).mkdir(mode=0o755)
        (directory / "work").mkdir(mode=0o700)
        # As a symbolic link: whole or not there, also after a power cut, and without an fsync. 128 names fit into one.
        (directory / _LOWER).symlink_to(":".join(_name(layer) for layer in reversed(layers)) or _NO_LAYERS)
        if id_map is not None:
            save_id_map(directory, id_map)
            for name in ("diff", "work"):
                os.chown(directory / name, id_map.uid_start, id_map.gid_start)
            # Its root is nobody on the host, and has to come this far from the top.
            for folder in (self._folders.root.parent, self._folders.root, self._folders.writable, directory):
                folder.chmod(0o711)

    def check_id_map(self, id_map: IdMap) -> None:
        staged = self._folders.stage()
        try:
            for name in ("upper", "work", "merged"):
                (staged.directory / name).mkdir()
            options = f"lowerdir=.,upperdir={staged.directory}/upper,workdir={staged.directory}/work"
            self._mapped.mounter(id_map).submit(
                mounts.mount, "overlay", staged.directory / "merged", "overlay", data=options
            ).result(timeout=60)
            mounts.unmount(staged.directory / "merged")
        finally:
            self._folders.discard(staged.directory)

    def close(self) -> None:
        self._mapped.close()

    def mount(self, writable_id: str, label: str = "") -> Path:
        merged = self.rootfs_of(writable_id)
        if not _is_mounted(merged):
            id_map = id_map_of(merged.parent)
            mounter = self._mounter if id_map is None else self._mapped.mounter(id_map)
            mounter.submit(self._mount, writable_id, merged, label).result(timeout=60)
        return merged

    def _mount(self, writable_id: str, merged: Path, label: str) -> None:
        if _is_mounted(merged):
            return
        # Relative to the layers, and so short; where these are mapped, what is beside them is not to be.
        own = self._folders.writable / writable_id if id_map_of(merged.parent) else f"../writable/{writable_id}"
        options = f"lowerdir={self._lower(writable_id)},upperdir={own}/diff,workdir={own}/work"
        if label:
            options += f',context="{label}"'
        mounts.mount("overlay", merged, "overlay", data=options)

    def _lower(self, writable_id: str) -> str:
        names = self._lower_names(writable_id)
        # An image without layers still needs something below: an empty folder of the container's own.
        if not names:
            empty = self._folders.writable / writable_id / "empty"
            empty.mkdir(exist_ok=True)
            return str(empty)
        return ":".join(f"{name}/diff" for name in names)

    def _lower_names(self, writable_id: str) -> list[str]:
        directory = self._folders.writable / writable_id
        try:
            text = os.readlink(directory / _LOWER)  # noqa: PTH115 - a Path would not keep it as it is
        except FileNotFoundError:
            names: list[str] = orjson.loads((directory / "lower.json").read_bytes())  # as version 1.0 kept them
            return names
        return [] if text == _NO_LAYERS else text.split(":")

    def rootfs_of(self, writable_id: str) -> Path:
        return self._folders.writable / writable_id / "merged"

    def unmount(self, writable_id: str) -> None:
        merged = self.rootfs_of(writable_id)
        try:
            is_mounted = _is_mounted(merged)
        except FileNotFoundError:
            return
        if is_mounted:
            mounts.unmount(merged, lazy=True)

    def remove_writable(self, writable_id: str) -> None:
        self.unmount(writable_id)
        self._folders.discard(self._folders.writable / writable_id)

    def writables(self) -> set[str]:
        return names_in(self._folders.writable)

    def graph_data(self, writable_id: str) -> dict[str, str] | None:
        directory = self._folders.writable / writable_id
        try:
            names = self._lower_names(writable_id)
        except FileNotFoundError:
            return None
        return {
            "LowerDir": ":".join(str(self._folders.layers / name / "diff") for name in names),
            "MergedDir": str(directory / "merged"),
            "UpperDir": str(directory / "diff"),
            "WorkDir": str(directory / "work"),
        }

    def image_graph_data(self, layers: Sequence[str]) -> dict[str, str] | None:
        if not layers:
            return None
        paths = [str(self.files_of(layer)) for layer in reversed(layers)]
        data = {"LowerDir": ":".join(paths[1:])} if len(paths) > 1 else {}
        return data | {"UpperDir": paths[0]}

    def changes(self, writable_id: str) -> list[dict[str, Any]]:
        lowers = [self._folders.layers / name / "diff" for name in self._lower_names(writable_id)]
        return overlay_changes(self._folders.writable / writable_id / "diff", lowers)

    def size_rw(self, writable_id: str) -> int:
        return size_of(self._folders.writable / writable_id / "diff")

    def empty_trash(self) -> None:
        self._folders.empty_trash()

    def recover(self) -> None:
        self._folders.recover()


def _is_mounted(merged: Path) -> bool:
    """Asked of the kernel, for an earlier daemon may have mounted it, but not by reading the list of all mounts: the
    overlay is another file system than its parent's. Raises FileNotFoundError."""
    return os.lstat(merged).st_dev != os.lstat(merged.parent).st_dev


def _name(layer_id: str) -> str:
    return layer_id.removeprefix("sha256:")[:_NAME_LENGTH]


def _fstype_of(path: Path) -> str:
    mount = mounts.covering(Path(os.path.realpath(path)))
    names = {"ext4": "extfs", "ext3": "extfs", "ext2": "extfs"}
    return names.get(mount.fstype, mount.fstype) if mount else "unknown"
