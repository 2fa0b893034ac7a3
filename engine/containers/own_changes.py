"""Which changes of a writable layer are the container's own. Pure."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

# What the runtime needs to mount on is made in the writable layer, where nobody asked for it.
_MADE_FOR_MOUNTS = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv"})
_OF_THE_KERNEL = ("/dev", "/proc", "/sys")


def own_changes(changes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The changes without the places of mounts, and without the folders that changed for these only."""
    found = list(changes)
    kept = [change for change in found if not _is_for_mounts(change["Path"])]
    passive = {
        str(parent)
        for change in found
        if _is_for_mounts(change["Path"])
        for parent in PurePosixPath(change["Path"]).parents
    }
    active = {str(parent) for change in kept for parent in PurePosixPath(change["Path"]).parents}
    return [change for change in kept if change["Path"] not in passive or change["Path"] in active]


def _is_for_mounts(path: str) -> bool:
    return path in _MADE_FOR_MOUNTS or any(path == top or path.startswith(f"{top}/") for top in _OF_THE_KERNEL)
