"""The tabs of one container's page."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from webui.access import Operation, needs
from webui.containers import head
from webui.containers.actions import ACTIONS, ON_PAGE
from webui.containers.columns import rows_of, state_of
from webui.containers.filtering import written
from webui.containers.log_files import log_lines, refusal
from webui.containers.overview import overview_of
from webui.containers.rows import ContainerRow
from webui.gate import HostUnreachable
from webui.pages import Crumb, host_down, render_page
from webui.resources import EngineRefusal, Opened, engine_call, opened, stale_words

# What terminals need and touch keyboards do not have: the name that the script knows, and what stands on the button.
_KEYS: Final = (
    ("esc", "Esc"), ("tab", "Tab"), ("ctrl", "Ctrl"), ("up", "↑"), ("down", "↓"), ("left", "←"), ("right", "→"),
)  # fmt: skip


@require_GET
@needs(Operation.CONTAINER_INSPECT)
def detail_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    here = opened(request, host)
    row = row_or_404(here, id)
    try:
        with engine_call():
            found = inspected(here, row)
    except HostUnreachable:
        found = None
    except EngineRefusal as error:
        if error.is_gone:
            raise Http404(str(error)) from error
        raise
    raw = here.picture.containers[row.id]
    warnings = request.session.pop(f"warnings {row.short_id}", [])
    context = {"overview": overview_of(row, found, host_url=here.host.url), "raw": raw, "warnings": warnings}
    return tab(request, here, row, tab="detail", template="containers/overview.html", context=context)


@require_GET
@needs(Operation.CONTAINER_LOGS)
def logs_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    return tab(request, here, row_or_404(here, id), tab="logs", template="containers/logs.html", context={})


@require_GET
@needs(Operation.CONTAINER_LOGS)
def log_download_view(request: HttpRequest, host: str, id: str) -> HttpResponseBase:  # noqa: A002
    """The whole log as a file; what the page shows of it is saved by the page itself."""
    here = opened(request, host)
    row = row_or_404(here, id)
    try:
        with engine_call():
            found = inspected(here, row)
        # Before the first byte a refusal can still be told.
        problem = async_to_sync(refusal)(here.actor, here.host, found)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    if problem:
        context, status = {"problem": problem}, HTTPStatus.BAD_GATEWAY
        return tab(request, here, row, tab="logs", template="containers/logs.html", context=context, status=status)
    is_terminal = bool(found["Config"]["Tty"])
    is_json = request.GET.get("as") == "json"
    lines = log_lines(here.actor, here.host, row.id, is_terminal=is_terminal, is_json=is_json)
    name = f"{row.name}.jsonl" if is_json else f"{row.name}.log"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""}
    kind = "application/jsonl" if is_json else "text/plain"
    return StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8", headers=headers)


@require_GET
@needs(Operation.CONTAINER_EXEC)
def console_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    return tab(request, here, row_or_404(here, id), tab="console", template="containers/console.html",
               context={"may_attach": here.may(Operation.CONTAINER_ATTACH), "console_keys": _KEYS})  # fmt: skip


@require_GET
@needs(Operation.CONTAINER_STATS)
def stats_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    return tab(request, here, row_or_404(here, id), tab="stats", template="containers/stats.html", context={})


def tab(
    request: HttpRequest, here: Opened, row: ContainerRow, *, tab: str, template: str, context: dict[str, Any],
    status: int = HTTPStatus.OK,
) -> HttpResponse:  # fmt: skip
    """One tab of a container's page, with the head that all of them have."""
    slug, allowed = here.host.slug, here.allowed((*ACTIONS, *ON_PAGE)).on(row.id)
    base = {"host": slug}
    crumbs = [Crumb(_("Containers"), reverse("containers:list", kwargs=base))]
    if row.stack:
        crumbs.append(
            Crumb(
                row.stack, f"{reverse('containers:list', kwargs=base)}?{urlencode({'q': written('stack', row.stack)})}"
            )
        )
    full = {
        "row": row,
        "container_id": row.id,
        "live_url": f"/ws/h/{slug}/lists/containers/?{urlencode({'id': row.short_id, 'name': row.name})}",
        "stale": stale_words(here.picture, here.host.name),
        "may_logs": here.may(Operation.CONTAINER_LOGS),
        "may_stats": here.may(Operation.CONTAINER_STATS),
        "may_top": here.may(Operation.CONTAINER_TOP),
        **context,
    }
    return render_page(
        request, template, full, host=here.host, active="containers", title=row.name, crumbs=crumbs,
        state=state_of(row), buttons=head.buttons_of(row, slug, allowed), tabs=head.tabs_of(slug, row.id, allowed),
        tab=tab, status=status, act_url=f"{reverse('containers:act', kwargs=base)}?from=detail",
    )  # fmt: skip


def row_or_404(here: Opened, container_id: str) -> ContainerRow:
    """Raises Http404. For what the picture does not hold the host is asked: events may be late."""
    if here.picture.find("containers", container_id) is None:
        here.ask_again("containers")
    raw = here.picture.find("containers", container_id)
    if raw is None:
        raise Http404(_("There is no container %(id)s on %(host)s.") % {"id": container_id, "host": here.host.name})
    return next(row for row in rows_of(here.host.slug, here.picture) if row.id == raw["Id"])


def inspected(here: Opened, row: ContainerRow) -> dict[str, Any]:
    with here.client(timeout_s=10) as client:
        found: dict[str, Any] = client.api.inspect_container(row.id)
    return found
