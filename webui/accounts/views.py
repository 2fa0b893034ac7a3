"""Signing in and out, first set-up, one's own profile."""

from http import HTTPStatus

from django import forms
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from webui import audit
from webui.access import needs_sign_in, public
from webui.accounts import sessions, set_up
from webui.accounts.forms import PasswordForm, ProfileForm, SetUpForm, SignInForm
from webui.accounts.models import User
from webui.gate import Actor, actor_of
from webui.pages import Button, go, render_page


# Whoever signs in is still a stranger.
@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    following = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(following)
    form = SignInForm(request.POST or None, request=request)
    if request.method == "POST":
        if form.is_valid() and form.user is not None:
            login(request, form.user)
            audit.record(actor_of(request), "account.sign-in", is_allowed=True, resource="account", rule="password")
            return redirect(following)
        _record_failure(request, form)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/sign_in.html", {"form": form, "next": following}, status=status)


def _record_failure(request: HttpRequest, form: SignInForm) -> None:
    actor = Actor(None, str(form.data.get("username", ""))[:150], "", str(request.META.get("REMOTE_ADDR", "")))
    codes = [error.code or "" for error in form.non_field_errors().as_data()]
    if codes:
        audit.record(actor, "account.sign-in", is_allowed=False, resource="account", rule=codes[0])


def _safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: only to a page of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("dashboard")


@needs_sign_in
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    audit.record(actor_of(request), "account.sign-out", is_allowed=True, resource="account")
    logout(request)
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
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
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
    parts = [
        _part("about", _("About you"), about, _("Save")),
        _part("password", _("Password"), password, _("Change it")),
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if about.is_bound or password.is_bound else HTTPStatus.OK
    devices = sessions.devices_of(request.user, this_key=request.session.session_key)
    context = {"parts": parts, "devices": devices, "others": [one.id for one in devices if not one.is_this]}
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
