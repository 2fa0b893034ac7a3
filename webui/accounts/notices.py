"""Telling open websockets that somebody's rights changed, so that they ask again, now, whether they may stay open."""

from collections.abc import Callable
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

# Every websocket hears this one: a team or a host's rules changed, which may concern anybody.
EVERYBODY: Final = "rights"


def group_of(user_id: int) -> str:
    """The group that each websocket of a person is in."""
    return f"rights-{user_id}"


def tell_rights_changed(user_id: int) -> None:
    """After commit: every websocket of this person asks whether it may stay."""
    transaction.on_commit(_teller(group_of(user_id)))


def tell_all_rights_changed() -> None:
    """After commit: every websocket asks whether it may stay."""
    transaction.on_commit(_teller(EVERYBODY))


def _teller(group: str) -> Callable[[], None]:
    def tell() -> None:
        layer: Any = get_channel_layer()
        if layer is not None:
            async_to_sync(layer.group_send)(group, {"type": "rights.changed"})

    return tell
