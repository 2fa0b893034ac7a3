"""Whose a container's kept log is, once the container is gone: the keeper notes it down while it can still be asked.

Where nothing was noted, nobody may read it but those whose role sees everything.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from webui.history.segments import About, about_in, write_whole
from webui.ownership import LEDGER, Access, Kind, Sight, Thing, access_of
from webui.ownership.kinds import Visibility

if TYPE_CHECKING:
    from webui.hosts.models import Host

_FILE: Final = "access.json"
# Whoever creates owns, a moment after the container is there: before that it must not be taken for nobody's.
_SETTLED_S: Final = 10


def thing_about(about: About) -> Thing:
    return Thing(Kind.CONTAINER, (about.container_id,), about.labels or {})


def note_access(host_id: int, folders: Iterable[Path], *, present: Iterable[str]) -> None:
    """Note down whose the containers are that are there. Reads the database and writes what has changed."""
    LEDGER.refresh()
    existing = frozenset(present)
    for folder in folders:
        about = about_in(folder)
        if about is None or folder.name not in existing or time.time() - about.created < _SETTLED_S:
            continue
        body = json.dumps(_written(access_of(host_id, thing_about(about)))).encode()
        path = folder / _FILE
        if not path.exists() or path.read_bytes() != body:
            write_whole(path, body)


def sees_past(sight: Sight, host: "Host", folder: Path) -> bool:
    """Whether somebody may read the log of a container that is gone, by what was noted down of it."""
    try:
        body = json.loads((folder / _FILE).read_bytes())
        access = _read(body)
    except (OSError, ValueError, LookupError, TypeError):
        return False
    if access is None:
        return LEDGER.is_unowned_public(host.pk)
    return _is_seen(sight, access)


def _is_seen(sight: Sight, access: Access) -> bool:
    if access.visibility == Visibility.ADMINISTRATORS:
        return False
    if sight.user_id is not None and access.owner_id == sight.user_id:
        return True
    if access.visibility == Visibility.PRIVATE:
        return False
    holders = {("user", sight.user_id), *(("team", team_id) for team_id in sight.team_ids)}
    return access.visibility == Visibility.PUBLIC or not holders.isdisjoint(access.readers | access.writers)


def _written(access: Access | None) -> dict[str, Any]:
    if access is None:
        return {}
    return {
        "owner_id": access.owner_id,
        "visibility": str(access.visibility),
        "readers": sorted(access.readers),
        "writers": sorted(access.writers),
    }


def _read(body: dict[str, Any]) -> Access | None:
    """None for what was nobody's. Raises LookupError, ValueError or TypeError for what was not written here."""
    if not body:
        return None
    owner_id = None if body["owner_id"] is None else int(body["owner_id"])
    holders = [frozenset(_holder(*one) for one in body[name]) for name in ("readers", "writers")]
    return Access(owner_id, "", str(body["visibility"]), *holders)


def _holder(kind: str, holder_id: int) -> Any:
    return kind, int(holder_id)
