"""Which containers a list shows, and in what order: pure functions from rows and a URL's query to rows.

The same functions serve the page, the next windows of a long list and the live feed, so that all three agree.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from webui.containers.rows import Condition, ContainerRow
from webui.live import Figure
from webui.resources import ListQuery, count_shows, natural, read_query, select_rows

# Trouble first where a person sorts by state: that is what they look for.
_CONDITION_ORDER: Final = {condition: place for place, condition in enumerate(Condition)}

SORTS: Final[Mapping[str, Callable[[ContainerRow], tuple[Any, ...]]]] = {
    "name": lambda row: (natural(row.name),),
    "state": lambda row: (_CONDITION_ORDER[row.condition], row.state, natural(row.name)),
    "image": lambda row: (row.image, natural(row.name)),
    "ports": lambda row: (min((p.host_port or 1 << 17 for p in row.ports), default=1 << 18), natural(row.name)),
    "age": lambda row: (-row.created, natural(row.name)),
}


def sorts_by(figures: Mapping[str, Figure]) -> Mapping[str, Callable[[ContainerRow], tuple[Any, ...]]]:
    """All sort keys. By CPU and memory the hungriest lead, and what does not run comes last."""

    def figure(name: str) -> Callable[[ContainerRow], tuple[Any, ...]]:
        return lambda row: (-getattr(figures[row.id], name) if row.id in figures else 1, natural(row.name))

    return {**SORTS, "cpu": figure("cpu"), "memory": figure("memory")}


def query_of(params: Mapping[str, Any]) -> ListQuery:
    return read_query(params, shows=list(Condition), sorts=sorts_by({}))


def selected(
    rows: Iterable[ContainerRow], query: ListQuery, figures: Mapping[str, Figure] | None = None
) -> list[ContainerRow]:
    """The rows that the query asks for, in its order. Grouped by stack, those without one come last."""
    chosen = select_rows(rows, query, matches=matcher(query.text), show_of=_show_of, sorts=sorts_by(figures or {}))
    if query.grouped:
        chosen.sort(key=lambda row: (not row.stack, natural(row.stack)))
    return chosen


def counts(rows: Iterable[ContainerRow], text: str = "") -> dict[str, int]:
    """How many rows are in each condition, of those that the text lets through; they add up to the total."""
    return count_shows(rows, matches=matcher(text), show_of=_show_of, shows=list(Condition))


def _show_of(row: ContainerRow) -> str:
    return row.condition


Matcher = Callable[[ContainerRow], bool]


def matcher(text: str) -> Matcher:
    """A test for rows from what a person typed: every word must match; `key=value` asks about one thing."""
    tests = [_term(word.lower()) for word in text.split()]
    return lambda row: all(test(row) for test in tests)


def _term(word: str) -> Matcher:
    if word.startswith("!") and len(word) > 1:
        test = _term(word[1:])
        return lambda row: not test(row)
    key, equals, value = word.partition("=")
    if equals and key in _KEYS:
        return _KEYS[key](value)
    return lambda row: (
        word in row.name.lower()
        or word in row.image.lower()
        or word in row.stack.lower()
        or (len(word) >= 4 and row.id.startswith(word))
    )


def _label(value: str) -> Matcher:
    name, equals, wanted = value.partition("=")

    def test(row: ContainerRow) -> bool:
        held = {key.lower(): text.lower() for key, text in row.labels.items()}
        return held.get(name) == wanted if equals else name in held

    return test


def _port(value: str) -> Matcher:
    return lambda row: any(value in {str(port.host_port), str(port.container_port)} for port in row.ports)


_KEYS: Final[Mapping[str, Callable[[str], Matcher]]] = {
    "name": lambda value: lambda row: value in row.name.lower(),
    "image": lambda value: lambda row: value in row.image.lower(),
    "stack": lambda value: lambda row: value == row.stack.lower(),
    "service": lambda value: lambda row: value == row.service.lower(),
    "state": lambda value: lambda row: value in {row.state, row.condition.value},
    "health": lambda value: lambda row: value == row.health,
    "network": lambda value: lambda row: value in {name.lower() for name in row.networks},
    "volume": lambda value: lambda row: value in {mount.source.lower() for mount in row.mounts},
    "label": _label,
    "port": _port,
    "id": lambda value: lambda row: row.id.startswith(value),
}
