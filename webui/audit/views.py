"""The log's pages: the list, one entry, and the exports. For administrators."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from webui.access import needs_administrator
from webui.audit import export
from webui.audit.entries import record
from webui.audit.filters import Filters, read_filters
from webui.audit.listing import COLUMNS, line_of, rows_of
from webui.audit.models import Entry, Recording
from webui.audit.recordings import path_of
from webui.pages import Button, Chip, Choice, Crumb, Empty, Input, ListPage, Select, render_list, render_page

_WINDOW: Final = 100
_RANGES: Final = {
    "": gettext_lazy("Last 24 hours"),
    "1h": gettext_lazy("Last hour"),
    "7d": gettext_lazy("Last 7 days"),
    "30d": gettext_lazy("Last 30 days"),
    "all": gettext_lazy("All that is kept"),
    "between": gettext_lazy("Between…"),
}


@require_GET
@needs_administrator
def entries_page(request: HttpRequest) -> HttpResponse:
    """The log, newest first, as the URL filters it (see filters.py); `after` is the last entry of the window before."""
    filters = read_filters(request.GET)
    page = page_of(filters, request.GET)
    return render_list(request, page, active="audit", template="audit/list.html")


@require_GET
@needs_administrator
def entry_page(request: HttpRequest, entry_id: int) -> HttpResponse:
    """All that is known of one entry, and the ways on from it."""
    entry = get_object_or_404(Entry, pk=entry_id)
    line = line_of(entry)
    context = {
        "entry": entry, "line": line, "recording": Recording.objects.filter(entry=entry).first(),
        "parts": [line_of(part) for part in entry.parts.order_by("pk")],
    }  # fmt: skip
    return render_page(
        request, "audit/entry.html", context, active="audit", title=line.operation,
        state=line.outcome, crumbs=[Crumb(_("Audit"), reverse("audit:list"))],
    )  # fmt: skip


@require_GET
@needs_administrator
def recording(request: HttpRequest, entry_id: int) -> FileResponse:
    """What a session showed, as asciicast. That somebody looked is written down itself."""
    # The gate's models need this room's models first.
    from webui.gate import actor_of

    found = get_object_or_404(Recording.objects.select_related("entry"), entry_id=entry_id)
    try:
        file = path_of(found.name).open("rb")
    except OSError as error:
        raise Http404(_("The file of this recording is not in this machine's data folder.")) from error
    record(actor_of(request), "audit.recording", is_allowed=True, host=found.entry.host, resource="audit",
           target=str(entry_id))  # fmt: skip
    return FileResponse(file, content_type="application/x-asciicast")


@require_GET
@needs_administrator
def export_entries(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """What the URL's filters leave, as a file of `kind` csv or json, sent while it is read. Written down itself."""
    # The gate's models need this room's models first.
    from webui.gate import actor_of

    filters = replace(read_filters(request.GET), has_parts=True)
    record(actor_of(request), "audit.export", is_allowed=True, resource="audit",
           target=f"{kind}?{request.GET.urlencode()}")  # fmt: skip
    pieces = export.as_csv(filters.shown()) if kind == "csv" else export.as_json(filters.shown())
    response = StreamingHttpResponse(pieces, content_type=export.CONTENT_TYPES[kind])
    name = f"quayside-audit-{timezone.now():%Y%m%d-%H%M}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def page_of(filters: Filters, params: QueryDict) -> ListPage:
    """The list for these filters; `params` is the query that they were read from."""
    after = params.get("after", "")
    shown, counts = filters.shown(), filters.counts()
    window = list((shown.filter(pk__lt=int(after)) if after.isdecimal() else shown)[: _WINDOW + 1])
    has_more = len(window) > _WINDOW
    rows = window[:_WINDOW]
    query = _query(params)
    return ListPage(
        title=_("Audit"), columns=COLUMNS, rows=rows_of(rows), total=counts[filters.show], all_total=counts[""],
        noun=(_("entry"), _("entries")), chips=_chips(counts), selects=_selects(filters), inputs=_inputs(filters),
        buttons=_buttons(query), filter_hint=_("Filter: who, operation, object, host, address"), empty=_empty(),
        next_url=f"?{_query(params, after=str(rows[-1].pk))}" if has_more else "",
        live_url=_live_url(query, rows) if filters.is_open_ended else "",
        note=_("live · kept %d days") % settings.QUAYSIDE_AUDIT_DAYS if filters.is_open_ended else "",
    )  # fmt: skip


