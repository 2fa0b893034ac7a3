"""The list as a file for spreadsheets."""

import csv
import io

from tests.webui.containers.test_listing import ROWS, row
from webui.containers.export import HEADER, as_csv
from webui.containers.page import listed
from webui.live import Figure


def lines(*rows: object, **params: str) -> list[dict[str, str]]:
    figures = {ROWS[0].id: Figure(12.34, 2048, 4096)}
    return list(csv.DictReader(io.StringIO(as_csv(listed("local", list(rows or ROWS), figures, params)))))  # type: ignore[arg-type]


def test_the_file_has_what_the_filter_shows_in_the_order_of_the_page() -> None:
    found = lines(q="stack:shop", sort="-name")
    assert [one["name"] for one in found] == ["web-10", "web-2"]
    assert set(found[0]) == set(HEADER)
    assert found[0]["cpu_percent"] == "12.3"
    assert found[0]["ports"] == "8080 → 80"


def test_a_folded_group_is_in_the_file_all_the_same() -> None:
    assert len(lines(group="folded")) == len(ROWS)


def test_no_cell_begins_a_formula() -> None:
    [found] = lines(row("-evil", Image="=cmd|' /C calc'!A0", Command="@SUM(1)"))
    assert (found["name"], found["image"], found["command"]) == ("'-evil", "'=cmd|' /C calc'!A0", "'@SUM(1)")
