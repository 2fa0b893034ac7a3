"""Roles that administrators make, and groups of hosts. Every change is written down and holds at once."""

from http import HTTPStatus
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import Role, needs_administrator, operations_of
from webui.access.models import CustomRole, HostGroup
from webui.access.roles import MEANINGS, OFFERED
from webui.accounts.notices import tell_all_rights_changed
from webui.gate import actor_of
from webui.pages import (
    Action,
    Button,
    Column,
    Crumb,
    Empty,
    ListPage,
    Outcome,
    Preview,
    PreviewLine,
    go,
    outcome,
    preview,
    render_list,
    render_page,
)
from webui.teams.role_forms import CustomRoleForm, HostGroupForm

ROLE_COLUMNS: Final = (
    Column("name", gettext_lazy("Role"), width="xl"),
    Column("meaning", gettext_lazy("What it is for")),
    Column("operations", gettext_lazy("Operations"), width="m", align="end"),
    Column("grants", gettext_lazy("Grants"), width="s", align="end"),
)
GROUP_COLUMNS: Final = (
    Column("name", gettext_lazy("Group"), width="xl"),
    Column("hosts", gettext_lazy("Hosts")),
    Column("grants", gettext_lazy("Grants"), width="s", align="end"),
)
REMOVE: Final = Action("remove", gettext_lazy("Remove"), "trash", "", is_bulk=True, is_danger=True, previews=True)


@require_GET
@needs_administrator
def role_list(request: HttpRequest) -> HttpResponse:
    """Those of one's own first: they are what somebody comes for; then those that are built in."""
    own = CustomRole.objects.annotate(grant_count=Count("grants"))
    rows: list[str] = [render_to_string("teams/_role_row.html", {"role": one, "actions": [REMOVE]}) for one in own]
    rows += [_built_in_row(role) for role in OFFERED]
    add = Button(_("Make a role"), "plus", url=reverse("teams:add-role"), is_primary=True)
    page = ListPage(
        title=_("Roles"), columns=ROLE_COLUMNS, rows=rows, total=len(rows), all_total=len(rows),
        noun=(_("role"), _("roles")), act_url=reverse("teams:act-roles"), bulk=[REMOVE], has_filter=False,
        buttons=[add], crumbs=[Crumb(_("Teams"), reverse("teams:list"))],
    )  # fmt: skip
    return render_list(request, page, active="teams")


def _built_in_row(role: Role) -> str:
    context = {"role": role, "meaning": MEANINGS[role], "operations": len(operations_of(role))}
    return render_to_string("teams/_built_in_role.html", context)