def _query(params: QueryDict, **more: str) -> str:
    query = params.copy()
    query.pop("after", None)
    for name, value in more.items():
        query[name] = value
    return query.urlencode()


def _live_url(query: str, rows: Sequence[Entry]) -> str:
    newest = rows[0].pk if rows else Entry.objects.values_list("pk", flat=True).first() or 0
    return f"/ws/audit/?{query}{'&' if query else ''}newest={newest}"


def _chips(counts: dict[str, int]) -> list[Chip]:
    return [
        Chip("", _("Everything"), counts[""]),
        Chip("refused", _("Refused"), counts["refused"], "bad"),
        Chip("failed", _("Failed"), counts["failed"], "warning"),
        Chip("consoles", _("Consoles"), counts["consoles"]),
        Chip("sign-ins", _("Sign-ins"), counts["sign-ins"]),
    ]


def _selects(filters: Filters) -> list[Select]:
    people = Entry.objects.filter(user_id__isnull=False)
    return [
        Select("range", _("When"), [Choice(value, label) for value, label in _RANGES.items()], filters.range),
        _select("person", _("Person"), _("Anybody"), _distinct(people, "username"), filters.person),
        _select("host", _("Host"), _("Any host"), _distinct(Entry.objects.all(), "host"), filters.host),
        _select("operation", _("Operation"), _("Any operation"), _distinct(Entry.objects.all(), "operation"),
                filters.operation),
        _ways(filters.way),
    ]  # fmt: skip


def _select(name: str, label: str, every: str, values: Sequence[str], value: str) -> Select:
    # What the URL names stays a choice, also when it has no entries (any more).
    known = sorted({*values, value} - {""})
    return Select(name, label, [Choice("", every), *(Choice(one, one) for one in known)], value)


def _ways(chosen: str) -> Select:
    names = {f"token:{name}" for name in _distinct(Entry.objects.exclude(token=""), "token")}
    known = sorted({*names, chosen} - {"", "console", "token"})
    choices = [
        Choice("", _("Any way")), Choice("console", _("In the console")), Choice("token", _("By a token")),
        *(Choice(one, _("Token %s") % one.removeprefix("token:")) for one in known),
    ]  # fmt: skip
    return Select("way", _("Way"), choices, chosen)


def _distinct(entries: QuerySet[Entry], name: str) -> list[str]:
    return list(entries.order_by(name).values_list(name, flat=True).distinct())


def _inputs(filters: Filters) -> list[Input]:
    def shown(moment: datetime | None) -> str:
        return f"{moment:%Y-%m-%dT%H:%M}" if moment else ""

    return [
        Input("from", _("From, UTC"), "datetime-local", shown(filters.since)),
        Input("to", _("To, UTC"), "datetime-local", shown(filters.until)),
    ]


def _buttons(query: str) -> list[Button]:
    return [
        Button(_("Export as CSV"), "download", url=f"{reverse('audit:export', args=['csv'])}?{query}"),
        Button(_("JSON"), "braces", url=f"{reverse('audit:export', args=['json'])}?{query}"),
    ]


def _empty() -> Empty:
    words = _("What people change, and what they are refused, is written down here: in these hours nothing was.")
    return Empty(
        "history",
        _("Nothing happened"),
        words,
        button=Button(_("Look at all that is kept"), "history", url="?range=all"),
    )
