"""What the gate may know of a host without asking it: the picture of this process, where it is right at this moment."""

from typing import TYPE_CHECKING

from webui.gate.references import register_lists
from webui.live.picture import Picture
from webui.live.pictures import picture_if_any

if TYPE_CHECKING:
    from webui.hosts.models import Host


def register() -> None:
    register_lists(fresh_picture)


def fresh_picture(host: "Host") -> Picture | None:
    """The picture of a host that answers; None where this process has none, or an old one. Never waits."""
    picture = picture_if_any(host)
    return picture if picture is not None and picture.is_up and not picture.is_stored else None
