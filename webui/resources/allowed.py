"""What somebody may do on a page's list: on the whole, and on a row that is only shared with them to be read."""

from collections.abc import Callable, Iterable
from typing import Any

from webui.gate.touching import READS
from webui.live import Picture, readonly_of
from webui.pages import Action


class Allowed(frozenset[str]):
    """The names of the allowed actions. `on(key)` are those for one row: a plain set, by which fragments are kept."""

    _readonly: frozenset[str]
    _reading: frozenset[str]
    _whole: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str], *, reading: Iterable[str], readonly: frozenset[str]) -> "Allowed":
        made = cls(names)
        made._readonly, made._whole = readonly, frozenset(made)
        made._reading = made._whole & frozenset(reading)
        return made

    def on(self, key: str) -> frozenset[str]:
        return self._reading if key in self._readonly else self._whole


def allowed_in(picture: Picture, actions: Iterable[Action], may: Callable[[str], bool]) -> Allowed:
    """The actions among these that `may` lets through; on what is only theirs to read, those that change nothing."""
    actions = list(actions)
    names = {action.name for action in actions if may(action.operation)}
    reading = {action.name for action in actions if action.operation in READS}
    return Allowed.of(names, reading=reading, readonly=readonly_of(picture))


def narrowed(allowed: Any, key: str) -> frozenset[str]:
    """What is allowed on one row, of an Allowed or of a set that holds for all rows."""
    return allowed.on(key) if isinstance(allowed, Allowed) else frozenset(allowed)
