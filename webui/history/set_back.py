"""Logs of a host whose clock was set back: lines that are written now have earlier moments than those that are kept.

Asked for what was written since the last moment, an engine would give nothing until its clock has come so far again.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from webui.live.lines import LineCutter
from webui.live.upstream import Upstream
from webui.log_lines import Place, moment_in, seconds_before, timestamp_of

# By so many of the last lines it is told where a log goes on.
RECENT: Final = 1000
# Lines of two streams, and two clocks that are set by the network, differ by less.
_CROSSING_S: Final = 5


async def is_set_back(upstream: Upstream, place: Place[bytes], recent: Sequence[bytes]) -> bool:
    """Whether the clock has gone back since the latest line: by the order of the last lines, or by the host's clock.

    Raises one of UPSTREAM_ERRORS.
    """
    if not place.stamp or not recent:
        return False
    latest = place.latest.decode()
    last = timestamp_of(recent[-1]).decode()
    if last and last < seconds_before(latest, _CROSSING_S):
        return True
    if latest < _stamp_of(time.time() + _CROSSING_S):
        return False
    # That is our own clock; the one that counts is the one of the host.
    there = moment_in(str((await upstream.get("/info")).get("SystemTime") or ""))
    return bool(there) and there < seconds_before(latest, _CROSSING_S)


async def is_still_in(
    upstream: Upstream, path: str, query: dict[str, str], recent: Sequence[bytes], *, is_terminal: bool
) -> bool:
    """Whether one of these lines is in the log, as far as it was written by now. Raises one of UPSTREAM_ERRORS."""
    known = frozenset(recent)
    cutter = LineCutter(is_terminal=is_terminal)
    async with upstream.stream(path, query=query, as_sent=is_terminal) as chunks:
        async for chunk in chunks:
            if not known.isdisjoint(cutter.feed_bytes(chunk)):
                return True
    return False


def _stamp_of(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
