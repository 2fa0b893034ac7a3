"""Teams, their members and grants. For administrators; every change is written down and holds at once."""

from http import HTTPStatus
from typing import Final

from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_administrator
from webui.access.models import Grant, Team
from webui.accounts.models import User
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
from webui.signin.models import Source
from webui.teams.forms import GrantForm, TeamForm
from webui.teams.words import grant_line, role_label, where_words

COLUMNS: Final = (
    Column("name", gettext_lazy("Team"), width="xl"),
    Column("grants", gettext_lazy("May act as")),
    Column("members", gettext_lazy("Members"), width="s", align="end"),
)
REMOVE: Final = Action("remove", gettext_lazy("Remove"), "trash", "", is_bulk=True, is_danger=True, previews=True)


def _teams() -> QuerySet[Team]:
    grants = Prefetch("grants", Grant.objects.select_related("host", "group", "custom", "team", "user"))
    return Team.objects.annotate(member_count=Count("members", distinct=True)).prefetch_related(grants)


@require_GET
@needs_administrator
def team_list(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = _teams().filter(Q(name__icontains=text) | Q(about__icontains=text)) if text else _teams()
    rows = [
        render_to_string("teams/_row.html", {"team": team, "grants": _grants_words(team), "actions": [REMOVE]})
        for team in found
    ]
    page = ListPage(
        title=_("Teams"), columns=COLUMNS, rows=rows, total=len(rows), all_total=Team.objects.count(),
        noun=(_("team"), _("teams")), act_url=reverse("teams:act"), bulk=[REMOVE], filter_hint=_("Filter teams"),
        buttons=[_add_button(), *_beside()], empty=_empty(),
    )  # fmt: skip
    return render_list(request, page, active="teams")


@needs_administrator
def add(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = form.save()
            _record(request, "team.add", made.name, _members_words(made))
            tell_all_rights_changed()
        return go(request, reverse("teams:team", args=[made.pk]))
    return _form_page(request, form, _("Add a team"))


@needs_administrator
def team(request: HttpRequest, team_id: int) -> HttpResponse:
    """One team: its grants, and the form of its name and members."""
    here = get_object_or_404(_teams(), pk=team_id)
    form = TeamForm(request.POST or None, instance=here)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            _record(request, "team.change", here.name, _members_words(here))
            tell_all_rights_changed()
        return go(request, reverse("teams:team", args=[team_id]))
    title = Team.objects.values_list("name", flat=True).get(pk=team_id)
    buttons = [
        Button(_("Grant a role"), "plus", url=f"{reverse('teams:grant')}?team={team_id}", is_primary=True),
        Button(_("People and leaders"), "users", url=reverse("teams:members", args=[team_id])),
        Button(_("Remove"), "trash", action="remove", item_id=str(team_id), is_danger=True, in_menu=True),
    ]
    sources = Source.objects.filter(is_enabled=True, team_rules__team=here).distinct()
    context = {
        "form": form,
        "team": here,
        "sources": sources,
        "grants": [grant_line(grant) for grant in here.grants.all()],
    }
    return render_page(
        request, "teams/team.html", context, active="teams", title=title, buttons=buttons, act_url=reverse("teams:act"),
        crumbs=[Crumb(_("Teams"), reverse("teams:list"))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_administrator
def act(request: HttpRequest) -> HttpResponse:
    """`action` remove on the teams `id`; the first click shows what goes."""
    if request.POST.get("action") != "remove":
        raise Http404
    teams = list(_teams().filter(pk__in=[one for one in request.POST.getlist("id") if one.isdecimal()]))
    if request.POST.get("confirmed") != "1":
        return preview(request, _removal(teams))
    with transaction.atomic():
        for one in teams:
            _record(request, "team.remove", one.name, _grants_words(one))
            Team.objects.filter(pk=one.pk).delete()
        tell_all_rights_changed()
    outcomes = [Outcome(str(one.pk), one.name, is_done=True) for one in teams]
    return outcome(request, outcomes, done=_("Removed"), next_url=reverse("teams:list"))


@needs_administrator
def grant(request: HttpRequest) -> HttpResponse:
    """A role to `?team=` or `?user=`, on everything or a host, until somebody or the clock ends it."""
    to, back = _receiver(request)
    form = GrantForm(request.POST or None, to=to)
    if request.method == "POST" and form.is_valid():
        form.instance.made_by = actor_of(request).username
        with transaction.atomic():
            made = form.save()
            _record(request, "grant.add", _grant_words(made), "", host=made.host.slug if made.host else "")
            tell_all_rights_changed()
        return go(request, back)
    name = to.name if isinstance(to, Team) else to.username
    crumbs = [Crumb(_("Teams"), reverse("teams:list")) if isinstance(to, Team) else Crumb(_("People"), "/people/")]
    return render_page(
        request, "teams/grant.html", {"form": form, "back": back}, active="teams" if isinstance(to, Team) else "people",
        title=_("Grant a role to %s") % name, crumbs=[*crumbs, Crumb(name, back)],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_administrator
def end_grants(request: HttpRequest) -> HttpResponse:
    """End the grants `id`, and go back to whom they were given."""
    ids = [one for one in request.POST.getlist("id") if one.isdecimal()]
    grants = list(Grant.objects.filter(pk__in=ids).select_related("host", "group", "custom", "team", "user"))
    if not grants:
        raise Http404
    with transaction.atomic():
        for one in grants:
            _record(request, "grant.end", _grant_words(one), "", host=one.host.slug if one.host else "")
            Grant.objects.filter(pk=one.pk).delete()
        tell_all_rights_changed()
    first = grants[0]
    if first.team_id:
        return go(request, reverse("teams:team", args=[first.team_id]))
    return go(request, reverse("teams:access", args=[first.user_id]))


def _receiver(request: HttpRequest) -> tuple[User | Team, str]:
    """Who gets the grant, and the page to go back to."""
    team_id, user_id = request.GET.get("team", ""), request.GET.get("user", "")
    if team_id.isdecimal():
        return get_object_or_404(Team, pk=team_id), reverse("teams:team", args=[int(team_id)])
    if user_id.isdecimal():
        return get_object_or_404(User, pk=user_id), reverse("teams:access", args=[int(user_id)])
    raise Http404


def _form_page(request: HttpRequest, form: TeamForm, title: str) -> HttpResponse:
    return render_page(
        request, "teams/form.html", {"form": form}, active="teams", title=title,
        crumbs=[Crumb(_("Teams"), reverse("teams:list"))],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


def _removal(teams: list[Team]) -> Preview:
    return Preview(
        title=ngettext("Remove %d team", "Remove %d teams", len(teams)) % len(teams),
        intro=_("What its members may do through it ends at once."),
        lines=[PreviewLine(one.name, _what_goes(one)) for one in teams],
        columns=(_("Team"), _("What goes"), ""),
        do=ngettext("Remove %d team", "Remove %d teams", len(teams)) % len(teams),
        action="remove",
        item_ids=[str(one.pk) for one in teams],
        url=reverse("teams:act"),
        kept=_("Kept: its members, with their own roles and grants."),
    )


def _what_goes(team: Team) -> str:
    count = team.members.count()
    members = ngettext("%d membership", "%d memberships", count) % count
    return ", ".join([members, _grants_words(team)])


def _grants_words(team: Team) -> str:
    grants = [one for one in team.grants.all() if not one.is_over]
    words = [f"{role_label(one.role_words)} {where_words(one)}" for one in grants]
    return ", ".join(words) or _("no grants")


def _grant_words(one: Grant) -> str:
    whose = f"team {one.team.name}" if one.team else str(one.user and one.user.username)
    until = f" until {one.ends_at:%Y-%m-%d %H:%M}" if one.ends_at else ""
    return f"{one.role_words} → {whose}{f' on the group {one.group.name}' if one.group else ''}{until}"


def _members_words(team: Team) -> str:
    return ", ".join(team.members.values_list("username", flat=True)) or _("no members")


def _record(request: HttpRequest, operation: str, target: str, message: str, *, host: str = "") -> None:
    audit.record(
        actor_of(request), operation, is_allowed=True, resource="team", target=target, message=message[:500], host=host
    )  # fmt: skip


def _add_button() -> Button:
    return Button(_("Add a team"), "users-plus", url=reverse("teams:add"), is_primary=True)


def _beside() -> list[Button]:
    return [
        Button(_("Roles"), "shield", url=reverse("teams:roles")),
        Button(_("Groups of hosts"), "server", url=reverse("teams:groups")),
    ]


def _empty() -> Empty:
    words = _("A team gives the same role to several people, on everything or on one host. Who leaves it, loses it.")
    return Empty("users-group", _("No teams yet"), words, button=_add_button())
