"""Icons: Tabler's outline icons, drawn from one sprite that the build makes of those that are named anywhere."""

import functools
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from webui.pages.assets import asset_url

# Those that rows have by the hundred, and static/src/css/row_icons.css draws: for a browser an SVG that uses a sprite
# is half a dozen elements, and all of them are styled again when the sprite has come.
DRAWN: Final = frozenset(
    {"dots-vertical", "download", "file-text", "link", "player-play", "player-stop", "refresh", "terminal-2", "x"}
)


@functools.lru_cache(maxsize=512)
def _drawn(name: str, label: str, sprite: str) -> SafeString:
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, sprite, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sprite, name)


def icon(name: str, label: str = "") -> SafeString:
    """An icon as inline SVG; with a label it speaks for itself, without one it is decoration."""
    return _drawn(name, label, asset_url("icons.svg"))


def icon_button(name: str) -> tuple[str, SafeString]:
    """The classes of a row's icon button, and what stands in it: nothing where style draws the icon."""
    if name in DRAWN:
        return f"btn-icon drawn drawn-{name}", SafeString("")
    return "btn-icon", icon(name)
