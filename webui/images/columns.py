"""How the images list looks: its columns, chips, and the HTML of a row, kept per (row, rights)."""

from collections.abc import Mapping
from typing import Final

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from webui.images.actions import ACTIONS, ShownRow
from webui.images.rows import ImageRow, Use, image_rows, shortened
from webui.live import Picture
from webui.pages import Chip, Column, State
from webui.resources import Shelf, allowed_among

COLUMNS: Final = (
    Column("name", _("Image"), sort="name"),
    Column("use", _("In use by"), sort="use", width="xl"),
    Column("size", _("Size"), sort="size", width="s", align="end"),
    Column("id", _("Id"), width="m", hides_below="wide"),
    Column("age", _("Built"), sort="age", width="s", hides_below="narrow"),
)
CHIPS: Final = (
    (Use.USED, _("In use"), "good"),
    (Use.UNUSED, _("Unused"), "off"),
    (Use.DANGLING, _("Without a tag"), "off"),
)


def state_of(row: ImageRow) -> State:
    return State(row.use_words, "good" if row.running else "off")


def element_id(row: ImageRow) -> str:
    return f"i-{row.short_id}"


def _render(host: str, row: ImageRow, allowed: frozenset[str]) -> str:
    shown, actions = ShownRow(row, host), allowed_among(ACTIONS, allowed)
    context = {
        "row": row,
        "shown": shown,
        "element_id": element_id(row),
        "url": shown.url_of("images:detail"),
        "lead": shortened(row.name),
        "more": [shortened(tag) for tag in row.tags[1:]],
        "state": state_of(row),
        "has_pick": any(action.is_bulk for action in actions),
        "actions": actions,
    }
    return render_to_string("images/_row.html", context)


# Ages are kept right by the page itself, so a row's HTML holds until the row changes.
SHELF: Final = Shelf[ImageRow](render=_render, holds_until=lambda _row, now: now + 3600)


def rows_of(host: str, picture: Picture) -> list[ImageRow]:
    """The images of a picture as rows, with the containers that use them."""
    rows = {row.id: row for row in image_rows(picture.images.values(), picture.containers.values())}
    return SHELF.rows(host, picture.images, lambda raw: rows[raw["Id"]], beside=picture.containers)


def fragment(host: str, row: ImageRow, allowed: frozenset[str]) -> str:
    return SHELF.html(host, row.id, row, allowed)


def chips_of(counts: Mapping[str, int]) -> list[Chip]:
    return [
        Chip("", _("All"), sum(counts.values())),
        *(Chip(use.value, label, counts[use], tone) for use, label, tone in CHIPS),  # type: ignore[arg-type]
    ]
