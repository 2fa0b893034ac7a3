"""Telling open websockets that somebody may now see something else than before."""

from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

GROUP: Final = "owners"


def tell_owners_changed() -> None:
    """After commit: every list and every open page of a thing looks again."""
    transaction.on_commit(_tell)


def _tell() -> None:
    layer: Any = get_channel_layer()
    if layer is not None:
        async_to_sync(layer.group_send)(GROUP, {"type": "owners.changed"})
