"""Cutting a long list into windows, and reading query strings."""

from webui.resources import ListQuery, read_query, window_of

ROWS = [f"row-{number:03d}" for number in range(250)]


def window(after: str, rows: list[str] = ROWS) -> tuple[list[str], str]:
    return window_of(rows, after, key=lambda row: row)


def test_windows_follow_each_other_until_all_is_shown() -> None:
    first, following = window("")
    second, then = window(following)
    third, end = window(then)
    assert [*first, *second, *third] == ROWS
    assert (len(first), len(second), len(third), end) == (100, 100, 50, "")


def test_a_row_that_came_meanwhile_repeats_nothing() -> None:
    _first, following = window("")
    second, _then = window(following, ["row-new", *ROWS])
    assert second[0] == "row-100"


def test_the_window_goes_on_though_its_last_row_is_gone() -> None:
    _first, following = window("")
    second, _then = window(following, [row for row in ROWS if row != "row-099"])
    assert second[0] == "row-101"


def test_an_after_that_makes_no_sense_shows_the_beginning() -> None:
    assert window("nonsense")[0][0] == "row-000"
    assert window("9999:gone") == ([], "")


def test_a_query_string_is_read_forgivingly() -> None:
    asked = {"q": "  shop ", "show": "purple", "sort": "-size"}
    assert read_query(asked, shows=["used"], sorts=["name", "size"]) == ListQuery("shop", "", "-size", grouped=True)
