"""The list as a file for spreadsheets."""

import csv
import io

import pytest

from tests.webui.containers.test_listing import ROWS, row
from webui.containers.columns import COLUMNS
from webui.containers.export import DIALECTS, HEADER, as_csv, guarded
from webui.containers.page import Meters, listed
from webui.live import Figure
from webui.resources.layouts import read

FIGURES = {ROWS[0].id: Figure(12.34, 2048, 4096)}


def text(*rows: object, named: str = "", dialect: str = "comma", **params: str) -> str:
    found = listed("local", list(rows or ROWS), Meters(FIGURES), params)  # type: ignore[arg-type]
    columns = read(COLUMNS, named).columns if named else None
    return as_csv(found, columns=columns, dialect=DIALECTS[dialect])


def lines(*rows: object, **params: str) -> list[dict[str, str]]:
    separator = DIALECTS[params.get("dialect", "comma")].separator
    return list(csv.DictReader(io.StringIO(text(*rows, **params).removeprefix("\ufeff")), delimiter=separator))


def test_the_file_has_what_the_filter_shows_in_the_order_of_the_page() -> None:
    found = lines(q="stack:shop", sort="-name")
    assert [one["name"] for one in found] == ["web-10", "web-2"]
    assert set(found[0]) == set(HEADER)
    assert found[0]["cpu_percent"] == "12.3"
    assert found[0]["ports"] == "8080 → 80"


def test_it_can_have_the_columns_of_the_page_in_their_order_and_under_their_words() -> None:
    found = lines(named="name.memory-200.cpu.state", q="stack:shop", sort="-name")
    assert list(found[0]) == ["Name", "Memory (bytes)", "CPU (%)", "State"]
    assert list(found[0].values())[:3] == ["web-10", "2048", "12.3"]
    assert found[0]["State"].startswith("up")


def test_every_column_of_the_page_has_its_place_in_the_file() -> None:
    named = ".".join(column.name for column in COLUMNS)
    assert len(lines(named=named)[0]) == len(COLUMNS)


def test_it_says_that_it_is_utf_8_and_semicolons_go_with_decimal_commas() -> None:
    assert text().startswith("\ufeff")
    assert lines(dialect="semicolon", q="stack:shop", sort="-name")[0]["cpu_percent"] == "12,3"


def test_a_folded_group_is_in_the_file_all_the_same() -> None:
    assert len(lines(group="folded")) == len(ROWS)


def test_no_cell_begins_a_formula() -> None:
    [found] = lines(row("-evil", Image="=cmd|' /C calc'!A0", Command="@SUM(1)"))
    assert (found["name"], found["image"], found["command"]) == ("'-evil", "'=cmd|' /C calc'!A0", "'@SUM(1)")


@pytest.mark.parametrize(
    ("dialect", "hostile", "harmless"),
    [
        # What a spreadsheet that is set to the other separator would make a cell of.
        ("comma", "a;=1+1", "a;'=1+1"),
        ("comma", 'a; "@SUM(1)', "a; \"'@SUM(1)"),
        ("semicolon", "a,=1+1", "a,'=1+1"),
        ("semicolon", "a\t-1", "a\t'-1"),
        ("comma", "  =1+1", "'  =1+1"),
        ("comma", "sh -c 'a; b'", "sh -c 'a; b'"),
    ],
)
def test_nor_does_one_begin_inside_a_cell(dialect: str, hostile: str, harmless: str) -> None:
    assert guarded(hostile, DIALECTS[dialect]) == harmless
