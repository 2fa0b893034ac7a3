"""The list of containers, of one host or of all: the page, its windows, what is done from it, and it as a file."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webui.access import Operation, needs, needs_sign_in
from webui.containers import acts, aims, progress
from webui.containers.actions import BY_NAME
from webui.containers.bulk_runs import BulkRun
from webui.containers.dialog_views import in_dialog
from webui.containers.export import DIALECTS, HEADER, as_csv
from webui.containers.page import KIND
from webui.containers.scope import Scope, scope_of
from webui.gate import HostUnreachable
from webui.pages import host_down, render_list
from webui.pages.render import is_part
from webui.resources import default_view, held_params

# The URL of a list that is meant as it is: without it, somebody's default view opens.
EVERYTHING = "everything"


@require_GET
@needs(Operation.CONTAINER_LIST)
def list_view(request: HttpRequest, host: str) -> HttpResponse:
    return _list(request, scope_of(request, host), template="containers/list.html")


@require_GET
@needs_sign_in
def everywhere_view(request: HttpRequest) -> HttpResponse:
    return _list(request, scope_of(request, None), template="containers/everywhere.html")


def _list(request: HttpRequest, scope: Scope, *, template: str) -> HttpResponse:
    opens_first = None if request.GET or is_part(request) else default_view(int(request.user.pk or 0), KIND)
    if opens_first is not None:
        return redirect(f"{request.path}?view={EVERYTHING}&{opens_first.query}")
    params = request.GET.dict()
    found = scope.listing(params)
    page = scope.page(found, params)
    context = {"stale": scope.stale, "figures_urls": scope.figures_urls, "everywhere": scope.host is None}
    active = "containers" if scope.host else "all-containers"
    return render_list(request, page, context, host=scope.host, active=active, template=template)


@require_POST
@needs(Operation.CONTAINER_LIST)
def act_view(request: HttpRequest, host: str) -> HttpResponseBase:
    """One action on one container or many; each is asked of the gate on its own."""
    return _act(request, scope_of(request, host))


@require_POST
@needs_sign_in
def act_everywhere_view(request: HttpRequest) -> HttpResponseBase:
    return _act(request, scope_of(request, None))


def _act(request: HttpRequest, scope: Scope) -> HttpResponseBase:
    listed = scope.listing(aims.query_of(request.POST))
    try:
        asked = aims.asked_of(request.POST, scope.hosts, actions=BY_NAME, listed=listed, reader=scope.reader)
    except LookupError as error:
        return HttpResponseBadRequest(str(error))
    try:
        return acts.answer(request, asked)
    except HostUnreachable as error:
        down = scope.host or asked.aims[0].here.host
        return host_down(request, down, str(error), active="containers")


@require_GET
@needs_sign_in
def bulk_view(request: HttpRequest, run: str) -> HttpResponseBase:
    """How an act on many goes, told from its beginning to whoever began it."""
    found = BulkRun(int(request.user.pk or 0), run)
    head = found.head()
    return progress.retold(found, head) if head else HttpResponse(status=HTTPStatus.NOT_FOUND)


@require_POST
@needs_sign_in
def stop_bulk_view(request: HttpRequest, run: str) -> HttpResponse:
    """What of it has not begun is left alone."""
    found = BulkRun(int(request.user.pk or 0), run)
    if not found.head():
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    found.stop()
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_GET
@needs(Operation.CONTAINER_LIST)
def csv_view(request: HttpRequest, host: str) -> HttpResponse:
    return _csv(request, scope_of(request, host, named=_named(request)))


@require_GET
@needs_sign_in
def csv_everywhere_view(request: HttpRequest) -> HttpResponse:
    return _csv(request, scope_of(request, None, named=_named(request)))


def _named(request: HttpRequest) -> str:
    """The columns of the page: its whole query comes along where a dialog is asked for."""
    return request.GET.get("columns") or held_params(request.GET.get("query", "")).get("columns", "")


def _csv(request: HttpRequest, scope: Scope) -> HttpResponse:
    return _csv_choice(request, scope) if "choose" in request.GET else _csv_file(request, scope)


def _csv_choice(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The dialog before it: which fields, and what stands between them."""
    params = held_params(request.GET.get("query", ""))
    context = {
        "url": request.path,
        "kept": list(params.items()),
        "total": len(scope.listing(params).chosen),
        "shown": ", ".join(str(column.label) for column in scope.reader.layout.columns),
        "every": len(HEADER),
    }
    return in_dialog(request, "containers/_csv.html", context)


def _csv_file(request: HttpRequest, scope: Scope) -> HttpResponse:
    """All that the filter shows, in the order of the page: every field, or with `fields=shown` its columns."""
    found = scope.listing(request.GET.dict())
    shown = scope.reader.layout.columns if request.GET.get("fields") == "shown" else None
    dialect = DIALECTS.get(request.GET.get("separator", ""), DIALECTS["comma"])
    name = f"{_('containers')}-{scope.host.slug if scope.host else 'all'}.csv"
    response = HttpResponse(as_csv(found, columns=shown, dialect=dialect), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
