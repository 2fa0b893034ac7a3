"""Signing in and out, first set-up, one's own profile."""

from http import HTTPStatus

from django import forms
from django.contrib.auth import login, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from webui import audit
from webui.access import needs_session, needs_sign_in, public
from webui.accounts import entering, sessions, set_up
from webui.accounts.entering import Entrant
from webui.accounts.forms import PasswordForm, ProfileForm, SetUpForm, SignInForm
from webui.accounts.models import User
from webui.factors import methods, passkeys
from webui.factors.confirming import confirmed
from webui.gate import actor_of
from webui.pages import Button, go, render_page
from webui.signin.models import Source


# Whoever signs in is still a stranger.
@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    following = entering.safe_path(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated:
        return redirect(following)
    form = SignInForm(request.POST or None, request=request)
    if request.method == "POST":
        if form.is_valid() and form.user is not None:
            return entering.enter(request, Entrant(form.user, form.way, following))
        codes = [error.code or "" for error in form.non_field_errors().as_data()]
        if codes:
            entering.refused(request, str(form.data.get("username", "")), codes[0])
    return sign_in_page(request, following, form)


def sign_in_page(
    request: HttpRequest,
    following: str,
    form: SignInForm | None = None,
    *,
    trouble: str = "",
    status: int = 0,
    passkey_refused: bool = False,
) -> HttpResponse:
    """`trouble` is what went wrong on the way by a provider; `status` says whose fault it was."""
    context = {
        "form": form or SignInForm(request=request), "next": following, "passkey_refused": passkey_refused,
        "with_passkeys": passkeys.are_possible(request), "trouble": trouble,
        "providers": Source.objects.filter(is_enabled=True, provider__isnull=False),
    }  # fmt: skip
    has_failed = passkey_refused or (form is not None and form.is_bound)
    status = status or (HTTPStatus.UNPROCESSABLE_ENTITY if has_failed else HTTPStatus.OK)
    return render(request, "accounts/sign_in.html", context, status=status)


@needs_session
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    audit.record(actor_of(request), "account.sign-out", is_allowed=True, resource="account")
    sessions.end_this(request)
    return redirect("accounts:sign-in")


# There is nobody yet who could sign in; the token in the link is what lets somebody through.
@public
@never_cache
@sensitive_post_parameters("password", "repeated")
def set_up_first(request: HttpRequest, token: str) -> HttpResponse:
    if set_up.has_administrator():
        return redirect("accounts:sign-in")
    if not set_up.is_open(token):
        raise Http404
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = set_up.claim(token, form.cleaned_data["username"], form.cleaned_data["password"])
        if user is None:
            return redirect("accounts:sign-in")
        login(request, user, backend="webui.accounts.backend.Passwords")
        confirmed(request)
        audit.record(actor_of(request), "account.set-up", is_allowed=True, resource="account", target=user.username)
        return redirect("dashboard")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/set_up.html", {"form": form}, status=status)


@needs_sign_in
@never_cache
@sensitive_post_parameters("old_password", "new_password1", "new_password2")
def profile(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - needs_sign_in has seen to it
    which = request.POST.get("form", "") if request.method == "POST" else ""
    about = ProfileForm(request.POST if which == "about" else None, instance=request.user)
    password = PasswordForm(request.user, request.POST if which == "password" else None)
    if which == "about" and about.is_valid():
        about.save()
        return HttpResponseRedirect(reverse("accounts:profile"))
    if which == "password" and password.is_valid():
        password.save()
        # Other sessions of this person end with the old password; this one goes on.
        update_session_auth_hash(request, request.user)
        sessions.end_all(request.user, keep=request.session.session_key)
        audit.record(actor_of(request), "account.password", is_allowed=True, resource="account")
        return HttpResponseRedirect(reverse("accounts:profile"))
    parts = [_part("about", _("About you"), about, _("Save"))]
    # Who comes in by a provider or a directory has none here to change.
    if request.user.has_usable_password():
        parts.append(_part("password", _("Password"), password, _("Change it")))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if about.is_bound or password.is_bound else HTTPStatus.OK
    devices = sessions.devices_of(request.user, this_key=request.session.session_key)
    context = {"parts": parts, "devices": devices, "others": [one.id for one in devices if not one.is_this],
               "factor_words": methods.words_of(request.user),
               "connected": [one.source.name for one in request.user.identities.select_related("source")]}  # fmt: skip
    return render_page(
        request, "accounts/profile.html", context, active="profile", title=_("Your profile"), status=status,
        buttons=[Button(_("Your tokens"), "key", url=reverse("tokens:own"))],
        act_url=reverse("accounts:end-devices"),
    )  # fmt: skip


@needs_sign_in
@require_POST
def end_devices(request: HttpRequest) -> HttpResponse:
    """End one's own sessions by their ids; without any, all but the one that asks."""
    assert isinstance(request.user, User)  # noqa: S101 - needs_sign_in has seen to it
    this_key = str(request.session.session_key)
    devices = sessions.devices_of(request.user, this_key=this_key)
    ids = request.POST.getlist("id") or [one.id for one in devices if not one.is_this]
    actor = actor_of(request)
    ended = sessions.end(request.user, ids)
    audit.record(actor, "account.end-sessions", is_allowed=True, resource="account", target=actor.username,
                 message=ngettext("%d session ended", "%d sessions ended", len(ended)) % len(ended))  # fmt: skip
    return go(request, reverse("accounts:profile"))


def _part(name: str, title: str, form: forms.BaseForm, button: str) -> dict[str, object]:
    return {"name": name, "title": title, "form": form, "button": button}
