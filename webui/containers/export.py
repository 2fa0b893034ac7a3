"""The list as a file for spreadsheets: what stands in it comes from outside, so no cell may begin a formula."""

import csv
import io
from datetime import UTC, datetime
from typing import Final

from webui.containers.page import Listing, figure_of
from webui.containers.rows import ContainerRow

HEADER: Final = (
    "host", "name", "id", "state", "health", "exit_code", "stack", "service", "image", "image_id", "update",
    "cpu_percent", "memory_bytes", "ports", "networks", "volumes", "owner", "created", "command",
)  # fmt: skip
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"); a tab or a line end hides one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def as_csv(found: Listing) -> str:
    """A header line, then one line per container that the filter shows, in the order of the page."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(HEADER)
    for row in found.chosen:
        writer.writerow([guarded(cell) for cell in _cells(row, found)])
    return lines.getvalue()


def guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(row: ContainerRow, found: Listing) -> list[str]:
    figure = figure_of(row, found.figures)
    return [
        row.host_name,
        row.name,
        row.short_id,
        row.state,
        row.health,
        "" if row.exit_code is None else str(row.exit_code),
        row.stack,
        row.service,
        row.image,
        row.image_id,
        "yes" if row.has_update else "",
        "" if figure is None else f"{figure.cpu:.1f}",
        "" if figure is None else str(figure.memory),
        ", ".join(port.words for port in row.ports),
        ", ".join(f"{name} {ip}".strip() for name, ip in row.addresses),
        ", ".join(mount.source for mount in row.mounts if mount.kind == "volume"),
        row.owner,
        datetime.fromtimestamp(row.created, UTC).isoformat() if row.created else "",
        row.command,
    ]
