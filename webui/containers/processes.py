"""What runs inside a container: the answer of `GET /containers/{id}/top` as a table with words over its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy

# What ps calls its columns, by what they are to a reader; others are left out.
_COLUMNS: Final = (
    ("PID", gettext_lazy("PID"), True),
    ("USER", gettext_lazy("User"), False),
    ("UID", gettext_lazy("User"), False),
    ("%CPU", gettext_lazy("CPU %"), True),
    ("C", gettext_lazy("CPU %"), True),
    ("%MEM", gettext_lazy("Memory %"), True),
    ("STARTED", gettext_lazy("Started"), False),
    ("STIME", gettext_lazy("Started"), False),
    ("START", gettext_lazy("Started"), False),
    ("TIME", gettext_lazy("CPU time"), True),
    ("COMMAND", gettext_lazy("Command"), False),
    ("CMD", gettext_lazy("Command"), False),
)


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_number: bool
    is_command: bool


@dataclass(frozen=True, slots=True)
class Processes:
    titles: Sequence[Any]
    rows: Sequence[Sequence[Cell]]


def processes_of(top: Mapping[str, Any]) -> Processes:
    places = {str(title): place for place, title in enumerate(top.get("Titles") or [])}
    shown = [(places[name], label, is_number, name in {"CMD", "COMMAND"})
             for name, label, is_number in _COLUMNS if name in places]  # fmt: skip
    rows = [
        [Cell(str(line[place]) if place < len(line) else "", is_number, is_command)
         for place, _label, is_number, is_command in shown]
        for line in top.get("Processes") or []
    ]  # fmt: skip
    return Processes([(label, is_number) for _place, label, is_number, _is_command in shown], rows)
