"""The configuration tab of a container, and the parts of its other tabs that are fetched by themselves."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webui.access import Operation, needs
from webui.containers import configuration, running
from webui.containers.configuration import Configuration, back, configuration_of, tried
from webui.containers.overview import health_of
from webui.containers.processes import asked_top, processes_of
from webui.containers.rows import ContainerRow
from webui.containers.views import inspected, row_or_404, tab
from webui.gate import HostUnreachable
from webui.pages import Outcome, go, host_down, outcome
from webui.resources import EngineRefusal, Opened, engine_call, opened, refusal_words

View = Callable[..., HttpResponse]


def _sent_to_the_tab(view: View) -> View:
    """A view that takes what a form sends. What comes back with a fault stands at its address, where somebody may load
    it anew: that opens the tab."""

    @wraps(view)
    def answered(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
        if request.method != "POST":
            return redirect("containers:configuration", host=host, id=id)
        return view(request, host=host, id=id)

    return answered


@require_GET
@needs(Operation.CONTAINER_INSPECT)
def configuration_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    return _page(request, *_opened(request, host, id))


@_sent_to_the_tab
@needs(Operation.CONTAINER_UPDATE)
def limits_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here, row = _opened(request, host, id)
    shown = _configuration(here, row, sent={"limits": request.POST})
    warnings: list[str] = []

    def act() -> None:
        assert shown.limits is not None  # noqa: S101 - `tried` calls this for a form that is there
        warnings.extend(configuration.update_limits(here, row, shown.limits))

    if tried(shown.limits, act, here) and not warnings:
        return back(request, here, row, done="limits")
    return _page(request, here, row, shown, warnings=warnings)


@_sent_to_the_tab
@needs(Operation.CONTAINER_RENAME)
def rename_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here, row = _opened(request, host, id)
    shown = _configuration(here, row, sent={"name": request.POST})
    form = shown.name
    if form is not None and tried(form, lambda: configuration.rename(here, row, form.cleaned_data["name"]), here):
        return back(request, here, row, done="name")
    return _page(request, here, row, shown)


@_sent_to_the_tab
@needs(Operation.NETWORK_CONNECT)
def join_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here, row = _opened(request, host, id)
    shown = _configuration(here, row, sent={"join": request.POST})
    form = shown.join

    def act() -> None:
        assert form is not None  # noqa: S101
        configuration.join(here, row, form.cleaned_data["network"], form.cleaned_data["aliases"])

    if tried(form, act, here):
        return back(request, here, row, done="networks")
    return _page(request, here, row, shown)


@require_POST
@needs(Operation.NETWORK_DISCONNECT)
def leave_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here, row = _opened(request, host, id)
    try:
        configuration.leave(here, row, request.POST.get("network", ""))
    except (EngineRefusal, HostUnreachable) as error:
        words = refusal_words(str(error), here.picture.container_names)
        return outcome(request, [Outcome(row.short_id, row.name, is_done=False, message=words)], done="")
    return back(request, here, row, done="networks")


@require_POST
@needs(Operation.CONTAINER_REDEPLOY)
def bring_back_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here, row = _opened(request, host, id)
    try:
        return go(request, configuration.bring_back(here, row).get_absolute_url())
    except LookupError as error:
        raise Http404(str(error)) from error


@require_GET
@needs(Operation.CONTAINER_TOP)
def processes_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """The table of processes; fetched again every few seconds while somebody looks."""
    here, row = _opened(request, host, id)
    context: dict[str, Any] = {"row": row, "host": here.host}
    if row.is_running:
        context |= _processes(here, row)
    else:
        context["error"] = _("It does not run: no processes.")
    return HttpResponse(render_to_string("containers/_processes.html", context, request))


def _processes(here: Opened, row: ContainerRow) -> dict[str, Any]:
    try:
        with engine_call(), here.client(timeout_s=10) as client:
            return {"processes": processes_of(asked_top(client.api, row.id))}
    except (EngineRefusal, HostUnreachable) as error:
        return {"error": refusal_words(str(error), here.picture.container_names)}


@require_GET
@needs(Operation.CONTAINER_INSPECT)
def health_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """The last runs of the health check; fetched again while somebody looks."""
    here, row = _opened(request, host, id)
    try:
        with engine_call():
            health = health_of(inspected(here, row))
    except (EngineRefusal, HostUnreachable):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    context = {"health": health, "row": row, "host": here.host}
    return HttpResponse(render_to_string("containers/_health.html", context, request))


def _opened(request: HttpRequest, host: str, container_id: str) -> tuple[Opened, ContainerRow]:
    here = opened(request, host)
    here.ask_if_silent("networks")
    return here, row_or_404(here, container_id)


def _configuration(here: Opened, row: ContainerRow, *, sent: dict[str, Any] | None = None) -> Configuration:
    try:
        with engine_call():
            found = inspected(here, row)
    except EngineRefusal as error:
        raise Http404(str(error)) from error
    return configuration_of(here, row, found, facts=running.facts_of(here.host.slug, here.picture), sent=sent)


def _page(
    request: HttpRequest,
    here: Opened,
    row: ContainerRow,
    shown: Configuration | None = None,
    *,
    warnings: list[str] | None = None,
) -> HttpResponse:
    try:
        shown = shown or _configuration(here, row)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    context = {"configuration": shown, "done": request.GET.get("done", ""), "warnings": warnings or []}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.has_errors else HTTPStatus.OK
    return tab(
        request,
        here,
        row,
        tab="configuration",
        template="containers/configuration.html",
        context=context,
        status=status,
    )
