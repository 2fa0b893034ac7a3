"""The containers list as one value: everything that the page, its next windows and its live feed show."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers import columns, doubts, filtering, listing
from webui.containers.actions import ACTIONS
from webui.containers.columns import Variant, act_id
from webui.containers.listing import Heading, Item, Query
from webui.containers.rows import ContainerRow
from webui.live import NONE_CALM, Calm, Figure, Picture, calm_figures_of, figures_of
from webui.pages import Button, Doubt, Empty, ListPage, Term
from webui.pages.links import link
from webui.resources import Layout, Shown, allowed_among, arranged, list_url, narrowed, next_url, unknown, window_of

KIND: Final = "containers"
NOUN: Final = (gettext_lazy("container"), gettext_lazy("containers"))
AS_DECLARED: Final = arranged(columns.COLUMNS, columns.SHOWN, {})


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that a query asks for with their headings, the counts of the chips, what is known of CPU and memory.

    `host` is its slug, "" where the list holds those of every host.
    """

    host: str
    query: Query
    every: Sequence[ContainerRow]
    chosen: Sequence[ContainerRow]
    counts: Mapping[str, int]
    figures: Mapping[str, Figure]
    unknown: Empty | None = None
    items: Sequence[Item] = field(default=())


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a list is made for: what they may do by host ("" for all of them), and how they arranged the columns."""

    allowed: Mapping[str, frozenset[str]]
    layout: Layout = AS_DECLARED
    may_run: bool = False
    is_everywhere: bool = False

    @property
    def allowed_anywhere(self) -> frozenset[str]:
        return frozenset().union(*self.allowed.values())


@dataclass(frozen=True, slots=True)
class Meters:
    """What is known of CPU and memory: what a list shows, and what it is ordered by."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    calm: Calm = NONE_CALM


def meters_of(host: str, *, may_stats: bool) -> Meters:
    """Those of a host, for who may see them: to others its lists show none, nor are they ordered by any."""
    return Meters(figures_of(host), calm_figures_of(host)) if may_stats else Meters()


def listing_of(host: str, picture: Picture, params: Mapping[str, Any], *, may_stats: bool) -> Listing:
    meters = meters_of(host, may_stats=may_stats)
    return listed(host, columns.rows_of(host, picture), meters, params, unknown=unknown(picture))


def listed(
    host: str,
    every: Sequence[ContainerRow],
    meters: Meters,
    params: Mapping[str, Any],
    *,
    unknown: Empty | None = None,
) -> Listing:
    query = listing.query_of(params)
    calm = NONE_CALM if query.has_lasting_order else meters.calm
    arrange = _arrange if query.text else _arranged
    found, items = arrange(_Same(every), query, calm)
    return Listing(host, query, every, found.chosen, found.counts, meters.figures, unknown, items)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """Rows by identity: the same list for as long as nothing changed (webui.resources.Shelf)."""

    rows: Sequence[ContainerRow]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.rows is self.rows

    def __hash__(self) -> int:
        return id(self.rows)


@functools.lru_cache(maxsize=8)
def _arranged(every: _Same, query: Query, calm: Calm) -> tuple[listing.Sifted, Sequence[Item]]:
    """What all who look at the same list in the same way share; a few, for each holds on to its rows."""
    return _arrange(every, query, calm)


def _arrange(every: _Same, query: Query, calm: Calm) -> tuple[listing.Sifted, Sequence[Item]]:
    found = listing.sifted(_ordered(every, query.sort, query.group, calm), query, are_in_order=True)
    return found, listing.items_of(found.chosen, query)


@functools.lru_cache(maxsize=8)
def _ordered(every: _Same, sort: str, group: str, calm: Calm) -> Sequence[ContainerRow]:
    """All rows in one order: what any search or filter leaves of them stands in the same, and need not be sorted."""
    return listing.in_order(every.rows, sort, group, calm)


def list_page(
    found: Listing, reader: Reader, *, params: Mapping[str, str], stamp: str = "", note: str = "",
    live_url: str | None = None,
) -> ListPage:  # fmt: skip
    """The page for one reader. `params` is the URL's query, which links on the page carry on."""
    window = window_of(found.items, params, key=item_id)
    bulk = [action for action in allowed_among(ACTIONS, reader.allowed_anywhere) if action.is_bulk]
    return ListPage(
        title=_("All containers") if reader.is_everywhere else _("Containers"),
        columns=reader.layout.columns,
        rows=_Window(found, window.rows, reader),
        total=len(found.chosen),
        all_total=len(found.every),
        noun=NOUN,
        act_url=act_url(found.host),
        live_url=list_url(found.host, KIND, params, stamp=stamp) if live_url is None else live_url,
        chips=columns.chips_of(found.counts, found.query.show),
        selects=[columns.group_select(found.query, is_everywhere=reader.is_everywhere)]
        if reader.is_everywhere or any(row.stack for row in found.every)
        else [],
        bulk=bulk,
        buttons=[_run_button(found.host)] if reader.may_run and found.host else [],
        empty=_empty(found, may_run=reader.may_run),
        filter_hint=_("Filter: a name, stack:shop, health:unhealthy…"),
        above=window.above,
        below=window.below,
        next_url=next_url(params, window.following),
        sort=found.query.sort,
        note=note,
        terms=[Term(term.typed, filtering.without(found.query.text, term))
               for term in filtering.terms_of(found.query.text) if term.key or term.is_negated],
        doubts=_doubts(found),
        layout_url=link("all-containers:columns"),
        table_px=columns.table_px(reader.layout.columns),
    )  # fmt: skip


