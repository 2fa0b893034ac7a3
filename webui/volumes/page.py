"""The volumes list as one value: its columns, chips and rows, for the page, its next windows and its live feed."""

import hashlib
from collections.abc import Mapping
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.access import Operation
from webui.live import Picture, Viewer
from webui.pages import Button, Chip, Column, Empty, ListPage, State
from webui.resources import (
    RowsFeed,
    Shelf,
    Shown,
    allowed_among,
    allowed_in,
    list_url,
    next_url,
    note_of,
    stamp_of,
    unknown,
    window_of,
)
from webui.volumes import rows as volumes
from webui.volumes.actions import ACTIONS, ShownRow
from webui.volumes.rows import Use, VolumeRow, volume_rows

COLUMNS: Final = (
    Column("name", gettext_lazy("Name"), sort="name"),
    Column("use", gettext_lazy("In use by"), sort="use", width="xl"),
    Column("driver", gettext_lazy("Kept in"), sort="driver", width="l", hides_below="narrow"),
    Column("stack", gettext_lazy("Stack"), width="m", hides_below="wide"),
    Column("age", gettext_lazy("Age"), sort="age", width="s", hides_below="narrow"),
)
CHIPS: Final = ((Use.USED, gettext_lazy("In use"), "good"), (Use.UNUSED, gettext_lazy("Unused"), "off"))


def element_id(row: VolumeRow) -> str:
    # A volume's name may hold dots, which mean something else in a selector.
    return f"v-{hashlib.blake2s(row.name.encode(), digest_size=6).hexdigest()}"


def _render(host: str, row: VolumeRow, allowed: frozenset[str]) -> str:
    actions = allowed_among(ACTIONS, allowed)
    context = {
        "row": row,
        "shown": ShownRow(row, host),
        "element_id": element_id(row),
        "state": State(row.use_words, "good" if row.used_by else "off"),
        "has_pick": any(action.is_bulk for action in actions),
        "actions": actions,
    }
    return render_to_string("volumes/_row.html", context)


SHELF: Final = Shelf[VolumeRow](render=_render, holds_until=lambda _row, now: now + 3600)


def rows_of(host: str, picture: Picture) -> list[VolumeRow]:
    """The volumes of a picture as rows, with the containers that mount them."""
    rows = {row.name: row for row in volume_rows(picture.volumes.values(), picture.containers.values())}
    return SHELF.rows(host, picture.volumes, lambda raw: rows[raw["Name"]], beside=picture.containers)


def fragment(host: str, row: VolumeRow, allowed: frozenset[str]) -> str:
    return SHELF.html(host, row.name, row, allowed)


def list_page(
    slug: str, picture: Picture, *, params: Mapping[str, str], allowed: frozenset[str], may_create: bool
) -> ListPage:
    """The page for somebody who may do `allowed`. `params` is the URL's query, which links on the page carry on."""
    query, every = volumes.query_of(params), rows_of(slug, picture)
    chosen, counts = volumes.selected(every, query), volumes.counts(every, query.text)
    window = window_of(chosen, params, key=element_id)
    url = reverse("volumes:create", kwargs={"host": slug})
    create = Button(_("Create a volume"), "plus", url=url, is_primary=True) if may_create else None
    return ListPage(
        title=_("Volumes"),
        columns=COLUMNS,
        rows=[fragment(slug, row, allowed) for row in window.rows],
        total=len(chosen),
        all_total=len(every),
        noun=(_("volume"), _("volumes")),
        act_url=reverse("volumes:act", kwargs={"host": slug}),
        live_url=list_url(slug, "volumes", params, stamp=stamp_of(picture)),
        chips=[
            Chip("", _("All"), sum(counts.values())),
            *(Chip(use.value, label, counts[use], tone) for use, label, tone in CHIPS),  # type: ignore[arg-type]
        ],
        bulk=[action for action in ACTIONS if action.is_bulk and action.name in allowed],
        buttons=[create] if create else [],
        empty=unknown(picture)
        or Empty(
            "database",
            _("No volumes yet"),
            _("A volume keeps data apart from containers: they come and go, it stays until somebody removes it."),
            button=create,
        ),
        filter_hint=_("Filter: name, stack, container"),
        above=window.above,
        below=window.below,
        next_url=next_url(params, window.following),
        sort=query.sort,
        note=note_of(picture),
    )


def show(picture: Picture, viewer: Viewer, params: Mapping[str, str]) -> Shown:
    slug = viewer.host.slug
    allowed = allowed_in(picture, ACTIONS, viewer.may)
    chosen = volumes.selected(rows_of(slug, picture), volumes.query_of(params))
    may_create = viewer.may(Operation.VOLUME_CREATE)
    page = list_page(slug, picture, params=params, allowed=allowed, may_create=may_create)
    return Shown({element_id(row): fragment(slug, row, allowed) for row in chosen}, page)


FEED: Final = RowsFeed(kind="volumes", operation=Operation.VOLUME_LIST, show=show, beside=frozenset({"containers"}))
