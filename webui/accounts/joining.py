"""The page that a one-time link leads to: choosing a password, and with it the way in."""

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from webui import audit
from webui.access import public
from webui.accounts import entering, links
from webui.accounts.entering import Entrant
from webui.accounts.people_forms import ChoosePasswordForm
from webui.gate import actor_of


# Whoever has no password yet cannot sign in; the token in the link is what lets somebody through.
@public
@never_cache
@sensitive_post_parameters("password", "repeated")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link changes nothing (mail scanners open links too); choosing a password uses it up."""
    link = links.find(token)
    if link is None:
        return render(request, "accounts/link_over.html", status=HTTPStatus.GONE)
    is_new = not link.user.has_usable_password()
    form = ChoosePasswordForm(request.POST or None, user=link.user)
    if request.method == "POST" and form.is_valid():
        if not links.use(link, form.cleaned_data["password"]):
            return render(request, "accounts/link_over.html", status=HTTPStatus.GONE)
        operation = "account.join" if is_new else "account.password"
        audit.record(replace(actor_of(link.user), address=str(request.META.get("REMOTE_ADDR", ""))), operation,
                     is_allowed=True, resource="account", rule="one-time link", target=link.user.username)  # fmt: skip
        # The link stands for the password only: who has a second factor is asked for it.
        return entering.enter(request, Entrant(link.user, "one-time link", reverse("dashboard")))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/join.html", {"form": form, "person": link.user, "is_new": is_new}, status=status)
