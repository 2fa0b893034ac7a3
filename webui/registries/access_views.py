"""Whose a registry is and who else may use or change it: the page on which its owner, or an administrator, says so."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui import audit
from webui.access import Role, needs_sign_in
from webui.gate import Actor, Refused, actor_of
from webui.ownership import Access, Kind, Level
from webui.ownership.changes import give_access
from webui.ownership.forms import AccessForm
from webui.ownership.kinds import NOWHERE, Visibility
from webui.ownership.words import Card, holders_words
from webui.pages import Crumb, go, render_page
from webui.registries.choosing import access_of, level_of, sight_of, thing_of
from webui.registries.listing import access_words
from webui.registries.models import Registry
from webui.registries.views import crumbs, registry_or_404

_MEANINGS: Final[Mapping[Visibility, Any]] = {
    Visibility.PRIVATE: gettext_lazy("Its owner. Administrators may change it, and are not signed in by it."),
    Visibility.SHARED: gettext_lazy("Also the people and teams named below."),
    Visibility.PUBLIC: gettext_lazy("Everybody's pulls are signed in by it; only those named below may change it."),
    Visibility.ADMINISTRATORS: gettext_lazy("Nobody but administrators, not even its owner."),
}


@needs_sign_in
def access(request: HttpRequest, registry_id: int) -> HttpResponse:
    actor = actor_of(request)
    registry = registry_or_404(actor, registry_id)
    rules, found = actor.role == Role.ADMINISTRATOR, access_of(registry)
    may_change = rules or sight_of(actor).may_change_access(thing_of(registry))
    form = AccessForm(
        request.POST if request.method == "POST" else None, access=found, is_own=found is not None, rules=rules,
        meanings=_offered(found, rules=rules),
    )  # fmt: skip
    if request.method == "POST":
        if not may_change:
            raise Refused(_("Only its owner and administrators may change who uses it."), rule="ownership")
        if form.is_valid():
            _change(actor, registry, form, owner_id=found.owner_id if found else None)
            return go(request, registry.get_absolute_url())
    context = {
        "form": form, "card": _card(actor, registry, found), "may_change": may_change, "kind": Kind.REGISTRY.label,
        "back": registry.get_absolute_url(), "may_see": _("may use"),
        "who_may": _("Its owner and administrators may change this."),
    }  # fmt: skip
    return render_page(
        request, "ownership/access.html", context, active="registries", title=_("Who may use %s") % registry.name,
        crumbs=[*crumbs(), Crumb(registry.name, registry.get_absolute_url())],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK,
    )  # fmt: skip


def _offered(found: Access | None, *, rules: bool) -> Mapping[Visibility, Any]:
    """Everybody's is for administrators to choose; what it is already can be kept."""
    is_public = found is not None and found.visibility == Visibility.PUBLIC
    return {one: words for one, words in _MEANINGS.items() if one is not Visibility.PUBLIC or rules or is_public}


def _change(actor: Actor, registry: Registry, form: AccessForm, *, owner_id: int | None) -> None:
    if "owner" in form.fields:
        owner_id = form.cleaned_data["owner"].pk if form.cleaned_data["owner"] else None
    with transaction.atomic():
        give_access(
            NOWHERE, Kind.REGISTRY, registry.key, owner_id=owner_id, visibility=form.cleaned_data["visibility"],
            shares=form.shares,
        )  # fmt: skip
        # What was asked in vain may succeed now for somebody.
        Registry.objects.filter(pk=registry.pk).update(changed_at=timezone.now())
        now = access_of(registry)
        words = "" if now is None else (
            f"owner {now.owner or 'nobody'}, {now.visibility}, "
            f"use: {holders_words(now.readers) or 'nobody'}, change: {holders_words(now.writers) or 'nobody'}"
        )  # fmt: skip
        audit.record(
            actor, "access.change", is_allowed=True, resource="registry", target=registry.name, message=words[:500]
        )


def _card(actor: Actor, registry: Registry, found: Access | None) -> Card:
    return Card(
        owner=found.owner if found else "", visibility=access_words(found),
        readers=holders_words(found.readers) if found else "", writers=holders_words(found.writers) if found else "",
        through="", url="", is_read_only=level_of(actor, registry) is Level.READ,
    )  # fmt: skip
