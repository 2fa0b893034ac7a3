"""The log as a file, made while it is sent: a few hundred entries at a time, however many there are."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import orjson
from asgiref.sync import sync_to_async
from django.db.models import QuerySet

from webui.audit.models import Entry

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
FIELDS: Final = (
    "id", "at", "username", "role", "address", "operation", "host", "resource", "target", "target_name", "is_allowed",
    "rule", "status", "duration_ms", "message", "method", "path", "user_id", "token", "part_of",
)  # fmt: skip
_AT_ONCE: Final = 500
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"); a tab or a line end hides one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


async def as_csv(entries: QuerySet[Entry]) -> AsyncIterator[str]:
    """A header line, then one line per entry, newest first."""
    yield _line(FIELDS)
    async for batch in _batches(entries):
        yield "".join(_line([_cell(values[name]) for name in FIELDS]) for values in batch)


async def as_json(entries: QuerySet[Entry]) -> AsyncIterator[bytes]:
    """One JSON array with an object per line, newest first."""
    separator = b"[\n"
    async for batch in _batches(entries):
        yield separator + b",\n".join(orjson.dumps(values, option=orjson.OPT_UTC_Z) for values in batch)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


async def _batches(entries: QuerySet[Entry]) -> AsyncIterator[list[dict[str, Any]]]:
    """Each from its own short query: a download that takes minutes holds no connection to the database."""
    rest = entries.order_by("-pk").values(*FIELDS)
    while True:
        batch: list[dict[str, Any]] = await sync_to_async(lambda asked=rest: list(asked[:_AT_ONCE]))()
        if not batch:
            return
        yield batch
        rest = entries.order_by("-pk").values(*FIELDS).filter(pk__lt=batch[-1]["id"])


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    """A value as text that no spreadsheet carries out."""
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
