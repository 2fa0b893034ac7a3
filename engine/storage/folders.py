"""Folders of a driver: staged under a random name, committed by a rename, discarded into a trash."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

import orjson
from msgspec.structs import asdict

from engine.config import IdMap
from engine.linux.files import write_atomically
from engine.storage.driver import StagedLayer

_ID_MAP = "ids.json"


class Folders:
    """The layout that drivers share: `layers/`, `writable/`, `staged/`, `trash/` below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layers = root / "layers"
        self.writable = root / "writable"
        self._staged = root / "staged"
        self._trash = root / "trash"
        for folder in (self.layers, self.writable, self._staged, self._trash):
            folder.mkdir(parents=True, exist_ok=True, mode=0o710)

    def stage(self) -> StagedLayer:
        directory = self._staged / secrets.token_hex(8)
        directory.mkdir(mode=0o710)
        (directory / "diff").mkdir(mode=0o755)
        return StagedLayer(directory=directory, files=directory / "diff")

    def commit(self, staged: StagedLayer, name: str) -> None:
        try:
            staged.directory.rename(self.layers / name)
        except OSError:
            # ENOTEMPTY: the same layer came twice at once; both are the same bytes.
            if not (self.layers / name).is_dir():
                raise
            self.discard(staged.directory)

    def discard(self, directory: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            directory.rename(self._trash / secrets.token_hex(8))

    def empty_trash(self) -> None:
        for entry in list(self._trash.iterdir()):
            shutil.rmtree(entry, ignore_errors=True)

    def recover(self) -> None:
        for entry in list(self._staged.iterdir()):
            self.discard(entry)


def save_id_map(directory: Path, id_map: IdMap) -> None:
    """Keep with a writable layer how its owners are mapped."""
    write_atomically(directory / _ID_MAP, orjson.dumps(asdict(id_map)))


def id_map_of(directory: Path) -> IdMap | None:
    """How the owners of this writable layer are mapped, None when they are not."""
    try:
        return IdMap(**orjson.loads((directory / _ID_MAP).read_bytes()))
    except FileNotFoundError:
        return None


def names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder))  # noqa: PTH208 - thousands of names, no Path objects needed


def size_of(folder: Path) -> int:
    """Bytes of the regular files below `folder`; a file with several names counts once."""
    total, seen, waiting = 0, set[tuple[int, int]](), [os.fspath(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    if stat.st_nlink == 1 or (stat.st_dev, stat.st_ino) not in seen:
                        seen.add((stat.st_dev, stat.st_ino))
                        total += stat.st_size
    return total
