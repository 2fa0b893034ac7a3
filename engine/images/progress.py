"""Progress as docker's clients read it (pkg/jsonmessage): a status per layer, a bar, human sizes."""

import time
from collections.abc import Callable
from typing import Any

# Called on the event loop's thread; never blocks.
Progress = Callable[[dict[str, Any]], None]

_INTERVAL_S = 0.1


def human_size(size: float) -> str:
    """Four significant digits, powers of 1000: 1.229MB."""
    units = ["B", "kB", "MB", "GB", "TB", "PB"]
    position = 0
    while size >= 1000 and position < len(units) - 1:
        size /= 1000
        position += 1
    return f"{size:.4g}{units[position]}"


def bar(current: int, total: int) -> str:
    if total <= 0:
        return f"{human_size(current):>8}" if current > 0 else ""
    half = min(50, int(current / total * 100) // 2)
    numbers = f"{human_size(current):>8}" + (f"/{human_size(total)}" if current <= total else "")
    return f"[{'=' * half}>{' ' * (50 - half)}] {numbers}"


def status(text: str, layer: str) -> dict[str, Any]:
    return {"status": text, "progressDetail": {}, "id": layer}


class Meter:
    """Reports how far something is, at most ten times a second and once at its end."""

    def __init__(self, progress: Progress, action: str, *, layer: str, total: int) -> None:
        self._progress = progress
        self._action = action
        self._layer = layer
        self._total = total
        self._reported_at = 0.0
        self.current = 0

    def add(self, count: int) -> None:
        self.current += count
        now = time.monotonic()
        if now - self._reported_at >= _INTERVAL_S or self.current == self._total:
            self._reported_at = now
            self.report()

    def report(self) -> None:
        detail: dict[str, int] = {"current": self.current} | ({"total": self._total} if self._total > 0 else {})
        document = {"status": self._action, "progressDetail": detail}
        self._progress(document | {"progress": bar(self.current, self._total), "id": self._layer})
