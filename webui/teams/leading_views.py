"""The pages of teams for those who lead them: who is in one, putting people in and out, inviting somebody new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webui.access import Role, led_team_ids_of, needs_sign_in, needs_team_leader
from webui.access.models import Membership, Team
from webui.accounts import links, people_list
from webui.accounts.models import User
from webui.gate import Actor, actor_of
from webui.pages import Action, Button, Crumb, Outcome, State, go, outcome, render_page
from webui.teams import leading
from webui.teams.forms import InvitationForm, MemberForm
from webui.teams.shared import things_shared_with
from webui.teams.words import grant_line


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the team as its page shows them. `source` is what fills the team with them, "" for nothing."""

    user: User
    state: State
    is_leader: bool
    sessions: int
    source: str
    is_invited: bool = False
    is_last: bool = False
    is_you: bool = False
    actions: tuple[Action, ...] = ()

    @property
    def name(self) -> str:
        return self.user.username


_ACTIONS: Final = (
    Action("remove", gettext_lazy("Put out"), "user-minus", "", shown_when=lambda one: not one.source),
    Action("link", gettext_lazy("New link"), "link", "", shown_when=lambda one: one.is_invited),
    Action("appoint", gettext_lazy("Make a leader"), "crown", "", shown_when=lambda one: not one.is_leader),
    Action("dismiss", gettext_lazy("No longer a leader"), "crown-off", "", shown_when=lambda one: one.is_leader),
)


@require_GET
@needs_sign_in
def led_teams(request: HttpRequest) -> HttpResponse:
    """The teams that somebody leads; straight to the only one."""
    teams = list(Team.objects.filter(pk__in=led_team_ids_of(request.user)).prefetch_related("memberships"))
    if len(teams) == 1:
        return go(request, reverse("teams:members", args=[teams[0].pk]))
    return render_page(request, "teams/led.html", {"teams": teams}, active="led-teams", title=_("Your teams"))


@needs_team_leader
def members(request: HttpRequest, team_id: int) -> HttpResponse:
    """Who is in the team; posting puts somebody in who is here already, by their user name."""
    team = get_object_or_404(Team, pk=team_id)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            leading.add(actor_of(request), team, form.user)
            return go(request, reverse("teams:members", args=[team_id]))
        except leading.NotTheirs as error:
            form.add_error("username", str(error))
    grants = team.grants.select_related("host", "group", "custom", "team", "user")
    is_administrator = _is_administrator(request)
    context = {
        "form": form, "team": team, "members": list(_members(team, actor_of(request))),
        "grants": [grant_line(grant) for grant in grants], "things": things_shared_with(team),
        "is_administrator": is_administrator,
    }  # fmt: skip
    invite = Button(_("Invite somebody"), "user-plus", url=reverse("teams:invite", args=[team_id]), is_primary=True)
    return render_page(
        request, "teams/members.html", context, active="teams" if is_administrator else "led-teams", title=team.name,
        crumbs=_crumbs(request), buttons=[invite], act_url=reverse("teams:act-members", args=[team_id]),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@needs_team_leader
@never_cache
def invite(request: HttpRequest, team_id: int) -> HttpResponse:
    """Make somebody who has this team and nothing else, and show the link by which they choose a password."""
    team = get_object_or_404(Team, pk=team_id)
    form = InvitationForm(request.POST or None)
    here = reverse("teams:members", args=[team_id])
    crumbs, active = [*_crumbs(request), Crumb(team.name, here)], "teams" if _is_administrator(request) else "led-teams"
    if request.method == "POST" and form.is_valid():
        actor, given = actor_of(request), form.cleaned_data
        user = leading.invite(actor, team, username=given["username"], display_name=given["display_name"],
                              email=given["email"])  # fmt: skip
        context = {"link": links.make(request, actor, user), "person": user, "team": team}
        return render_page(
            request, "teams/invited.html", context, active=active, title=_("%s is invited") % user.username,
            crumbs=crumbs, status=HTTPStatus.CREATED,
        )  # fmt: skip
    return render_page(
        request, "teams/invite.html", {"form": form, "team": team, "back": here}, active=active,
        title=_("Invite somebody into %s") % team.name, crumbs=crumbs,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_team_leader
@never_cache
def act(request: HttpRequest, team_id: int) -> HttpResponse:
    """`action` on the members `id`: remove, link; appoint and dismiss for administrators."""
    team, action = get_object_or_404(Team, pk=team_id), request.POST.get("action", "")
    ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal()]
    found = list(Membership.objects.filter(team=team, user_id__in=ids).select_related("user"))
    if not found or action not in _acts_of(actor_of(request)):
        raise Http404
    if action == "link":
        return _link_dialog(request, found[0])
    outcomes = [_done(action, actor_of(request), team, one.user) for one in found]
    # Who has left their own team has no page to go back to.
    is_still_theirs = _is_administrator(request) or not any(
        one.user.pk == request.user.pk and said.is_done for one, said in zip(found, outcomes, strict=True)
    )
    back = reverse("teams:members", args=[team_id]) if is_still_theirs else reverse("teams:led")
    return outcome(request, outcomes, done=_DONE[action], next_url=back)


_DONE: Final[Mapping[str, Any]] = {
    "remove": gettext_lazy("Put out"),
    "appoint": gettext_lazy("Made a leader"),
    "dismiss": gettext_lazy("No longer a leader"),
}


def _acts_of(actor: Actor) -> set[str]:
    return {"remove", "link"} | ({"appoint", "dismiss"} if actor.role == Role.ADMINISTRATOR else set())


def _done(action: str, actor: Actor, team: Team, user: User) -> Outcome:
    try:
        if action == "remove":
            leading.remove(actor, team, user)
        else:
            leading.appoint(actor, team, user, is_leader=action == "appoint")
    except leading.NotTheirs as error:
        return Outcome(str(user.pk), user.username, is_done=False, message=str(error))
    return Outcome(str(user.pk), user.username, is_done=True)


def _link_dialog(request: HttpRequest, membership: Membership) -> HttpResponse:
    if not leading.may_have_link(membership):
        words = _("Only for somebody whom you invited, until they have come. Ask an administrator.")
        user = membership.user
        return outcome(request, [Outcome(str(user.pk), user.username, is_done=False, message=words)], done="")
    context = {"link": links.make(request, actor_of(request), membership.user), "person": membership.user}
    response = HttpResponse(render_to_string("accounts/_link_dialog.html", context, request))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def _members(team: Team, actor: Actor) -> Iterator[Member]:
    known = {one.user_id: one for one in team.memberships.select_related("user")}
    leaders = {one.user_id for one in known.values() if one.is_leader}
    for user in people_list.people().filter(pk__in=known):
        source = leading.filled_by(team, user)
        member = Member(
            user, people_list.state_of(user), user.pk in leaders, getattr(user, "session_count", 0),
            source.name if source else "", is_invited=leading.may_have_link(known[user.pk]),
            is_last=leaders == {user.pk}, is_you=user.pk == actor.user_id,
        )  # fmt: skip
        is_administrator = actor.role == Role.ADMINISTRATOR
        offered = [one for one in _ACTIONS if is_administrator or one.name not in {"appoint", "dismiss"}]
        if not is_administrator and ((member.is_leader and not member.is_you) or member.is_last):
            offered = [one for one in offered if one.name != "remove"]
        yield replace(member, actions=tuple(offered))


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_administrator", False))


def _crumbs(request: HttpRequest) -> list[Crumb]:
    if _is_administrator(request):
        return [Crumb(_("Teams"), reverse("teams:list"))]
    return [Crumb(_("Your teams"), reverse("teams:led"))]
