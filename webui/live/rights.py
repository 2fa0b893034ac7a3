"""Whether somebody may have a websocket on a host: asked of the database and the gate, at the start and again later."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webui import gate

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


# What a websocket that belongs to no host may need.
ADMINISTRATOR: Final = "administrator"


def rights_of(user: Any, slug: str | None, operation: str, *, session_key: str | None = None) -> Rights:
    """What `user` may have. Reads user and session anew: both may have ended since the socket was opened."""
    from django.contrib.auth import get_user_model

    from webui.accounts.sessions import is_open
    from webui.factors.requirement import is_owed
    from webui.hosts import visible_hosts

    fresh = get_user_model().objects.filter(pk=user.pk, is_active=True).first() if user.is_authenticated else None
    if fresh is None:
        return Rights(code=4401)
    if session_key and not is_open(session_key):
        return Rights(code=4401)
    actor = gate.actor_of(fresh)
    if is_owed(fresh) or (operation == ADMINISTRATOR and not fresh.is_administrator):
        return Rights(code=4403)
    if slug is None:
        return Rights(fresh, actor)
    host = visible_hosts(fresh).filter(slug=slug).first()
    if host is None:
        return Rights(code=4404)
    return Rights(fresh, actor, host) if gate.may(actor, host, operation) else Rights(code=4403)
