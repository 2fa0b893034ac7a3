"""Entries that are one thing to a person: opening a console asks for shells, makes an exec, starts it, hangs it up.

`begin` in the task that does it, `next_is_head` before the request that is the thing itself; what else is written in
that task and in those that it begins is a part of that entry. Nothing is left out: parts are shown with their head, on
their own where they failed, and in every export. Refusals are never parts.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Fold:
    """`head` is the id of the entry that stands for all; `before` are those that were written when there was none."""

    head: int | None = None
    before: list[int] = field(default_factory=list)
    is_next_head: bool = False

    def take(self, entry_id: int) -> None:
        """An entry was written; it was made a part already where there was a head."""
        from webui.audit.models import Entry

        if self.head is not None:
            return
        if self.is_next_head:
            self.head = entry_id
            Entry.objects.filter(pk__in=self.before).update(part_of=entry_id)
        else:
            self.before.append(entry_id)


_fold: ContextVar[Fold | None] = ContextVar("fold", default=None)


def begin() -> None:
    """From here on in this task, and in those that it begins."""
    _fold.set(Fold())


def next_is_head() -> None:
    """The next entry is the one that the others are parts of. Nothing where nothing was begun."""
    fold = _fold.get()
    if fold is not None:
        fold.is_next_head = True


def current() -> Fold | None:
    return _fold.get()
