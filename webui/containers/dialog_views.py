"""The dialogs of the list: filter by clicking, choose columns."""

from collections.abc import Mapping
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
from webui.resources import Layout, arranged, forget_layout, held_params, keep_layout, layout_of, written
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
        "reset_url": "?"
        + urlencode({name: params[name] for name in ("view", "sort", "group", "columns") if params.get(name)}),
        "total": len(found.chosen),
        "all_total": len(found.every),
    }
    return in_dialog(request, "containers/_filter.html", context)


def _query(request: HttpRequest) -> QueryDict:
    return QueryDict(request.GET.get("query", "").lstrip("?"))


def layout_kind(request: HttpRequest) -> tuple[str, tuple[str, ...]]:
    given = request.POST if request.method == "POST" else request.GET
    if given.get("everywhere"):
        return f"{KIND}-everywhere", columns.SHOWN_EVERYWHERE
    return KIND, columns.SHOWN


@require_http_methods(["GET", "POST"])
@needs_sign_in
def layout_view(request: HttpRequest) -> HttpResponse:
    """The columns: a dialog, what it sends, and a width that was dragged (which leaves the columns as they are).

    An address may name the columns, as that of a saved view does. Then the address is what changes.
    """
    kind, shown = layout_kind(request)
    user_id = user_id_of(request)
    given = request.POST if request.method == "POST" else request.GET
    params = held_params(given.get("query", ""))
    layout = layout_of(user_id, kind, columns.COLUMNS, shown=shown, named=params.get("columns", ""))
    if request.method == "POST" and "columns" in params:
        return _leads_to(_renamed(request.POST, layout, params))
    if request.method == "POST":
        if request.POST.get("reset"):
            forget_layout(user_id, kind)
        else:
            _keep(user_id, kind, request.POST, layout)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    rest = [column for column in columns.COLUMNS if column.name not in layout.names]
    if kind == KIND:
        rest = [column for column in rest if column.name != "host"]
    context = {"columns": [(column, place < len(layout.columns), place == 0)
                           for place, column in enumerate([*layout.columns, *rest])],
               "everywhere": kind != KIND, "is_named": "columns" in params, "query": urlencode(params)}  # fmt: skip
    return in_dialog(request, "containers/_columns.html", context)


def _leads_to(query: str) -> HttpResponse:
    """Nothing to show in the dialog: the list is to be shown at this address."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Push-Url": f"?{query}"})


def _renamed(sent: QueryDict, layout: Layout, params: Mapping[str, str]) -> str:
    """The address with the columns that were chosen, or without any: then the list has the reader's own."""
    kept = {"view": "everything", **{name: value for name, value in params.items() if name != "columns"}}
    if sent.get("reset"):
        return urlencode(kept)
    names, widths = _chosen(sent, layout)
    return urlencode({**kept, "columns": written(arranged(columns.COLUMNS, names, widths), columns.COLUMNS)})


def _chosen(sent: QueryDict, layout: Layout) -> tuple[list[str], dict[str, int]]:
    known = {column.name for column in columns.COLUMNS}
    widths = {name: width_of(sent[f"width-{name}"]) for name in known if f"width-{name}" in sent}
    # A list that was never arranged gets its columns along with its first width.
    chosen = [name for name in sent.getlist("column") if name in known] if "column" in sent else list(layout.names)
    return chosen, widths


def _keep(user_id: int, kind: str, sent: QueryDict, layout: Layout) -> None:
    chosen, widths = _chosen(sent, layout)
    keep_layout(user_id, kind, columns=chosen, widths=widths)


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


def user_id_of(request: HttpRequest) -> int:
    # Declared with @needs_sign_in, so there is somebody.
    assert request.user.pk is not None  # noqa: S101
    return int(request.user.pk)
