"""What else a page of a container gives: its secrets, its changes and layers, an image of it, its files as a tar."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from webui import gate, jobs
from webui.access import Operation, needs
from webui.containers import inspection, layers, secrets
from webui.containers.committing import CommitForm
from webui.containers.rows import ContainerRow
from webui.containers.views import inspected, row_or_404, tab
from webui.gate import HostUnreachable
from webui.pages import go, host_down
from webui.resources import EngineRefusal, Opened, engine_call, opened

if TYPE_CHECKING:
    from webui.gate import Actor
    from webui.hosts.models import Host


@require_POST
@needs(Operation.CONTAINER_INSPECT)
def environment_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    """Values of masked variables, one by `name` or all of them; who looked is written down first."""
    here = opened(request, host)
    row = row_or_404(here, id)
    try:
        with engine_call():
            found = inspected(here, row)
    except (EngineRefusal, HostUnreachable) as error:
        return JsonResponse({"error": str(error)}, status=HTTPStatus.BAD_GATEWAY)
    wanted = request.POST.getlist("name")
    config = found.get("Config") or {}
    pairs = [*secrets.pairs_of(config.get("Env")), *((config.get("Labels") or {}).items())]
    values = {name: value for name, value in pairs
              if secrets.is_secret(name, value) and (not wanted or name in wanted)}  # fmt: skip
    secrets.shown_to(here, row.id, request.path, names=sorted(values))
    return JsonResponse({"values": values})


@needs(Operation.CONTAINER_INSPECT)
def inspect_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    """Docker's own JSON, with its secrets masked; a POST shows them too."""
    here = opened(request, host)
    row = row_or_404(here, id)
    try:
        with engine_call():
            found = inspected(here, row)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    except EngineRefusal as error:
        raise Http404(str(error)) from error
    shown, masked_count = secrets.masked(found)
    if request.method == "POST" and masked_count:
        secrets.shown_to(here, row.id, request.path, names=[])
        shown, masked_count = found, 0
    context = {
        "tree": inspection.tree(shown),
        "text": inspection.text(shown),
        "is_text": request.GET.get("as") == "text",
        "masked_count": masked_count,
    }
    return tab(request, here, row, tab="inspect", template="containers/inspect.html", context=context)


@require_GET
@needs(Operation.CONTAINER_CHANGES)
def layers_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    row = row_or_404(here, id)
    try:
        context = _layers(here, row)
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="containers")
    return tab(request, here, row, tab="layers", template="containers/layers.html", context=context)


def _layers(here: Opened, row: ContainerRow) -> dict[str, Any]:
    """The two halves of the tab; one that the host does not give is said where it would stand."""
    context: dict[str, Any] = {}
    with here.client(timeout_s=60) as client:
        api: Any = client.api
        try:
            with engine_call():
                context["changes"] = layers.changes_of(api.diff(row.id))
        except EngineRefusal as error:
            context["changes_error"] = str(error)
        if here.may(Operation.IMAGE_HISTORY):
            try:
                with engine_call():
                    context["layers"] = layers.layers_of(api.history(row.image_id or row.image))
            except EngineRefusal as error:
                context["layers_error"] = str(error)
    return context


@needs(Operation.CONTAINER_COMMIT)
def commit_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002
    here = opened(request, host)
    row = row_or_404(here, id)
    form = CommitForm(request.POST if request.method == "POST" else None, row=row, author=here.actor.username)
    if form.is_valid():
        return go(request, jobs.start(here.actor, here.host, "container.commit", form.params(row)).get_absolute_url())
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return tab(
        request, here, row, tab="commit", template="containers/commit.html", context={"form": form}, status=status
    )


@require_GET
@needs(Operation.CONTAINER_EXPORT)
def export_view(request: HttpRequest, host: str, id: str) -> HttpResponseBase:  # noqa: A002
    """Its whole file system as a tar, passed on as the host sends it."""
    here = opened(request, host)
    row = row_or_404(here, id)
    name = content_disposition_header(as_attachment=True, filename=f"{row.name}.tar") or ""
    chunks = _exported(here.actor, here.host, row.id)
    return StreamingHttpResponse(chunks, content_type="application/x-tar", headers={"Content-Disposition": name})


async def _exported(actor: "Actor", host: "Host", container_id: str) -> AsyncIterator[bytes]:
    # A host that breaks off raises, which cuts the download: the browser must see that it failed, not that it ended.
    async with gate.stream(actor, host, "GET", f"/containers/{container_id}/export") as chunks:
        async for chunk in chunks:
            yield chunk
