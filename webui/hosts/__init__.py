"""The Docker hosts that this console manages: where each is, who may see it, and which are already here."""

from typing import TYPE_CHECKING, Any, Final

from webui.access import Operation, Role, operations_of
from webui.gate import actor_of
from webui.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from webui.hosts.models import Host

__all__ = ["hosts_seen", "visible_hosts"]


def _every() -> "QuerySet[Host]":
    from webui.hosts.models import Host

    return Host.objects.all()


_EVERY: "Final[Prepared[Host]]" = Prepared(_every)


def visible_hosts(user: Any) -> "QuerySet[Host]":
    """The hosts that somebody may see, by name; none for a stranger."""
    # This door is imported before Django's models can be.
    from webui.hosts.models import Host

    actor = actor_of(user)
    if actor.role == Role.ADMINISTRATOR or not actor.grants:
        may_look = Operation.CONTAINER_LIST in operations_of(actor.role)
        return Host.objects.all() if may_look else Host.objects.none()
    seen = [host.pk for host in Host.objects.only("pk") if Operation.CONTAINER_LIST in actor.on(host).operations]
    return Host.objects.filter(pk__in=seen)


def hosts_seen(request: "HttpRequest") -> "list[Host]":
    """The same for a request, asked once: a page's lock, its view and the shell around it all want to know."""
    known: list[Host] | None = getattr(request, "_hosts_seen", None)
    if known is None:
        actor = actor_of(request)
        known = [host for host in _EVERY.all() if Operation.CONTAINER_LIST in actor.on(host).operations]
        request._hosts_seen = known  # type: ignore[attr-defined]
    return known
