"""When a host is asked about an object once more: its event came before its list showed the news.

dockerd tells of some changes (pause, rename) a moment before. So what an answer shows no news of is asked about again,
soon; and everything that had an event once more a while later, together, whatever the answers were.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

Again = Callable[[str, str], None]
_Key = tuple[str, str]

_LAST_LOOK_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Pace:
    """How eagerly a host is asked. Between two questions as many times what the last took, within bounds, so that a
    busy host is not asked all the time; `looks_s` are the waits after answers without news.
    """

    shortest_s: float
    longest_s: float
    looks_s: tuple[float, ...]
    times: float = 2.0

    def pause_s(self, taken_s: float) -> float:
        return min(max(self.shortest_s, self.times * taken_s), self.longest_s)


# Somebody looks at a page.
AT_ONCE: Final = Pace(0.01, 0.05, looks_s=(0.01, 0.04))
# Nobody waits for it.
AT_LEISURE: Final = Pace(0.25, 1.0, looks_s=())


class Looks:
    """In one event loop. `again(kind, id)` notes that an object is to be asked about."""

    def __init__(self, pace: Pace, again: Again) -> None:
        self._pace = pace
        self._again = again
        # The waits that are left for what had an event, and no news since.
        self._left: dict[_Key, tuple[float, ...]] = {}
        self._waiting: dict[_Key, asyncio.TimerHandle] = {}
        self._last: set[_Key] = set()
        self._next_last: set[_Key] = set()

    def expect(self, kind: str, object_id: str) -> None:
        """An event of this object came: it is asked about now, and the answer should show something new."""
        key = (kind, object_id)
        self._end(key)
        self._left[key] = self._pace.looks_s
        self._again(kind, object_id)
        if not self._last and not self._next_last:
            asyncio.get_running_loop().call_later(_LAST_LOOK_S, self._look_last)
        self._next_last.add(key)

    def answered(self, kind: str, asked: Collection[str], changed: Collection[str]) -> None:
        """An answer came, and no event of `asked` while it was under way. `changed` is what it showed new."""
        for object_id in asked:
            key = (kind, object_id)
            left = self._left.pop(key, ())
            if left and object_id not in changed:
                self._left[key] = left[1:]
                self._waiting[key] = asyncio.get_running_loop().call_later(left[0], self._look, key)

    def _look(self, key: _Key) -> None:
        self._waiting.pop(key, None)
        self._again(*key)

    def _look_last(self) -> None:
        """At what happened in the same moments, not by a timer for each; what is newer has its turn next."""
        for key in self._last:
            self._end(key)
            self._again(*key)
        self._last, self._next_last = self._next_last, set()
        if self._last:
            asyncio.get_running_loop().call_later(_LAST_LOOK_S, self._look_last)

    def _end(self, key: _Key) -> None:
        self._left.pop(key, None)
        if waiting := self._waiting.pop(key, None):
            waiting.cancel()
