"""A volume as a list shows it: Docker's list JSON read into frozen rows, with the containers that mount it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from webui.resources import ListQuery, count_shows, read_query, select_rows

ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")


class Use(StrEnum):
    """Whether something mounts a volume. Every volume has exactly one, so that their counts add up."""

    USED = "used"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One volume of a host; `created` is None where the engine does not say."""

    name: str
    driver: str
    mountpoint: str
    created: float | None
    options: Mapping[str, str]
    labels: Mapping[str, str]
    stack: str
    used_by: tuple[str, ...]

    @property
    def is_anonymous(self) -> bool:
        return ANONYMOUS.fullmatch(self.name) is not None

    @property
    def short_name(self) -> str:
        return f"{self.name[:12]}…" if self.is_anonymous else self.name

    @property
    def use(self) -> Use:
        return Use.USED if self.used_by else Use.UNUSED

    @property
    def use_words(self) -> str:
        match len(self.used_by):
            case 0:
                return "no container"
            case 1:
                return self.used_by[0]
            case count:
                return f"{count} containers"

    @property
    def kind_words(self) -> str:
        """`local`, `local · nfs from 10.0.0.1`: where the bytes really are."""
        kind = self.options.get("type", "")
        device = self.options.get("device", "")
        if not kind and not device:
            return self.driver
        if "bind" in self.options.get("o", "").split(","):
            return f"{self.driver} · bind of {device}"
        return f"{self.driver} · {kind} {device}".rstrip()


def volume_rows(volumes: Iterable[Mapping[str, Any]], containers: Iterable[Mapping[str, Any]]) -> list[VolumeRow]:
    """Read `GET /volumes` together with `GET /containers/json?all=1`, which tells what mounts each volume."""
    users: dict[str, set[str]] = {}
    for container in containers:
        name = (container.get("Names") or [container["Id"][:12]])[0].lstrip("/")
        for mount in container.get("Mounts") or []:
            if mount.get("Type") == "volume" and mount.get("Name"):
                users.setdefault(mount["Name"], set()).add(name)
    return [_row(volume, users.get(volume["Name"], set())) for volume in volumes]


def _row(raw: Mapping[str, Any], users: set[str]) -> VolumeRow:
    labels = raw.get("Labels") or {}
    return VolumeRow(
        name=raw["Name"],
        driver=str(raw.get("Driver") or "local"),
        mountpoint=str(raw.get("Mountpoint") or ""),
        created=_epoch(str(raw.get("CreatedAt") or "")),
        options=raw.get("Options") or {},
        labels=labels,
        stack=labels.get("com.docker.compose.project") or labels.get("com.docker.stack.namespace") or "",
        used_by=tuple(sorted(users)),
    )


def _epoch(text: str) -> float | None:
    # Nanoseconds are more than `fromisoformat` reads.
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
    except ValueError:
        return None


SORTS: Final[Mapping[str, Callable[[VolumeRow], tuple[Any, ...]]]] = {
    "name": lambda row: (row.is_anonymous, row.name.lower()),
    "use": lambda row: (-len(row.used_by), row.name.lower()),
    "driver": lambda row: (row.kind_words, row.name.lower()),
    "age": lambda row: (-(row.created or 0), row.name.lower()),
}


def query_of(params: Mapping[str, Any]) -> ListQuery:
    return read_query(params, shows=list(Use), sorts=SORTS)


def selected(rows: Iterable[VolumeRow], query: ListQuery) -> list[VolumeRow]:
    """The rows that the query asks for, in its order."""
    words = query.text.lower().split()
    return select_rows(rows, query, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, sorts=SORTS)


def counts(rows: Iterable[VolumeRow], text: str = "") -> dict[str, int]:
    """How many rows are of each use, of those that the text lets through; they add up to the total."""
    words = text.lower().split()
    return count_shows(rows, matches=lambda row: _matches(row, words), show_of=lambda row: row.use, shows=list(Use))


def _matches(row: VolumeRow, words: list[str]) -> bool:
    haystack = " ".join((row.name, row.stack, row.kind_words, *row.used_by)).lower()
    return all(word in haystack for word in words)
