"""The images list as one value: everything that the page, its next windows and its live feed show."""

from collections.abc import Mapping
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from webui.access import Operation
from webui.images import rows as images
from webui.images.actions import ACTIONS
from webui.images.columns import COLUMNS, chips_of, element_id, fragment, rows_of
from webui.live import Picture, Viewer
from webui.pages import Button, Empty, ListPage
from webui.pages.formats import size
from webui.resources import RowsFeed, Shown, allowed_in, list_url, next_url, stamp_of, unknown, window_of


def list_page(slug: str, picture: Picture, *, params: Mapping[str, str], allowed: frozenset[str]) -> ListPage:
    """The page for somebody who may do `allowed`. `params` is the URL's query, which links on the page carry on."""
    query, every = images.query_of(params), rows_of(slug, picture)
    chosen = images.selected(every, query)
    window = window_of(chosen, params, key=element_id)
    pull = _pull_button(slug) if "pull" in allowed else None
    return ListPage(
        title=_("Images"),
        columns=COLUMNS,
        rows=[fragment(slug, row, allowed) for row in window.rows],
        total=len(chosen),
        all_total=len(every),
        noun=(_("image"), _("images")),
        act_url=reverse("images:act", kwargs={"host": slug}),
        live_url=list_url(slug, "images", params, stamp=stamp_of(picture)),
        chips=chips_of(images.counts(every, query.text)),
        bulk=[action for action in ACTIONS if action.is_bulk and action.name in allowed],
        buttons=[pull] if pull else [],
        empty=unknown(picture)
        or Empty(
            "photo",
            _("No images yet"),
            _("An image is what a container starts from: a program with all its files. Pull one from a registry."),
            button=pull,
        ),
        filter_hint=_("Filter: name, tag, id, container"),
        above=window.above,
        below=window.below,
        next_url=next_url(params, window.following),
        sort=query.sort,
        note=_("%s in all") % size(sum(row.size_bytes for row in every)) if every else "",
    )


def _pull_button(slug: str) -> Button:
    return Button(
        _("Pull an image"), "cloud-download", url=reverse("images:pull", kwargs={"host": slug}), is_primary=True
    )


def show(picture: Picture, viewer: Viewer, params: Mapping[str, str]) -> Shown:
    slug = viewer.host.slug
    allowed = allowed_in(picture, ACTIONS, viewer.may)
    chosen = images.selected(rows_of(slug, picture), images.query_of(params))
    page = list_page(slug, picture, params=params, allowed=allowed)
    return Shown({element_id(row): fragment(slug, row, allowed) for row in chosen}, page)


FEED: Final = RowsFeed(kind="images", operation=Operation.IMAGE_LIST, show=show, beside=frozenset({"containers"}))
