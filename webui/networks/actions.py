"""What can be done to a network: the actions as data, with the addresses that a row knows."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from webui.access import Operation
from webui.networks.rows import NetworkRow
from webui.pages import Action


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row together with the host that it is on."""

    row: NetworkRow
    host: str

    @property
    def name(self) -> str:
        return self.row.name

    def url_of(self, url_name: str) -> str:
        if url_name == "ownership:access":
            return reverse(url_name, kwargs={"host": self.host, "kind": "network", "key": self.row.short_id})
        return f"{reverse(url_name, kwargs={'host': self.host})}?{urlencode({'q': f'network={self.row.name}'})}"


ACTIONS: Final = (
    Action("users", _("Containers on it"), "box", Operation.CONTAINER_LIST, href_name="containers:list",
           shown_when=lambda shown: bool(shown.row.used_by)),
    Action("access", _("Access"), "users", Operation.NETWORK_INSPECT, href_name="ownership:access"),
    Action("remove", _("Remove"), "trash", Operation.NETWORK_REMOVE, is_bulk=True, is_danger=True, previews=True,
           shown_when=lambda shown: not shown.row.is_built_in),
)  # fmt: skip
