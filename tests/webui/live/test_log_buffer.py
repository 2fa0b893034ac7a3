"""How the page of logs puts lines of several containers in order. Run as the browser runs it, without one."""

import json
from pathlib import Path

import pytest

from tests.peers import printed_by

_BUFFER = Path(__file__).parents[3] / "static" / "src" / "js" / "lib" / "log_buffer.js"
_SCRIPT = """
import { LogBuffer } from %s;
const buffer = new LogBuffer();
for (const [lines, source] of %s) buffer.addInOrder(lines, source);
const shown = [];
for (let place = 0; place < buffer.count; place += 1) shown.push(buffer.line(buffer.numberAt(place)));
console.log(JSON.stringify(shown));
"""


def _shown(*batches: tuple[list[str], int]) -> list[str]:
    shown = printed_by(_SCRIPT % (json.dumps(_BUFFER.as_uri()), json.dumps(batches)))
    return [line.split(" ", 1)[-1] for line in shown]


def _line(second: int, words: str = "") -> str:
    return f"o2026-11-29T07:00:{second:02}.000000000Z {words or second}"


@pytest.mark.parametrize(
    ("batches", "shown"),
    [
        ([([_line(1), _line(4)], 0), ([_line(2), _line(3), _line(5)], 1)], "1 2 3 4 5"),
        ([([_line(4)], 0), ([_line(1)], 1), ([_line(5)], 0)], "1 4 5"),
        # What one of them wrote in a moment stays as it was written.
        ([([_line(3, "a"), _line(3, "b")], 0), ([_line(3, "c")], 1)], "a b c"),
        # Words of ours, that have no time, are in nobody's way.
        ([([_line(4)], 0), (["nnobody"], 2), ([_line(1), _line(5)], 1)], "1 4 nnobody 5"),
        (
            [([_line(4)], 0), ([_line(6)], 0), (["nnobody"], 2), (["neither"], 2), ([_line(5)], 1)],
            "4 5 6 nnobody neither",
        ),
        ([(["nnobody"], 2), ([_line(2)], 0), ([_line(1)], 1)], "nnobody 1 2"),
    ],
)
def test_lines_of_several_come_in_the_order_of_time(batches: list[tuple[list[str], int]], shown: str) -> None:
    assert _shown(*batches) == shown.split()
