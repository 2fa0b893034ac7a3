"""How many may have registries asked at once: each waits for another machine, in a thread that pages need too."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.utils.translation import gettext as _

from webui.registries.errors import RegistryFailed

# In one process; a quarter of the threads that answer pages.
_MOST: Final = 16
_MOST_OF_ONE: Final = 3


class Turnstile:
    def __init__(self, most: int = _MOST, most_of_one: int = _MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._inside: Counter[int | None] = Counter()

    @contextmanager
    def passing(self, user_id: int | None) -> Iterator[None]:
        """Inside it a registry may be asked. Raises RegistryFailed (`why` "busy") where too many do: nobody queues."""
        with self._lock:
            if self._inside.total() >= self._most or self._inside[user_id] >= self._most_of_one:
                words = _("Too many questions to registries are open already. Try again in a moment.")
                raise RegistryFailed(words, why="busy")
            self._inside[user_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[user_id] -= 1
                self._inside += Counter()


TURNSTILE: Final = Turnstile()
