"""The volumes list, creating one, and removing some after showing what goes."""

from collections.abc import Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webui.access import Operation, needs
from webui.gate import HostUnreachable
from webui.live import picture_after
from webui.pages import Crumb, Preview, PreviewLine, go, outcome, preview, render_list, render_page
from webui.resources import EngineRefusal, Opened, Target, act_on_each, asked_of, engine_call, opened, stale_words
from webui.volumes.actions import ACTIONS
from webui.volumes.forms import VolumeForm
from webui.volumes.page import list_page, rows_of
from webui.volumes.rows import VolumeRow, query_of, selected


@require_GET
@needs(Operation.VOLUME_LIST)
def list_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    page = list_page(
        here.host.slug,
        here.picture,
        params=request.GET.dict(),
        allowed=here.allowed(ACTIONS),
        may_create=here.may(Operation.VOLUME_CREATE),
    )
    context = {"stale": stale_words(here.picture, here.host.name)}
    return render_list(request, page, context, host=here.host, active="volumes", template="resources/list.html")


@needs(Operation.VOLUME_CREATE)
def create_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    form = VolumeForm(request.POST if request.method == "POST" else None, taken=here.picture.volumes)
    listing = reverse("volumes:list", kwargs={"host": here.host.slug})
    if request.method == "POST" and form.is_valid():
        try:
            name = _create(here, form)
        except (EngineRefusal, HostUnreachable) as error:
            form.add_error(None, str(error))
        else:
            picture_after(here.host, "volumes", name)
            return go(request, listing)
    return render_page(
        request, "resources/form.html", {"form": form, "do": _("Create the volume"), "back": listing}, host=here.host,
        active="volumes", title=_("Create a volume"), crumbs=[Crumb(_("Volumes"), listing)],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


def _create(here: Opened, form: VolumeForm) -> str:
    with engine_call(), here.client(timeout_s=30) as client:
        made = client.api.create_volume(
            name=form.cleaned_data["name"] or None,
            driver="local",
            driver_opts=form.driver_options(),
            labels=form.cleaned_data["labels"],
        )
    return str(made["Name"])


@require_POST
@needs(Operation.VOLUME_LIST)
def act_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    try:
        asked = asked_of(
            request.POST,
            {row.name: row for row in rows_of(here.host.slug, here.picture)},
            actions={"remove"},
            matching=lambda some, params: selected(some, query_of(params)),
        )
    except LookupError as error:
        return HttpResponseBadRequest(str(error))
    if not asked.is_confirmed:
        return preview(request, removal(here, asked.rows, url=request.get_full_path()))
    outcomes = act_on_each(
        [Target(row.name, row.short_name) for row in asked.rows],
        lambda one: _removed(here, one.id),
        names=here.picture.container_names,
    )
    return outcome(request, [*asked.gone_outcomes(), *outcomes], done=_("Removed"))


def _removed(here: Opened, name: str) -> str:
    try:
        with engine_call(), here.client(timeout_s=60) as client:
            client.api.remove_volume(name)
    except EngineRefusal as error:
        if not error.is_gone:
            raise
        return _("was already gone")
    return ""


def removal(here: Opened, rows: Sequence[VolumeRow], *, url: str) -> Preview:
    """What goes for good, and what is kept because containers mount it: an engine would refuse those one by one."""
    going, kept = [row for row in rows if not row.used_by], [row for row in rows if row.used_by]
    count = len(going)
    held = "; ".join(
        _("%(volume)s by %(users)s") % {"volume": row.short_name, "users": ", ".join(row.used_by[:3])} for row in kept
    )
    return Preview(
        title=_("Remove %s") % rows[0].short_name if len(rows) == 1 else _("Remove volumes"),
        intro=_("What is in them on %s goes for good.") % here.host.name,
        lines=[PreviewLine(row.short_name, why=row.use_words, frees=row.kind_words, is_code=True) for row in going],
        do=ngettext("Remove %d volume", "Remove %d volumes", count) % count,
        action="remove",
        item_ids=[row.name for row in going],
        url=url,
        keep=_("Keep it") if len(rows) == 1 else _("Keep them"),
        kept=_("Kept, because containers mount them: %s.") % held if held else "",
        sum=ngettext("%d volume", "%d volumes", count) % count if count else _("Nothing can go"),
        columns=(_("Volume"), _("Why it may go"), _("Kept in")),
    )
