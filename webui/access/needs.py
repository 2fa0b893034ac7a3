"""What a page declares that it needs. A URL whose view declares nothing is refused at start-up.

@needs(Operation.CONTAINER_LIST)      signed in, and allowed this on the host that the URL names (`host`: its slug)
@needs_administrator                  signed in as an administrator, for what belongs to no host
@needs_team_leader                    signed in, and leads the team of the URL (`team_id`), or is an administrator
@needs_sign_in                        signed in
@needs_session                        signed in, also while a second factor is owed: for setting one up, and signing out
@public                               anybody: signing in, first set-up
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access.grants import led_team_ids_of
from webui.access.operations import Operation
from webui.access.roles import Role

View = TypeVar("View", bound=Callable[..., Any])

# Asks the gate: (request, host slug, operation). Handed in by webui.hosts, which stands above this room.
HostCheck = Callable[[HttpRequest, str, Operation], None]
# Where somebody must go before any page opens for them, "" for nowhere. Handed in by webui.factors.
FirstStep = Callable[[HttpRequest], str]
_DECLARED: Final = "quayside_needs"
_host_checks: list[HostCheck] = []
_first_steps: list[FirstStep] = []


def register_host_check(check: HostCheck) -> None:
    """Hand in what raises Http404 for a host that may not be seen, PermissionDenied for what may not be done."""
    _host_checks[:] = [check]


def register_first_step(first_step: FirstStep) -> None:
    """Hand in what sends people elsewhere before anything opens for them."""
    _first_steps[:] = [first_step]


def needs(operation: Operation) -> Callable[[View], View]:
    """The view's URL names a host (`<slug:host>`), and whoever asks may do `operation` on it."""

    def declare(view: View) -> View:
        def check(request: HttpRequest, kwargs: dict[str, Any]) -> None:
            for host_check in _host_checks:
                host_check(request, kwargs["host"], operation)

        return _declared(view, str(operation), check)

    return declare


def needs_sign_in(view: View) -> View:
    return _declared(view, "signed-in", lambda _request, _kwargs: None)


def needs_session(view: View) -> View:
    return _declared(view, "session", lambda _request, _kwargs: None, first_steps=())


def needs_administrator(view: View) -> View:
    return _declared(view, "administrator", _check_administrator)


def needs_team_leader(view: View) -> View:
    return _declared(view, "team-leader", _check_leader)


def public(view: View) -> View:
    """Anybody may see it. Say why where you use it."""
    setattr(view, _DECLARED, "public")
    return view


def declared_by(view: Callable[..., Any]) -> str:
    """What a view declared: an operation's name, "signed-in", "administrator", "team-leader", "public", or ""."""
    return str(getattr(view, _DECLARED, ""))


def is_declared(view: Callable[..., Any]) -> bool:
    return bool(declared_by(view))


def _declared(
    view: View,
    name: str,
    check: Callable[[HttpRequest, dict[str, Any]], None],
    *,
    first_steps: Sequence[FirstStep] = _first_steps,
) -> View:
    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        for first_step in first_steps:
            if url := first_step(request):
                return _sent_to(request, url)
        check(request, kwargs)
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    setattr(checked, _DECLARED, name)
    return cast(View, checked)


def _check_administrator(request: HttpRequest, _kwargs: dict[str, Any]) -> None:
    if getattr(request.user, "role", "") != Role.ADMINISTRATOR:
        raise PermissionDenied(_("Only administrators may do this."))


def _check_leader(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    role = getattr(request.user, "role", "")
    if role != Role.ADMINISTRATOR and kwargs["team_id"] not in led_team_ids_of(request.user):
        # The same words for a team that is not there: which teams there are is not told either.
        raise PermissionDenied(_("Only who leads this team may do this."))


def _sent_to(request: HttpRequest, url: str) -> HttpResponseBase:
    """Where htmx asked for a part, the browser itself is sent there."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    if request.headers.get("HX-Request") == "true":
        return _sent_to(request, reverse("accounts:sign-in"))
    # Imported late: it needs the user model, and models import this room.
    from django.contrib.auth.views import redirect_to_login

    return redirect_to_login(back)
