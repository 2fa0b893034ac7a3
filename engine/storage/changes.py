"""What a container changed, seen from its writable layer."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.config import IdMap

_CHANGED, _ADDED, _DELETED = 0, 1, 2


def overlay_changes(upper: Path, lowers: Sequence[Path]) -> list[dict[str, Any]]:
    """`{"Path", "Kind"}` by path, for an overlay's upper directory over `lowers`, topmost first."""
    found: list[dict[str, Any]] = []
    _walk_overlay(upper, "", lowers, found)
    return sorted(found, key=lambda change: str(change["Path"]))


def _walk_overlay(upper: Path, inside: str, lowers: Sequence[Path], found: list[dict[str, Any]]) -> None:
    with os.scandir(f"{upper}{inside}") as entries:
        children = list(entries)
    for entry in children:
        path = f"{inside}/{entry.name}"
        status = entry.stat(follow_symlinks=False)
        below = _lower_status(lowers, path)
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            # A whiteout over nothing is left by create-then-delete races in overlayfs: nothing changed.
            if below is not None:
                found.append({"Path": path, "Kind": _DELETED})
            continue
        found.append({"Path": path, "Kind": _CHANGED if below is not None else _ADDED})
        if stat.S_ISDIR(status.st_mode):
            opaque = _is_opaque(entry.path)
            if opaque and below is not None:
                _deleted_children(lowers, path, entry.path, found)
            _walk_overlay(upper, path, () if opaque else lowers, found)


def _deleted_children(lowers: Sequence[Path], path: str, upper_path: str, found: list[dict[str, Any]]) -> None:
    names = {name for lower in lowers if os.path.isdir(f"{lower}{path}") for name in os.listdir(f"{lower}{path}")}  # noqa: PTH112, PTH208
    found += [
        {"Path": f"{path}/{name}", "Kind": _DELETED}
        for name in names
        if not os.path.lexists(f"{upper_path}/{name}") and _lower_status(lowers, f"{path}/{name}") is not None
    ]


def _lower_status(lowers: Sequence[Path], path: str) -> os.stat_result | None:
    """What the layers below show at `path`, or None where the topmost that has it hides it."""
    for lower in lowers:
        try:
            status = os.lstat(f"{lower}{path}")
        except (FileNotFoundError, NotADirectoryError):
            if _is_hidden(lower, path):
                return None
            continue
        return None if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0 else status
    return None


def _is_hidden(lower: Path, path: str) -> bool:
    """Whether a parent of `path` is a whiteout, no directory, or opaque in this layer."""
    parent = os.path.dirname(path)  # noqa: PTH120
    while parent not in ("", "/"):
        try:
            status = os.lstat(f"{lower}{parent}")
        except (FileNotFoundError, NotADirectoryError):
            parent = os.path.dirname(parent)  # noqa: PTH120
            continue
        return not stat.S_ISDIR(status.st_mode) or _is_opaque(f"{lower}{parent}")
    return False


def _is_opaque(path: str) -> bool:
    try:
        return os.getxattr(path, "trusted.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False


def tree_changes(new: Path, old: Path | None, id_map: IdMap | None = None) -> list[dict[str, Any]]:
    """The same by comparing two whole trees, for drivers that copy; `id_map` is how the owners of `new` are shifted."""
    found: list[dict[str, Any]] = []
    _walk_trees(os.fspath(new), os.fspath(old) if old else None, "", found, id_map)
    return sorted(found, key=lambda change: str(change["Path"]))


def _walk_trees(new: str, old: str | None, inside: str, found: list[dict[str, Any]], id_map: IdMap | None) -> None:
    names = set(os.listdir(f"{new}{inside}"))  # noqa: PTH208
    before = set(os.listdir(f"{old}{inside}")) if old and os.path.isdir(f"{old}{inside}") else set()  # noqa: PTH112, PTH208
    found += [{"Path": f"{inside}/{name}", "Kind": _DELETED} for name in before - names]
    for name in names:
        path = f"{inside}/{name}"
        status = os.lstat(f"{new}{path}")
        earlier = os.lstat(f"{old}{path}") if name in before else None
        is_directory = stat.S_ISDIR(status.st_mode)
        position = len(found)
        if is_directory:
            _walk_trees(new, old if earlier and stat.S_ISDIR(earlier.st_mode) else None, path, found, id_map)
        if earlier is None:
            found.insert(position, {"Path": path, "Kind": _ADDED})
        elif len(found) > position or _differs(status, earlier, id_map):
            found.insert(position, {"Path": path, "Kind": _CHANGED})


def _differs(one: os.stat_result, other: os.stat_result, id_map: IdMap | None) -> bool:
    def facts(status: os.stat_result, owner: tuple[int, int]) -> tuple[int, ...]:
        own = (status.st_mode, *owner, status.st_rdev)
        return own if stat.S_ISDIR(status.st_mode) else (*own, status.st_size, status.st_mtime_ns)

    owner = other.st_uid, other.st_gid
    return facts(one, (one.st_uid, one.st_gid)) != facts(other, id_map.to_host(*owner) if id_map else owner)
