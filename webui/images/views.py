"""The images list, the pull form, what a removal would take, and the page of one image."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webui import jobs
from webui.access import Operation, needs
from webui.gate import HostUnreachable
from webui.images.actions import ACTIONS, ShownRow, remove
from webui.images.columns import rows_of, state_of
from webui.images.forms import PullForm, PushForm
from webui.images.page import list_page
from webui.images.rows import ImageRow, query_of, selected, shortened
from webui.pages import (
    Button,
    Crumb,
    Preview,
    PreviewLine,
    go,
    host_down,
    outcome,
    preview,
    render_list,
    render_page,
)
from webui.pages.formats import size
from webui.resources import (
    EngineRefusal,
    Opened,
    Target,
    act_on_each,
    asked_of,
    engine_call,
    opened,
    stale_words,
)


@require_GET
@needs(Operation.IMAGE_LIST)
def list_view(request: HttpRequest, host: str) -> HttpResponse:
    here = opened(request, host)
    context = {"stale": stale_words(here.picture, here.host.name)}
    may = here.allowed(ACTIONS)
    page = list_page(here.host.slug, here.picture, params=request.GET.dict(), allowed=may)
    return render_list(request, page, context, host=here.host, active="images", template="resources/list.html")


@needs(Operation.IMAGE_PULL)
def pull_view(request: HttpRequest, host: str) -> HttpResponse:
    """Starts a job and goes to its page: there the layers, the cancel button and the log are."""
    here = opened(request, host)
    form = PullForm(
        request.POST if request.method == "POST" else None, initial={"reference": request.GET.get("reference", "")}
    )
    if request.method == "POST" and form.is_valid():
        return go(request, jobs.start(here.actor, here.host, "image.pull", form.params()).get_absolute_url())
    return render_page(
        request, "images/pull.html", {"form": form, "images": _known_names(here)}, host=here.host, active="images",
        title=_("Pull an image"), crumbs=[_crumb(here)],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


@needs(Operation.IMAGE_PUSH)
def push_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    """Starts a job that gives the image a name, where it has not that one yet, and pushes it under that."""
    here, row = _opened_row(request, host, id)
    sent = request.POST if request.method == "POST" else None
    form = PushForm(sent, initial={"reference": row.tags[0] if row.tags else ""})
    if sent is not None and form.is_valid():
        params = {**form.params(), "image": row.id}
        return go(request, jobs.start(here.actor, here.host, "image.push", params).get_absolute_url())
    shown = ShownRow(row, here.host.slug)
    context = {"form": form, "images": row.tags, "cancel": shown.url_of("images:detail")}
    return render_page(
        request, "images/push.html", context, host=here.host, active="images",
        title=_("Push %s") % shortened(row.name), crumbs=[_crumb(here)],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK,
    )  # fmt: skip


def _opened_row(request: HttpRequest, host: str, image_id: str) -> tuple[Opened, ImageRow]:
    here = opened(request, host)
    raw = here.picture.find("images", image_id)
    if raw is None:
        raise Http404(_("There is no image %(id)s on %(host)s.") % {"id": image_id, "host": here.host.name})
    return here, next(row for row in rows_of(here.host.slug, here.picture) if row.id == raw["Id"])


def _known_names(here: Opened) -> list[str]:
    """The names of the images that are here: to be pulled anew."""
    tags = {tag for raw in here.picture.images.values() for tag in raw.get("RepoTags") or []}
    return sorted(tags - {"<none>:<none>"})


@require_POST
@needs(Operation.IMAGE_LIST)
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
    rows = {row.short_id: row for row in asked.rows}
    outcomes = act_on_each(
        [Target(row.short_id, shortened(row.name)) for row in asked.rows],
        lambda one: _removed(here, rows[one.id]),
        names=here.picture.container_names,
    )
    leaves = reverse("images:list", kwargs={"host": here.host.slug}) if request.GET.get("from") == "detail" else ""
    return outcome(request, [*asked.gone_outcomes(), *outcomes], done=_("Removed"), next_url=leaves)


def _removed(here: Opened, row: ImageRow) -> str:
    try:
        with engine_call(), here.client(timeout_s=120) as client:
            remove(client.api, row)
    except EngineRefusal as error:
        if not error.is_gone:
            raise
        return _("was already gone")
    return ""


def removal(here: Opened, rows: Sequence[ImageRow], *, url: str) -> Preview:
    """What goes, and what is kept because containers use it: an engine would refuse those one by one."""
    going, kept = [row for row in rows if not row.used_by], [row for row in rows if row.used_by]
    count, freed = len(going), size(sum(row.size_bytes for row in going))
    counted = ngettext("%d image", "%d images", count) % count
    return Preview(
        title=_("Remove %s") % shortened(rows[0].name) if len(rows) == 1 else _("Remove images"),
        intro=_("Counted just now on %s. Layers that other images share stay, so it may free less.") % here.host.name,
        lines=[_line(row) for row in going],
        do=ngettext("Remove %d image", "Remove %d images", count) % count,
        action="remove",
        item_ids=[row.short_id for row in going],
        url=url,
        keep=_("Keep it") if len(rows) == 1 else _("Keep them"),
        kept=_kept(kept),
        sum=_("%(count)s · up to %(size)s") % {"count": counted, "size": freed} if going else _("Nothing can go"),
        columns=(_("Image"), _("Why it may go"), _("Frees")),
    )


def _line(row: ImageRow) -> PreviewLine:
    return PreviewLine(shortened(row.name), why=_why(row), frees=size(row.size_bytes), is_code=True)


def _why(row: ImageRow) -> str:
    if len(row.tags) > 1:
        return _("no container · all %d names go") % len(row.tags)
    return row.use_words


def _kept(rows: Sequence[ImageRow]) -> str:
    if not rows:
        return ""
    held = "; ".join(
        _("%(image)s by %(users)s") % {"image": shortened(row.name), "users": _names(row.used_by)} for row in rows
    )
    return _("Kept, because containers use them: %s.") % held


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


@require_GET
@needs(Operation.IMAGE_INSPECT)
def detail_view(request: HttpRequest, host: str, id: str) -> HttpResponse:  # noqa: A002 - the name in the URL
    here, row = _opened_row(request, host, id)
    try:
        with engine_call(), here.client(timeout_s=10) as client:
            api: Any = client.api
            found: dict[str, Any] = api.inspect_image(row.id)
            history: list[dict[str, Any]] = api.history(row.id) if here.may(Operation.IMAGE_HISTORY) else []
    except HostUnreachable as error:
        return host_down(request, here.host, str(error), active="images")
    except EngineRefusal as error:
        raise Http404(str(error)) from error
    return _detail_page(request, here, row, {"found": found, "history": history})


def _detail_page(request: HttpRequest, here: Opened, row: ImageRow, context: dict[str, Any]) -> HttpResponse:
    allowed, shown, slug = here.allowed(ACTIONS).on(row.id), ShownRow(row, here.host.slug), here.host.slug
    buttons = []
    if "run" in allowed:
        buttons.append(Button(_("Run a container"), "player-play", url=shown.url_of("containers:run"), is_primary=True))
    if "pull" in allowed and row.tags:
        buttons.append(Button(_("Pull again"), "cloud-download", url=shown.url_of("images:pull")))
    if "push" in allowed:
        buttons.append(Button(_("Push"), "cloud-upload", url=shown.url_of("images:push"), in_menu=True))
    if "remove" in allowed:
        buttons.append(
            Button(_("Remove…"), "trash", action="remove", item_id=row.short_id, is_danger=True, in_menu=True)
        )
    users = [one for one in here.picture.containers.values() if one.get("ImageID") == row.id]
    return render_page(
        request, "images/detail.html", {**context, "row": row, "raw": here.picture.images[row.id], "users": users},
        host=here.host, active="images",
        title=shortened(row.name), crumbs=[_crumb(here)], state=state_of(row), buttons=buttons,
        act_url=f"{reverse('images:act', kwargs={'host': slug})}?from=detail",
    )  # fmt: skip


def _crumb(here: Opened) -> Crumb:
    return Crumb(_("Images"), reverse("images:list", kwargs={"host": here.host.slug}))
