"""What somebody may effectively do on a host, and why; and whether the gate would let a request of theirs through."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webui.access import Effective, Operation, needs_administrator, operations_of
from webui.access.models import Grant
from webui.access.roles import OFFERED
from webui.accounts.models import User
from webui.gate import Actor, actor_of
from webui.hosts.models import Host
from webui.pages import Button, Crumb, render_page
from webui.teams import questions
from webui.teams.words import because_words, grant_line, role_label

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")


@dataclass(frozen=True, slots=True)
class Resource:
    """One line of the table: what may be done to containers, and what may not."""

    name: str
    allowed: tuple[str, ...]
    refused: tuple[str, ...]


@require_http_methods(["GET", "POST"])
@needs_administrator
def access(request: HttpRequest, user_id: int) -> HttpResponse:
    """`host` chooses where; posting asks whether a `kind` of thing (line, file, call) would be allowed."""
    user = get_object_or_404(User, pk=user_id)
    hosts = list(Host.objects.all())
    host = next((one for one in hosts if one.slug == request.GET.get("host")), hosts[0] if hosts else None)
    actor = actor_of(user)
    context: dict[str, Any] = {
        "person": user,
        "hosts": hosts,
        "chosen": host,
        "grants": [grant_line(grant) for grant in _grants_of(user)],
        "roles": [(role_label(role), len(operations_of(role))) for role in OFFERED],
        "methods": METHODS,
        "kind": questions.KINDS[0],
    }
    if host is not None:
        context |= _on_host(actor, host, user)
        if request.method == "POST":
            context |= _asked(request, actor, host)
    grant_url = f"{reverse('teams:grant')}?user={user_id}"
    return render_page(
        request, "teams/access.html", context, active="people", title=_("What may %s do?") % user.username,
        crumbs=[Crumb(_("People"), reverse("accounts:people")), Crumb(user.username, _person_url(user))],
        buttons=[Button(_("Grant a role"), "plus", url=grant_url, is_primary=True)],
        act_url=reverse("teams:end-grants"),
    )  # fmt: skip


def _on_host(actor: Actor, host: Host, user: User) -> dict[str, Any]:
    if not user.is_active:
        nothing = Effective(("",))
        return {"role": _("Nothing"), "because": _("deactivated"), "resources": list(_resources(nothing))}
    what = actor.on(host)
    return {
        "role": " + ".join(role_label(role) for role in what.roles),
        "because": because_words(user.role, what.because),
        "resources": list(_resources(what)),
    }


def _resources(what: Effective) -> Iterator[Resource]:
    for name, group in groupby(Operation, key=lambda operation: operation.partition(".")[0]):
        operations = list(group)
        yield Resource(
            name,
            tuple(one.partition(".")[2] for one in operations if one in what.operations),
            tuple(one.partition(".")[2] for one in operations if one not in what.operations),
        )


def _asked(request: HttpRequest, actor: Actor, host: Host) -> dict[str, Any]:
    """Asks the gate as that person. Nothing is sent, nothing is written down."""
    asked = {name: request.POST.get(name, "") for name in ("method", "path", "body", "line", "file")}
    kind = request.POST.get("kind", "")
    try:
        requests, notes = questions.requests_of(kind, asked)
    except questions.Unreadable as error:
        return {"kind": kind, "asked": asked, "unreadable": str(error)}
    return {"kind": kind, "asked": asked, "verdict": questions.ask(actor, host, requests, notes)}


def _grants_of(user: User) -> list[Grant]:
    """Their own and their teams'."""
    own = Grant.objects.filter(user=user) | Grant.objects.filter(team__members=user)
    return list(own.distinct().select_related("host", "group", "custom", "team", "user"))


def _person_url(user: User) -> str:
    return reverse("accounts:person", args=[user.pk])
