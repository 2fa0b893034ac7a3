"""The old container that is kept, stopped, after another has taken its place; and the new one before it has.

All that is known of them stands in their names on the host, so that a console that was killed, or another one, finds
it: `web-before-4be2c0` is what was called web, and begins with its own id; `-always` tells that it was to restart
always, which it must not while it is kept. `web-next-1f3a9b` is made by the try of that number and not yet in place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_KEPT: Final = re.compile(r"(?P<name>.+)-before-(?P<id>[0-9a-f]{6})(?P<always>-always)?")

_NEXT: Final = re.compile(r"(?P<name>.+)-next-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A container that is kept: what it was called, and whether it restarted always."""

    id: str
    shown_name: str
    name: str
    restarts_always: bool

    @property
    def short_id(self) -> str:
        return self.id[:12]


def kept_name(name: str, container_id: str, *, restarts_always: bool = False) -> str:
    return f"{name}-before-{container_id[:6]}{'-always' if restarts_always else ''}"


def left_over(listed: Iterable[Mapping[str, Any]], name: str) -> list[tuple[str, str]]:
    """(id, name) of those that were made to take the place of `name` and never did, nor ever ran."""
    is_next = re.compile(rf"/{re.escape(name)}-next-[0-9a-f]{{6}}")
    found = [(str(raw["Id"]), str((raw.get("Names") or [""])[0]), raw.get("State")) for raw in listed]
    return [(key, shown[1:]) for key, shown, state in found if state == "created" and is_next.fullmatch(shown)]


def next_name(name: str, attempt: str) -> str:
    return f"{name}-next-{attempt}"


def kept_of(shown_name: str, container_id: str) -> Kept | None:
    """What a name says; None for a container that only happens to be called so."""
    match = _KEPT.fullmatch(shown_name.lstrip("/"))
    if match is None or not container_id.startswith(match["id"]):
        return None
    return Kept(container_id, shown_name.lstrip("/"), match["name"], match["always"] is not None)


def part_of(shown_name: str, container_id: str) -> tuple[str, str]:
    """What the name says of it for the gate: ("kept" | "next", what it is about), or two empty words."""
    if kept := kept_of(shown_name, container_id):
        return "kept", kept.name
    coming = _NEXT.fullmatch(shown_name)
    return ("next", coming["name"]) if coming else ("", "")


def kept_among(listed: Iterable[Mapping[str, Any]], name: str) -> list[Kept]:
    """Those among the engine's list that were called `name`, newest first."""
    found = []
    for raw in sorted(listed, key=lambda one: -int(one.get("Created") or 0)):
        kept = kept_of(str((raw.get("Names") or [""])[0]), str(raw["Id"]))
        if kept is not None and kept.name == name:
            found.append(kept)
    return found
