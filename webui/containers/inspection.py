"""Docker's inspect JSON made readable: a tree that folds, and the text as it came."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Deeper parts are mostly empty limits and plugin data: folded until somebody asks.
OPEN_AT_FIRST: Final = frozenset({"State", "Config", "Image", "RestartPolicy", "Networks", "Mounts"})
EMPTY: Final[tuple[Any, ...]] = ({}, [], "", None)


def text(found: Any) -> str:
    """The JSON, indented, in the engine's own order."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def tree(found: Mapping[str, Any]) -> SafeString:
    """Nested `<details>`; each leaf has its name and value. Everything in it is escaped: it comes from the host."""
    return format_html('<div class="tree">{}</div>', _members(found.items()))


def _members(items: Any) -> SafeString:
    return format_html_join("", "{}", ((_member(str(name), value),) for name, value in items))


def _member(name: str, value: Any) -> SafeString:
    if isinstance(value, Mapping) and value:
        return _branch(name, len(value), _members(value.items()))
    if isinstance(value, list) and value:
        return _branch(name, len(value), _members(enumerate(value)))
    shown = "–" if value in EMPTY else orjson.dumps(value).decode() if not isinstance(value, str) else value  # noqa: RUF001
    return format_html(
        '<div class="leaf"><span class="k">{}</span> <span class="{}">{}</span></div>',
        name, "dim" if value in EMPTY else "v", shown,
    )  # fmt: skip


def _branch(name: str, size: int, members: SafeString) -> SafeString:
    is_open = SafeString(" open") if name in OPEN_AT_FIRST else ""
    return format_html(
        '<details{}><summary><span class="k">{}</span> <span class="dim">{}</span></summary>{}</details>',
        is_open, name, size, members,
    )  # fmt: skip
