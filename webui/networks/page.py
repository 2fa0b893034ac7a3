"""The networks list as one value: its columns, chips and rows, for the page, its next windows and its live feed."""

from collections.abc import Mapping
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.access import Operation
from webui.live import Picture, Viewer
from webui.networks import rows as networks
from webui.networks.actions import ACTIONS, ShownRow
from webui.networks.rows import NetworkRow, Use, network_rows
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

COLUMNS: Final = (
    Column("name", gettext_lazy("Name"), sort="name"),
    Column("use", gettext_lazy("In use by"), sort="use", width="xl"),
    Column("driver", gettext_lazy("Driver"), sort="driver", width="m", hides_below="narrow"),
    Column("subnet", gettext_lazy("Subnet"), sort="subnet", width="l", hides_below="narrow"),
    Column("stack", gettext_lazy("Stack"), width="m", hides_below="wide"),
)
CHIPS: Final = (
    (Use.USED, gettext_lazy("In use"), "good"),
    (Use.UNUSED, gettext_lazy("Unused"), "off"),
    (Use.BUILT_IN, gettext_lazy("Built in"), "none"),
)


def element_id(row: NetworkRow) -> str:
    return f"n-{row.short_id}"


def _render(host: str, row: NetworkRow, allowed: frozenset[str]) -> str:
    actions = allowed_among(ACTIONS, allowed)
    context = {
        "row": row,
        "shown": ShownRow(row, host),
        "element_id": element_id(row),
        "state": State(row.use_words, "good" if row.used_by else "off"),
        "has_pick": any(action.is_bulk for action in actions),
        "actions": actions,
    }
    return render_to_string("networks/_row.html", context)


SHELF: Final = Shelf[NetworkRow](render=_render, holds_until=lambda _row, now: now + 3600)


def rows_of(host: str, picture: Picture) -> list[NetworkRow]:
    """The networks of a picture as rows, with the containers that are on them."""
    rows = {row.id: row for row in network_rows(picture.networks.values(), picture.containers.values())}
    return SHELF.rows(host, picture.networks, lambda raw: rows[raw["Id"]], beside=picture.containers)


def fragment(host: str, row: NetworkRow, allowed: frozenset[str]) -> str:
    return SHELF.html(host, row.id, row, allowed)


def list_page(
    slug: str, picture: Picture, *, params: Mapping[str, str], allowed: frozenset[str], may_create: bool
) -> ListPage:
    """The page for somebody who may do `allowed`. `params` is the URL's query, which links on the page carry on."""
    query, every = networks.query_of(params), rows_of(slug, picture)
    chosen, counts = networks.selected(every, query), networks.counts(every, query.text)
    window = window_of(chosen, params, key=element_id)
    url = reverse("networks:create", kwargs={"host": slug})
    create = Button(_("Create a network"), "plus", url=url, is_primary=True) if may_create else None
    return ListPage(
        title=_("Networks"),
        columns=COLUMNS,
        rows=[fragment(slug, row, allowed) for row in window.rows],
        total=len(chosen),
        all_total=len(every),
        noun=(_("network"), _("networks")),
        act_url=reverse("networks:act", kwargs={"host": slug}),
        live_url=list_url(slug, "networks", params, stamp=stamp_of(picture)),
        chips=[
            Chip("", _("All"), sum(counts.values())),
            *(Chip(use.value, label, counts[use], tone) for use, label, tone in CHIPS),  # type: ignore[arg-type]
        ],
        bulk=[action for action in ACTIONS if action.is_bulk and action.name in allowed],
        buttons=[create] if create else [],
        empty=unknown(picture)
        or Empty(
            "topology-star-3",
            _("No networks"),
            _("Containers on one network of their own find each other by name; others cannot reach them."),
            button=create,
        ),
        filter_hint=_("Filter: name, subnet, stack, container"),
        above=window.above,
        below=window.below,
        next_url=next_url(params, window.following),
        sort=query.sort,
        note=note_of(picture),
    )


def show(picture: Picture, viewer: Viewer, params: Mapping[str, str]) -> Shown:
    slug = viewer.host.slug
    allowed = allowed_in(picture, ACTIONS, viewer.may)
    chosen = networks.selected(rows_of(slug, picture), networks.query_of(params))
    may_create = viewer.may(Operation.NETWORK_CREATE)
    page = list_page(slug, picture, params=params, allowed=allowed, may_create=may_create)
    return Shown({element_id(row): fragment(slug, row, allowed) for row in chosen}, page)


FEED: Final = RowsFeed(kind="networks", operation=Operation.NETWORK_LIST, show=show, beside=frozenset({"containers"}))
