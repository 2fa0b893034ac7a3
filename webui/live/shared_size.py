"""The size of a terminal that several people look at: as large as fits into all of their windows.

Engines keep one size for a container's main process, that of whoever said one last. So those of one web process who are
attached to it agree; of others (another web process, a docker CLI) nothing is known here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shared:
    """What one window is told. `answers`: it is the one that answers what the program asks its terminal."""

    rows: int
    columns: int
    windows: int
    answers: bool


class SharedSize:
    """The windows that show one terminal, by whoever has them. What is told is told whenever one comes or changes."""

    def __init__(self) -> None:
        # Who tells the engine the size holds it, and reads the size then: else an older size might come last.
        self.telling: Final = asyncio.Lock()
        self._windows: dict[object, tuple[Size, Callable[[Shared], None]]] = {}

    @property
    def size(self) -> Size | None:
        """Rows and columns; None while nobody looks."""
        sizes = [size for size, _tell in self._windows.values()]
        return (min(rows for rows, _ in sizes), min(columns for _, columns in sizes)) if sizes else None

    def show(self, holder: object, size: Size, tell: Callable[[Shared], None]) -> None:
        """The window of `holder` is of this size now."""
        self._windows[holder] = size, tell
        self._tell_all()

    def leave(self, holder: object) -> None:
        if self._windows.pop(holder, None) is not None:
            self._tell_all()

    def _tell_all(self) -> None:
        if self.size is not None:
            rows, columns = self.size
            for place, (_size, tell) in enumerate(list(self._windows.values())):
                tell(Shared(rows, columns, len(self._windows), answers=place == 0))


_Sizes = WeakValueDictionary[object, SharedSize]
_by_loop: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Sizes]] = WeakKeyDictionary()


def shared_size(key: object) -> SharedSize:
    """That of this key, for all who ask for it in one event loop while one of them has it."""
    sizes = _by_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    found = sizes.get(key)
    if found is None:
        found = sizes[key] = SharedSize()
    return found
