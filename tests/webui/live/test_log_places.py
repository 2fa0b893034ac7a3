"""Going on with a log: whatever broke off, and wherever, each line comes once and whole."""

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.live import lines as live_lines
from webui.live.lines import LineCutter
from webui.log_lines import Place, Skipper

# What an engine keeps: (moment, stream, text); a text without a line feed is a piece of a line that goes on.
Entry = tuple[int, int, str]
LETTERS = {1: "o", 2: "e"}


def stamp_of(moment: int) -> str:
    return f"2026-11-28T10:00:00.{moment:09d}Z"


def answer(entries: Sequence[Entry], since: str, *, is_terminal: bool) -> Iterator[bytes]:
    """As an engine answers: each piece with a timestamp of its own, from `since` on; in frames, or a terminal's."""
    for moment, stream, text in entries:
        if not since or moment >= int(since.partition(".")[2]):
            payload = f"{stamp_of(moment)} {text}".encode()
            yield payload if is_terminal else struct.pack(">BxxxL", stream, len(payload)) + payload


class Reader:
    """Reads as live and kept logs do, and holds all that it was given."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        self.is_terminal = is_terminal
        self.place: Place[str] = Place("")
        self.held: list[str] = []

    def read(self, entries: Sequence[Entry], count: int, *, is_ended: bool) -> None:
        """So many frames of what the engine answers, and then the end of the stream, or a cut."""
        cutter, skipper = LineCutter(is_terminal=self.is_terminal), Skipper(self.place)
        for at, frame in enumerate(answer(entries, self.place.since(), is_terminal=self.is_terminal)):
            if at == count and not is_ended:
                return
            self.held += skipper.new(cutter.feed(frame))
            self.place.passed(skipper.counted, cutter.reread_from.decode())
        self.held += skipper.last(cutter.last())

    def texts(self, letter: str) -> list[str]:
        """The whole lines of a stream."""
        texts: list[str] = []
        for line in self.held:
            if line[0] == letter:
                texts.append(line[32:])
            elif line[0] == letter.upper():
                texts[-1] += line[32:]
        return texts


def texts_of(entries: Sequence[Entry], stream: int) -> list[str]:
    text = "".join(text for _, which, text in entries if which == stream)
    return text.removesuffix("\n").split("\n") if text else []


def test_the_line_after_a_long_one_that_ended_in_the_same_moment_comes_once() -> None:
    entries = [(1, 1, "before\n"), *((2 + at, 1, "x" * 8_000) for at in range(20)), (30, 1, "\n"), (30, 1, "after\n")]
    reader = Reader()
    reader.read(entries, len(entries), is_ended=True)
    reader.read([*entries, (30, 1, "also then\n"), (31, 1, "later\n")], 100, is_ended=True)
    assert reader.texts("o") == ["before", "x" * 160_000, "after", "also then", "later"]


def test_a_line_that_had_no_end_yet_goes_on_where_it_was_left() -> None:
    entries = [(1, 1, "first\n"), (2, 1, "Password: ")]
    reader = Reader()
    reader.read(entries, 2, is_ended=True)
    reader.read([*entries, (9, 1, "accepted\n"), (9, 1, "welcome\n")], 9, is_ended=True)
    assert [line[0] + line[32:] for line in reader.held] == ["ofirst", "oPassword: ", "Oaccepted", "owelcome"]
    reader.read([*entries, (9, 1, "accepted\n"), (9, 1, "welcome\n"), (9, 1, "bye\n")], 9, is_ended=True)
    assert reader.texts("o") == ["first", "Password: accepted", "welcome", "bye"]


def test_lines_that_were_rotated_away_do_not_cost_those_that_came_after_them() -> None:
    entries = [(at, 1, f"{at}\n") for at in range(1, 6)] + [(5, 1, "five again\n")]
    reader = Reader()
    reader.read(entries, len(entries), is_ended=True)
    reader.read([(7, 1, "seven\n")], 9, is_ended=True)
    assert reader.texts("o") == ["1", "2", "3", "4", "5", "five again", "seven"]


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Entries in the order of time; many share a moment, lines of both streams cross, lines come in pieces."""
    moment, made = 1, []
    for number, (step, stream, has_end, size) in enumerate(
        draw(
            st.lists(
                st.tuples(st.integers(0, 2), st.sampled_from((1, 1, 2)), st.booleans(), st.integers(0, 9)), min_size=1
            )
        )
    ):
        moment += step
        made.append((moment, stream, f"{number}-{'x' * size}{chr(10) if has_end else ''}"))
    return made


@given(
    entries=logs(),
    stops=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=6),
    data=st.data(),
    is_terminal=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_reader_that_is_cut_anywhere_has_each_line_once(
    entries: list[Entry], stops: list[tuple[int, bool]], data: st.DataObject, *, is_terminal: bool
) -> None:
    if is_terminal:
        entries = [(moment, 1, text) for moment, _, text in entries]
    # A stream ends in order only where the log does for now; it is cut anywhere.
    ends = sorted(data.draw(st.integers(0, len(entries))) for _ in stops)
    reader = Reader(is_terminal=is_terminal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_lines, "LONGEST_LINE", 40)
        for end, (count, is_ended) in zip(ends, stops, strict=True):
            reader.read(entries[:end], count, is_ended=is_ended)
        reader.read(entries, len(entries), is_ended=True)
    for stream, letter in LETTERS.items():
        assert reader.texts(letter) == texts_of(entries, stream)
    assert all(one <= other for (one, *_), (other, *_) in pairwise(entries))
