"""Which swaps a live list sends: only what changed, new rows where they belong, nothing that moves."""

import random
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict

from webui.live import ORDER, HostState, Message, Picture, Viewer
from webui.live.picture import as_down
from webui.pages import Column, ListPage
from webui.resources import RowsFeed, Shown, stamp_of

PICTURE = Picture("local", HostState.UP, serial=3)


class Board:
    """A list whose rows a test writes; `see` is what one viewer is sent."""

    def __init__(self, *, moves: bool = False) -> None:
        self.moves = moves
        self.rows: dict[str, str] = {"a": "A", "b": "B"}
        self.asked: Mapping[str, str] = {}
        self.feed = RowsFeed(kind="volumes", operation="volume.list", show=self._show)
        self.viewer = Viewer(actor=None, host=SimpleNamespace(name="Harbour"), may=lambda _operation: True)  # type: ignore[arg-type]

    def _show(self, _picture: Picture, _viewer: Viewer, params: Mapping[str, str]) -> Shown:
        self.asked = params
        page = ListPage("Things", [Column("name", "Name")], [], len(self.rows), len(self.rows), ("thing", "things"))
        return Shown(dict(self.rows), page, moves=self.moves)

    def see(self, query: str = "") -> list[tuple[str, str, str]]:
        sent: Any = self.feed.messages(
            picture=PICTURE, viewer=self.viewer, params=QueryDict(query), changed=frozenset("x")
        )
        return [told(message) for message in sent if message["target"] not in {"#chips", "#list-count"}]


def told(message: Message) -> tuple[str, str, str]:
    return message["target"], message["swap"], message["content"]


@pytest.fixture
def board() -> Board:
    board = Board()
    board.see(f"at={stamp_of(PICTURE)}")
    return board


def test_a_page_that_is_up_to_date_is_sent_nothing() -> None:
    assert Board().see(f"at={stamp_of(PICTURE)}") == []


def test_a_page_that_missed_something_gets_its_rows_again() -> None:
    assert [(target, swap) for target, swap, _html in Board().see("at=1-2-up")] == [
        ("#rows", "innerMorph"),
        ("#stale", "outerMorph"),
    ]


def test_a_change_is_swapped_in_place(board: Board) -> None:
    board.rows["b"] = "B2"
    assert board.see() == [("#b", "outerMorph", "B2")]
    assert board.see() == []


def test_a_new_row_follows_the_one_before_it(board: Board) -> None:
    board.rows = {"0": "zero", "a": "A", "a1": "one", "a2": "two", "b": "B"}
    assert board.see() == [("#rows", "afterbegin", "zero"), ("#a", "afterend", "one"), ("#a1", "afterend", "two")]


def test_a_gone_row_is_taken_out_first(board: Board) -> None:
    board.rows = {"b": "B", "c": "C"}
    assert board.see() == [("#a", "delete", " "), ("#b", "afterend", "C")]


def test_the_chips_and_the_count_follow_each_change(board: Board) -> None:
    board.rows["c"] = "C"
    sent = board.feed.messages(picture=PICTURE, viewer=board.viewer, params=QueryDict(), changed=frozenset("c"))
    assert [message["target"] for message in sent] == ["#b", "#chips", "#list-count"]
    assert "3 things" in sent[-1]["content"]


def test_the_stamp_is_no_part_of_the_query(board: Board) -> None:
    board.see("q=x&at=1")
    assert board.asked == {"q": "x"}


def test_a_host_that_stops_answering_puts_up_a_banner_and_takes_it_down_again(board: Board) -> None:
    down = as_down(PICTURE, "the event stream ended")
    for picture, words in ((down, "Harbour cannot be reached: the event stream ended."), (PICTURE, "")):
        sent = board.feed.messages(picture=picture, viewer=board.viewer, params=QueryDict(), changed=frozenset())
        [banner] = [message for message in sent if message["target"] == "#stale"]
        assert words in banner["content"]
        assert ("notice" in banner["content"]) == bool(words)


class Page:
    """What a browser makes of the messages: the ids of its rows, in their order."""

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows

    def take(self, messages: list[tuple[str, str, str]]) -> None:
        for target, swap, content in messages:
            key = target.removeprefix("#")
            match swap:
                case "delete":
                    self.rows.remove(key)
                case "afterend":
                    self.rows.insert(self.rows.index(key) + 1, content)
                case "afterbegin":
                    self.rows.insert(0, content)
                case "order":
                    for run in content.split():
                        first, _colon, keys = run.partition(":")
                        keys = keys.split(",")
                        self.rows[int(first) : int(first) + len(keys)] = keys


@pytest.mark.parametrize("seed", range(20))
def test_rows_that_move_stand_where_they_should_whatever_comes_and_goes(seed: int) -> None:
    chance = random.Random(seed)
    board = Board(moves=True)
    board.rows = {f"r{number}": f"r{number}" for number in range(12)}
    # The page came a moment before its order was measured.
    page = Page(chance.sample(list(board.rows), k=12))
    page.take(board.see(f"at={stamp_of(PICTURE)}"))
    for step in range(30):
        keys = chance.sample(list(board.rows), k=len(board.rows) - chance.randint(0, 2))
        for number in range(chance.randint(0, 2)):
            keys.insert(chance.randint(0, len(keys)), f"n{step}-{number}")
        board.rows = dict(zip(keys, keys, strict=True))
        if chance.random() < 0.5:
            # A first answer names each row's place; a page that could not follow one asks for the same again.
            board.viewer.memory[ORDER] = chance.choice(["moved", "all"])
            page.take(board.see())
            assert page.rows == keys
        else:
            page.take(board.see())
            assert sorted(page.rows) == sorted(keys)


def test_only_places_where_something_else_stands_are_sent() -> None:
    board = Board(moves=True)
    board.rows = {key: key for key in "abcdef"}
    board.see(f"at={stamp_of(PICTURE)}")
    board.viewer.memory[ORDER] = "moved"
    assert board.see() == [("#rows", "order", "0:a,b,c,d,e,f")]
    board.rows = {key: key for key in "bacdfe"}
    assert board.see() == []
    board.viewer.memory[ORDER] = "moved"
    assert board.see() == [("#rows", "order", "0:b,a 4:f,e")]
    board.viewer.memory[ORDER] = "moved"
    assert board.see() == []
