"""Rows and their HTML, kept for as long as the raw object behind them is the same.

The live picture replaces a raw object only when it changed, so identity tells. A fragment differs between viewers only
by what they may do and which columns they chose, hence one per (row, variant).
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from webui.resources.allowed import Allowed

Row = TypeVar("Row")
MOST_HOSTS: Final = 64
MOST_VIEWS: Final = 128
# Sets of rights and columns that are looked at in turn; a further one costs its own rendering and the oldest's again.
MOST_VARIANTS: Final = 12
# How long a row is drawn out of the same parts: they also hold where its host is.
MOST_REDRAWN_S: Final = 3600


@dataclass(slots=True)
class _Kept(Generic[Row]):
    source: tuple[Any, ...]
    row: Row
    fragments: dict[Hashable, "_Fragment"] = field(default_factory=dict)


# HTML; or what makes it at a moment, in seconds since 1970, out of what the clock does not change.
Rendered = str | Callable[[float], str]


@dataclass(frozen=True, slots=True)
class _Fragment:
    html: str
    until: float
    rendered: Rendered
    rendered_at: float


class Shelf(Generic[Row]):
    """Rows of one kind, by host and key. `holds_until` says when the words of a row next change by the clock alone."""

    def __init__(self, *, render: Callable[[str, Row, Any], Rendered], holds_until: Callable[[Row, float], float]):
        self._render = render
        self._holds_until = holds_until
        # By host, and by whose eyes see only a part of it ("" sees everything).
        self._hosts: dict[str, dict[str, dict[str, _Kept[Row]]]] = {}
        self._lists: dict[tuple[str, str], tuple[Mapping[str, Any], Any, list[Row]]] = {}

    def rows(self, host: str, raws: Mapping[str, Any], read: Callable[[Any], Row], *, beside: Any = None) -> list[Row]:
        """The rows of a host's raw objects, read anew only where something changed.

        `beside` is what else a row is made of (the containers that use an image): its identity is part of the question.
        The list is the same object for as long as nothing changed: do not change it.
        """
        view = getattr(raws, "view", "")
        last = self._lists.get((host, view))
        if last is not None and last[0] is raws and last[1] is beside:
            return last[2]
        views = self._hosts.get(host, {})
        kept = views.get(view, {})
        now_kept: dict[str, _Kept[Row]] = {}
        for key, raw in raws.items():
            one = kept.get(key)
            if one is None or one.source[0] is not raw or one.source[1] is not beside:
                row = read(raw)
                # Something beside it changed, but nothing that shows: its fragments are still right.
                one = self._alike(views, key, row, (raw, beside)) or _Kept((raw, beside), row)
            now_kept[key] = one
        if len(self._hosts) >= MOST_HOSTS and host not in self._hosts:
            for view_of_gone in self._hosts.pop(gone := next(iter(self._hosts)), {}):
                self._lists.pop((gone, view_of_gone), None)
        # Put in its place whole: other threads read the old mapping or the new one, never one in between.
        now_views = {name: one for name, one in views.items() if name != view}
        if len(now_views) >= MOST_VIEWS:
            self._lists.pop((host, dropped := next(iter(now_views))), None)
            now_views.pop(dropped)
        self._hosts[host] = {**now_views, view: now_kept}
        rows = [one.row for one in now_kept.values()]
        self._lists[host, view] = (raws, beside, rows)
        return rows

    @staticmethod
    def _alike(
        views: Mapping[str, Mapping[str, "_Kept[Row]"]], key: str, row: Row, source: tuple[Any, ...]
    ) -> "_Kept[Row] | None":
        """The same row, read before or for somebody else: its fragments are right for whoever sees the same."""
        alike = next((one for kept in views.values() if (one := kept.get(key)) is not None and one.row == row), None)
        return _Kept(source, alike.row, alike.fragments) if alike is not None else None

    def html(self, host: str, key: str, row: Row, variant: Hashable) -> str:
        """The row's `<tr>`; `variant` is what it depends on beside the row: the actions that its reader may do.

        An Allowed stands for those that are allowed on this very row.
        """
        now, variant = time.time(), variant.on(key) if isinstance(variant, Allowed) else variant
        for kept in self._hosts.get(host, {}).values():
            one = kept.get(key)
            if one is not None and one.row is row:
                break
        else:
            return _at(now, self._render(host, row, variant))
        kept_one = one.fragments.get(variant)
        if kept_one is not None and now < kept_one.until:
            return kept_one.html
        if kept_one is None or isinstance(kept_one.rendered, str) or now - kept_one.rendered_at > MOST_REDRAWN_S:
            rendered, rendered_at = self._render(host, row, variant), now
        else:
            rendered, rendered_at = kept_one.rendered, kept_one.rendered_at
        while len(one.fragments) >= MOST_VARIANTS:
            one.fragments.pop(next(iter(one.fragments), None), None)
        html = _at(now, rendered)
        one.fragments[variant] = _Fragment(html, self._holds_until(row, now), rendered, rendered_at)
        return html


def _at(now: float, rendered: Rendered) -> str:
    return rendered if isinstance(rendered, str) else rendered(now)
