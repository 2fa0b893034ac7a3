"""What a page declares that it needs. A URL whose view declares nothing is refused at start-up.

@needs(Operation.CONTAINER_LIST)      signed in, and allowed this on the host that the URL names (`host`: its slug)
@needs_administrator                  signed in as an administrator, for what belongs to no host
@needs_sign_in                        signed in
@public                               anybody: signing in, first set-up
"""

import functools
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access.operations import Operation
from webui.access.roles import Role

View = TypeVar("View", bound=Callable[..., Any])

# Asks the gate: (request, host slug, operation). Handed in by webui.hosts, which stands above this room.
HostCheck = Callable[[HttpRequest, str, Operation], None]
_DECLARED: Final = "quayside_needs"
_host_checks: list[HostCheck] = []


def register_host_check(check: HostCheck) -> None:
    """Hand in what raises Http404 for a host that may not be seen, PermissionDenied for what may not be done."""
    _host_checks[:] = [check]


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


def needs_administrator(view: View) -> View:
    return _declared(view, "administrator", _check_administrator)


def public(view: View) -> View:
    """Anybody may see it. Say why where you use it."""
    setattr(view, _DECLARED, "public")
    return view


def declared_by(view: Callable[..., Any]) -> str:
    """What a view declared: an operation's name, "signed-in", "administrator", "public", or ""."""
    return str(getattr(view, _DECLARED, ""))


def is_declared(view: Callable[..., Any]) -> bool:
    return bool(declared_by(view))


def _declared(view: View, name: str, check: Callable[[HttpRequest, dict[str, Any]], None]) -> View:
    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        check(request, kwargs)
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    setattr(checked, _DECLARED, name)
    return cast(View, checked)


def _check_administrator(request: HttpRequest, _kwargs: dict[str, Any]) -> None:
    if getattr(request.user, "role", "") != Role.ADMINISTRATOR:
        raise PermissionDenied(_("Only administrators may do this."))


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back. Where htmx asked for a part, the browser itself is sent there."""
    # Brings the models of django.contrib.auth with it, which may not be imported before all apps are known.

    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("accounts:sign-in")})
    # Imported late: it needs the user model, and models import this room.
    from django.contrib.auth.views import redirect_to_login

    return redirect_to_login(back)
