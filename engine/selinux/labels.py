"""From the host's contexts and a container's options to its labels (selinux(8), `user:role:type:level`). Pure."""

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from engine.errors import InvalidArgument

_CATEGORIES = 1024
_SHARED_LEVEL = "s0"
_PARTS = ("user", "role", "type", "level")


class Contexts(Struct, frozen=True):
    """What the policy of this host gives to containers: to their processes and to their files."""

    process: str
    file: str


class Labels(Struct, frozen=True):
    """Of one container. `shared_mount` is for files that other containers are to reach as well."""

    process: str
    mount: str

    @property
    def shared_mount(self) -> str:
        return ":".join([*self.mount.split(":")[:3], _SHARED_LEVEL])


def labels_of(container_id: str, security_opt: Sequence[str], contexts: Contexts) -> Labels | None:
    """The labels, with a level that only this container has unless one is given; None for `label=disable`.

    Raises InvalidArgument for a part of a label that there is not.
    """
    process, file = _parts(contexts.process), _parts(contexts.file)
    process["level"] = file["level"] = _own_level(container_id)
    for option in security_opt:
        name, _, value = option.replace("=", ":", 1).partition(":")
        if name != "label":
            continue
        if value == "disable":
            return None
        part, _, wanted = value.partition(":")
        if part == "filetype":
            file["type"] = wanted
        elif part in _PARTS and wanted:
            process[part] = wanted
            if part == "level":
                file["level"] = wanted
        else:
            raise InvalidArgument(f'invalid --security-opt: "{option}": bad label option "{value}"')
    return Labels(*(":".join(parts[name] for name in _PARTS) for parts in (process, file)))


def _parts(context: str) -> dict[str, str]:
    return dict(zip(_PARTS, (*context.split(":", 3), _SHARED_LEVEL)[:4], strict=True))


def _own_level(container_id: str) -> str:
    """Two categories, the same at each start: half a million pairs, told apart by the id."""
    number = int.from_bytes(hashlib.sha256(container_id.encode()).digest()[:8], "big")
    first, second = number % _CATEGORIES, number // _CATEGORIES % (_CATEGORIES - 1)
    second += second >= first
    return f"{_SHARED_LEVEL}:c{min(first, second)},c{max(first, second)}"
