"""Answering "do this to these containers": which, by whom, what a removal would take, and how each of them went."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui import jobs, resources
from webui.containers.actions import BY_NAME, DONE, STOP_GRACE_S, already_words, carry_out
from webui.containers.columns import rows_of
from webui.containers.jobs import params_for
from webui.containers.rows import ContainerRow, state_words
from webui.pages import Outcome, Preview, PreviewLine, go, outcome, preview
from webui.pages.formats import short_image, size
from webui.resources import Asked, EngineRefusal, Opened, Target, act_on_each, engine_call

# A kill follows the grace time; then the host still has to answer.
TIMEOUT_S: Final = STOP_GRACE_S + 50


def asked_of(form: QueryDict, here: Opened) -> Asked[ContainerRow]:
    """Read a submitted act. Raises LookupError for an action that there is not, or when nothing is named."""
    return resources.asked_of(
        form, {row.short_id: row for row in rows_of(here.host.slug, here.picture)}, actions=BY_NAME
    )


def answer(request: HttpRequest, here: Opened, asked: Asked[ContainerRow]) -> HttpResponse:
    """Show what would go, or do it and say how it went."""
    if asked.action == "recreate":
        return _recreated(request, here, asked)
    if BY_NAME[asked.action].previews and not asked.is_confirmed:
        return preview(request, removal(here, asked.rows, url=request.get_full_path()))
    outcomes = [*asked.gone_outcomes(), *_done(here, asked)]
    leaves = asked.action == "remove" and request.GET.get("from") == "detail"
    next_url = reverse("containers:list", kwargs={"host": here.host.slug}) if leaves else ""
    return outcome(request, outcomes, done=DONE[asked.action], next_url=next_url)


def _recreated(request: HttpRequest, here: Opened, asked: Asked[ContainerRow]) -> HttpResponse:
    """First what will happen, then a job for it."""
    if not asked.rows:
        return outcome(request, asked.gone_outcomes(), done="")
    row = asked.rows[0]
    if not asked.is_confirmed:
        return preview(request, _recreation(here, row, url=request.get_full_path()))
    params = params_for(row.id, row.name, is_pulled="pull" in asked.extras)
    return go(request, jobs.start(here.actor, here.host, "container.recreate", params).get_absolute_url())


def _recreation(here: Opened, row: ContainerRow, *, url: str) -> Preview:
    image = short_image(row.image)
    lines = [
        PreviewLine(_("Rename"), why=_("the container of today waits under another name")),
        PreviewLine(_("Create"), why=_("a new one with all its settings takes its name")),
    ]
    if row.is_running:
        lines.append(PreviewLine(_("Swap"), why=_("the old one is stopped, the new one started and watched")))
        lines.append(
            PreviewLine(_("Remove"), why=_("the old one, once the new one runs; if it does not, it comes back"))
        )
    else:
        lines.append(PreviewLine(_("Remove"), why=_("the old one; neither is started")))
    return Preview(
        title=_("Recreate %s") % row.name,
        intro=_("On %(host)s, from %(image)s.") % {"host": here.host.name, "image": image},
        lines=lines,
        do=_("Recreate 1 container"),
        action="recreate",
        item_ids=[row.short_id],
        url=url,
        keep=_("Leave it as it is"),
        kept=_("Kept: its volumes, networks, labels and every other setting. What it wrote elsewhere is lost."),
        columns=(_("Step"), _("What happens"), ""),
        extra=[("pull", _("Pull %s first, for a newer image of that name") % image, True)],
    )


def _done(here: Opened, asked: Asked[ContainerRow]) -> list[Outcome]:
    states = {row.short_id: row.state for row in asked.rows}

    def act(target: Target) -> str:
        try:
            with engine_call(), here.client(timeout_s=TIMEOUT_S) as client:
                carry_out(client.api, asked.action, target.id, with_volumes="volumes" in asked.extras)
        except EngineRefusal as error:
            # Gone is what a removal wanted, and "already so" is not a failure.
            words = _("was already gone") if error.is_gone and asked.action == "remove" else ""
            if not (words or (words := already_words(asked.action, states[target.id]))):
                raise
            return words
        return already_words(asked.action, states[target.id])

    targets = [Target(row.short_id, row.name) for row in asked.rows]
    return act_on_each(targets, act, names=here.picture.container_names) if targets else []


def removal(here: Opened, rows: Sequence[ContainerRow], *, url: str) -> Preview:
    """What removing these containers takes, what that frees, and what stays."""
    sizes = _written_bytes(here, rows)
    now = here.picture.seen_at.timestamp() if here.picture.seen_at else 0.0
    count = len(rows)
    lines = [
        PreviewLine(row.name, why=_why(row, now), frees=size(sizes[row.id]) if row.id in sizes else "–")  # noqa: RUF001
        for row in rows
    ]
    return Preview(
        title=_("Remove %s") % rows[0].name
        if count == 1
        else ngettext("Remove %d container", "Remove %d containers", count) % count,
        intro=_("Counted just now on %s. Nothing else is touched.") % here.host.name,
        lines=lines,
        do=ngettext("Remove %d container", "Remove %d containers", count) % count,
        action="remove",
        item_ids=[row.short_id for row in rows],
        url=url,
        keep=_("Keep it") if count == 1 else _("Keep them"),
        kept=_kept(rows),
        sum=_("%(count)s · %(size)s") % {"count": _containers(count), "size": size(sum(sizes.values()))},
        columns=(_("Container"), _("What happens to it"), _("Frees")),
        extra=[("volumes", _("Remove their nameless volumes too"), False)]
        if any(_nameless(row) for row in rows)
        else [],
    )


def _containers(count: int) -> str:
    return ngettext("%d container", "%d containers", count) % count


def _why(row: ContainerRow, now: float) -> str:
    if row.is_running:
        return _("%s: is killed first") % state_words(row, now)
    return state_words(row, now)


def _nameless(row: ContainerRow) -> list[str]:
    return [mount.source for mount in row.mounts if mount.kind == "volume" and len(mount.source) == 64]


def _kept(rows: Sequence[ContainerRow]) -> str:
    volumes = sorted({m.source for row in rows for m in row.mounts if m.kind == "volume" and len(m.source) != 64})
    images = sorted({row.image for row in rows})
    kept = _("images (%s)") % ", ".join(images[:3] + (["…"] if len(images) > 3 else []))
    if not volumes:
        return _("Kept: %s.") % kept
    return _("Kept: volumes (%(volumes)s), %(images)s.") % {
        "volumes": ", ".join(volumes[:5] + (["…"] if len(volumes) > 5 else [])),
        "images": kept,
    }


def _written_bytes(here: Opened, rows: Sequence[ContainerRow]) -> Mapping[str, int]:
    """What each container has written into its own layer. A host that does not say is not worth stopping for."""
    try:
        with engine_call(), here.client(timeout_s=20) as client:
            found: list[dict[str, Any]] = client.api.containers(
                all=True, size=True, filters={"id": [row.id for row in rows]}
            )
    except EngineRefusal:
        return {}
    return {one["Id"]: int(one.get("SizeRw") or 0) for one in found}
