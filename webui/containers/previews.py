"""What an act would do to containers, line by line, before it is done."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webui.containers.aims import Aim, Asked
from webui.containers.podman_words import UNTOLD
from webui.containers.rows import ContainerRow, state_words
from webui.live import is_podman
from webui.pages import Preview, PreviewLine
from webui.pages.formats import short_image, size
from webui.resources import EngineRefusal, Opened, engine_call


def preview_of(asked: Asked, *, url: str) -> Preview:
    match asked.action:
        case "recreate":
            return _recreation(asked.aims[0], url=url)
        case "update":
            return _update(asked.aims, url=url)
        case _:
            return _removal(asked.aims, url=url)


def count_words(count: int) -> str:
    return ngettext("%d container", "%d containers", count) % count


def _where(aims: Sequence[Aim]) -> str:
    return ", ".join(sorted({aim.here.host.name for aim in aims}))


def _recreation(aim: Aim, *, url: str) -> Preview:
    image = short_image(aim.row.image)
    lines = [
        PreviewLine(_("Rename"), why=_("the container of today waits under another name")),
        PreviewLine(_("Create"), why=_("a new one with all its settings takes its name")),
    ]
    if aim.row.is_running:
        lines.append(PreviewLine(_("Swap"), why=_("the old one is stopped, the new one started and watched")))
        lines.append(
            PreviewLine(_("Keep"), why=_("the old one, stopped; if the new one does not run, it comes back by itself"))
        )
    else:
        lines.append(PreviewLine(_("Keep"), why=_("the old one under another name; neither is started")))
    return Preview(
        title=_("Recreate %s") % aim.row.name,
        intro=_("On %(host)s, from %(image)s.") % {"host": aim.here.host.name, "image": image},
        lines=lines,
        do=_("Recreate 1 container"),
        action="recreate",
        item_ids=[aim.id],
        url=url,
        keep=_("Leave it as it is"),
        kept=_kept_words([aim]),
        columns=(_("Step"), _("What happens"), ""),
        is_danger=False,
        extra=[("pull", _("Pull %s first, for a newer image of that name") % image, True)],
    )


def _kept_words(aims: Sequence[Aim]) -> str:
    words = _(
        "Kept: volumes, networks, labels and every other setting. What was written elsewhere stays in the old one, "
        "which is kept, stopped, until the next time."
    )
    return f"{words} {UNTOLD}" if any(is_podman(aim.here.picture.version) for aim in aims) else words


def _update(aims: Sequence[Aim], *, url: str) -> Preview:
    """Each is made anew from what its registry has under its name now."""
    count = len(aims)
    lines = [
        PreviewLine(
            aim.row.name,
            why=_("%s: the registry has a newer image") % short_image(aim.row.image)
            if aim.row.has_update
            else _("%s: pulled again, and made anew from it") % short_image(aim.row.image),
        )
        for aim in aims
    ]
    return Preview(
        title=_("Update %s") % (aims[0].row.name if count == 1 else count_words(count)),
        intro=_(
            "On %s. Their images are pulled, then each is made anew; one that does not come up comes back as it was."
        )
        % _where(aims),
        lines=lines,
        do=ngettext("Update %d container", "Update %d containers", count) % count,
        action="update",
        item_ids=[aim.id for aim in aims],
        url=url,
        keep=_("Leave it as it is") if count == 1 else _("Leave them as they are"),
        kept=_kept_words(aims),
        columns=(_("Container"), _("What happens to it"), ""),
        is_danger=False,
    )


def _removal(aims: Sequence[Aim], *, url: str) -> Preview:
    """What removing these containers takes, what that frees, and what stays. Those that run lead."""
    aims = sorted(aims, key=lambda aim: not aim.row.is_running)
    sizes = _written_bytes(aims)
    count = len(aims)
    rows = [aim.row for aim in aims]
    lines = [
        PreviewLine(row.name, why=_why(aim), frees=size(sizes[row.id]) if row.id in sizes else "–")  # noqa: RUF001
        for aim, row in zip(aims, rows, strict=True)
    ]
    return Preview(
        title=_("Remove %s") % (rows[0].name if count == 1 else count_words(count)),
        intro=" ".join(filter(None, [_counted(aims), _running(rows)])),
        lines=lines,
        do=ngettext("Remove %d container", "Remove %d containers", count) % count,
        action="remove",
        item_ids=[aim.id for aim in aims],
        url=url,
        keep=_("Keep it") if count == 1 else _("Keep them"),
        kept=_kept(rows),
        sum=_("%(count)s · %(size)s") % {"count": count_words(count), "size": size(sum(sizes.values()))},
        columns=(_("Container"), _("What happens to it"), _("Frees")),
        extra=[("volumes", _("Remove their nameless volumes too"), False)]
        if any(_nameless(row) for row in rows)
        else [],
    )


def _counted(aims: Sequence[Aim]) -> str:
    return _("Counted just now on %s. Nothing else is touched.") % _where(aims)


def _running(rows: Sequence[ContainerRow]) -> str:
    """Said above the lines where there are so many that it could be overlooked in them."""
    count = sum(row.is_running for row in rows)
    if not count or len(rows) == 1:
        return ""
    return ngettext("%d of them runs and is killed first.", "%d of them run and are killed first.", count) % count


def _why(aim: Aim) -> str:
    now = aim.here.picture.seen_at.timestamp() if aim.here.picture.seen_at else 0.0
    words = state_words(aim.row, now)
    return _("%s: is killed first") % words if aim.row.is_running else words


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


# A filter of more ids makes a URL that some engines refuse; then the whole list is asked for.
_MOST_IDS = 100


def _written_bytes(aims: Sequence[Aim]) -> Mapping[str, int]:
    """What each container has written into its own layer. A host that does not say is not worth stopping for."""
    sizes: dict[str, int] = {}
    by_host: dict[str, tuple[Opened, list[str]]] = {}
    for aim in aims:
        by_host.setdefault(aim.here.host.slug, (aim.here, []))[1].append(aim.row.id)
    for here, ids in by_host.values():
        try:
            with engine_call(), here.client(timeout_s=20) as client:
                filters = {"id": ids} if len(ids) <= _MOST_IDS else {}
                found: list[dict[str, Any]] = client.api.containers(all=True, size=True, filters=filters)
        except EngineRefusal:
            continue
        wanted = set(ids)
        sizes.update({one["Id"]: int(one.get("SizeRw") or 0) for one in found if one["Id"] in wanted})
    return sizes
