"""The last lines of a log: which engine can be asked for them, and keeping them where none can.

Podman before 4.7 adds a piece of a line to the line before it when it is asked for the last lines of a log file, and
takes minutes over a line of many megabytes. Asked for all of a log it gives each piece where it belongs, at once.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from webui.live.untold import is_podman

_RIGHT_SINCE: Final = (4, 7)
# What Podman's answers call the driver that writes such files.
_FILES: Final = frozenset({"json-file", "k8s-file", ""})
_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)")


def can_tail(version: Mapping[str, Any], inspection: Mapping[str, Any]) -> bool:
    """Whether Docker's `tail` gives the last lines as they were written.

    By the host's `GET /version` and the container's inspect.
    """
    if not is_podman(version):
        return True
    driver = ((inspection.get("HostConfig") or {}).get("LogConfig") or {}).get("Type") or ""
    numbers = _NUMBERS.match(str(version.get("Version") or ""))
    return driver not in _FILES or (numbers is not None and (int(numbers[1]), int(numbers[2])) >= _RIGHT_SINCE)


class LastLines:
    """The last lines of what is added, within two bounds; `has_dropped` where there were more."""

    def __init__(self, most: int, characters: int) -> None:
        self.lines: deque[str] = deque()
        self._most, self._left = most, characters
        self.has_dropped = False

    def add(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.lines.append(line)
            self._left -= len(line)
            while len(self.lines) > self._most or (self._left < 0 and len(self.lines) > 1):
                self._left += len(self.lines.popleft())
                self.has_dropped = True
