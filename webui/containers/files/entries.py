"""What a file is, whoever tells it: the header of a tar, the answer of HEAD archive, a line of find or stat."""

import base64
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson


class Kind(StrEnum):
    FOLDER = "folder"
    FILE = "file"
    LINK = "link"
    DEVICE = "device"
    PIPE = "pipe"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. `mode` are the twelve bits of permission; `target` is where a link points to, as written.

    A hard link is a file like any other; a tar tells no size of the second name, which is then None.
    """

    name: str
    kind: Kind
    mode: int
    size: int | None
    modified: float
    uid: int
    gid: int
    target: str = ""

    @property
    def mode_words(self) -> str:
        """`rwxr-xr-x`, as ls writes it, without the letter of the kind."""
        return stat.filemode(self.mode)[1:]


_TAR_KINDS: Final[Mapping[bytes, Kind]] = {
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.LINK,
    tarfile.CHRTYPE: Kind.DEVICE,
    tarfile.BLKTYPE: Kind.DEVICE,
    tarfile.FIFOTYPE: Kind.PIPE,
}
_MODE_KINDS: Final[Mapping[int, Kind]] = {
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFCHR: Kind.DEVICE,
    stat.S_IFBLK: Kind.DEVICE,
    stat.S_IFIFO: Kind.PIPE,
    stat.S_IFSOCK: Kind.SOCKET,
}


def of_tar(info: tarfile.TarInfo, name: str) -> Entry:
    kind = _TAR_KINDS.get(info.type, Kind.FILE)
    size = info.size if info.type != tarfile.LNKTYPE else None
    target = info.linkname if kind is Kind.LINK else ""
    return Entry(name, kind, info.mode & 0o7777, size, float(info.mtime), info.uid, info.gid, target)


def of_status(name: str, fields: list[bytes], *, target: str = "") -> Entry:
    """`fields` are st_mode in hexadecimal, size, time, uid, gid. Raises ValueError for what is not that."""
    mode = int(fields[0], 16)
    size, modified, uid, gid = (int(field) for field in fields[1:5])
    kind = _MODE_KINDS.get(stat.S_IFMT(mode), Kind.FILE)
    return Entry(name, kind, stat.S_IMODE(mode), size, float(modified), uid, gid, target)


@dataclass(frozen=True, slots=True)
class PathStat:
    """What X-Docker-Container-Path-Stat tells. `target` is where a link leads to in the end, within the container."""

    kind: Kind
    mode: int
    size: int
    modified: float
    target: str


# Go's os.FileMode: its own bits for the kinds and the three bits above the permissions.
_GO_KINDS: Final = (
    (1 << 31, Kind.FOLDER), (1 << 27, Kind.LINK), (1 << 26, Kind.DEVICE), (1 << 25, Kind.PIPE), (1 << 24, Kind.SOCKET),
)  # fmt: skip
_GO_BITS: Final = ((1 << 23, stat.S_ISUID), (1 << 22, stat.S_ISGID), (1 << 20, stat.S_ISVTX))


def of_header(text: str) -> PathStat:
    """Read the header. Raises ValueError for what is none."""
    raw: dict[str, Any] = orjson.loads(base64.b64decode(text))
    mode = int(raw["mode"])
    kind = next((kind for bit, kind in _GO_KINDS if mode & bit), Kind.FILE)
    bits = sum(ours for bit, ours in _GO_BITS if mode & bit)
    return PathStat(
        kind, mode & 0o777 | bits, int(raw["size"]), _seconds(str(raw["mtime"])), str(raw.get("linkTarget") or "")
    )


def _seconds(text: str) -> float:
    # Nanoseconds are more than `fromisoformat` reads.
    whole, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    try:
        return datetime.fromisoformat(whole + zone).timestamp()
    except ValueError:
        return 0.0
