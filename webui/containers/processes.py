"""What runs inside a container: the answer of `GET /containers/{id}/top` as a table with words over its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy

_PS_ARGUMENTS: Final = "-eo pid,user,pcpu,pmem,stime,time,args"
# Podman reads the words of its own `podman top`, and leaves the answer empty for what it does not know.
_PODMAN_ARGUMENTS: Final = "pid,user,pcpu,time,args"
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


def asked_top(api: Any, container_id: str) -> Mapping[str, Any]:
    """The host's answer. Podman goes on answering for ever unless `stream` says no; Docker does not know the word."""
    for arguments in (_PS_ARGUMENTS, _PODMAN_ARGUMENTS):
        params = {"ps_args": arguments, "stream": "false"}
        response = api._get(api._url("/containers/{0}/top", container_id), params=params)
        api._raise_for_status(response)
        if response.content:
            break
    answer: Mapping[str, Any] = response.json()
    return answer


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
