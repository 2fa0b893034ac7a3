"""Error pages: what happened, to what, and the way on.

Inside the shell for people who are signed in, alone for strangers, toasts for htmx. `broken` renders nothing that could
break again: no context, no queries.
"""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from webui.pages.declarations import Text
from webui.pages.render import is_part, render_page, toast_html


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page says; `rule` is the name of what refused, as a person may quote it."""

    icon: str
    title: Text
    words: Text
    url: str
    link: Text
    rule: str = ""


def error_page(request: HttpRequest, error: ErrorPage, status: int) -> HttpResponse:
    """Answer with this error as a page, or as a toast where htmx asked."""
    if is_part(request):
        response = HttpResponse(toast_html(f"{error.title}. {error.words}", tone="bad"), status=status)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toasts", "beforeend"
        return response
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return render_page(request, "errors/inside.html", {"error": error}, title=error.title, status=status)
    return HttpResponse(render_to_string("errors/alone.html", {"error": error}, request), status=status)


def _home() -> str:
    try:
        return reverse("dashboard")
    except NoReverseMatch:
        return "/"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("The server could not make sense of it. Go back, reload the page, and try again.")
    page = ErrorPage("alert-circle", _("That request made no sense"), words, _home(), _("Back to the overview"))
    return error_page(request, page, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403. Exceptions with a `rule` (the gate's refusals) are named, so that somebody can ask for the right thing."""
    words = str(exception or "") or _("Your role does not include this. Ask an administrator if you need it.")
    rule = str(getattr(exception, "rule", "") or "")
    page = ErrorPage("lock", _("You may not do this"), words, _home(), _("Back to the overview"), rule)
    return error_page(request, page, HTTPStatus.FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = _(
        "The page was open for too long, or you signed in or out meanwhile. Nothing was done. Reload it and try again."
    )
    page = ErrorPage("clock-x", _("This page is out of date"), words, request.path, _("Reload"))
    return error_page(request, page, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("It was removed, was never here, or is not for you to see.")
    page = ErrorPage("map-off", _("Nothing is here"), words, _home(), _("Back to the overview"))
    return error_page(request, page, HTTPStatus.NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """500: something went wrong that nobody foresaw."""
    if is_part(request):
        words = _(
            "Something broke in Quayside. What you asked for was not done, or not completely; the log has the reason."
        )
        return HttpResponse(words, status=HTTPStatus.INTERNAL_SERVER_ERROR, content_type="text/plain")
    return HttpResponse(render_to_string("errors/500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)
