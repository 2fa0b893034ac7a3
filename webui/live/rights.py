"""Whether somebody may have a websocket on a host: asked of the database and the gate, at the start and again later."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from channels.db import database_sync_to_async

from webui import gate
from webui.ownership import Kind

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Rights:
    """Whose a websocket is and on which host, or the close code that says why it may not be."""

    user: Any = None
    actor: "Actor | None" = None
    host: "Host | None" = None
    code: int = 0
    # The full id of the thing that the socket is about, "" for none.
    target: str = ""


# What a websocket that belongs to no host may need.
ADMINISTRATOR: Final = "administrator"


def rights_of(
    user: Any, slug: str | None, operation: str, *, session_key: str | None = None,
    kind: Kind = Kind.CONTAINER, reference: str = "",
) -> Rights:  # fmt: skip
    """What `user` may have. Reads user and session anew: both may have ended since the socket was opened.

    `reference` names the thing of `kind` that it is about, if any: one that is not for their eyes is not there.
    """
    from webui.factors.requirement import is_owed

    fresh = _still_here(user, session_key)
    if fresh is None:
        return Rights(code=4401)
    actor = gate.actor_of(fresh)
    if is_owed(fresh) or (operation == ADMINISTRATOR and not fresh.is_administrator):
        return Rights(code=4403)
    if slug is None:
        return Rights(fresh, actor)
    rights = _on_host(Rights(fresh, actor), slug, operation)
    return _on_thing(rights, operation, kind, reference) if reference and not rights.code else rights


# Questions that wait for their turn, by what they ask.
_waiting: dict[tuple[Any, ...], "asyncio.Future[Rights]"] = {}


async def rights_asked(
    user: Any, slug: str | None, operation: str, *, session_key: str | None = None,
    kind: Kind = Kind.CONTAINER, reference: str = "",
) -> Rights:  # fmt: skip
    """`rights_of`, for an event loop. All questions of a process take turns in one thread, and hundreds of sockets of
    one person ask the same: one whose turn has not come yet answers for all who ask until then, none for later."""
    key = (asyncio.get_running_loop(), user.pk, slug, operation, session_key, kind, reference)

    def ask() -> Rights:
        _waiting.pop(key, None)
        return rights_of(user, slug, operation, session_key=session_key, kind=kind, reference=reference)

    found = _waiting.get(key)
    if found is None:
        found = _waiting[key] = asyncio.ensure_future(database_sync_to_async(ask)())
    # Who goes away does not take the answer from the others.
    return await asyncio.shield(found)


def _still_here(user: Any, session_key: str | None) -> Any:
    from django.contrib.auth import get_user_model

    from webui.accounts.sessions import is_open

    fresh = get_user_model().objects.filter(pk=user.pk, is_active=True).first() if user.is_authenticated else None
    return None if fresh is None or (session_key and not is_open(session_key)) else fresh


def _on_host(rights: Rights, slug: str, operation: str) -> Rights:
    from webui.hosts import visible_hosts

    assert rights.actor is not None  # noqa: S101 - somebody asks
    host = visible_hosts(rights.user).filter(slug=slug).first()
    if host is None:
        return Rights(code=4404)
    return replace(rights, host=host) if gate.may(rights.actor, host, operation) else Rights(code=4403)


def _on_thing(rights: Rights, operation: str, kind: Kind, reference: str) -> Rights:
    assert rights.actor is not None and rights.host is not None  # noqa: S101, PT018 - both were found
    try:
        return replace(rights, target=gate.require_on(rights.actor, rights.host, operation, kind, reference))
    except gate.NotVisible:
        return Rights(code=4404)
    except gate.Refused:
        return Rights(code=4403)
    except gate.HostUnreachable:
        # Whose it is cannot be found out now; the script connects again later.
        return Rights(code=4500)
