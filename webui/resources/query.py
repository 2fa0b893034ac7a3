"""Filtering, sorting, counting and cutting lists: pure functions from rows and a URL's query to rows.

The same functions serve a page, the next windows of a long list and the live feed, so that all three agree.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")
SortKey = Callable[[Any], tuple[Any, ...]]

# What a browser builds in about a fifth of a second; more comes as its reader scrolls.
WINDOW: Final = 100
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


def window_of(
    rows: Sequence[Row], after: str, *, key: Callable[[Row], str], size: int = WINDOW
) -> tuple[list[Row], str]:
    """(the rows after the one named, what names the window after it). `after` is `position:key`, "" for the first.

    The key is looked for first, so that rows that came or went meanwhile neither repeat nor hide others; the position
    is where to go on once the row itself is gone.
    """
    position, _, last = after.partition(":")
    start = next((place + 1 for place, row in enumerate(rows) if key(row) == last), None) if last else 0
    if start is None:
        start = int(position) if position.isdecimal() else 0
    end = start + size
    chosen = list(rows[start:end])
    return chosen, f"{end}:{key(chosen[-1])}" if chosen and end < len(rows) else ""


@functools.lru_cache(maxsize=20_000)
def natural(text: str) -> str:
    """A sort key by which web-2 comes before web-10, without regard to case."""
    # Text, not a tuple: a thousand names are sorted for each page and each change.
    return _NUMBER.sub(lambda number: number[0].rjust(20, "0"), text.lower())


def next_url(params: Mapping[str, str], following: str) -> str:
    """The URL of the window after this one, relative to the page; "" when there is none."""
    if not following:
        return ""
    return "?" + urlencode({**{key: value for key, value in params.items() if key != "after"}, "after": following})


def list_url(host: str, kind: str, params: Mapping[str, str], *, stamp: str) -> str:
    """The websocket that keeps this very list right: the same query, and the stamp of the picture that it shows."""
    kept = {name: params[name] for name in ("q", "show", "sort", "group", "fold") if params.get(name)}
    return f"/ws/h/{host}/lists/{kind}/?{urlencode({**kept, 'at': stamp})}"
