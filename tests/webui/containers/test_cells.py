"""A row is made once; only the cells that the clock changes are drawn again."""

import re
from unittest.mock import patch

from webui.containers import cells, columns
from webui.containers.columns import Variant
from webui.containers.rows import ContainerRow, row_of

NOW = 1_800_000_000.0
ALL = tuple(cells.CELLS)


def _row(**more: object) -> ContainerRow:
    raw = {"Id": "4be2" * 16, "Names": ["/web"], "Image": "shop/web:4", "ImageID": "sha256:1", "Command": "run",
           "Created": int(NOW), "State": "running", "Status": "Up 2 seconds", **more}  # fmt: skip
    return row_of(raw, seen_at=NOW, host="local", host_name="This machine")


def _drawn_by_cells(html: str) -> list[str]:
    return re.findall(r"<td[ >].*?</td>", html, re.DOTALL)


def test_as_time_passes_only_what_says_so_changes() -> None:
    draw = columns._render("local", _row(), Variant(frozenset({"container.stop"}), ALL))
    first, later = _drawn_by_cells(draw(NOW)), _drawn_by_cells(draw(NOW + 180))
    [changed] = [(one, other) for one, other in zip(first, later, strict=True) if one != other]
    assert [re.sub("<[^>]+>", "", one) for one in changed] == ["up 2 seconds", "up 3 minutes"]


def test_a_row_that_is_drawn_later_is_what_one_made_later_is() -> None:
    row, variant = _row(), Variant(frozenset(), ALL)
    with patch.object(cells, "TIMED", frozenset()), patch("time.time", return_value=NOW + 5000):
        made_later = columns._render("local", row, variant)(NOW + 5000)
    assert columns._render("local", row, variant)(NOW + 5000) == made_later


def test_a_row_without_such_cells_is_the_same_at_all_times() -> None:
    draw = columns._render("local", _row(), Variant(frozenset(), ("name", "image")))
    assert draw(NOW) is draw(NOW + 180)


def test_what_looks_like_such_a_cell_is_text() -> None:
    mark = cells._MARK.format("state")
    html = columns._render("local", _row(Image=mark, Names=[f"/{mark}"]), Variant(frozenset(), ALL))(NOW)
    assert html.count('class="state"') == 1
