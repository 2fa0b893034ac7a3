"""The picture of a host: what its lists held a moment ago, as Docker's own list JSON.

A Picture never changes; an update makes the next one. So any thread may keep one for as long as it likes, and a raw
object that is the same object as before has not changed: row fragments may be kept by its identity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

Raw = dict[str, Any]

KINDS: Final = ("containers", "images", "volumes", "networks")

# What names an object of each kind in Docker's list JSON.
ID_FIELD: Final[Mapping[str, str]] = {"containers": "Id", "images": "Id", "volumes": "Name", "networks": "Id"}


class HostState(StrEnum):
    """How the host answers. WAITING is the moment between the first question and the first answer."""

    WAITING = "waiting"
    UP = "up"
    DOWN = "down"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Picture:
    """The lists of one host. `is_stored` says that they are from before: the host has not answered since.

    `since` is when `state` began, `error` why the host is down in words for a person, `seen_at` when the lists were
    last known to be right, `storage` its storage driver ("overlay2"). Each mapping is id -> raw list JSON
    (volumes: name -> raw), in the order the host gave.
    """

    host: str
    state: HostState = HostState.WAITING
    since: datetime = field(default_factory=_now)
    error: str = ""
    version: Mapping[str, Any] = field(default_factory=dict)
    storage: str = ""
    containers: Mapping[str, Raw] = field(default_factory=dict)
    images: Mapping[str, Raw] = field(default_factory=dict)
    volumes: Mapping[str, Raw] = field(default_factory=dict)
    networks: Mapping[str, Raw] = field(default_factory=dict)
    seen_at: datetime | None = None
    is_stored: bool = False
    serial: int = 0

    @property
    def is_up(self) -> bool:
        return self.state is HostState.UP

    def of(self, kind: str) -> Mapping[str, Raw]:
        """The mapping of one of KINDS."""
        mappings = {"containers": self.containers, "images": self.images, "volumes": self.volumes}
        return {**mappings, "networks": self.networks}[kind]

    @property
    def container_names(self) -> dict[str, str]:
        """The name of each container by its id."""
        return {key: str((raw.get("Names") or [key[:12]])[0]).lstrip("/") for key, raw in self.containers.items()}

    def find(self, kind: str, reference: str) -> Raw | None:
        """The object with this id, or the only one whose id begins with it (for images: with or without `sha256:`)."""
        mapping = self.of(kind)
        if reference in mapping or kind == "volumes":
            return mapping.get(reference)
        wanted = f"sha256:{reference.removeprefix('sha256:')}" if kind == "images" else reference
        found = [raw for key, raw in mapping.items() if key.startswith(wanted)] if len(reference) >= 4 else []
        return found[0] if len(found) == 1 else None


def with_list(picture: Picture, kind: str, raws: Iterable[Raw]) -> tuple[Picture, frozenset[str]]:
    """The picture with a whole list replaced, and the ids that this added, changed or removed."""
    old = picture.of(kind)
    new: dict[str, Raw] = {}
    for raw in raws:
        key = raw[ID_FIELD[kind]]
        same = old.get(key)
        new[key] = same if same == raw and same is not None else raw
    changed = {key for key, raw in new.items() if old.get(key) is not raw} | (old.keys() - new.keys())
    return _with(picture, kind, new, changed)


def with_objects(
    picture: Picture, kind: str, asked: Iterable[str], raws: Iterable[Raw]
) -> tuple[Picture, frozenset[str]]:
    """The picture after asking again for some ids; an asked id that is not among the answers is gone."""
    found = {raw[ID_FIELD[kind]]: raw for raw in raws}
    old = picture.of(kind)
    asked = set(asked)
    changed = {key for key, raw in found.items() if old.get(key) != raw} | {
        key for key in asked if key in old and key not in found
    }
    if not changed:
        return picture, frozenset()
    kept = {key: found.get(key, raw) for key, raw in old.items() if key in found or key not in asked}
    # A new object leads, as in Docker's own lists.
    new = {key: raw for key, raw in found.items() if key not in old}
    return _with(picture, kind, {**new, **kept}, changed)


def _with(picture: Picture, kind: str, mapping: dict[str, Raw], changed: set[str]) -> tuple[Picture, frozenset[str]]:
    if not changed:
        return replace(picture, seen_at=_now()), frozenset()
    changes: dict[str, Any] = {kind: mapping}
    return replace(picture, seen_at=_now(), serial=picture.serial + 1, **changes), frozenset(changed)


def as_up(picture: Picture, version: Mapping[str, Any], storage: str = "") -> Picture:
    if picture.is_up:
        return replace(picture, version=dict(version), storage=storage, is_stored=False)
    return replace(
        picture,
        state=HostState.UP,
        since=_now(),
        error="",
        version=dict(version),
        storage=storage,
        is_stored=False,
        serial=picture.serial + 1,
    )


def as_down(picture: Picture, error: str) -> Picture:
    """The picture of a host that no longer answers; `since` stays at the moment it stopped."""
    if picture.state is HostState.DOWN and picture.error == error:
        return picture
    since = picture.since if picture.state is HostState.DOWN else _now()
    return replace(picture, state=HostState.DOWN, since=since, error=error, serial=picture.serial + 1)
