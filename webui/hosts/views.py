"""The list of hosts, connecting and removing one, and what one says of itself."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from docker.errors import DockerException
from requests import RequestException

from webui import audit
from webui.access import Operation, needs, needs_administrator, needs_sign_in
from webui.gate import HostUnreachable, actor_of, docker_client
from webui.hosts import visible_hosts
from webui.hosts.finding import offers
from webui.hosts.forms import HostForm
from webui.hosts.models import Host
from webui.pages import Button, Crumb, Preview, PreviewLine, State, go, host_down, preview, render_page


@needs_sign_in
def list_hosts(request: HttpRequest) -> HttpResponse:
    is_administrator = bool(getattr(request.user, "is_administrator", False))
    buttons = (
        [Button(_("Connect a host"), "plus", url=reverse("hosts:add"), is_primary=True)] if is_administrator else []
    )
    context = {"hosts": visible_hosts(request.user), "offers": offers() if is_administrator else []}
    return render_page(request, "hosts/list.html", context, active="hosts", title=_("Hosts"), buttons=buttons)


@needs_administrator
def add(request: HttpRequest) -> HttpResponse:
    """Connect a host. `?name=...&url=...` fill the form in, as the offers of the list do."""
    actor = actor_of(request)
    given = {name: request.GET[name] for name in ("name", "url") if name in request.GET}
    form = HostForm(request.POST or None, actor=actor, initial=given)
    if request.method == "POST" and form.is_valid():
        host = form.save()
        audit.record(actor, "host.add", is_allowed=True, host=host.slug, resource="host", target=host.url,
                     message=str(form.greeting or ""))  # fmt: skip
        return redirect(host)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    crumbs = [Crumb(_("Hosts"), reverse("hosts:list"))]
    return render_page(
        request,
        "hosts/form.html",
        {"form": form},
        active="hosts",
        title=_("Connect a host"),
        crumbs=crumbs,
        status=status,
    )


@needs_administrator
def remove(request: HttpRequest, host: str) -> HttpResponse:
    """Forget a host. Nothing on the host itself changes; the first click shows that."""
    here = get_object_or_404(Host, slug=host)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return preview(request, _removal(here))
    audit.record(actor_of(request), "host.remove", is_allowed=True, host=here.slug, resource="host", target=here.url)
    here.delete()
    return go(request, reverse("hosts:list"))


@require_POST
@needs_administrator
def record_consoles(request: HttpRequest, host: str) -> HttpResponse:
    """Begin or end that console sessions on a host are recorded: `action` is `record` or `do-not-record`."""
    here = get_object_or_404(Host, slug=host)
    here.records_consoles = request.POST.get("action") == "record"
    here.save(update_fields=["records_consoles"])
    words = "recorded" if here.records_consoles else "not recorded"
    audit.record(actor_of(request), "host.record-consoles", is_allowed=True, host=here.slug, resource="host",
                 target=here.name, message=words)  # fmt: skip
    return go(request, here.get_absolute_url())


def _removal(host: Host) -> Preview:
    return Preview(
        title=_("Remove %s from Quayside") % host.name,
        intro=_("Quayside forgets this host. Nothing on the host itself changes."),
        lines=[PreviewLine(host.name, host.url)],
        do=_("Remove 1 host"),
        action="remove",
        item_ids=[host.slug],
        url=reverse("hosts:remove", args=[host.slug]),
        kept=_("Its containers, images, volumes and networks stay as they are, and run on."),
        columns=(_("Host"), _("Address"), ""),
    )


@needs(Operation.SYSTEM_INFO)
def detail(request: HttpRequest, host: str) -> HttpResponse:
    """What the host says of itself: engine, system, storage, and what it is short of."""
    here = get_object_or_404(visible_hosts(request.user), slug=host)
    try:
        info, version = _asked(request, here)
    except (HostUnreachable, DockerException, RequestException) as error:
        return host_down(request, here, str(error), active="host")
    context = {"info": info, "version": version, "warnings": info.get("Warnings") or []}
    return render_page(
        request, "hosts/detail.html", context, host=here, active="host", title=here.name,
        state=State(_("connected"), "good"), buttons=_buttons(request, here),
        act_url=reverse("hosts:remove", args=[host]),
    )  # fmt: skip


def _asked(request: HttpRequest, host: Host) -> tuple[dict[str, Any], dict[str, Any]]:
    client = docker_client(actor_of(request), host, timeout_s=10)
    try:
        return client.info(), client.version()
    finally:
        client.close()


def _buttons(request: HttpRequest, host: Host) -> list[Button]:
    terminal = Button(_("Use it from a terminal"), "terminal-2", url=reverse("tokens:terminal", args=[host.slug]))
    if not getattr(request.user, "is_administrator", False):
        return [terminal]
    rules = Button(_("Rules"), "shield", url=reverse("ownership:rules", args=[host.slug]))
    return [
        terminal,
        rules,
        Button(_("Remove host"), "plug-connected-x", action="remove", item_id=host.slug, is_danger=True),
    ]
