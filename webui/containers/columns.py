"""How the containers list looks: its columns, chips, group headings, and the HTML of a row, kept per (row, variant)."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webui.containers.actions import ACTIONS, ShownRow
from webui.containers.cells import EMPTY_FIGURE, Drawn, cells_html, with_timed_cells
from webui.containers.listing import UPDATES, Heading, Query
from webui.containers.ports import place_of
from webui.containers.rows import Condition, ContainerRow, row_of, span_words, state_words, words_hold_until
from webui.containers.updates import UpdateCheck, update_check
from webui.live import Figure, Picture, known_host
from webui.ownership import LEDGER, Kind, access_of, thing_of
from webui.pages import Chip, Choice, Column, Select, State
from webui.pages.formats import size
from webui.pages.tracks import STEPS_PX
from webui.resources import Shelf, allowed_among

COLUMNS: Final = (
    Column("name", _("Name"), sort="name"),
    Column("host", _("Host"), sort="host", width="m", hides_below="narrow"),
    Column("state", _("State"), sort="state", width="xl", width_px=204),
    Column("cpu", _("CPU"), sort="cpu", width="s", align="end", hides_below="narrow"),
    Column("memory", _("Memory"), sort="memory", width="m", align="end", hides_below="narrow"),
    Column("stack", _("Stack"), sort="stack", width="m", hides_below="wide"),
    Column("service", _("Service"), width="m", hides_below="wide"),
    Column("image", _("Image"), sort="image", hides_below="narrow"),
    Column("ports", _("Ports"), sort="ports", width="l", width_px=148, hides_below="wide"),
    Column("networks", _("Networks"), sort="network", width="l", hides_below="wide"),
    Column("volumes", _("Volumes"), width="l", hides_below="wide"),
    Column("command", _("Command"), width="l", hides_below="wide"),
    Column("age", _("Age"), sort="age", width="xs", hides_below="wide"),
    Column("owner", _("Owner"), sort="owner", width="s", hides_below="wide"),
)
SHOWN: Final = ("name", "state", "cpu", "memory", "image", "ports", "age", "owner")
SHOWN_EVERYWHERE: Final = ("name", "host", "state", "cpu", "memory", "image", "ports", "owner")
# What the steps of Column.width are in pixels, and what the two that share the rest need at least.
# What a column needs at least that shares what is left.
_STEPS: Final[Mapping[str, int]] = {**STEPS_PX, "auto": 150}
# Pick, acts, and the room that a page of 1,440 pixels has for all.
_AROUND_PX, _ROOM_PX = 150, 1176

CHIPS: Final = (
    (Condition.RUNNING, _("Running"), "good"),
    (Condition.UNHEALTHY, _("Unhealthy"), "warning"),
    (Condition.FAILING, _("Failing"), "bad"),
    (Condition.PAUSED, _("Paused"), "warning"),
    (Condition.STOPPED, _("Stopped"), "off"),
)
# Shown though nothing is in them: a person should find them where they were yesterday.
_ALWAYS_SHOWN: Final = {Condition.RUNNING, Condition.STOPPED}


@dataclass(frozen=True, slots=True)
class Variant:
    """What a row's HTML depends on beside the row. `is_everywhere`: its list holds rows of several hosts."""

    allowed: frozenset[str]
    columns: tuple[str, ...] = SHOWN
    is_everywhere: bool = False


def state_of(row: ContainerRow, now: float | None = None) -> State:
    return State(state_words(row, time.time() if now is None else now), row.tone.value)


def element_id(row: ContainerRow) -> str:
    return f"c-{row.short_id}"


def act_id(row: ContainerRow, *, is_everywhere: bool) -> str:
    """What a page calls a row when it acts on it; among several hosts its host goes along."""
    return f"{row.host}/{row.short_id}" if is_everywhere else row.short_id


def _render(host: str, row: ContainerRow, variant: Variant) -> Callable[[float], str]:
    shown = ShownRow(row, host)
    actions = allowed_among(ACTIONS, variant.allowed)
    known = known_host(host)
    url = shown.url_of("containers:detail")
    place = place_of(known.url if known else "")

    def drawn(now: float) -> Drawn:
        span = "" if row.since is None else span_words(now - row.since)
        return Drawn(row, url, state_of(row, now), span, place)

    context = {
        "row": row,
        "shown": shown,
        "element_id": element_id(row),
        "act_id": act_id(row, is_everywhere=variant.is_everywhere),
        "url": url,
        "has_pick": variant.is_everywhere or any(action.is_bulk for action in actions),
        "cells": cells_html(variant.columns, drawn(time.time())),
        "actions": actions,
    }
    at = with_timed_cells(render_to_string("containers/_row.html", context))
    return lambda now: at(drawn(now))


