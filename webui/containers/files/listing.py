"""What is in a folder, one level of it.

The archive API tells that only by sending everything below as a tar: right for every container, also a stopped one and
one without programs, and slow where much lies below. In a running container its own `find` tells the same at once. Its
output is trusted only in forms that no name can imitate: NUL ends a name and is in none. What reads in any other way
than it should is asked of the archive API again.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webui.access import Operation
from webui.containers.files import entries
from webui.containers.files.archive import Archive, TookTooLong, clean
from webui.containers.files.entries import Entry, Kind
from webui.containers.files.names import is_text, split
from webui.containers.files.programs import Programs
from webui.live.execs import Ran
from webui.resources import EngineRefusal

if TYPE_CHECKING:
    from webui.resources import Opened

# Three strings for each file, each ended by NUL: the numbers, where a link leads, the name.
_GNU_FORMAT: Final = r"%y %m %s %T@ %U %G\0%l\0%f\0"
_GNU_KINDS: Final = {
    b"d": Kind.FOLDER, b"f": Kind.FILE, b"l": Kind.LINK, b"c": Kind.DEVICE, b"b": Kind.DEVICE, b"p": Kind.PIPE,
    b"s": Kind.SOCKET,
}  # fmt: skip
_STAT_FORMAT: Final = "%f %s %Y %u %g"
_STAT_LINE: Final = re.compile(rb"[0-9a-f]+ \d+ -?\d+ \d+ \d+")
# A hundred thousand names or so.
_MOST_BYTES: Final = 32 << 20
_ARCHIVE_TIME_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Listing:
    """One level of a folder. `is_cut`: there was no time for the rest of it."""

    entries: Sequence[Entry]
    is_cut: bool = False


def list_folder(here: "Opened", container_id: str, path: str, *, is_running: bool) -> Listing:
    """Raises EngineRefusal and HostUnreachable. `path` is a folder, and no link."""
    if is_running and is_text(path) and here.may(Operation.CONTAINER_EXEC):
        found = _by_program(Programs(here, container_id), path, key=(here.host.slug, container_id))
        if found is not None:
            return found
    return by_archive(Archive(here, container_id), path)


def by_archive(archive: Archive, path: str, *, time_s: float = _ARCHIVE_TIME_S) -> Listing:
    """The names of the first level, as they come past in the tar of all levels."""
    found: dict[str, Entry] = {}
    # Everything stands below the name of the folder itself; the root has none.
    base = f"{split(path)[1]}/".lstrip("/")
    is_cut = False
    try:
        with archive.read(path, time_s=time_s) as members:
            for info in members:
                name = clean(info.name)
                rest = name.removeprefix(base)
                if name.startswith(base) and rest and "/" not in rest:
                    found[rest] = entries.of_tar(info, rest)
    except TookTooLong:
        is_cut = True
    return Listing(list(found.values()), is_cut)


# Which program of a container told it last: asking those that it lacks costs a process each time. None: none does.
_known: "OrderedDict[tuple[str, str], int | None]" = OrderedDict()
_known_lock = threading.Lock()
_MOST_KNOWN: Final = 500


def _by_program(programs: Programs, path: str, *, key: tuple[str, str]) -> Listing | None:
    with _known_lock:
        order = [_known[key]] if key in _known else [*range(len(_WAYS))]
    for way in order:
        if way is None:
            return None
        try:
            found = _WAYS[way](programs, path)
        except EngineRefusal:
            # Paused, stopped just now, too much to tell: that says nothing about its programs.
            return None
        except ValueError:
            found = None
        if found is not None:
            _remember(key, way)
            return Listing(found)
    if len(order) > 1:
        _remember(key, None)
    return None


def _remember(key: tuple[str, str], way: int | None) -> None:
    with _known_lock:
        _known[key] = way
        _known.move_to_end(key)
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)


def _by_gnu_find(programs: Programs, path: str) -> list[Entry] | None:
    argv = ("find", path, "-mindepth", "1", "-maxdepth", "1", "-printf", _GNU_FORMAT)
    done = programs.run(argv, most_bytes=_MOST_BYTES)
    return None if done.code else read_gnu(done.out)


def read_gnu(out: bytes) -> list[Entry]:
    """Raises ValueError for what `find -printf` cannot have written."""
    strings = _strings(out)
    if len(strings) % 3:
        raise ValueError("a record is cut")
    return [_gnu_entry(*strings[at : at + 3]) for at in range(0, len(strings), 3)]


def _gnu_entry(numbers: bytes, target: bytes, name: bytes) -> Entry:
    kind, mode, size, modified, uid, gid = numbers.split(b" ")
    return Entry(
        _name(name), _GNU_KINDS.get(kind, Kind.FILE), int(mode, 8) & 0o7777, int(size), float(modified), int(uid),
        int(gid), target.decode(errors="surrogateescape"),
    )  # fmt: skip


def _by_busybox(programs: Programs, path: str) -> list[Entry] | None:
    """Names ended by NUL first, then one line of numbers for each, in the same order. A file that goes in between makes
    the count wrong; then all of it is dropped.
    """
    listed = programs.run(("find", path, "-mindepth", "1", "-maxdepth", "1", "-print0"), most_bytes=_MOST_BYTES)
    if listed.code:
        return None
    paths = _strings(listed.out)
    lines = _lines(programs, ("stat", "-c", _STAT_FORMAT), paths)
    if lines is None or not all(_STAT_LINE.fullmatch(line) for line in lines):
        return None
    found = [
        entries.of_status(_name(one.rpartition(b"/")[2]), line.split(b" "))
        for one, line in zip(paths, lines, strict=True)
    ]
    targets = _targets(programs, [one for one, entry in zip(paths, found, strict=True) if entry.kind is Kind.LINK])
    return [
        entry if one not in targets else entries.of_status(entry.name, line.split(b" "), target=targets[one])
        for one, line, entry in zip(paths, lines, found, strict=True)
    ]


def _targets(programs: Programs, links: list[bytes]) -> dict[bytes, str]:
    """Where these links point to; nothing where a line feed in a target makes the answer doubtful."""
    asked = [link for link in links if b"\n" not in link]
    lines = _lines(programs, ("stat", "-c", "%N"), asked)
    if not lines or not all(
        line.startswith(b"'" + one + b"' -> '") and line.endswith(b"'") for one, line in zip(asked, lines, strict=True)
    ):
        return {}
    return {
        one: line[len(one) + len("'' -> '") : -1].decode(errors="surrogateescape")
        for one, line in zip(asked, lines, strict=True)
    }


def _lines(programs: Programs, argv: tuple[str, ...], paths: list[bytes]) -> list[bytes] | None:
    """One line for each path, or None."""
    if not paths:
        return []
    done: Ran = programs.feed(("xargs", "-0", *argv), b"".join(path + b"\0" for path in paths), most_bytes=_MOST_BYTES)
    lines = done.out.split(b"\n")[:-1]
    return lines if len(lines) == len(paths) else None


def _strings(out: bytes) -> list[bytes]:
    if not out:
        return []
    *strings, rest = out.split(b"\0")
    if rest:
        raise ValueError("the last string has no end")
    return strings


def _name(name: bytes) -> str:
    if not name or b"/" in name or name in {b".", b".."}:
        raise ValueError(f"{name!r} is no name")
    return name.decode(errors="surrogateescape")


_WAYS: Final = (_by_gnu_find, _by_busybox)


class Kept:
    """The last few listings, so that the further windows of a long one are cut from the same."""

    _KEPT_S: Final = 60.0
    _MOST: Final = 20

    def __init__(self) -> None:
        self._listings: OrderedDict[object, tuple[float, Listing]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: object, listing: Listing) -> None:
        with self._lock:
            self._listings[key] = (time.monotonic(), listing)
            self._listings.move_to_end(key)
            while len(self._listings) > self._MOST:
                self._listings.popitem(last=False)

    def get(self, key: object) -> Listing | None:
        with self._lock:
            at, listing = self._listings.get(key, (0.0, None))
        return listing if time.monotonic() - at < self._KEPT_S else None


KEPT: Final = Kept()
