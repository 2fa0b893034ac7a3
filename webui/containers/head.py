"""The head of a container's page: its state in words, its buttons, its tabs. The page and the live feed share it."""

from collections.abc import Sequence
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webui.containers import columns
from webui.containers.actions import ACTIONS, ShownRow
from webui.containers.rows import ContainerRow
from webui.live import Message, Picture
from webui.pages import Button, State, Tab

TABS: Final = (
    ("detail", gettext_lazy("Overview"), "layout-dashboard", ""),
    ("logs", gettext_lazy("Logs"), "file-text", "logs"),
    ("console", gettext_lazy("Console"), "terminal-2", "console"),
    ("files", gettext_lazy("Files"), "folder", "files"),
    ("stats", gettext_lazy("Stats"), "chart-line", "stats"),
    ("configuration", gettext_lazy("Configuration"), "adjustments", "inspect"),
    ("inspect", gettext_lazy("Inspect"), "code", "inspect"),
)
# In the head itself; everything else is in its menu.
_IN_SIGHT: Final = {"start", "stop", "restart", "unpause"}


def buttons_of(row: ContainerRow, host: str, allowed: frozenset[str]) -> list[Button]:
    shown = ShownRow(row, host)
    return [
        Button(
            f"{action.label}…" if action.previews else action.label,
            action.icon,
            action=action.name,
            item_id=row.short_id,
            is_primary=action.name in {"start", "unpause"},
            is_danger=action.is_danger,
            in_menu=action.name not in _IN_SIGHT,
        )
        for action in ACTIONS
        if action.name in allowed and not action.href_name and action.shown_when(shown)
    ]


def tabs_of(host: str, container_id: str, allowed: frozenset[str]) -> list[Tab]:
    """The tabs that somebody who may do `allowed` can open; the overview always."""
    return [
        Tab(name, label, icon, reverse(f"containers:{name}", kwargs={"host": host, "id": container_id[:12]}))
        for name, label, icon, action in TABS
        if not action or action in allowed
    ]


def messages(host: str, picture: Picture, container_id: str, *, allowed: frozenset[str]) -> Sequence[Message]:
    """Swaps for the head of one container's page; for one that is gone, words that say so in place of its state."""
    raw = picture.find("containers", container_id)
    row = None if raw is None else next(row for row in columns.rows_of(host, picture) if row.id == raw["Id"])
    state = State(_("removed"), "off") if row is None else columns.state_of(row)
    buttons = [] if row is None else buttons_of(row, host, allowed)
    page = {"buttons": [b for b in buttons if not b.in_menu], "menu_buttons": [b for b in buttons if b.in_menu]}
    return [
        Message(
            target="#head-state", swap="innerHTML", content=render_to_string("containers/_state.html", {"state": state})
        ),
        Message(
            target="#head-buttons", swap="outerMorph", content=render_to_string("pages/_buttons.html", {"page": page})
        ),
    ]
