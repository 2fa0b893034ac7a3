"""The dialogs of the list: filter by clicking, choose columns, saved views."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webui.access import Operation, needs, needs_sign_in
from webui.containers import columns, facets
from webui.containers.page import KIND
from webui.containers.scope import Scope, scope_of
from webui.containers.tasks import look_for_updates
from webui.pages import toast_html
from webui.resources import (
    forget_layout,
    held_query,
    keep_layout,
    layout_of,
    remove_view,
    save_view,
    set_default,
    views_of,
)
from webui.resources.layouts import width_of


def in_dialog(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = HttpResponse(render_to_string(template, context, request), status=status)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return response


@require_GET
@needs(Operation.CONTAINER_LIST)
def filter_view(request: HttpRequest, host: str) -> HttpResponse:
    return _filter(request, scope_of(request, host))


@require_GET
@needs_sign_in
def filter_everywhere_view(request: HttpRequest) -> HttpResponse:
    return _filter(request, scope_of(request, None))


def _filter(request: HttpRequest, scope: Scope) -> HttpResponse:
    params = {key: str(value) for key, value in _query(request).dict().items()}
    found = scope.listing(params)
    context = {
        "facets": facets.facets_of(found, params),
        "help": facets.help_lines(),
        "reset_url": "?" + urlencode({name: params[name] for name in ("view", "sort", "group") if params.get(name)}),
        "total": len(found.chosen),
        "all_total": len(found.every),
    }
    return in_dialog(request, "containers/_filter.html", context)


def _query(request: HttpRequest) -> QueryDict:
    return QueryDict(request.GET.get("query", "").lstrip("?"))


def _layout_kind(request: HttpRequest) -> tuple[str, tuple[str, ...]]:
    given = request.POST if request.method == "POST" else request.GET
    if given.get("everywhere"):
        return f"{KIND}-everywhere", columns.SHOWN_EVERYWHERE
    return KIND, columns.SHOWN


@require_http_methods(["GET", "POST"])
@needs_sign_in
def layout_view(request: HttpRequest) -> HttpResponse:
    """The columns: a dialog, what it sends, and a width that was dragged (which leaves the columns as they are)."""
    kind, shown = _layout_kind(request)
    user_id = _user_id(request)
    if request.method == "POST":
        if request.POST.get("reset"):
            forget_layout(user_id, kind)
        else:
            _keep(user_id, kind, request.POST, shown)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    layout = layout_of(user_id, kind, columns.COLUMNS, shown=shown)
    rest = [column for column in columns.COLUMNS if column.name not in layout.names]
    if kind == KIND:
        rest = [column for column in rest if column.name != "host"]
    context = {"columns": [(column, place < len(layout.columns), place == 0)
                           for place, column in enumerate([*layout.columns, *rest])],
               "everywhere": kind != KIND}  # fmt: skip
    return in_dialog(request, "containers/_columns.html", context)


def _keep(user_id: int, kind: str, sent: QueryDict, shown: tuple[str, ...]) -> None:
    names = {column.name for column in columns.COLUMNS}
    widths = {name: width_of(sent[f"width-{name}"]) for name in names if f"width-{name}" in sent}
    chosen = [name for name in sent.getlist("column") if name in names] if "column" in sent else None
    if chosen is None:
        # A list that was never arranged gets its columns along with its first width.
        chosen = list(layout_of(user_id, kind, columns.COLUMNS, shown=shown).names)
    keep_layout(user_id, kind, columns=chosen, widths=widths)


@require_http_methods(["GET", "POST"])
@needs_sign_in
def views_view(request: HttpRequest) -> HttpResponse:
    """Saved views: open one, save what is shown now, which one opens first, remove one."""
    user_id, error = _user_id(request), ""
    if request.method == "POST":
        error = _change(user_id, request.POST)
    query = held_query((request.POST if request.method == "POST" else request.GET).get("query", ""))
    context = {
        "views": [(view, view.query == query) for view in views_of(user_id, KIND)],
        "query": query,
        "error": error,
        "name": request.POST.get("name", "") if error else "",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return in_dialog(request, "containers/_views.html", context, status=status)


def _change(user_id: int, sent: QueryDict) -> str:
    """Do what was sent; what is wrong with it, in words."""
    number = sent.get("view", "")
    match sent.get("do"):
        case "save":
            try:
                save_view(user_id, KIND, sent.get("name", ""), sent.get("query", ""), is_default="default" in sent)
            except ValueError as error:
                return str(error)
        case "default" if number.isdecimal():
            set_default(user_id, KIND, int(number))
        case "remove" if number.isdecimal():
            remove_view(user_id, KIND, int(number))
        case _:
            return _("That cannot be done with a view.")
    return ""


@require_POST
@needs(Operation.REGISTRY_INSPECT)
def look_view(request: HttpRequest, host: str) -> HttpResponse:
    """Ask the registries now whether they have newer images."""
    look_for_updates.delay(host, is_forced=True)
    response = HttpResponse(
        toast_html(_("The registries are being asked; what they have newer is marked in a moment."))
    )
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toasts", "beforeend"
    return response


def _user_id(request: HttpRequest) -> int:
    # Declared with @needs_sign_in, so there is somebody.
    assert request.user.pk is not None  # noqa: S101
    return int(request.user.pk)
