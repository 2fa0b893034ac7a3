"""The head of a container's page: its state in words, its buttons, its tabs. The page and the live feed share it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers import columns
from webui.containers.actions import ACTIONS, ON_PAGE, ShownRow
from webui.containers.rows import ContainerRow
from webui.live import Message, Picture
from webui.pages import Button, State, Tab
from webui.resources import stale_html, stale_words

if TYPE_CHECKING:
    from webui.hosts.models import Host

TABS: Final = (
    ("detail", gettext_lazy("Overview"), "layout-dashboard", ""),
    ("logs", gettext_lazy("Logs"), "file-text", "logs"),
    ("console", gettext_lazy("Console"), "terminal-2", "console"),
    ("files", gettext_lazy("Files"), "folder", "files"),
    ("stats", gettext_lazy("Stats"), "chart-line", "stats"),
    ("configuration", gettext_lazy("Configuration"), "adjustments", "inspect"),
    ("layers", gettext_lazy("Changes"), "stack", "layers"),
    ("inspect", gettext_lazy("Inspect"), "code", "inspect"),
)
# In the head itself; everything else is in its menu.
_IN_SIGHT: Final = {"start", "stop", "restart", "unpause", "update"}


def buttons_of(row: ContainerRow, host: str, allowed: frozenset[str]) -> list[Button]:
    shown = ShownRow(row, host)
    acts = [
        Button(
            f"{action.label}…" if action.previews else action.label,
            action.icon,
            action=action.name,
            item_id=row.short_id,
            is_primary=action.name in {"start", "unpause", "update"},
            is_danger=action.is_danger,
            in_menu=action.name not in _IN_SIGHT,
        )
        for action in ACTIONS
        if action.name in allowed and not action.href_name and action.shown_when(shown)
    ]
    links = [
        Button(action.label, action.icon, url=shown.url_of(action.href_name), in_menu=True)
        for action in ON_PAGE
        if action.name in allowed and action.name != "layers"
    ]
    # What destroys stands last.
    return [*(one for one in acts if not one.is_danger), *links, *(one for one in acts if one.is_danger)]


def tabs_of(host: str, container_id: str, allowed: frozenset[str]) -> list[Tab]:
    """The tabs that somebody who may do `allowed` can open; the overview always."""
    return [
        Tab(name, label, icon, reverse(f"containers:{name}", kwargs={"host": host, "id": container_id[:12]}))
        for name, label, icon, action in TABS
        if not action or action in allowed
    ]


def messages(
    host: "Host", picture: Picture, container_id: str, *, allowed: frozenset[str], name: str = ""
) -> Sequence[Message]:
    """Swaps for the head of one container's page; of one that is gone, words that say so and what to do next.

    `name` is what the page knows it by: a container that was made anew under it is its successor.
    """
    raw = picture.find("containers", container_id)
    rows = columns.rows_of(host.slug, picture)
    row = None if raw is None else next(row for row in rows if row.id == raw["Id"])
    state = State(_("removed"), "off") if row is None else columns.state_of(row)
    buttons = [] if row is None else buttons_of(row, host.slug, allowed)
    shown = {
        "title": "" if row is None else row.name,
        "buttons": [b for b in buttons if not b.in_menu],
        "menu_buttons": [b for b in buttons if b.in_menu],
    }
    successor = next((one for one in rows if name and one.name == name), None) if row is None else None
    gone = {"is_gone": row is None and picture.is_up, "successor": successor, "host": host, "name": name}
    return [
        _swap("#head-state", "innerHTML", "containers/_state.html", {"state": state}),
        _swap("#head-buttons", "outerMorph", "pages/_buttons.html", shown),
        _swap("#gone", "outerMorph", "containers/_gone.html", gone),
        Message(target="#stale", swap="outerMorph", content=stale_html(stale_words(picture, host.name))),
    ]


def _swap(target: str, how: str, template: str, context: Mapping[str, Any]) -> Message:
    return Message(target=target, swap=how, content=render_to_string(template, dict(context)))