SHELF: Final = Shelf[ContainerRow](render=_render, holds_until=words_hold_until)


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """What a row is made of beside its raw object; the same object for as long as it says the same."""

    check: UpdateCheck
    owners: tuple[str, int]

    def owner(self, host_id: int, raw: Mapping[str, Any]) -> str:
        access = access_of(host_id, thing_of(Kind.CONTAINER, raw))
        return access.owner if access else ""


@functools.lru_cache(maxsize=256)
def _beside(check: UpdateCheck, owners: tuple[str, int]) -> _Beside:
    return _Beside(check, owners)


def rows_of(host: str, picture: Picture) -> list[ContainerRow]:
    """The containers of a picture as rows; only what changed since the last call is read again."""
    seen_at = picture.seen_at.timestamp() if picture.seen_at else time.time()
    known = known_host(host)
    name, host_id = (known.name, known.pk or 0) if known else (host, 0)
    beside = _beside(update_check(host, picture), LEDGER.version)
    return SHELF.rows(
        host,
        picture.containers,
        lambda raw: row_of(
            raw, seen_at=seen_at, host=host, host_name=name, has_update=beside.check.holds_for(raw),
            owner=beside.owner(host_id, raw), update_trouble=beside.check.trouble_for(raw),
        ),
        beside=beside,
    )  # fmt: skip


def fragment(row: ContainerRow, variant: Variant) -> str:
    return SHELF.html(row.host, row.id, row, variant)


def with_figures(html: str, figure: Figure | None) -> str:
    """A row's fragment with what is known of its CPU and memory."""
    if figure is None:
        return html
    cells = {
        "cpu": f'<td class="num gauge hides-narrow" data-figure="cpu">{figure.cpu:.1f} %</td>',
        "memory": f'<td class="num gauge hides-narrow" data-figure="memory">{size(figure.memory)}'
        f'<progress class="meter" max="100" value="{figure.share}" aria-hidden="true"></progress></td>',
    }
    for name, cell in cells.items():
        html = html.replace(EMPTY_FIGURE[name], cell, 1)
    return SafeString(html)


def heading_html(heading: Heading, query: Query, allowed: frozenset[str]) -> str:
    """The line above a group: fold it, its name, how many, its trouble where it has any, and what all of it can do."""
    words = _group_words(heading.members, is_named=bool(heading.group))
    return _heading(
        heading.group, heading.id, words, allowed, count=len(heading.members), is_open=heading.is_open,
        is_host=query.group == "host",
    )  # fmt: skip


@functools.lru_cache(maxsize=2048)
def _heading(
    group: str, heading_id: str, words: str, allowed: frozenset[str], *, count: int, is_open: bool, is_host: bool
) -> str:
    context = {
        "group": group,
        "id": heading_id,
        "words": words,
        "count": count,
        "is_open": is_open,
        "icon": "server-2" if is_host else "stack-2",
        "actions": [action for action in allowed_among(ACTIONS, allowed) if action.is_bulk],
    }
    return render_to_string("containers/_group.html", context)


def _group_words(members: Sequence[ContainerRow], *, is_named: bool) -> str:
    size = len(members)
    count = ngettext("%d container", "%d containers", size) % size
    if not is_named:
        return count
    troubled = sum(row.condition in {Condition.UNHEALTHY, Condition.FAILING} for row in members)
    if troubled:
        return f"{count} · {troubled} {_('in trouble')}"
    running = sum(row.is_running for row in members)
    return f"{count} · {_('running') if running == size else _('stopped') if not running else f'{running} running'}"


def chips_of(counts: Mapping[str, int], show: str) -> list[Chip]:
    total = sum(counts[condition.value] for condition in Condition)
    shown = [
        Chip(condition.value, label, counts[condition], tone)  # type: ignore[arg-type]
        for condition, label, tone in CHIPS
        if counts[condition] or condition in _ALWAYS_SHOWN or condition == show
    ]
    if counts.get(UPDATES) or show == UPDATES:
        shown.append(Chip(UPDATES, _("Updates"), counts.get(UPDATES, 0), "warning"))
    return [Chip("", _("All"), total), *shown]


def table_px(shown: Sequence[Column]) -> int:
    """How wide the table must be for these columns; 0 where they fit into a common window."""
    needed = _AROUND_PX + sum(column.width_px or _STEPS[column.width] for column in shown)
    return needed if needed > _ROOM_PX else 0


def group_select(query: Query, *, is_everywhere: bool = False) -> Select:
    choices = [
        Choice("stack", _("Group: stack")),
        Choice("folded", _("Group: stack, folded")),
        *([Choice("host", _("Group: host"))] if is_everywhere else []),
        Choice("none", _("No groups")),
    ]
    return Select("group", _("Group"), choices, query.group_choice)
