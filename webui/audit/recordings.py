"""Recordings of console sessions: what was shown, never what was typed, since people type passwords.

One asciicast v2 file for each session (docs.asciinema.org/manual/asciicast/v2), readable by us alone, beside the entry
that it belongs to. It is bounded: what comes after the bound is not kept, and the entry's page says so.
"""

import codecs
import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_BYTES: Final = 16 * 1024 * 1024
_FLUSH_BYTES: Final = 32 * 1024
_FLUSH_S: Final = 2.0


class Recorder:
    """The recording of one session. `feed` and `resized` only collect; `write` is what touches the disk."""

    def __init__(self, entry_id: int, *, columns: int, rows: int, title: str, now: datetime | None = None) -> None:
        began = now or timezone.now()
        self.name = f"{began:%Y-%m}/{entry_id}.cast"
        self._entry_id = entry_id
        self._began = self._written_at = time.monotonic()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        head = {"version": 2, "width": columns, "height": rows, "timestamp": int(began.timestamp()), "title": title}
        self._pending = [json.dumps(head)]
        self._pending_bytes = self._size_bytes = 0
        self.is_cut = False

    @property
    def is_due(self) -> bool:
        """Whether enough has been collected, or waited for long enough, to be written."""
        return self._pending_bytes > _FLUSH_BYTES or time.monotonic() - self._written_at > _FLUSH_S

    def feed(self, data: bytes) -> None:
        """What the terminal showed now."""
        text = self._decoder.decode(data)
        if text:
            self._add("o", text)

    def resized(self, columns: int, rows: int) -> None:
        self._add("r", f"{columns}x{rows}")

    def write(self) -> None:
        """Append what was collected to the file."""
        path = path_of(self.name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = "".join(f"{line}\n" for line in self._pending).encode()
        self._pending, self._pending_bytes, self._written_at = [], 0, time.monotonic()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(data)

    def end(self) -> None:
        """Write the rest, and say in the database that the recording is there."""
        from webui.audit.models import Recording

        self.write()
        Recording.objects.create(
            entry_id=self._entry_id, name=self.name, size_bytes=path_of(self.name).stat().st_size, is_cut=self.is_cut,
            duration_ms=round((time.monotonic() - self._began) * 1000),
        )  # fmt: skip

    def _add(self, kind: str, text: str) -> None:
        line = json.dumps([round(time.monotonic() - self._began, 3), kind, text], ensure_ascii=False)
        size = len(line.encode())
        if self.is_cut or self._size_bytes + size > LARGEST_BYTES:
            self.is_cut = True
            return
        self._pending.append(line)
        self._pending_bytes += size
        self._size_bytes += size


def path_of(name: str) -> Path:
    """Where a recording is. Names come from `Recorder` alone, through the database."""
    return Path(settings.QUAYSIDE_DATA) / "recordings" / name


def forget(entry_ids: "Iterable[int]") -> None:
    """Remove the files of entries that are about to go."""
    from webui.audit.models import Recording

    for name in Recording.objects.filter(entry_id__in=list(entry_ids)).values_list("name", flat=True):
        path_of(name).unlink(missing_ok=True)