@needs_administrator
def role(request: HttpRequest, role_id: int | None = None) -> HttpResponse:
    here = get_object_or_404(CustomRole, pk=role_id) if role_id else None
    form = CustomRoleForm(request.POST or None, instance=here, initial={} if here else {"is_restricted": True})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = form.save()
            _record(request, "role.change" if here else "role.add", made.name, _role_words(made))
            tell_all_rights_changed()
        return go(request, reverse("teams:roles"))
    return render_page(
        request, "teams/role.html", {"form": form}, active="teams",
        title=_("Change the role %s") % here.name if here else _("Make a role"),
        crumbs=[Crumb(_("Teams"), reverse("teams:list")), Crumb(_("Roles"), reverse("teams:roles"))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_administrator
def act_on_roles(request: HttpRequest) -> HttpResponse:
    """`action` remove on the roles `id`. One that somebody holds stays, and the preview says who."""
    roles = list(CustomRole.objects.filter(pk__in=_ids(request)).prefetch_related("grants__user", "grants__team"))
    going = [one for one in roles if not one.grants.all()]
    if request.POST.get("confirmed") != "1":
        return preview(request, _role_removal(going, [one for one in roles if one not in going]))
    with transaction.atomic():
        for one in going:
            _record(request, "role.remove", one.name, _role_words(one))
            CustomRole.objects.filter(pk=one.pk).delete()
        tell_all_rights_changed()
    outcomes = [
        Outcome(str(one.pk), one.name, is_done=one in going, message="" if one in going else _held_words(one))
        for one in roles
    ]
    return outcome(request, outcomes, done=_("Removed"), next_url=reverse("teams:roles"))


def _role_removal(going: list[CustomRole], kept: list[CustomRole]) -> Preview:
    count = len(going)
    do = ngettext("Remove %d role", "Remove %d roles", count) % count
    held = "; ".join(f"{one.name}: {_held_words(one)}" for one in kept)
    return Preview(
        title=do, intro=_("Nobody holds them."), do=do, action="remove", item_ids=[str(one.pk) for one in going],
        lines=[PreviewLine(one.name, one.about) for one in going], url=reverse("teams:act-roles"),
        columns=(_("Role"), _("What it is for"), ""),
        kept=_("Kept, because somebody holds them: %s. End those grants first.") % held if held else "",
    )  # fmt: skip


@require_GET
@needs_administrator
def group_list(request: HttpRequest) -> HttpResponse:
    groups = HostGroup.objects.annotate(grant_count=Count("grants", distinct=True)).prefetch_related("hosts")
    rows = [render_to_string("teams/_group_row.html", {"group": one, "actions": [REMOVE]}) for one in groups]
    add = Button(_("Add a group"), "plus", url=reverse("teams:add-group"), is_primary=True)
    words = _("A grant may be for a group of hosts: it holds on all of them, also on those that join later.")
    page = ListPage(
        title=_("Groups of hosts"), columns=GROUP_COLUMNS, rows=rows, total=len(rows), all_total=len(rows),
        noun=(_("group"), _("groups")), act_url=reverse("teams:act-groups"), bulk=[REMOVE], has_filter=False,
        buttons=[add], crumbs=[Crumb(_("Teams"), reverse("teams:list"))],
        empty=Empty("server", _("No groups yet"), words, button=add),
    )  # fmt: skip
    return render_list(request, page, active="teams")


@needs_administrator
def group(request: HttpRequest, group_id: int | None = None) -> HttpResponse:
    here = get_object_or_404(HostGroup, pk=group_id) if group_id else None
    form = HostGroupForm(request.POST or None, instance=here)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = form.save()
            _record(request, "host-group.change" if here else "host-group.add", made.name, _host_names(made))
            tell_all_rights_changed()
        return go(request, reverse("teams:groups"))
    return render_page(
        request, "teams/group.html", {"form": form}, active="teams",
        title=_("Change the group %s") % here.name if here else _("Add a group of hosts"),
        crumbs=[Crumb(_("Teams"), reverse("teams:list")), Crumb(_("Groups of hosts"), reverse("teams:groups"))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_administrator
def act_on_groups(request: HttpRequest) -> HttpResponse:
    """`action` remove on the groups `id`; the grants on them go along, and the preview says which."""
    groups = list(HostGroup.objects.filter(pk__in=_ids(request)).prefetch_related("grants__user", "grants__team"))
    if request.POST.get("confirmed") != "1":
        return preview(request, _group_removal(groups))
    with transaction.atomic():
        for one in groups:
            _record(request, "host-group.remove", one.name, _held_words(one))
            HostGroup.objects.filter(pk=one.pk).delete()
        tell_all_rights_changed()
    outcomes = [Outcome(str(one.pk), one.name, is_done=True) for one in groups]
    return outcome(request, outcomes, done=_("Removed"), next_url=reverse("teams:groups"))


def _group_removal(groups: list[HostGroup]) -> Preview:
    do = ngettext("Remove %d group", "Remove %d groups", len(groups)) % len(groups)
    return Preview(
        title=do, intro=_("Grants on a group end with it, at once."), do=do, action="remove",
        lines=[PreviewLine(one.name, _held_words(one)) for one in groups], url=reverse("teams:act-groups"),
        item_ids=[str(one.pk) for one in groups], columns=(_("Group"), _("Grants that end"), ""),
        kept=_("Kept: the hosts themselves, and every other grant."),
    )  # fmt: skip


def _ids(request: HttpRequest) -> list[int]:
    if request.POST.get("action") != "remove":
        raise Http404
    return [int(one) for one in request.POST.getlist("id") if one.isdecimal()]


def _held_words(one: Any) -> str:
    """Who holds a role, or a grant on a group: "team shop, olga"."""
    grants = one.grants.all()
    holders = [_("team %s") % grant.team.name if grant.team else grant.user.username for grant in grants]
    return ", ".join(dict.fromkeys(holders)) or _("none")


def _role_words(made: CustomRole) -> str:
    return f"{'restricted' if made.is_restricted else 'not restricted'}: {', '.join(made.operations)}"


def _host_names(made: HostGroup) -> str:
    return ", ".join(made.hosts.values_list("name", flat=True)) or "no hosts"


def _record(request: HttpRequest, operation: str, target: str, message: str) -> None:
    audit.record(
        actor_of(request), operation, is_allowed=True, resource="role", target=target, message=message[:500]
    )  # fmt: skip
