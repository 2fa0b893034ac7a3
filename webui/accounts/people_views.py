"""The pages of people: all of them, adding one, one person, and what is done to them. For administrators."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_administrator
from webui.accounts import links, people, people_list, sessions
from webui.accounts.models import User
from webui.accounts.people_forms import PersonForm, RoleForm
from webui.accounts.removal import deactivation_preview, removal_preview, reset_preview
from webui.factors import methods
from webui.gate import Actor, actor_of
from webui.pages import Button, Crumb, Empty, ListPage, Outcome, go, outcome, preview, render_list, render_page

_WINDOW = 100
Act = Callable[[Actor, User], object]

# The verbs as they stand before the names in a toast.
_ACTS: dict[str, tuple[Act, Promise]] = {
    "end-sessions": (people.end_sessions, gettext_lazy("Ended all sessions of")),
    "reset-factors": (people.reset_factors, gettext_lazy("Reset the second factors of")),
    "deactivate": (people.deactivate, gettext_lazy("Deactivated")),
    "reactivate": (people.reactivate, gettext_lazy("Reactivated")),
    "remove": (people.remove, gettext_lazy("Removed")),
}
# These show first what they would do.
_PREVIEWS = {"remove": removal_preview, "deactivate": deactivation_preview, "reset-factors": reset_preview}


@require_GET
@needs_administrator
def people_page(request: HttpRequest) -> HttpResponse:
    """Everybody: `q` words of name, email or role, `show` a chip, `sort`, `after` a place."""
    text, show, sort = (request.GET.get(name, "") for name in ("q", "show", "sort"))
    found = list(people_list.ordered(people_list.matching(text), sort))
    shown = [user for user in found if not show or people_list.show_of(user) == show]
    after = int(request.GET["after"]) if request.GET.get("after", "").isdecimal() else 0
    window = shown[after : after + _WINDOW]
    rows = [people_list.row_of(people_list.person_of(user, request.user.pk)) for user in window]
    page = ListPage(
        title=_("People"), columns=people_list.COLUMNS, rows=rows, total=len(shown), all_total=User.objects.count(),
        noun=(_("person"), _("people")), act_url=reverse("accounts:people-act"), chips=people_list.chips(found),
        bulk=[action for action in people_list.ACTIONS if action.is_bulk], sort=sort or "name",
        buttons=[Button(_("Add a person"), "user-plus", url=reverse("accounts:people-add"), is_primary=True)],
        filter_hint=_("Filter: name, email, role"), empty=_empty(),
        next_url=_next_url(request, after + _WINDOW) if len(shown) > after + _WINDOW else "",
    )  # fmt: skip
    return render_list(request, page, active="people")


@needs_administrator
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Make somebody, and show the link by which they choose their password. It is shown this once."""
    form = PersonForm(request.POST or None)
    crumbs = [Crumb(_("People"), reverse("accounts:people"))]
    if request.method == "POST" and form.is_valid():
        actor, given = actor_of(request), form.cleaned_data
        user = people.invite(
            actor, username=given["username"], display_name=given["display_name"], email=given["email"],
            role=given["role"],
        )  # fmt: skip
        context = {"link": links.make(request, actor, user), "person": user}
        title = _("%s is invited") % user.username
        return render_page(
            request, "accounts/invited.html", context, active="people", title=title, crumbs=crumbs,
            status=HTTPStatus.CREATED,
        )  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render_page(
        request, "accounts/person_form.html", {"form": form}, active="people", title=_("Add a person"), crumbs=crumbs,
        status=status,
    )  # fmt: skip


