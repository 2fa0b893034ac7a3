"""One's own second factors: the page that shows them, adding an app or a passkey, recovery codes, removal.

Open also to somebody who owes a factor: it is the only place that they may be.
"""

import time
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from webui import audit
from webui.access import needs_session
from webui.accounts.models import User
from webui.accounts.notices import tell_rights_changed
from webui.factors import methods, passkeys, requirement
from webui.factors.confirming import needs_confirming
from webui.factors.forms import AddAppForm, AddPasskeyForm
from webui.factors.pictures import qr_code
from webui.gate import actor_of
from webui.pages import Crumb, Preview, PreviewLine, go, preview, render_page
from webui.sealed import seal, unseal

_NEW_APP: Final = "new-app"
_CODES_SHOWN_UNTIL: Final = "codes-shown-until"
_CODES_SHOWN_S: Final = 600


@require_GET
@needs_session
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    factors = methods.factors_of(user)
    context = {
        "factors": factors,
        "has_app": any(factor.kind == methods.APP for factor in factors),
        "codes_left": len(methods.recovery_codes(user)),
        "is_owed": requirement.is_owed(user),
        "asking": requirement.teams_asking(user),
        "with_passkeys": passkeys.are_possible(request),
    }
    return _page(request, "factors/security.html", context, title=_("Second factor"), act_url=reverse("factors:act"))


@needs_session
@needs_confirming
@never_cache
@sensitive_post_parameters("code")
def add_app(request: HttpRequest) -> HttpResponse:
    """A fresh secret, as a picture and to type; kept once the app has shown that it has it."""
    user = _person(request)
    if methods.has_app(user):
        return redirect("factors:security")
    if request.method != "POST" or _NEW_APP not in request.session:
        request.session[_NEW_APP] = seal(methods.new_secret())
    secret = unseal(request.session[_NEW_APP])
    form = AddAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if methods.add_app(user, secret, form.cleaned_data["code"]):
            del request.session[_NEW_APP]
            return _added(request, user, _("authenticator app"))
        form.add_error("code", _("That is not what it should show now. Is the clock of your phone right?"))
    # The picture is ours, made of digits that we chose.
    picture = mark_safe(qr_code(methods.address_of(user, secret)))  # noqa: S308
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    context = {"form": form, "picture": picture, "secret": groups}
    return _page(request, "factors/add_app.html", context, title=_("Add an authenticator app"), form=form)


@needs_session
@needs_confirming
@never_cache
def add_passkey(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = AddPasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            passkeys.add(request, user, given["name"], given["credential"])
            return _added(request, user, _("passkey %s") % given["name"])
        except passkeys.PasskeyRefused:
            form.add_error(None, _("The browser's answer was not the one that was asked for. Try again."))
    context = {"form": form, "with_passkeys": passkeys.are_possible(request)}
    return _page(request, "factors/add_passkey.html", context, title=_("Add a passkey"), form=form)


@require_POST
@needs_session
@needs_confirming
@never_cache
def add_passkey_options(request: HttpRequest) -> JsonResponse:
    alone = request.POST.get("signs_in_alone") == "on"
    return JsonResponse(passkeys.begin_adding(request, _person(request), signs_in_alone=alone))


@require_POST
@needs_session
@needs_confirming
def act(request: HttpRequest) -> HttpResponse:
    """`action` remove for the factor `id`; the first click shows what that means."""
    user, factor_id = _person(request), request.POST.get("id", "")
    factor = next((one for one in methods.factors_of(user) if str(one.id) == factor_id), None)
    if request.POST.get("action") != "remove" or factor is None:
        raise Http404
    is_last = len(methods.factors_of(user)) == 1
    asking = requirement.teams_asking(user) if is_last else []
    if request.POST.get("confirmed") != "1" or asking:
        return preview(request, _removal(factor, asking, is_last=is_last))
    methods.remove(user, factor.id)
    _record(request, "account.factor-remove", factor.name)
    return go(request, reverse("factors:security"))


@require_POST
@needs_session
@needs_confirming
@never_cache
def new_codes(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    if not methods.has_factor(user):
        return redirect("factors:security")
    _make_codes(request, user)
    return redirect("factors:codes")


@require_GET
@needs_session
@never_cache
def codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes, for the session that made them and for ten minutes; as a file with `?file`."""
    if time.time() > request.session.get(_CODES_SHOWN_UNTIL, 0):
        return redirect("factors:security")
    shown = methods.recovery_codes(_person(request))
    if "file" in request.GET:
        words = _("Recovery codes of %(name)s for Quayside at %(place)s. Each works once.")
        head = words % {"name": request.user.get_username(), "place": request.get_host()}
        response = HttpResponse("\n".join([head, "", *shown, ""]), content_type="text/plain; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="quayside-recovery-codes.txt"'
        return response
    return _page(request, "factors/codes.html", {"codes": shown, "text": "\n".join(shown)}, title=_("Recovery codes"))


@require_POST
@needs_session
def codes_kept(request: HttpRequest) -> HttpResponse:
    """They are shown no more."""
    request.session.pop(_CODES_SHOWN_UNTIL, None)
    return redirect("factors:security")


def _added(request: HttpRequest, user: User, name: str) -> HttpResponse:
    _record(request, "account.factor-add", name)
    if methods.recovery_codes(user):
        return redirect("factors:security")
    _make_codes(request, user)
    return redirect("factors:codes")


def _make_codes(request: HttpRequest, user: User) -> None:
    methods.new_recovery_codes(user)
    request.session[_CODES_SHOWN_UNTIL] = int(time.time()) + _CODES_SHOWN_S
    _record(request, "account.recovery-codes", "")


def _record(request: HttpRequest, operation: str, name: str) -> None:
    audit.record(actor_of(request), operation, is_allowed=True, resource="account", target=name)
    # Whether a factor is owed may have changed, and with it what may stay open.
    tell_rights_changed(_person(request).pk)


def _removal(factor: methods.Factor, asking: list[str], *, is_last: bool) -> Preview:
    if asking:
        why = _("stays: %s asks for a second factor, and this is your only one") % ", ".join(asking)
    else:
        why = _("your only one: signing in then takes the password alone") if is_last else _("others stay")
    return Preview(
        title=_("Remove %s") % factor.name,
        intro=_(
            "It can no longer be used to sign in here. What is kept on the phone or key itself is yours to delete."
        ),
        lines=[PreviewLine(factor.name, why)],
        columns=(_("Factor"), _("What that means"), ""),
        do=_("Remove 1 factor") if not asking else _("Remove 0 factors"),
        action="remove",
        item_ids=[] if asking else [str(factor.id)],
        url=reverse("factors:act"),
        kept=_("The recovery codes go along with the last factor.") if is_last and not asking else "",
    )


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - needs_session has seen to it
    return request.user


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, form: Any = None, act_url: str = ""
) -> HttpResponse:
    crumbs = [Crumb(_("Your profile"), reverse("accounts:profile"))]
    if template != "factors/security.html":
        crumbs.append(Crumb(_("Second factor"), reverse("factors:security")))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.is_bound else HTTPStatus.OK
    return render_page(
        request, template, context, active="profile", title=title, crumbs=crumbs, act_url=act_url, status=status
    )
