"""Ranges of ids that are somebody's to hand on (subuid(5), subgid(5)), and how `--userns-remap` names one."""

from pathlib import Path

from engine.config import IdMap
from engine.errors import InvalidArgument

_DEFAULT_USER = "dockremap"
_SMALLEST = 65536  # `nobody` of most images is 65534


def parse_remap(text: str, *, subuid: Path = Path("/etc/subuid"), subgid: Path = Path("/etc/subgid")) -> IdMap:
    """`default` (the user dockremap), `USER[:GROUP]` of these files, or `start=N,size=N`. Raises InvalidArgument."""
    if text.startswith("start="):
        return _explicit(text)
    user, _, group = text.partition(":")
    user = _DEFAULT_USER if user == "default" else user
    uids, gids = _range(subuid, user), _range(subgid, group or user)
    return IdMap(uids[0], gids[0], min(uids[1], gids[1]))


def _explicit(text: str) -> IdMap:
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    try:
        start, size = int(fields["start"]), int(fields.get("size", _SMALLEST))
    except ValueError as error:
        raise InvalidArgument(f"{text!r}: give start=N,size=N ({error})") from error
    if start < 1 or size < 1 or start + size > 2**32 - 1:
        raise InvalidArgument(f"{text!r}: ids from {start} to {start + size - 1} are not all there")
    return IdMap(start, start, size)


def _range(path: Path, name: str) -> tuple[int, int]:
    """The first range of `name`. A second one would not be next to it, and inside ids have no gap."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidArgument(f"cannot map users to {name}: {path}: {error.strerror}") from error
    for line in lines:
        fields = line.split(":")
        if len(fields) == 3 and fields[0] == name and fields[1].isdecimal() and fields[2].isdecimal():
            return int(fields[1]), int(fields[2])
    raise InvalidArgument(
        f"cannot map users to {name}: it has no range in {path}; add a line such as {name}:100000:{_SMALLEST}, "
        "or give start=N,size=N"
    )
