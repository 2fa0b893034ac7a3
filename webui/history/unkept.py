"""Whose logs cannot be kept, noted beside what is kept: the host cannot read back what their log drivers write.

Written by the keeper when the host says so, taken back when it gives lines after all; read by the pages.
"""

import json
from pathlib import Path
from typing import Final

from webui.history.segments import write_whole

_FILE: Final = "unkept.json"
_LONGEST_NAME: Final = 100


def note_unkept(folder: Path, driver: str) -> None:
    """Raises OSError."""
    if driver_in_the_way(folder) != driver:
        write_whole(folder / _FILE, json.dumps({"driver": driver}).encode())


def forget_unkept(folder: Path) -> None:
    """Raises OSError."""
    (folder / _FILE).unlink(missing_ok=True)


def driver_in_the_way(folder: Path) -> str:
    """The log driver for which nothing is kept of this container; "" where its log can be kept."""
    try:
        return str(json.loads((folder / _FILE).read_bytes())["driver"])[:_LONGEST_NAME]
    except (OSError, ValueError, LookupError, TypeError):
        return ""
