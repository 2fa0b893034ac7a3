"""What can be done to an image: the actions as data, and carrying one out through docker-py."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from webui.access import Operation
from webui.images.rows import ImageRow
from webui.ownership import repository_of
from webui.pages import Action


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row together with the host that it is on, so that it knows its own addresses."""

    row: ImageRow
    host: str

    @property
    def name(self) -> str:
        return self.row.name

    def url_of(self, url_name: str) -> str:
        host = {"host": self.host}
        match url_name:
            case "containers:run":
                return f"{reverse(url_name, kwargs=host)}?{urlencode({'image': self.row.name})}"
            case "images:pull":
                return f"{reverse(url_name, kwargs=host)}?{urlencode({'reference': self.row.name})}"
            case "ownership:access":
                kwargs = {**host, "kind": "image", "key": repository_of(self.row.name)}
                return reverse(url_name, kwargs=kwargs)
            case _:
                return reverse(url_name, kwargs={**host, "id": self.row.short_id})


ACTIONS: Final = (
    Action("run", _("Run a container from it"), "player-play", Operation.CONTAINER_CREATE, is_icon=True,
           href_name="containers:run"),
    Action("pull", _("Pull again"), "cloud-download", Operation.IMAGE_PULL, href_name="images:pull",
           shown_when=lambda shown: bool(shown.row.tags)),
    Action("push", _("Push"), "cloud-upload", Operation.IMAGE_PUSH, href_name="images:push"),
    Action("inspect", _("Details"), "info-circle", Operation.IMAGE_INSPECT, href_name="images:detail"),
    Action("access", _("Access"), "users", Operation.IMAGE_INSPECT, href_name="ownership:access",
           shown_when=lambda shown: bool(shown.row.tags)),
    Action("remove", _("Remove"), "trash", Operation.IMAGE_REMOVE, is_bulk=True, is_danger=True, previews=True),
)  # fmt: skip


def remove(api: Any, row: ImageRow) -> None:
    """Take an image away with all its names: by id alone an engine refuses one that has several. Raises docker-py's."""
    if len(row.tags) > 1:
        for tag in row.tags:
            api.remove_image(tag)
    else:
        api.remove_image(row.tags[0] if row.tags else row.id)
