"""Rows and fragments are made once for as long as what they are made of is the same."""

from collections import Counter
from collections.abc import Callable

from webui.resources import Shelf


class Made:
    """Counts what a shelf asks for."""

    def __init__(self, holds_s: float = 3600) -> None:
        self.counts: Counter[str] = Counter()
        self.shelf = Shelf[tuple[str, int]](render=self._render, holds_until=lambda _row, now: now + holds_s)

    def _render(self, host: str, row: tuple[str, int], allowed: frozenset[str]) -> str:
        self.counts["rendered"] += 1
        return f"{host} {row} {sorted(allowed)}"

    def read(self, raw: dict[str, int]) -> tuple[str, int]:
        self.counts["read"] += 1
        return ("row", raw["n"])


def test_a_row_is_read_and_rendered_once_while_its_raw_object_is_the_same() -> None:
    made = Made()
    raws = {"a": {"n": 1}}
    for _time in range(3):
        [row] = made.shelf.rows("local", raws, made.read)
        assert made.shelf.html("local", "a", row, frozenset({"stop"})) == "local ('row', 1) ['stop']"
    assert made.counts == {"read": 1, "rendered": 1}


def test_each_set_of_rights_has_its_own_fragment() -> None:
    made = Made()
    [row] = made.shelf.rows("local", {"a": {"n": 1}}, made.read)
    assert made.shelf.html("local", "a", row, frozenset()) != made.shelf.html("local", "a", row, frozenset({"stop"}))
    assert made.counts["rendered"] == 2


def test_a_changed_object_is_read_again_and_only_that_one() -> None:
    made = Made()
    first = {"n": 1}
    made.shelf.rows("local", {"a": first, "b": {"n": 2}}, made.read)
    made.shelf.rows("local", {"a": first, "b": {"n": 3}}, made.read)
    assert made.counts["read"] == 3


def test_an_object_that_is_new_but_reads_the_same_keeps_its_fragment() -> None:
    made = Made()
    for _time in range(2):
        [row] = made.shelf.rows("local", {"a": {"n": 1}}, made.read)
        made.shelf.html("local", "a", row, frozenset())
    assert made.counts == {"read": 2, "rendered": 1}


def test_words_that_no_longer_hold_are_rendered_again() -> None:
    made = Made(holds_s=-1)
    [row] = made.shelf.rows("local", {"a": {"n": 1}}, made.read)
    for _time in range(2):
        made.shelf.html("local", "a", row, frozenset())
    assert made.counts["rendered"] == 2


def test_what_the_clock_does_not_change_is_rendered_once_though_its_words_change() -> None:
    counts: Counter[str] = Counter()

    def render(_host: str, row: tuple[str, int], _allowed: frozenset[str]) -> Callable[[float], str]:
        counts["rendered"] += 1

        def at(now: float) -> str:
            counts["drawn"] += 1
            return f"{row} since {now > 0}"

        return at

    shelf = Shelf[tuple[str, int]](render=render, holds_until=lambda _row, now: now - 1)
    [row] = shelf.rows("local", {"a": {"n": 1}}, lambda raw: ("row", raw["n"]))
    for _time in range(3):
        assert shelf.html("local", "a", row, frozenset()) == "('row', 1) since True"
    assert counts == {"rendered": 1, "drawn": 3}
