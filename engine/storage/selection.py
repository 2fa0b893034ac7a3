"""Which driver a host gets: the one asked for, or the best that works on its disk."""

import logging
from pathlib import Path

from engine.errors import InvalidArgument, Unavailable
from engine.storage.driver import StorageDriver
from engine.storage.overlay2 import Overlay2
from engine.storage.vfs import Vfs

log = logging.getLogger(__name__)

_DRIVERS: dict[str, type[Overlay2] | type[Vfs]] = {"overlay2": Overlay2, "vfs": Vfs}


def open_driver(name: str | None, root: Path) -> StorageDriver:
    """Open the driver `name`, or without a name the first that works; each keeps to `root`/<its name>.

    Raises InvalidArgument for an unknown name, Unavailable where the one asked for does not work.
    """
    if name is not None and name not in _DRIVERS:
        raise InvalidArgument(f"storage driver {name!r} is not known: give one of {', '.join(_DRIVERS)}")
    wanted = name or _used_before(root)
    if wanted is not None:
        try:
            return _DRIVERS[wanted](root / wanted)
        except OSError as error:
            raise Unavailable(f"storage driver {wanted} does not work on {root}: {error}") from error
    try:
        return Overlay2(root / "overlay2")
    except OSError as error:
        log.warning("overlayfs does not work on %s (%s): layers are whole copies (vfs), slower and larger", root, error)
        return Vfs(root / "vfs")


def _used_before(root: Path) -> str | None:
    """The driver that already holds layers here: changing it by itself would hide all images."""
    for name in _DRIVERS:
        layers = root / name / "layers"
        if layers.is_dir() and any(layers.iterdir()):
            return name
    return None
