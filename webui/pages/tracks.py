"""How wide the columns of a list are, as CSS: each row is a grid of these tracks (`static/src/css/list.css`)."""

from collections.abc import Iterator, Sequence
from typing import Final

from webui.pages.declarations import Column

STEPS_PX: Final = {"pick": 42, "xs": 64, "s": 88, "m": 128, "l": 184, "xl": 228, "acts": 108}
# What is left is shared; no row asks for more than that.
_SHARE: Final = "minmax(0,1fr)"
# The widths of a window at which columns leave the list (`hides_below`), and at which the widest steps share too.
_WIDE_PX, _NARROW_PX = 1240, 1020
_SHARES_WHEN_NARROW: Final = frozenset({"l", "xl"})


def tracks_css(columns: Sequence[Column], *, has_picks: bool, has_acts: bool) -> str:
    """The rules for one list: made of our own numbers alone, so that it may stand in a `<style>` as it is."""
    shown = (
        (None, columns),
        (_WIDE_PX, [one for one in columns if one.hides_below != "wide"]),
        (_NARROW_PX, [one for one in columns if not one.hides_below]),
    )
    rules = []
    for below_px, some in shown:
        tracks = " ".join(_tracks(some, has_picks=has_picks, has_acts=has_acts, is_narrow=below_px == _NARROW_PX))
        rule = f".by-row{{--columns:{tracks}}}"
        rules.append(f"@media (max-width:{below_px}px){{{rule}}}" if below_px else rule)
    return "".join(rules)


def _tracks(columns: Sequence[Column], *, has_picks: bool, has_acts: bool, is_narrow: bool) -> Iterator[str]:
    widths = [_width_px(column, is_narrow=is_narrow) for column in columns]
    # Where each column has a width of its own, what is left goes to the actions: what somebody made wide is as
    # wide as it was made. Without actions it goes to all columns by their widths, as in a table.
    all_have = all(widths)
    if has_picks:
        yield f"{STEPS_PX['pick']}px"
    for px in widths:
        yield _SHARE if not px else f"minmax({px}px,{px}fr)" if all_have and not has_acts else f"{px}px"
    if has_acts:
        yield f"minmax({STEPS_PX['acts']}px,1fr)" if all_have else f"{STEPS_PX['acts']}px"


def _width_px(column: Column, *, is_narrow: bool) -> int:
    """0: it shares what is left."""
    if column.width_px:
        return column.width_px
    return 0 if is_narrow and column.width in _SHARES_WHEN_NARROW else STEPS_PX.get(column.width, 0)
