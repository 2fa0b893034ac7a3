"""Icons: Tabler's outline icons, drawn from one sprite that the build makes of those that are named anywhere."""

import functools

from django.utils.html import format_html
from django.utils.safestring import SafeString

from webui.pages.assets import asset_url


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
