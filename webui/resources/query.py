"""Filtering, sorting, counting and cutting lists: pure functions from rows and a URL's query to rows.

The same functions serve a page, the next windows of a long list and the live feed, so that all three agree.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from webui.pages import WINDOW_PARAMS

Row = TypeVar("Row")
SortKey = Callable[[Any], tuple[Any, ...]]

# What a browser builds in about a fifth of a second; more comes as its reader scrolls.
WINDOW: Final = 100
# What of a URL says which list it is; windows and marks of the moment are no part of it.
HELD: Final = ("q", "show", "sort", "group", "fold", "columns")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a URL asks of a list: words to match, one chip ("" for all), and a sort key ("-" before it: descending)."""

    text: str = ""
    show: str = ""
    sort: str = "name"
    grouped: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.show)


def read_query(params: Mapping[str, Any], *, shows: Collection[str], sorts: Collection[str]) -> ListQuery:
    """Read a query string. What makes no sense is ignored: an old link still shows a list."""
    show, sort = str(params.get("show") or ""), str(params.get("sort") or "name")
    return ListQuery(
        text=str(params.get("q") or "").strip(),
        show=show if show in set(shows) else "",
        sort=sort if sort.removeprefix("-") in sorts else "name",
        grouped=params.get("group", "stack") == "stack",
    )


def select_rows(
    rows: Iterable[Row],
    query: ListQuery,
    *,
    matches: Callable[[Row], bool],
    show_of: Callable[[Row], str],
    sorts: Mapping[str, SortKey],
) -> list[Row]:
    """The rows that the query asks for, in its order."""
    chosen = [row for row in rows if (not query.show or show_of(row) == query.show) and matches(row)]
    chosen.sort(key=sorts[query.sort.removeprefix("-")], reverse=query.sort.startswith("-"))
    return chosen


def count_shows(
    rows: Iterable[Row], *, matches: Callable[[Row], bool], show_of: Callable[[Row], str], shows: Iterable[str]
) -> dict[str, int]:
    """How many rows are under each chip, of those that match; they add up to all that match."""
    found = Counter(show_of(row) for row in rows if matches(row))
    return {show: found[show] for show in shows}


@dataclass(frozen=True, slots=True)
class Window(Generic[Row]):
    """Neighbouring rows of a list, how many stand above and below them, and what names the window that follows."""

    rows: Sequence[Row]
    above: int
    below: int
    following: str


def window_of(
    rows: Sequence[Row], params: Mapping[str, Any], *, key: Callable[[Row], str], size: int = WINDOW
) -> Window[Row]:
    """The rows that a query string names: those `after` a row or `before` it, without either the first ones.

    Both are `position:key`. The key is looked for near the position, so that rows that came or went meanwhile neither
    repeat nor hide others. The position counts where there is no key, where its row is gone, and where it has moved far
    away: whoever reads on wants what follows there, not what now stands beside that row.
    """
    before = str(params.get("before") or "")
    position, _, wanted = (before or str(params.get("after") or "")).partition(":")
    place = min(int(position), len(rows)) if position.isdecimal() else 0
    if wanted:
        found = _nearest(rows, wanted, place if before else place - 1, key=key)
        place = place if found is None else found if before else found + 1
    start = max(place - size, 0) if before else place
    end = place if before else min(place + size, len(rows))
    chosen = rows[start:end]
    following = f"{end}:{key(chosen[-1])}" if chosen and end < len(rows) else ""
    return Window(chosen, start, len(rows) - end, following)


def _nearest(rows: Sequence[Row], wanted: str, place: int, *, key: Callable[[Row], str]) -> int | None:
    """Where the row with this key is, within a window of the place."""
    near = range(max(place - WINDOW, 0), min(place + WINDOW + 1, len(rows)))
    return next((one for one in near if key(rows[one]) == wanted), None)


@functools.lru_cache(maxsize=20_000)
def natural(text: str) -> str:
    """A sort key by which web-2 comes before web-10, without regard to case."""
    # Text, not a tuple: a thousand names are sorted for each page and each change.
    return _NUMBER.sub(lambda number: number[0].rjust(20, "0"), text.lower())


def next_url(params: Mapping[str, str], following: str) -> str:
    """The URL of the window after this one, relative to the page; "" when there is none."""
    if not following:
        return ""
    kept = {key: value for key, value in params.items() if key not in WINDOW_PARAMS}
    return "?" + urlencode({**kept, "after": following})


def list_url(host: str, kind: str, params: Mapping[str, str], *, stamp: str) -> str:
    """The websocket that keeps this very list right: the same query, and the stamp of the picture that it shows."""
    kept = {name: params[name] for name in HELD if params.get(name)}
    return f"/ws/h/{host}/lists/{kind}/?{urlencode({**kept, 'at': stamp})}"
