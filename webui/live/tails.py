"""The last lines of a log: which engine can be asked for them, and keeping them where none can.

Podman before 4.7 adds a piece of a line to the line before it when it is asked for the last lines of a log file, and
takes minutes over a line of many megabytes. Asked for all since a moment it gives each piece where it belongs. For that
it reads the whole file, ten seconds for 130 MB, whatever the moment: narrowing it down would take longer still.
"""

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from webui.live.lines import LineCutter
from webui.live.untold import is_podman
from webui.live.upstream import Upstream
from webui.log_lines import seconds_before, since_of, timestamp_of

_RIGHT_SINCE: Final = (4, 7)
# What Podman's answers call the driver that writes such files.
_FILES: Final = frozenset({"json-file", "k8s-file", ""})
# Much more than last lines of a common length take.
_LONGEST_WAIT_S: Final = 3.0
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


async def since_before_tail(
    upstream: Upstream, container_id: str, asked: Mapping[str, str], *, is_terminal: bool
) -> str:
    """Docker's `since` for what holds the last lines whole, of an engine that puts their pieces into the wrong ones.

    `asked` has `tail`. It is "" where there are no lines, or where the engine has to think about them for too long.
    """
    path, query = f"/containers/{container_id}/logs", {"stdout": "1", "stderr": "1", "timestamps": "1", **asked}
    cutter = LineCutter(is_terminal=is_terminal)
    try:
        async with asyncio.timeout(_LONGEST_WAIT_S), upstream.stream(path, query=query) as chunks:
            async for chunk in chunks:
                for line in cutter.feed(chunk):
                    stamp = timestamp_of(line)
                    # A line of which this is the end may have begun before it.
                    return since_of(seconds_before(stamp, 1)) if stamp else ""
    except TimeoutError:
        pass
    return ""


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
