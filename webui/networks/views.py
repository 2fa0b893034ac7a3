"""The networks list, creating one, and removing some after showing what goes."""

from collections.abc import Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from docker.types import IPAMConfig, IPAMPool

from webui.access import Operation, needs
from webui.gate import HostUnreachable
from webui.live import picture_after
from webui.networks.actions import ACTIONS
from webui.networks.forms import NetworkForm
from webui.networks.page import list_page, rows_of
from webui.networks.rows import NetworkRow, query_of, selected
from webui.pages import Crumb, Preview, PreviewLine, go, outcome, preview, render_list, render_page
from webui.resources import EngineRefusal, Opened, Target, act_on_each, asked_of, engine_call, opened, stale_words


@require_GET
@needs(Operation.NETWORK_LIST)
def list_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    page = list_page(
        here.host.slug,
        here.picture,
        params=request.GET.dict(),
        allowed=here.allowed(ACTIONS),
        may_create=here.may(Operation.NETWORK_CREATE),
    )
    context = {"stale": stale_words(here.picture, here.host.name)}
    return render_list(request, page, context, host=here.host, active="networks", template="resources/list.html")


@needs(Operation.NETWORK_CREATE)
def create_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    rows = rows_of(here.host.slug, here.picture)
    form = NetworkForm(
        request.POST if request.method == "POST" else None,
        taken={row.name for row in rows},
        subnets={subnet: row.name for row in rows for subnet in row.subnets},
    )
    listing = reverse("networks:list", kwargs={"host": here.host.slug})
    if request.method == "POST" and form.is_valid():
        try:
            network_id = _create(here, form)
        except (EngineRefusal, HostUnreachable) as error:
            form.add_error("subnet" if "overlap" in str(error).lower() else None, str(error))
        else:
            picture_after(here.host, "networks", network_id)
            return go(request, listing)
    return render_page(
        request, "resources/form.html", {"form": form, "do": _("Create the network"), "back": listing}, host=here.host,
        active="networks", title=_("Create a network"), crumbs=[Crumb(_("Networks"), listing)],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


def _create(here: Opened, form: NetworkForm) -> str:
    values = form.cleaned_data
    pools = [IPAMPool(subnet=values["subnet"], gateway=values["gateway"].strip() or None)] if values["subnet"] else []
    with engine_call(), here.client(timeout_s=30) as client:
        made = client.api.create_network(
            values["name"],
            driver="bridge",
            internal=values["is_internal"],
            ipam=IPAMConfig(pool_configs=pools) if pools else None,
        )
    return str(made["Id"])


@require_POST
@needs(Operation.NETWORK_LIST)
def act_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    try:
        asked = asked_of(
            request.POST,
            {row.short_id: row for row in rows_of(here.host.slug, here.picture)},
            actions={"remove"},
            matching=lambda some, params: selected(some, query_of(params)),
        )
    except LookupError as error:
        return HttpResponseBadRequest(str(error))
    if not asked.is_confirmed:
        return preview(request, removal(here, asked.rows, url=request.get_full_path()))
    outcomes = act_on_each(
        [Target(row.short_id, row.name) for row in asked.rows],
        lambda one: _removed(here, one.id),
        names=here.picture.container_names,
    )
    return outcome(request, [*asked.gone_outcomes(), *outcomes], done=_("Removed"))


def _removed(here: Opened, network_id: str) -> str:
    try:
        with engine_call(), here.client(timeout_s=60) as client:
            client.api.remove_network(network_id)
    except EngineRefusal as error:
        if not error.is_gone:
            raise
        return _("was already gone")
    return ""


def removal(here: Opened, rows: Sequence[NetworkRow], *, url: str) -> Preview:
    """What goes, and what is kept: built in, or with containers on it."""
    going = [row for row in rows if not row.used_by and not row.is_built_in]
    count = len(going)
    return Preview(
        title=_("Remove %s") % rows[0].name if len(rows) == 1 else _("Remove networks"),
        intro=_("Counted just now on %s. No container loses a connection.") % here.host.name,
        lines=[PreviewLine(row.name, why=row.use_words, frees=", ".join(row.subnets)) for row in going],
        do=ngettext("Remove %d network", "Remove %d networks", count) % count,
        action="remove",
        item_ids=[row.short_id for row in going],
        url=url,
        keep=_("Keep it") if len(rows) == 1 else _("Keep them"),
        kept=_kept([row for row in rows if row not in going]),
        sum=ngettext("%d network", "%d networks", count) % count if count else _("Nothing can go"),
        columns=(_("Network"), _("Why it may go"), _("Subnet")),
    )


def _kept(rows: Sequence[NetworkRow]) -> str:
    if not rows:
        return ""
    held = "; ".join(
        _("%s is built in") % row.name
        if row.is_built_in
        else _("%(network)s has %(users)s on it") % {"network": row.name, "users": ", ".join(row.used_by[:3])}
        for row in rows
    )
    return _("Kept: %s.") % held