def _doubts(found: Listing) -> Sequence[Doubt]:
    return doubts.doubts_of(found.query.text, found.every) if found.query.text and not found.unknown else ()


def act_url(host: str) -> str:
    return link("containers:act", host=host) if host else link("all-containers:act")


def item_id(item: Item) -> str:
    return item.id if isinstance(item, Heading) else columns.element_id(item)


@functools.lru_cache(maxsize=64)
def _variant(allowed: frozenset[str], names: tuple[str, ...], is_everywhere: bool) -> Variant:
    """The same object for the same question: fragments are looked up by it, for each row."""
    return Variant(allowed, names, is_everywhere=is_everywhere)


def _drawn(items: Sequence[Item], query: Query, reader: Reader) -> Iterator[tuple[Item, str]]:
    anywhere, names = reader.allowed_anywhere, reader.layout.names
    # Mostly one, for all rows alike.
    variants: dict[frozenset[str], Variant] = {}
    for item in items:
        if isinstance(item, Heading):
            yield item, columns.heading_html(item, query, anywhere)
        else:
            allowed = narrowed(reader.allowed.get(item.host, frozenset()), item.id)
            variant = variants.get(allowed)
            if variant is None:
                variant = variants[allowed] = _variant(allowed, names, reader.is_everywhere)
            yield item, columns.fragment(item, variant)


def fragments(found: Listing, window: Sequence[Item], reader: Reader) -> list[str]:
    """The HTML of a window's rows and headings, with the figures that are known."""
    figures = found.figures
    return [
        html if isinstance(item, Heading) else columns.with_figures(html, figure_of(item, figures))
        for item, html in _drawn(window, found.query, reader)
    ]


def figure_of(row: ContainerRow, figures: Mapping[str, Figure]) -> Figure | None:
    """What has just stopped was still measured a moment ago."""
    return figures.get(row.id) if row.state == "running" else None


class _Window(Sequence[str]):
    """The rows of a window, drawn when somebody looks: the live feed of a list draws only those that changed."""

    def __init__(self, found: Listing, items: Sequence[Item], reader: Reader) -> None:
        self._found, self._items, self._reader = found, items, reader

    @functools.cached_property
    def _rows(self) -> list[str]:
        return fragments(self._found, self._items, self._reader)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, at: Any) -> Any:
        return self._rows[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)


def shown_of(found: Listing, reader: Reader, page: ListPage) -> Shown:
    """The list for its live feed. A row is compared by what it is made of: words that age are the browser's work."""
    items = {item_id(item): item for item in found.items}
    anywhere = reader.allowed_anywhere

    def html(key: str) -> str:
        [(_item, drawn)] = _drawn([items[key]], found.query, reader)
        return drawn

    nothing = frozenset[str]()
    elements: dict[str, Any] = {
        key: columns.heading_html(item, found.query, anywhere)
        if isinstance(item, Heading)
        else (item, narrowed(reader.allowed.get(item.host, nothing), item.id))
        for key, item in items.items()
    }
    return Shown(elements, page, html, moves=not found.query.has_lasting_order)


def act_ids(found: Listing, reader: Reader, *, heading: str = "") -> list[str]:
    """What all that the query asks for is called when it is acted on; with `heading` only what stands under that."""
    rows: Sequence[ContainerRow] = found.chosen
    if heading:
        rows = next((one.members for one in found.items if isinstance(one, Heading) and one.id == heading), ())
    return [act_id(row, is_everywhere=reader.is_everywhere) for row in rows]


def _run_button(host: str) -> Button:
    return Button(_("Run a container"), "plus", url=link("containers:run", host=host), is_primary=True)


def _empty(found: Listing, *, may_run: bool) -> Empty:
    return found.unknown or Empty(
        "box",
        _("No containers yet"),
        _(
            "A container is a program with everything it needs, kept apart from the rest of the host. "
            "Run the first one from an image."
        )
        if found.host
        else _("None of your hosts has any. Choose a host, and run the first one there."),
        button=(_run_button(found.host) if may_run else None) if found.host else _hosts_button(),
        command="docker run -d --name hello -p 8080:80 nginx" if may_run and found.host else "",
    )


def _hosts_button() -> Button:
    return Button(_("Hosts"), "server-2", url=link("hosts:list"))
