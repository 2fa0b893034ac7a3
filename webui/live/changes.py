"""What an event of the Docker API means for the lists: which object of which kind is to be asked about, or is gone."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

# Stands for "the whole list" among ids.
ALL: Final = "*"

# Container events after which the list shows the same (Docker API 1.41, GET /events). A health check alone sends three
# of them every few seconds; exec_create and exec_start come as "exec_create: sh -c ...".
_SILENT: Final = frozenset(
    {"attach", "detach", "top", "resize", "archive-path", "extract-to-dir", "copy", "export", "commit",
     "exec_create", "exec_start", "exec_detach", "exec_die", "exec_died"}
)  # fmt: skip
_SILENT_VOLUME: Final = frozenset({"mount", "unmount"})
_GONE: Final = {"container": {"destroy", "remove"}, "volume": {"destroy", "remove"}, "network": {"destroy", "remove"}}


def changes_of(event: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(kind, id, is gone) for each object whose list entry the event may have changed."""
    event_type = str(event.get("Type", ""))
    action = str(event.get("Action", "")).partition(":")[0]
    actor = event.get("Actor") or {}
    object_id, attributes = str(actor.get("ID", "")), actor.get("Attributes") or {}
    if action == "prune" or event_type == "image":
        # One image event may move tags of several images; Podman's name none of them.
        yield f"{event_type}s", ALL, False
    elif event_type == "container" and action not in _SILENT:
        yield "containers", object_id, action in _GONE["container"]
    elif event_type == "volume" and action not in _SILENT_VOLUME:
        # A volume is called by its name, which Podman gives as an attribute only.
        name = object_id or str(attributes.get("name") or ALL)
        yield "volumes", name, name != ALL and action in _GONE["volume"]
    elif event_type == "network":
        yield "networks", object_id, action in _GONE["network"]
        if attributes.get("container"):
            yield "containers", str(attributes["container"]), False


class Dirty:
    """What is to be asked about, collected while the last question is under way."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = {}
        self._some = asyncio.Event()

    def add(self, kind: str, object_id: str) -> None:
        self._ids.setdefault(kind, set()).add(object_id)
        self._some.set()

    def holds(self, kind: str, object_id: str) -> bool:
        return object_id in self._ids.get(kind, ())

    async def taken(self) -> dict[str, frozenset[str]]:
        """Wait for something to be dirty; returns all of it, and begins anew."""
        await self._some.wait()
        self._some.clear()
        ids, self._ids = self._ids, {}
        return {kind: frozenset(some) for kind, some in ids.items()}
