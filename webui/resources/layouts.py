"""Which columns of a list a person sees, in what order and how wide; and the views that they saved under a name.

A list that has not been arranged looks as it is declared. What is stored of columns that are no more is ignored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db.models import CharField, IntegerField

from webui.pages import Column
from webui.prepared import Given, Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from webui.resources.models import ListLayout

NARROWEST_PX: Final = 48
WIDEST_PX: Final = 900


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that are shown, in order, each with its own width where it has one."""

    columns: Sequence[Column]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _stored() -> "QuerySet[ListLayout]":
    from webui.resources.models import ListLayout

    return ListLayout.objects.filter(user_id=Given("user_id", IntegerField()), kind=Given("kind", CharField()))


_STORED: "Final[Prepared[ListLayout]]" = Prepared(_stored)


def layout_of(
    user_id: int | None, kind: str, every: Sequence[Column], *, shown: Iterable[str], named: str = ""
) -> Layout:
    """How this person sees the list of a kind. `every` are all columns there are, `shown` those shown by default.

    What an address names (`named`, see `written`) goes before what is stored.
    The first column always leads: a row without its name says nothing.
    """
    if named:
        return read(every, named)
    stored = None if user_id is None else _STORED.first(user_id=user_id, kind=kind)
    return arranged(every, stored.columns, stored.widths) if stored else arranged(every, list(shown), {})


def written(layout: Layout, every: Sequence[Column]) -> str:
    """The columns as an address names them: `name.state-180.cpu`, with the widths that are not the columns' own."""
    own = {column.name: column.width_px for column in every}
    return ".".join(
        column.name if column.width_px == own[column.name] else f"{column.name}-{column.width_px}"
        for column in layout.columns
    )


def read(every: Sequence[Column], named: str) -> Layout:
    """The columns that an address names. What makes no sense of it is ignored: an old link still shows a list."""
    parts = [part.partition("-") for part in named.split(".")]
    return arranged(
        every, [name for name, _dash, _width in parts], {name: width for name, _dash, width in reversed(parts)}
    )


def arranged(every: Sequence[Column], names: Sequence[Any], widths: Mapping[str, Any]) -> Layout:
    known = {column.name: column for column in every}
    lead = every[0].name
    chosen = [lead, *(name for name in dict.fromkeys(names) if name in known and name != lead)]
    return Layout(
        [replace(known[name], width_px=width_of(widths.get(name)) or known[name].width_px) for name in chosen]
    )


def width_of(given: Any) -> int:
    """A width in pixels as somebody gave it; 0 for one that makes no sense, which leaves the column's own."""
    try:
        width = int(given)
    except (TypeError, ValueError):
        return 0
    return min(max(width, NARROWEST_PX), WIDEST_PX) if width > 0 else 0


def keep_layout(user_id: int, kind: str, *, columns: Sequence[str] | None = None, widths: Mapping[str, int]) -> None:
    """Store what somebody arranged. Without `columns` only the widths change; a width of 0 gives a column its own."""
    from webui.resources.models import ListLayout

    stored, _made = ListLayout.objects.get_or_create(user_id=user_id, kind=kind, defaults={"columns": []})
    if columns is not None:
        stored.columns = list(columns)
    stored.widths = {name: width for name, width in {**stored.widths, **widths}.items() if width}
    stored.save()


def forget_layout(user_id: int, kind: str) -> None:
    """Back to the list as it is declared."""
    from webui.resources.models import ListLayout

    ListLayout.objects.filter(user_id=user_id, kind=kind).delete()