@needs_administrator
@never_cache
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Everything about one person; posting changes the role."""
    user = get_object_or_404(people_list.people(), pk=user_id)
    form = RoleForm(request.POST or None, initial={"role": user.role})
    if request.method == "POST" and form.is_valid():
        try:
            people.change_role(actor_of(request), user, form.cleaned_data["role"])
            return go(request, reverse("accounts:person", args=[user_id]))
        except people.StaysAsItIs as error:
            form.add_error("role", str(error))
    shown = people_list.person_of(user, request.user.pk)
    context = {
        "person": user,
        "shown": shown,
        "form": form,
        "devices": sessions.devices_of(user, this_key=request.session.session_key),
        "entries": audit.latest_of(user.pk),
        "factors": methods.words_of(user),
    }
    return render_page(
        request, "accounts/person.html", context, active="people", title=user.username, state=shown.state,
        crumbs=[Crumb(_("People"), reverse("accounts:people"))], buttons=_buttons(shown),
        act_url=reverse("accounts:people-act") + "?own",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )  # fmt: skip


@require_POST
@needs_administrator
@never_cache
def act(request: HttpRequest) -> HttpResponse:
    """`action` on the people `id`; with `own` in the query it was asked on the person's own page."""
    action, ids = request.POST.get("action", ""), request.POST.getlist("id")
    users = list(people_list.people().filter(pk__in=[one for one in ids if one.isdecimal()]))
    if action == "link" and len(users) == 1:
        return _link_dialog(request, users[0])
    if action not in _ACTS:
        raise Http404
    if action in _PREVIEWS and request.POST.get("confirmed") != "1":
        return preview(request, _PREVIEWS[action](users, actor_of(request), request.get_full_path()))
    done, verb = _ACTS[action]
    outcomes = [_done(done, actor_of(request), user) for user in users]
    return outcome(request, outcomes, done=verb, next_url=_own_page(users, action) if "own" in request.GET else "")


def _own_page(users: Sequence[User], action: str) -> str:
    """Where somebody goes on who acted on a person's own page: the page tells what was done."""
    if action == "remove" or not users:
        return reverse("accounts:people")
    return reverse("accounts:person", args=[users[0].pk])


def _done(act_on: Act, actor: Actor, user: User) -> Outcome:
    user_id = str(user.pk)
    try:
        act_on(actor, user)
    except people.StaysAsItIs as error:
        return Outcome(user_id, user.username, is_done=False, message=str(error))
    return Outcome(user_id, user.username, is_done=True)


def _link_dialog(request: HttpRequest, user: User) -> HttpResponse:
    if not user.is_active:
        words = _("Deactivated: reactivate them first.")
        return outcome(request, [Outcome(str(user.pk), user.username, is_done=False, message=words)], done="")
    context = {"link": links.make(request, actor_of(request), user), "person": user}
    response = HttpResponse(render_to_string("accounts/_link_dialog.html", context, request))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return response


@require_POST
@needs_administrator
def end_devices(request: HttpRequest, user_id: int) -> HttpResponse:
    """End single sessions of somebody, by the ids that their page shows."""
    user = get_object_or_404(User, pk=user_id)
    ended = sessions.end(user, request.POST.getlist("id"))
    message = ngettext("%d session ended", "%d sessions ended", len(ended)) % len(ended)
    audit.record(
        actor_of(request), "person.end-sessions", is_allowed=True, resource="person", target=user.username,
        message=message,
    )  # fmt: skip
    return go(request, reverse("accounts:person", args=[user_id]))


def _buttons(shown: people_list.Person) -> list[Button]:
    names = {"link": not shown.is_active, "end-sessions": shown.sessions == 0}
    return [
        Button(_("Tokens"), "key", url=reverse("tokens:of", args=[shown.pk])),
        *_acts(shown, names),
    ]


def _acts(shown: people_list.Person, names: dict[str, bool]) -> list[Button]:
    return [
        Button(action.label, action.icon, action=action.name, item_id=str(shown.pk), is_danger=action.is_danger,
               in_menu=action.name in {"end-sessions", "reset-factors", "remove"})
        for action in people_list.actions_for(shown)
        if action.name != "role" and not names.get(action.name, False) and action.shown_when(shown)
    ]  # fmt: skip


def _empty() -> Empty:
    words = _("Each person signs in by their own name, so that the audit log can say who did what.")
    button = Button(_("Add a person"), "user-plus", url=reverse("accounts:people-add"), is_primary=True)
    return Empty("users", _("Nobody but you"), words, button=button)


def _next_url(request: HttpRequest, after: int) -> str:
    query = request.GET.copy()
    query["after"] = str(after)
    return f"?{query.urlencode()}"
