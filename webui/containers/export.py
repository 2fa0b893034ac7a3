"""The list as a file for spreadsheets: what stands in it comes from outside, so no cell may begin a formula.

Which separators spreadsheets take for such, and why the file says that it is UTF-8: docs/decisions/lists-as-csv.md.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from webui.containers.cells import SPOKEN
from webui.containers.page import Listing, figure_of
from webui.containers.rows import ContainerRow
from webui.live import Figure
from webui.pages import Column

# By it Excel knows UTF-8; LibreOffice, Numbers and Python's "utf-8-sig" know it, too.
_MARK: Final = "\ufeff"
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"); a tab or a line end hides one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
# A spreadsheet that is set to other separators than this file has begins a cell after each of its own.
_HIDDEN: Final = re.compile(r"([,;\t|])(\s*[\"']?\s*)([=+@\-＝＋－＠])")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a file are told apart, and the sign in its numbers that goes with it."""

    separator: str
    decimal: str


DIALECTS: Final[Mapping[str, Dialect]] = {"comma": Dialect(",", "."), "semicolon": Dialect(";", ",")}


@dataclass(frozen=True, slots=True)
class _Line:
    row: ContainerRow
    figure: Figure | None
    dialect: Dialect


_Read = Callable[[_Line], str]


def _cpu(line: _Line) -> str:
    return "" if line.figure is None else f"{line.figure.cpu:.1f}".replace(".", line.dialect.decimal)


def _memory(line: _Line) -> str:
    return "" if line.figure is None else str(line.figure.memory)


def _created(line: _Line) -> str:
    return datetime.fromtimestamp(line.row.created, UTC).isoformat() if line.row.created else ""


_FIELDS: Final[Mapping[str, _Read]] = {
    "host": lambda line: line.row.host_name,
    "name": lambda line: line.row.name,
    "id": lambda line: line.row.short_id,
    "state": lambda line: line.row.state,
    "health": lambda line: line.row.health,
    "exit_code": lambda line: "" if line.row.exit_code is None else str(line.row.exit_code),
    "stack": lambda line: line.row.stack,
    "service": lambda line: line.row.service,
    "image": lambda line: line.row.image,
    "image_id": lambda line: line.row.image_id,
    "update": lambda line: "yes" if line.row.has_update else "",
    "cpu_percent": _cpu,
    "memory_bytes": _memory,
    "ports": lambda line: ", ".join(port.words for port in line.row.ports),
    "networks": lambda line: SPOKEN["networks"](line.row),
    "volumes": lambda line: SPOKEN["volumes"](line.row),
    "owner": lambda line: line.row.owner,
    "created": _created,
    "command": lambda line: line.row.command,
}
HEADER: Final = tuple(_FIELDS)

# A column of the page as a file has it: numbers without units, moments in place of spans.
_OF_COLUMN: Final[Mapping[str, str]] = {"cpu": "cpu_percent", "memory": "memory_bytes", "age": "created"}
_STATE: Final = "state"


def as_csv(found: Listing, *, columns: Sequence[Column] | None = None, dialect: Dialect = DIALECTS["comma"]) -> str:
    """A header line, then one line per container that the filter shows, in the order of the page.

    Every field there is; with `columns` those of the page, in its order and under its words.
    """
    lines = io.StringIO()
    # Every cell is quoted: one that begins with a quotation mark is read to its end, whatever is in it.
    writer = csv.writer(lines, delimiter=dialect.separator, quoting=csv.QUOTE_ALL)
    fields = _fields_of(columns)
    writer.writerow(name for name, _field in fields)
    for row in found.chosen:
        line = _Line(row, figure_of(row, found.figures), dialect)
        writer.writerow(guarded(read(line), dialect) for _name, read in fields)
    return _MARK + lines.getvalue()


def _fields_of(columns: Sequence[Column] | None) -> Sequence[tuple[str, _Read]]:
    if columns is None:
        return list(_FIELDS.items())
    return [(_head(column), _reader(column.name)) for column in columns]


def _head(column: Column) -> str:
    unit = {"cpu": " (%)", "memory": " (bytes)"}.get(column.name, "")
    return f"{column.label}{unit}"


def _reader(name: str) -> _Read:
    if name == _STATE:
        return lambda line: SPOKEN[_STATE](line.row)
    return _FIELDS[_OF_COLUMN.get(name, name)]


def guarded(text: str, dialect: Dialect = DIALECTS["comma"]) -> str:
    """The text with an apostrophe before whatever a spreadsheet could take for a formula."""
    if text.lstrip(" \u00a0").startswith(_FORMULA):
        text = f"'{text}"
    return _HIDDEN.sub(lambda found: found[0] if found[1] == dialect.separator else f"{found[1]}{found[2]}'{found[3]}",
                       text)  # fmt: skip
