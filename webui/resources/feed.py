"""Any list, live: which swaps bring a browser's rows to what the picture holds now.

A viewer's memory holds what the page shows, element by element; its first call only compares the page's stamp, which
names the very picture that the page was made from.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.template.loader import render_to_string

from webui.live import ORDER, Message, Picture, Viewer, sees_all
from webui.ownership import LEDGER
from webui.pages import ListPage, list_parts
from webui.resources.staleness import stale_html, stale_words

STAMP: Final = "at"
# The swap that says where rows are to stand.
_ORDER_SWAP: Final = "order"


def stamp_of(picture: Picture) -> str:
    """Names a picture as somebody sees it: its serial counts in one process only, and owners are no part of it."""
    owners = "-".join(str(part) for part in LEDGER.version)
    return f"{os.getpid()}-{picture.serial}-{picture.state}-{owners}{'' if sees_all(picture) else '-part'}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as a viewer should see it now: every element by its id, in order, and the page around them.

    An element is its HTML; or, where `html` makes that, anything that is equal for as long as it shows the same. So a
    thousand rows are compared at each change, and only those that changed are drawn.

    `moves` says that rows come to stand elsewhere while they are the same, as by the figures of a meter. A page that
    shows them asks for their order when its reader is at none of them (ORDER in the viewer's memory).
    """

    elements: Mapping[str, Any]
    page: ListPage
    html: Callable[[str], str] | None = None
    moves: bool = False


@dataclass(frozen=True, slots=True)
class RowsFeed:
    """A `live.ListFeed` for a list whose whole content `show` can tell at little cost (fragments are kept).

    `beside` are the other kinds that its rows are made of: the containers that use an image.
    """

    kind: str
    operation: str
    show: Callable[[Picture, Viewer, Mapping[str, str]], Shown]
    beside: frozenset[str] = frozenset()

    @property
    def watches(self) -> frozenset[str]:
        return self.beside | {self.kind}

    def messages(
        self, *, picture: Picture, viewer: Viewer, params: QueryDict, changed: frozenset[str]
    ) -> Sequence[Message]:
        given = {key: str(value) for key, value in params.dict().items()}
        stamp = given.pop(STAMP, "")
        shown = self.show(picture, viewer, given)
        stale = stale_words(picture, viewer.host.name)
        return list_messages(shown, given, viewer.memory, stale=stale, is_right=stamp == stamp_of(picture))


def list_messages(
    shown: Shown, params: Mapping[str, str], memory: dict[str, Any], *, stale: str, is_right: bool
) -> list[Message]:
    """From what a browser holds (`memory`) to what it should: `is_right` says that a page that has just come does."""
    before, said = memory.get("elements"), memory.get("stale")
    memory.update(elements=shown.elements, stale=stale)
    around = _around(shown.page, params, memory)
    if before is None:
        memory["order"] = None
        return [] if is_right else [_whole(shown), *around, _banner(stale)]
    swaps = list(_swaps(before, shown))
    if shown.moves:
        swaps += _moves(before, shown, memory)
    if stale != said:
        swaps.append(_banner(stale))
    return [*swaps, *around]


def _moves(before: Mapping[str, Any], shown: Shown, memory: dict[str, Any]) -> list[Message]:
    """Where rows are to stand now, for a page that has asked: `place:id,id,…`, each place where another row stood.

    Of a page whose order is not known it is all of them.
    """
    asked, order = memory.pop(ORDER, ""), memory.get("order")
    if order is not None and before.keys() != shown.elements.keys():
        order = memory["order"] = _after_swaps(order, shown.elements)
    if not asked:
        return []
    now = list(shown.elements)
    memory["order"] = now
    runs = _runs([] if asked == "all" or order is None else order, now)
    return [Message(target="#rows", swap=_ORDER_SWAP, content=" ".join(runs))] if runs else []


def _after_swaps(order: Sequence[str], elements: Mapping[str, Any]) -> list[str]:
    """What became of an order by what comes and goes (`_swaps`)."""
    kept = [key for key in order if key in elements]
    known, previous = set(kept), ""
    for key in elements:
        if key not in known:
            kept.insert(kept.index(previous) + 1 if previous else 0, key)
        previous = key
    return kept


def _runs(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Neighbouring places where something else stands now, with what does."""
    runs: list[list[str]] = []
    last = -2
    for place, key in enumerate(now):
        if place < len(before) and before[place] == key:
            continue
        if place != last + 1:
            runs.append([f"{place}:{key}"])
        else:
            runs[-1].append(key)
        last = place
    return [",".join(run) for run in runs]


def _whole(shown: Shown) -> Message:
    content = render_to_string("pages/_rows.html", {"list": shown.page})
    return Message(target="#rows", swap="innerMorph", content=content)


def _banner(words: str) -> Message:
    return Message(target="#stale", swap="outerMorph", content=stale_html(words))


def _around(page: ListPage, params: Mapping[str, str], memory: dict[str, Any]) -> list[Message]:
    """The chips and the count, where they say something else than before."""
    says = (tuple(page.chips), page.total, page.all_total, str(page.note))
    if memory.get("around") == says:
        return []
    memory["around"] = says
    parts = list_parts(page, params)
    return [
        Message(target="#chips", swap="outerMorph", content=parts["chips"]),
        Message(target="#list-count", swap="innerHTML", content=parts["count"]),
    ]


def _swaps(before: Mapping[str, Any], shown: Shown) -> Iterator[Message]:
    """Gone ones out, changed ones in place, new ones after the one that they follow. Nothing that is shown moves."""
    now = shown.elements
    html: Callable[[str], str] = shown.html or now.__getitem__
    yield from (Message(target=f"#{key}", swap="delete", content=" ") for key in before if key not in now)
    previous = ""
    for key, element in now.items():
        if key not in before:
            swap = ("#" + previous, "afterend") if previous else ("#rows", "afterbegin")
            yield Message(target=swap[0], swap=swap[1], content=html(key))
        elif before[key] != element:
            yield Message(target=f"#{key}", swap="outerMorph", content=html(key))
        previous = key
