"""What is being done to many containers, as all web processes know it: a page that comes back finds it, and stops it.

Kept in the cache, for its owner alone and for an hour. Where the cache does not answer, the work goes on unremembered.
"""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from redis.exceptions import RedisError

_KEPT_S: Final = 3600
# A run that has not been heard of for this long has lost its process.
_ALIVE_S: Final = 20
BEAT_S: Final = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BulkRun:
    """One act on many, by its owner's id and its own. Lines are what the page is sent: the head, then one an item."""

    user_id: int
    id: str

    @property
    def _key(self) -> str:
        return f"bulk:{self.user_id}:{self.id}"

    def begin(self, head: Mapping[str, Any]) -> None:
        self._keep("head", dict(head))
        self.beat()

    def beat(self) -> None:
        """It is still at it."""
        self._keep("alive", True, kept_s=_ALIVE_S)

    def tell(self, place: int, line: Mapping[str, Any]) -> None:
        """How the item at this place of the head went."""
        self._keep(str(place), dict(line))

    def end(self) -> None:
        self._keep("end", True)

    def stop(self) -> None:
        """What has not begun is to be left alone."""
        self._keep("stop", True)

    @property
    def is_stopping(self) -> bool:
        try:
            return bool(cache.get(f"{self._key}:stop"))
        except RedisError as error:
            logger.warning("whether a bulk action is to be stopped is not known: %s", error)
            return False

    def head(self) -> dict[str, Any] | None:
        """None for one that nobody remembers, or that is somebody else's. Raises RedisError."""
        found: dict[str, Any] | None = cache.get(f"{self._key}:head")
        return found

    def lines(self, places: Collection[int]) -> tuple[Sequence[tuple[int, dict[str, Any]]], bool, bool]:
        """The lines that there are of these places, whether the run has ended, and whether it is alive.

        Raises RedisError.
        """
        # The end first: what was told before it is then read after it.
        has_ended, is_alive = bool(cache.get(f"{self._key}:end")), bool(cache.get(f"{self._key}:alive"))
        found = cache.get_many([f"{self._key}:{place}" for place in places])
        lines = [(place, found[key]) for place in places if (key := f"{self._key}:{place}") in found]
        return lines, has_ended, is_alive

    def _keep(self, name: str, value: Any, *, kept_s: int = _KEPT_S) -> None:
        try:
            cache.set(f"{self._key}:{name}", value, kept_s)
        except RedisError as error:
            logger.warning("a bulk action goes on without being remembered: %s", error)


def new_run(user_id: int) -> BulkRun:
    return BulkRun(user_id, secrets.token_urlsafe(12))
