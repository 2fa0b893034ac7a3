"""What other pages ask the log: how much there is of somebody, and what they did last."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webui.audit.listing import Line


def count_of(user_id: int) -> int:
    """How many entries there are of somebody."""
    from webui.audit.models import Entry

    return Entry.objects.filter(user_id=user_id).count()


def latest_of(user_id: int, *, most: int = 8) -> "list[Line]":
    """What somebody did last, newest first, as the log shows it."""
    from webui.audit.listing import line_of
    from webui.audit.models import Entry

    return [line_of(entry) for entry in Entry.objects.filter(user_id=user_id)[:most]]
