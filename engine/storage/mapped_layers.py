"""The layers once more, owned by the ids of a user namespace: for overlays of containers that run in one.

The files are on disk once, with the owners that their images give them. An idmapped mount (mount_setattr(2), with
overlayfs since Linux 5.19) shows them with those of the mapping.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.config import IdMap
from engine.linux import mounts, syscalls, user_namespaces


class MappedLayers:
    """One mount below `folder` for each mapping in use. Blocks."""

    def __init__(self, layers: Path, folder: Path) -> None:
        self._layers = layers
        self._folder = folder
        self._mounters: dict[IdMap, ThreadPoolExecutor] = {}
        self._unmount()  # an earlier daemon's

    def mounter(self, id_map: IdMap) -> ThreadPoolExecutor:
        """A thread in whose working directory are the layers so mapped, for relative `lowerdir`. Raises OSError."""
        if id_map not in self._mounters:
            place = self._folder / f"{id_map.uid_start}-{id_map.gid_start}-{id_map.size}"
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            with user_namespaces.opened(id_map) as fd:
                syscalls.mount_idmapped(self._layers, place, fd)
            self._mounters[id_map] = ThreadPoolExecutor(1, "mapped-mount", initializer=_enter, initargs=(place,))
        return self._mounters[id_map]

    def close(self) -> None:
        """Overlays that are mounted have their own hold of the layers, and stay."""
        for mounter in self._mounters.values():
            mounter.shutdown(wait=True)
        self._mounters.clear()
        self._unmount()

    def _unmount(self) -> None:
        if self._folder.is_dir():
            for place in self._folder.iterdir():
                mounts.unmount(place, lazy=True)


def _enter(place: Path) -> None:
    syscalls.unshare_fs()
    os.chdir(place)
