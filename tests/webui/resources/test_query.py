"""Cutting a long list into windows, and reading query strings."""

from webui.resources import ListQuery, Window, read_query, window_of

ROWS = [f"row-{number:03d}" for number in range(250)]


def window(after: str = "", rows: list[str] = ROWS, **params: str) -> Window[str]:
    return window_of(rows, {"after": after, **params}, key=lambda row: row)


def test_windows_follow_each_other_until_all_is_shown() -> None:
    first = window()
    second = window(first.following)
    third = window(second.following)
    assert [*first.rows, *second.rows, *third.rows] == ROWS
    assert [(one.above, len(one.rows), one.below) for one in (first, second, third)] == [
        (0, 100, 150), (100, 100, 50), (200, 50, 0),
    ]  # fmt: skip
    assert third.following == ""


def test_a_window_can_be_had_anywhere() -> None:
    middle = window("70:")
    assert (middle.rows[0], middle.above, middle.below) == ("row-070", 70, 80)
    before = window(before="120:row-120")
    assert (before.rows[0], before.rows[-1], before.above, before.below) == ("row-020", "row-119", 20, 130)
    beginning = window(before="30:row-030")
    assert (beginning.rows[0], len(beginning.rows), beginning.above) == ("row-000", 30, 0)


def test_a_row_that_came_meanwhile_repeats_nothing() -> None:
    rows = ["row-new", *ROWS]
    assert window(window().following, rows).rows[0] == "row-100"
    assert window(before="120:row-120", rows=rows).rows[-1] == "row-119"


def test_the_window_goes_on_though_its_last_row_is_gone() -> None:
    assert window(window().following, [row for row in ROWS if row != "row-099"]).rows[0] == "row-101"


def test_the_window_goes_on_where_it_was_though_its_last_row_now_leads() -> None:
    moved = ["row-199", *ROWS[:199], *ROWS[200:]]
    assert window("200:row-199", moved).rows[0] == "row-200"


def test_an_after_that_makes_no_sense_shows_the_beginning() -> None:
    assert window("nonsense").rows[0] == "row-000"
    assert window(before="nonsense").rows == []
    beyond = window("9999:gone")
    assert (beyond.rows, beyond.above, beyond.below, beyond.following) == ([], 250, 0, "")


def test_a_query_string_is_read_forgivingly() -> None:
    asked = {"q": "  shop ", "show": "purple", "sort": "-size"}
    assert read_query(asked, shows=["used"], sorts=["name", "size"]) == ListQuery("shop", "", "-size", grouped=True)
