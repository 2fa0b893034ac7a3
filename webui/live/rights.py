"""Whether somebody may have a websocket on a host: asked of the database and the gate, at the start and again later."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webui import gate

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


@dataclass(frozen=True, slots=True)
class Rights:
    """The actor and host of a websocket, or the close code that says why there is none."""

    actor: "Actor | None" = None
    host: "Host | None" = None
    code: int = 0


def rights_of(user: Any, slug: str | None, operation: str) -> Rights:
    """What `user` may have. Reads the user anew: they may have been deactivated since they signed in."""
    from django.contrib.auth import get_user_model

    from webui.hosts import visible_hosts

    fresh = get_user_model().objects.filter(pk=user.pk, is_active=True).first() if user.is_authenticated else None
    if fresh is None:
        return Rights(code=4401)
    actor = gate.actor_of(fresh)
    if slug is None:
        return Rights(actor)
    host = visible_hosts(fresh).filter(slug=slug).first()
    if host is None:
        return Rights(code=4404)
    return Rights(actor, host) if gate.may(actor, host, operation) else Rights(code=4403)
