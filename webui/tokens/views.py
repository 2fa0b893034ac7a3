"""The pages of personal tokens: one's own, and for administrators anybody's."""

from collections.abc import Sequence
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webui.access import needs_administrator, needs_sign_in
from webui.accounts.models import User
from webui.gate import actor_of
from webui.pages import Button, Crumb, Empty, ListPage, Outcome, outcome, preview, render_list, render_page
from webui.tokens.forms import TokenForm
from webui.tokens.issuing import hosts_of, make, revoke
from webui.tokens.listing import COLUMNS, REVOKE, revocation, rows_of
from webui.tokens.models import Token


@require_GET
@needs_sign_in
def own(request: HttpRequest) -> HttpResponse:
    """One's own tokens."""
    crumbs = [Crumb(_("Your profile"), reverse("accounts:profile"))]
    button = Button(_("Make a token"), "key", url=reverse("tokens:add"), is_primary=True)
    words = _(
        "A token lets a program act for you: the docker CLI, Compose, CI. It may do less than you, on the hosts that "
        "you choose, and you can revoke it at any time."
    )
    empty = Empty("key", _("No tokens yet"), words, button=button)
    page = _list(_person(request), empty, title=_("Your tokens"), crumbs=crumbs, buttons=[button])
    return render_list(request, page, active="profile")


@require_GET
@needs_administrator
def of_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Somebody else's tokens, to look at and to revoke."""
    user = get_object_or_404(User, pk=user_id)
    crumbs = [
        Crumb(_("People"), reverse("accounts:people")),
        Crumb(user.username, reverse("accounts:person", args=[user_id])),
    ]
    empty = Empty("key", _("They have no tokens"), _("Nobody but they themselves can make a token for them."))
    page = _list(user, empty, title=_("Tokens of %s") % user.username, crumbs=crumbs)
    return render_list(request, page, active="people")


@needs_sign_in
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Make a token, and show its secret this once."""
    user = _person(request)
    form = TokenForm(request.POST or None, user=user, initial={"hosts": request.GET.getlist("host") or ["*"]})
    crumbs = [Crumb(_("Your profile"), reverse("accounts:profile")), Crumb(_("Your tokens"), reverse("tokens:own"))]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        token, secret = make(
            user, name=given["name"], access=given["access"], operations=form.operations_given, hosts=form.hosts_given,
            expires_at=form.expires_at, by=actor_of(request),
        )  # fmt: skip
        return render_page(
            request, "tokens/made.html", {"token": token, "secret": secret, "hosts": hosts_of(token)},
            title=_("The token %s") % token.name, active="profile", crumbs=crumbs, status=HTTPStatus.CREATED,
        )  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render_page(
        request, "tokens/form.html", {"form": form}, title=_("Make a token"), active="profile", crumbs=crumbs,
        status=status,
    )  # fmt: skip


@require_POST
@needs_sign_in
def act(request: HttpRequest) -> HttpResponse:
    """Revoke the tokens `id`: one's own; administrators anybody's. The first click shows what ends."""
    if request.POST.get("action") != "revoke":
        raise Http404
    person = _person(request)
    ids = [one for one in request.POST.getlist("id") if one.isdecimal()]
    found = Token.objects.filter(pk__in=ids).select_related("user")
    tokens = list(found if person.is_administrator else found.filter(user=person))
    if not tokens:
        raise Http404
    if request.POST.get("confirmed") != "1":
        return preview(request, revocation(tokens, request.get_full_path()))
    outcomes = [Outcome(str(token.pk), token.name, is_done=True) for token in tokens]
    back = reverse("tokens:own") if tokens[0].user_id == person.pk else reverse("tokens:of", args=[tokens[0].user_id])
    revoke(tokens, by=actor_of(request))
    return outcome(request, outcomes, done=_("Revoked"), next_url=back)


def _list(user: User, empty: Empty, *, title: str, crumbs: Sequence[Crumb], buttons: Sequence[Button] = ()) -> ListPage:
    tokens = list(user.tokens.prefetch_related("hosts"))
    return ListPage(
        title=title, columns=COLUMNS, rows=rows_of(tokens), total=len(tokens), all_total=len(tokens),
        noun=(_("token"), _("tokens")), act_url=reverse("tokens:act"), bulk=[REVOKE], buttons=buttons, crumbs=crumbs,
        empty=empty, has_filter=False,
    )  # fmt: skip


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - needs_sign_in has seen to it
    return request.user
