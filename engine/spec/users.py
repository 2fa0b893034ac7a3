"""Who a container's process runs as: `user[:group]` looked up in the files of its own root file system."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from engine.errors import InvalidArgument

_LARGEST_ID = 2**31 - 1
_LARGEST_FILE_BYTES = 16 * 1024 * 1024


class ProcessUser(Struct, frozen=True):
    """Numeric ids, and the home folder for $HOME."""

    uid: int = 0
    gid: int = 0
    additional_gids: tuple[int, ...] = ()
    home: str = "/"


def find_user(rootfs: Path, user: str, group_add: Sequence[str] = ()) -> ProcessUser:
    """Resolve `user` ("", "name", "7", "name:group", "7:8") inside `rootfs`. Blocking; reads two small files.

    A number need not be listed in the files; a name must be. Symbolic links in the root file system are resolved
    within it. Raises InvalidArgument in dockerd's words.
    """
    passwd = list(_records(rootfs, "etc/passwd"))
    groups = list(_records(rootfs, "etc/group"))
    return resolve(user, group_add, passwd=passwd, groups=groups)


def resolve(user: str, group_add: Sequence[str], *, passwd: list[list[str]], groups: list[list[str]]) -> ProcessUser:
    """find_user on records that are already read (lists of the fields between colons)."""
    name, _, group = user.partition(":")
    record = _find(passwd, name or "0", fields=7)
    if record is not None:
        uid, gid, login, home = int(record[2]), int(record[3]), record[0], record[5] or "/"
    elif name.isdecimal():
        uid, gid, login, home = _number(name), 0, "", "/"
    elif not name:
        uid, gid, login, home = 0, 0, "root", "/"
    else:
        raise InvalidArgument(f"unable to find user {name}: no matching entries in passwd file")
    # With an explicit group the memberships of the login do not count, as with runc and moby.
    memberships: list[int] = []
    if group:
        gid = _group_id(groups, group)
    elif login:
        memberships = [int(r[2]) for r in groups if len(r) > 3 and login in r[3].split(",") and r[2].isdecimal()]
    extra = [_group_id(groups, wanted) for wanted in group_add]
    # The primary group is among the additional ones: a program that changes its group keeps what is denied to this
    # one denied (CVE-2022-36109).
    return ProcessUser(uid, gid, tuple(dict.fromkeys([gid, *memberships, *extra])), home)


def _find(records: list[list[str]], wanted: str, *, fields: int) -> list[str] | None:
    """The record with this name or, failing that, this number; malformed lines are passed over."""
    usable = [r for r in records if len(r) >= fields and r[2].isdecimal() and r[3].isdecimal()]
    by_name = (r for r in usable if r[0] == wanted)
    by_number = (r for r in usable if wanted.isdecimal() and int(r[2]) == int(wanted))
    return next(by_name, None) or next(by_number, None)


def _group_id(groups: list[list[str]], wanted: str) -> int:
    for record in groups:
        if len(record) > 2 and record[0] == wanted and record[2].isdecimal():
            return int(record[2])
    if wanted.isdecimal():
        return _number(wanted)
    raise InvalidArgument(f"unable to find group {wanted}: no matching entries in group file")


def _number(text: str) -> int:
    if int(text) > _LARGEST_ID:
        raise InvalidArgument(f"uids and gids must be in range 0-{_LARGEST_ID}")
    return int(text)


def _records(rootfs: Path, name: str) -> Iterator[list[str]]:
    path = _within(rootfs, name)
    if path is None:
        return
    # O_NONBLOCK: an image may hold a fifo under this name, which would block the opener for ever.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(fd, encoding="utf-8", errors="replace") as file:
        text = file.read(_LARGEST_FILE_BYTES) if path.is_file() else ""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split(":")


def _within(rootfs: Path, name: str) -> Path | None:
    """The real path of `name` with `rootfs` as root, None when there is none. Called before the container runs."""
    root = Path(os.path.realpath(rootfs))
    here, pending, links = root, name.split("/"), 0
    while pending:
        part = pending.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            here = here if here == root else here.parent
            continue
        step = here / part
        if step.is_symlink():
            links += 1
            target = str(step.readlink())
            here = root if target.startswith("/") else here
            pending = target.split("/") + pending
            if links > 40:
                return None
        else:
            here = step
    return here if here.exists() else None
