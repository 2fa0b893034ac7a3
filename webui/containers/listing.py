"""Which containers a list shows, in what order and groups: pure functions from rows and a URL's query to rows.

The same functions serve the page, the next windows of a long list and the live feed, so that all three agree.
"""

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from webui.containers.filtering import matcher
from webui.containers.rows import Condition, ContainerRow
from webui.live import Figure
from webui.resources import natural

# Beside the conditions, of which each container has exactly one: what the registry has newer images for.
UPDATES: Final = "updates"
GROUPS: Final = ("stack", "folded", "host", "none")

# Trouble first where a person sorts by state: that is what they look for.
_CONDITION_ORDER: Final = {condition: place for place, condition in enumerate(Condition)}

SortKey = Callable[[ContainerRow], tuple[Any, ...]]
SORTS: Final[Mapping[str, SortKey]] = {
    "name": lambda row: (natural(row.name),),
    "state": lambda row: (_CONDITION_ORDER[row.condition], row.state, natural(row.name)),
    "image": lambda row: (row.image, natural(row.name)),
    "ports": lambda row: (min((p.host_port or 1 << 17 for p in row.ports), default=1 << 18), natural(row.name)),
    "age": lambda row: (-row.created, natural(row.name)),
    "stack": lambda row: (not row.stack, natural(row.stack), natural(row.name)),
    "network": lambda row: (not row.networks, row.networks, natural(row.name)),
    "host": lambda row: (natural(row.host_name), natural(row.name)),
    "owner": lambda row: (not row.owner, natural(row.owner), natural(row.name)),
}


BY_FIGURES: Final = ("cpu", "memory")


def sorts_by(figures: Mapping[str, Figure]) -> Mapping[str, SortKey]:
    """All sort keys. By CPU and memory the hungriest lead, and what does not run comes last."""

    def figure(name: str) -> SortKey:
        return lambda row: (-getattr(figures[row.id], name) if row.id in figures else 1, natural(row.name))

    return {**SORTS, **{name: figure(name) for name in BY_FIGURES}}


@dataclass(frozen=True, slots=True)
class Query:
    """What a URL asks of the list.

    `group` is "stack", "host" or ""; `toggled` are the headings that somebody folded, or unfolded where `is_folded`
    says that all are folded at first.
    """

    text: str = ""
    show: str = ""
    sort: str = "name"
    group: str = ""
    is_folded: bool = False
    toggled: frozenset[str] = frozenset()

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.show)

    @property
    def has_lasting_order(self) -> bool:
        """Whether rows stay in its order while they are the same: not in that of a meter."""
        return self.sort.removeprefix("-") not in BY_FIGURES

    @property
    def group_choice(self) -> str:
        return "folded" if self.is_folded else self.group or "none"

    def is_open(self, heading_id: str) -> bool:
        return (heading_id in self.toggled) == self.is_folded


def query_of(params: Mapping[str, Any]) -> Query:
    """Read a query string. What makes no sense is ignored: an old link still shows a list."""
    show, sort, group = (str(params.get(name) or "") for name in ("show", "sort", "group"))
    group = group if group in GROUPS else "stack"
    return Query(
        text=str(params.get("q") or "").strip(),
        show=show if show in {*Condition, UPDATES} else "",
        sort=sort if sort.removeprefix("-") in sorts_by({}) else "name",
        group={"folded": "stack", "none": ""}.get(group, group),
        is_folded=group == "folded",
        toggled=frozenset(one for one in str(params.get("fold") or "").split(",") if one),
    )


@dataclass(frozen=True, slots=True)
class Sifted:
    """The rows that a query asks for, in its order, and how many there are under each chip."""

    chosen: Sequence[ContainerRow]
    counts: Mapping[str, int]


def in_order(
    rows: Iterable[ContainerRow], sort: str, group: str, figures: Mapping[str, Figure] | None = None
) -> list[ContainerRow]:
    """The rows in the order of a query's sort and group. Grouped, those without a stack come last."""
    ordered = sorted(rows, key=sorts_by(figures or {})[sort.removeprefix("-")], reverse=sort.startswith("-"))
    if group:
        ordered.sort(key=_GROUP_KEYS[group])
    return ordered


def sifted(rows: Iterable[ContainerRow], query: Query, *, are_in_order: bool = False) -> Sifted:
    """The conditions' counts add up to all that the text lets through. Rows that `are_in_order` stay in it."""
    test = matcher(query.text) if query.text else None
    matching = [row for row in rows if test(row)] if test else list(rows)
    found = Counter(row.condition for row in matching)
    counts: dict[str, int] = {condition.value: found[condition] for condition in Condition}
    chosen = [row for row in matching if is_under(row, query.show)] if query.show else matching
    if not are_in_order:
        chosen = in_order(chosen, query.sort, query.group)
    return Sifted(chosen, {**counts, UPDATES: sum(row.has_update for row in matching)})


def is_under(row: ContainerRow, chip: str) -> bool:
    return row.has_update if chip == UPDATES else row.condition == chip


_GROUP_KEYS: Final[Mapping[str, SortKey]] = {
    "stack": lambda row: (not row.stack, natural(row.stack)),
    "host": lambda row: (natural(row.host_name),),
}


def group_of(row: ContainerRow, query: Query) -> str:
    return row.host_name if query.group == "host" else row.stack


@functools.lru_cache(maxsize=4096)
def heading_id(group: str) -> str:
    # A stack's name comes from a label, so it may hold anything; an element's id and a CSS selector may not.
    return f"g-{hashlib.blake2s(group.encode(), digest_size=5).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above a group: its name ("" for containers without a stack), and its members whether shown or folded."""

    group: str
    members: Sequence[ContainerRow]
    is_open: bool

    @property
    def id(self) -> str:
        return heading_id(self.group)


Item = ContainerRow | Heading


def items_of(chosen: Sequence[ContainerRow], query: Query) -> Sequence[Item]:
    """Headings and rows in the order of the page; the members of a folded group are left out.

    Without a single stack there are no headings: "No stack" alone would be noise.
    """
    if not query.group or not any(group_of(row, query) for row in chosen):
        return chosen
    groups: dict[str, list[ContainerRow]] = {}
    for row in chosen:
        groups.setdefault(group_of(row, query), []).append(row)
    items: list[Item] = []
    for group, members in groups.items():
        heading = Heading(group, members, query.is_open(heading_id(group)))
        items.append(heading)
        if heading.is_open:
            items += members
    return items
