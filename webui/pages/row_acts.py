"""The acts cell of a row: icon buttons, and one menu with the rest.

What the menu holds stands in its button as JSON, and the script makes the menu when it opens: a hundred rows with a
hidden menu each would be twice the elements, for the browser to build and for every live change to compare.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from webui.pages.declarations import Action
from webui.pages.icons import icon_button

# What ends an attribute in single quotes, or reads as markup in it, as JSON writes it too (RFC 8259, 7).
_ESCAPES: Final = str.maketrans({character: f"\\u{ord(character):04x}" for character in "'&<>"})


def acts_cell(actions: Sequence[Action], row: Any) -> SafeString:
    """Those of the allowed `actions` that fit the row's state. A row with links knows them by `url_of(url_name)`."""
    shown = [action for action in actions if action.shown_when(row)]
    buttons = format_html_join("", "{}", ((_icon_button(action, row),) for action in shown if action.is_icon))
    rest = [action for action in shown if not action.is_icon]
    return buttons + (_menu(rest, row) if rest else SafeString(""))


def _icon_button(action: Action, row: Any) -> SafeString:
    label = f"{action.label} {_name_of(row)}".strip()
    classes, inside = icon_button(action.icon)
    if action.href_name:
        return format_html(
            '<a class="{}" href="{}" aria-label="{}" title="{}">{}</a>',
            classes, row.url_of(action.href_name), label, action.label, inside,
        )  # fmt: skip
    return format_html(
        '<button type="button" class="{}" data-act="{}" aria-label="{}" title="{}">{}</button>',
        classes, action.name, label, action.label, inside,
    )  # fmt: skip


def _menu(actions: Iterable[Action], row: Any) -> SafeString:
    classes, inside = icon_button("dots-vertical")
    return format_html(
        '<button type="button" class="{}" data-menu data-items=\'{}\' aria-haspopup="menu" aria-expanded="false" '
        'aria-label="{}">{}</button>',
        classes, _attribute([_item(action, row) for action in actions]), f"More for {_name_of(row)}".strip(), inside,
    )  # fmt: skip


def _item(action: Action, row: Any) -> dict[str, Any]:
    what = {"href": str(row.url_of(action.href_name))} if action.href_name else {"act": action.name}
    words = f"{action.label}…" if action.previews else str(action.label)
    return {**what, "words": words, "icon": action.icon, **({"danger": True} if action.is_danger else {})}


def _attribute(value: Any) -> SafeString:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return SafeString(text.translate(_ESCAPES))


def _name_of(row: Any) -> str:
    return str(getattr(row, "name", ""))
