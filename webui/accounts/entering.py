"""The last steps of every way in: whoever proved the first thing is signed in, or first asked for a second factor.

Until then the session holds who is entering, for ten minutes; it signs nobody in.
"""

import time
from dataclasses import dataclass
from typing import Final

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from webui import audit
from webui.accounts import sessions
from webui.accounts.models import User
from webui.factors import methods
from webui.factors.confirming import confirmed
from webui.gate import Actor, actor_of

_ENTERING: Final = "entering"
_LASTS_S: Final = 600
# Whatever proved who somebody is, this finds them again at each request, if they are active.
_BACKEND: Final = "webui.accounts.backend.Passwords"


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who proved the first thing (`way`: "password") and wants to go on to a path of ours."""

    user: User
    way: str
    following: str


def enter(request: HttpRequest, entrant: Entrant, *, asks_second: bool = True) -> HttpResponse:
    """Sign somebody in, or ask them for their second factor, if they have one."""
    if not asks_second or not methods.has_factor(entrant.user):
        return finish(request, entrant, entrant.way)
    _forget_whoever_was_here(request)
    # What a page planted in the session before must not lead to a session that is signed in.
    request.session.cycle_key()
    request.session[_ENTERING] = {
        "user": entrant.user.pk, "way": entrant.way, "following": entrant.following, "at": int(time.time()),
        "hash": entrant.user.get_session_auth_hash(),
    }  # fmt: skip
    keep_briefly(request)
    return redirect("accounts:second-step")


def entrant_of(request: HttpRequest) -> Entrant | None:
    """Who is entering; None when it took too long, or the account has changed since."""
    kept = request.session.get(_ENTERING)
    if not kept or not 0 <= time.time() - kept["at"] < _LASTS_S:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), kept["hash"]):
        return None
    return Entrant(user, kept["way"], kept["following"])


def finish(request: HttpRequest, entrant: Entrant, way: str) -> HttpResponse:
    """Sign in, write down by which way, and go on."""
    _forget_whoever_was_here(request)
    request.session.pop(_ENTERING, None)
    request.session.set_expiry(None)
    login(request, entrant.user, backend=_BACKEND)
    confirmed(request)
    audit.record(actor_of(request), "account.sign-in", is_allowed=True, resource="account", rule=way)
    return redirect(entrant.following)


def refused(request: HttpRequest, username: str, rule: str, message: str = "") -> None:
    """Write down that somebody was not let in, and why."""
    actor = Actor(None, username[:150], "", str(request.META.get("REMOTE_ADDR", "")))
    audit.record(actor, "account.sign-in", is_allowed=False, resource="account", rule=rule, message=message)


def keep_briefly(request: HttpRequest) -> None:
    """A stranger's session lasts as long as signing in may take: anybody can make one."""
    request.session.set_expiry(_LASTS_S)


def safe_path(request: HttpRequest, asked: str) -> str:
    """Where to go afterwards: only to a page of ours."""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("dashboard")


def _forget_whoever_was_here(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        sessions.end_this(request)
