"""Writing entries. The models are imported when first written: this room's door is open before Django is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from webui.audit import folding

if TYPE_CHECKING:
    from webui.gate.actors import Actor

# Knows what people call an object: (host slug, resource, id) to its name, or "". It may not wait.
Namer = Callable[[str, str, str], str]
_namers: list[Namer] = []


def register_namer(namer: Namer) -> None:
    """Hand in what turns the ids of requests into names; asked for each entry, before the thing is done."""
    _namers[:] = [namer]


def record(
    actor: "Actor",
    operation: str,
    *,
    is_allowed: bool,
    host: str = "",
    resource: str = "",
    target: str = "",
    method: str = "",
    path: str = "",
    rule: str = "",
    message: str = "",
) -> int:
    """Write an entry and return its id. Raises what the database raises: what cannot be recorded must not be done."""
    from webui.audit.models import Entry

    fold = folding.current() if is_allowed else None
    entry = Entry.objects.create(
        user_id=actor.user_id,
        username=actor.username[:200],
        role=actor.role,
        address=actor.address,
        host=host,
        operation=operation,
        resource=resource,
        target=target[:300],
        target_name=_name_of(host, resource, target)[:300],
        method=method[:16],
        path=path[:500],
        is_allowed=is_allowed,
        rule=rule[:200],
        message=message[:500],
        token=actor.scope.token if actor.scope else "",
        part_of_id=fold.head if fold else None,
    )
    if fold is not None:
        fold.take(entry.pk)
    return int(entry.pk)


def complete(entry_id: int, *, status: int | None, duration_s: float, message: str = "") -> None:
    """Say how it ended: the host's status, or why there is none, and how long it took."""
    from webui.audit.models import Entry

    Entry.objects.filter(pk=entry_id).update(status=status, duration_ms=round(duration_s * 1000), message=message[:500])


def _name_of(host: str, resource: str, target: str) -> str:
    if not host or not target:
        return ""
    return next((name for name in (namer(host, resource, target) for namer in _namers) if name), "")
