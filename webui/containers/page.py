"""The containers list as one value: everything that the page, its next windows and its live feed show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers import columns, listing
from webui.containers.actions import ACTIONS
from webui.containers.rows import ContainerRow
from webui.live import Figure, Picture, figures_of
from webui.pages import Button, Empty, ListPage
from webui.resources import ListQuery, allowed_among, list_url, next_url, unknown, window_of

NOUN: Final = (gettext_lazy("container"), gettext_lazy("containers"))


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a host that a query asks for, the counts of its chips, and what is known of CPU and memory."""

    host: str
    query: ListQuery
    every: Sequence[ContainerRow]
    chosen: Sequence[ContainerRow]
    counts: Mapping[str, int]
    figures: Mapping[str, Figure]
    unknown: Empty | None = None


def listing_of(host: str, picture: Picture, params: Mapping[str, Any]) -> Listing:
    query = listing.query_of(params)
    every = columns.rows_of(host, picture)
    figures = figures_of(host)
    chosen = listing.selected(every, query, figures)
    return Listing(host, query, every, chosen, listing.counts(every, query.text), figures, unknown(picture))


def list_page(
    found: Listing,
    allowed: frozenset[str],
    *,
    params: Mapping[str, str],
    may_run: bool,
    stamp: str = "",
    note: str = "",
) -> ListPage:
    """The page for somebody who may do `allowed`. `params` is the URL's query, which links on the page carry on."""
    window, following = window_of(found.chosen, params.get("after", ""), key=lambda row: row.short_id)
    host = {"host": found.host}
    return ListPage(
        title=_("Containers"),
        columns=columns.COLUMNS,
        rows=fragments(found, window, allowed),
        total=len(found.chosen),
        all_total=len(found.every),
        noun=NOUN,
        act_url=reverse("containers:act", kwargs=host),
        live_url=list_url(found.host, "containers", params, stamp=stamp),
        chips=columns.chips_of(found.counts, found.query.show),
        selects=[columns.group_select(found.query)] if any(row.stack for row in found.every) else [],
        bulk=[action for action in allowed_among(ACTIONS, allowed) if action.is_bulk],
        buttons=[_run_button(found.host)] if may_run else [],
        empty=_empty(found, may_run=may_run),
        filter_hint=_("Filter: name, image, label=…, port=…"),
        next_url=next_url(params, following),
        sort=found.query.sort,
        note=note,
    )


def fragments(found: Listing, window: Sequence[ContainerRow], allowed: frozenset[str]) -> list[str]:
    """The rows of a window with the headings that begin in it."""
    if not window:
        return []
    headed = columns.is_headed(found.chosen, found.query)
    by_stack = columns.members(found.chosen) if headed else {}
    first = next(place for place, row in enumerate(found.chosen) if row is window[0])
    last_stack = found.chosen[first - 1].stack if first else None
    made = []
    for row in window:
        if headed and row.stack != last_stack:
            made.append(columns.group_heading(row.stack, by_stack[row.stack]))
            last_stack = row.stack
        html = columns.fragment(found.host, row, allowed)
        made.append(columns.with_figures(html, found.figures.get(row.id)))
    return made


def elements(found: Listing, allowed: frozenset[str]) -> dict[str, str]:
    """Every row and heading of the list by its element id, in order."""
    by_stack = columns.members(found.chosen)
    return {
        key: columns.group_heading(item, by_stack[item])
        if isinstance(item, str)
        else columns.fragment(found.host, item, allowed)
        for key, item in columns.layout(found.chosen, found.query).items()
    }


def _run_button(host: str) -> Button:
    return Button(_("Run a container"), "plus", url=reverse("containers:run", kwargs={"host": host}), is_primary=True)


def _empty(found: Listing, *, may_run: bool) -> Empty:
    return found.unknown or Empty(
        "box",
        _("No containers yet"),
        _(
            "A container is a program with everything it needs, kept apart from the rest of the host. "
            "Run the first one from an image."
        ),
        button=_run_button(found.host) if may_run else None,
        command="docker run -d --name hello -p 8080:80 nginx" if may_run else "",
    )
