"""A picture cut down to what one person may see. Kept for as long as neither the picture nor the owners change.

What is cut keeps its raw objects, so row fragments are shared between all who see the same row.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from webui.access import Operation
from webui.gate.answers import trimmed_image
from webui.live.picture import KINDS, Picture, Raw
from webui.ownership import LEDGER, Kind, Level, Sight, thing_of

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host

_KINDS: Final[Mapping[str, tuple[Kind, Operation]]] = {
    "containers": (Kind.CONTAINER, Operation.CONTAINER_LIST), "images": (Kind.IMAGE, Operation.IMAGE_LIST),
    "volumes": (Kind.VOLUME, Operation.VOLUME_LIST), "networks": (Kind.NETWORK, Operation.NETWORK_LIST),
}  # fmt: skip
_MOST_KEPT: Final = 512


class Seen(dict[str, Raw]):
    """The objects of one kind that somebody sees. `view` names whose eyes; `readonly` are those they may not change."""

    view: str = ""
    readonly: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a cut was made from, by identity, and the cut."""

    sources: tuple[Any, ...]
    version: object
    seen: Seen


_lock = threading.Lock()
_kept: OrderedDict[tuple[str, int | None, str], _Kept] = OrderedDict()


def seen_by(actor: "Actor", host: "Host", picture: Picture) -> Picture:
    """The picture as `actor` may see it: the very same for who sees everything. From memory; never waits."""
    cuts: dict[str, Any] = {}
    for name in KINDS:
        kind, operation = _KINDS[name]
        sight = actor.sight(host, operation)
        if not sight.sees_all:
            cuts[name] = _cut(host.slug, name, kind, sight, picture)
    return replace(picture, **cuts) if cuts else picture


def sees_all(picture: Picture) -> bool:
    """Whether nothing was cut from it."""
    return not any(isinstance(picture.of(kind), Seen) for kind in KINDS)


def readonly_of(picture: Picture) -> frozenset[str]:
    """The ids (names of volumes) of what is seen but not theirs to change."""
    return frozenset().union(*(getattr(picture.of(kind), "readonly", frozenset()) for kind in KINDS))


def _cut(slug: str, name: str, kind: Kind, sight: Sight, picture: Picture) -> Seen:
    """Volumes depend on containers too: a nameless one is whose container it is."""
    sources = (picture.of(name), picture.containers if kind is Kind.VOLUME else None, sight)
    key = (slug, sight.user_id, name)
    with _lock:
        kept = _kept.get(key)
    if kept and kept.version == LEDGER.version and _are_same(kept.sources, sources):
        return kept.seen
    version = LEDGER.version
    seen = _made(kind, sight, picture, kept.seen if kept else {})
    seen.view = str(sight.user_id)
    with _lock:
        _kept[key] = _Kept(sources, version, seen)
        _kept.move_to_end(key)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return seen


def _are_same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return before[0] is now[0] and before[1] is now[1] and before[2] == now[2]


def _made(kind: Kind, sight: Sight, picture: Picture, before: Mapping[str, Raw]) -> Seen:
    seen, readonly = Seen(), set()
    users = _users_by_volume(picture) if kind is Kind.VOLUME else {}
    for key, raw in picture.of(f"{kind}s").items():
        level = sight.level(thing_of(kind, raw), lambda volume: users.get(volume, ()))
        if level is Level.NOTHING:
            continue
        shown = trimmed_image(sight, raw) if kind is Kind.IMAGE else raw
        # The same object as last time, where it reads the same: rows are kept by identity.
        seen[key] = (
            before[key] if shown is not raw and before.get(key) == shown else dict(shown) if shown is not raw else raw
        )
        if level is Level.READ:
            readonly.add(key)
    seen.readonly = frozenset(readonly)
    return seen


def _users_by_volume(picture: Picture) -> dict[str, list[Raw]]:
    users: dict[str, list[Raw]] = {}
    for raw in picture.containers.values():
        for mount in raw.get("Mounts") or ():
            if name := mount.get("Name"):
                users.setdefault(str(name), []).append(raw)
    return users


def only_seen(keys: Iterable[str], picture: Picture) -> set[str]:
    """Those container ids, whole or their first twelve digits, that the picture shows."""
    there = {key[:12] for key in picture.containers}
    return {key for key in keys if key[:12] in there}
