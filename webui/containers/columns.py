"""How the containers list looks: its columns, chips, group headings, and the HTML of a row, kept per (row, rights)."""

import functools
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webui.containers.actions import ACTIONS, ShownRow
from webui.containers.rows import Condition, ContainerRow, row_of, state_words, words_hold_until
from webui.live import Figure, Picture
from webui.pages import Chip, Choice, Column, Select, State
from webui.pages.formats import size
from webui.resources import ListQuery, Shelf, allowed_among

COLUMNS: Final = (
    Column("name", _("Name"), sort="name"),
    Column("state", _("State"), sort="state", width="xl"),
    Column("cpu", _("CPU"), sort="cpu", width="s", align="end", hides_below="narrow"),
    Column("memory", _("Memory"), sort="memory", width="m", align="end", hides_below="narrow"),
    Column("image", _("Image"), sort="image", hides_below="narrow"),
    Column("ports", _("Ports"), sort="ports", width="l", hides_below="wide"),
    Column("age", _("Age"), sort="age", width="xs", hides_below="wide"),
)

CHIPS: Final = (
    (Condition.RUNNING, _("Running"), "good"),
    (Condition.UNHEALTHY, _("Unhealthy"), "warning"),
    (Condition.FAILING, _("Failing"), "bad"),
    (Condition.PAUSED, _("Paused"), "warning"),
    (Condition.STOPPED, _("Stopped"), "off"),
)
# Shown though nothing is in them: a person should find them where they were yesterday.
_ALWAYS_SHOWN: Final = {Condition.RUNNING, Condition.STOPPED}


def state_of(row: ContainerRow, now: float | None = None) -> State:
    return State(state_words(row, time.time() if now is None else now), row.tone.value)


def element_id(row: ContainerRow) -> str:
    return f"c-{row.short_id}"


def _render(host: str, row: ContainerRow, allowed: frozenset[str]) -> str:
    shown = ShownRow(row, host)
    context = {
        "row": row,
        "shown": shown,
        "element_id": element_id(row),
        "url": shown.url_of("containers:detail"),
        "state": state_of(row),
        "has_pick": any(action.is_bulk for action in allowed_among(ACTIONS, allowed)),
        "ports": row.published_ports[:2],
        "more_ports": len(row.published_ports) - 2,
        "figures": SafeString(NO_FIGURES),
        "actions": allowed_among(ACTIONS, allowed),
    }
    return render_to_string("containers/_row.html", context)


SHELF: Final = Shelf[ContainerRow](render=_render, holds_until=words_hold_until)


def rows_of(host: str, picture: Picture) -> list[ContainerRow]:
    """The containers of a picture as rows; only what changed since the last call is read again."""
    seen_at = picture.seen_at.timestamp() if picture.seen_at else time.time()
    return SHELF.rows(host, picture.containers, lambda raw: row_of(raw, seen_at=seen_at))


def fragment(host: str, row: ContainerRow, allowed: frozenset[str]) -> str:
    return SHELF.html(host, row.id, row, allowed)


# Where the figures of a row stand. They change every other second, so they are no part of the kept fragment: it has
# empty cells, a page that is rendered gets what is known, and from then on the page's script fills them.
NO_FIGURES: Final = (
    '<td class="num gauge hides-narrow" data-figure="cpu"></td>'
    '<td class="num gauge hides-narrow" data-figure="memory"></td>'
)


def with_figures(html: str, figure: Figure | None) -> str:
    """A row's fragment with what is known of its CPU and memory."""
    if figure is None:
        return html
    cells = (
        f'<td class="num gauge hides-narrow" data-figure="cpu">{figure.cpu:.1f} %</td>'
        f'<td class="num gauge hides-narrow" data-figure="memory">{size(figure.memory)}'
        f'<progress class="meter" max="100" value="{figure.share}" aria-hidden="true"></progress></td>'
    )
    return SafeString(html.replace(NO_FIGURES, cells, 1))


@functools.lru_cache(maxsize=4096)
def group_id(stack: str) -> str:
    # A stack's name comes from a label, so it may hold anything; an element's id and a CSS selector may not.
    return f"g-{hashlib.blake2s(stack.encode(), digest_size=5).hexdigest()}"


def group_heading(stack: str, members: Sequence[ContainerRow]) -> str:
    """The heading above a stack's rows: its name, how many, and its trouble where it has any."""
    context = {"element_id": group_id(stack), "stack": stack, "words": _group_words(stack, members)}
    return render_to_string("containers/_group.html", context)


def _group_words(stack: str, members: Sequence[ContainerRow]) -> str:
    size = len(members)
    count = ngettext("%d container", "%d containers", size) % size
    if not stack:
        return count
    troubled = [row for row in members if row.condition in {Condition.UNHEALTHY, Condition.FAILING}]
    if troubled:
        return f"{count} · {len(troubled)} {_('in trouble')}"
    running = sum(row.is_running for row in members)
    return f"{count} · {_('running') if running == size else _('stopped') if not running else f'{running} running'}"


def is_headed(chosen: Sequence[ContainerRow], query: ListQuery) -> bool:
    return query.grouped and any(row.stack for row in chosen)


def layout(chosen: Sequence[ContainerRow], query: ListQuery) -> dict[str, ContainerRow | str]:
    """Element id -> row, or name of the stack that a heading stands for, in the order of the page.

    Without a single stack there are no headings: "No stack" alone would be noise.
    """
    grouped = is_headed(chosen, query)
    elements: dict[str, ContainerRow | str] = {}
    for row in chosen:
        if grouped:
            elements.setdefault(group_id(row.stack), row.stack)
        elements[element_id(row)] = row
    return elements


def members(chosen: Iterable[ContainerRow]) -> dict[str, list[ContainerRow]]:
    by_stack: dict[str, list[ContainerRow]] = {}
    for row in chosen:
        by_stack.setdefault(row.stack, []).append(row)
    return by_stack


def chips_of(counts: Mapping[str, int], show: str) -> list[Chip]:
    total = sum(counts.values())
    shown = [
        Chip(condition.value, label, counts[condition], tone)  # type: ignore[arg-type]
        for condition, label, tone in CHIPS
        if counts[condition] or condition in _ALWAYS_SHOWN or condition == show
    ]
    return [Chip("", _("All"), total), *shown]


def group_select(query: ListQuery) -> Select:
    choices = (Choice("stack", _("Group: stack")), Choice("none", _("No groups")))
    return Select("group", _("Group"), choices, "stack" if query.grouped else "none")
