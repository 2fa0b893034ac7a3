"""What the charts draw of samples: holes in time, clocks that are set back. Run as the browser runs it, without one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.peers import printed_by

_SHAPES = Path(__file__).parents[3] / "static" / "src" / "js" / "lib" / "stats_shape.js"


def _answer(call: str) -> Any:
    return printed_by(
        f"import * as shapes from {json.dumps(_SHAPES.as_uri())}; console.log(JSON.stringify(shapes.{call}))"
    )


def _samples(*moments: float) -> str:
    return json.dumps([[at, at] for at in moments])


@pytest.mark.parametrize(
    ("moments", "hole_s", "holes"),
    [
        ([1, 2, 3, 4, 5], 35, []),
        ([1, 2, 3, 6.5, 7.5], 35, []),  # a busy host is late
        ([1, 2, 3, 12, 13, 14], 35, [7.5]),  # a restart, watched by the second
        ([10, 20, 30, 37, 38, 39], 35, []),  # what was kept, and then what is watched
        ([10, 20, 30, 60, 70], 35, []),
        ([10, 20, 30, 80, 81], 35, [55]),
        ([1, 500, 1000], 35, [250.5, 750]),
        ([60, 120, 180, 600, 660], 210, [390]),
    ],
)
def test_a_pause_that_is_longer_than_the_steps_beside_it_is_a_hole(
    moments: list[float], hole_s: float, holes: list[float]
) -> None:
    times, values = _answer(f"columnsOf({_samples(*moments)}, [1], {hole_s})")
    assert [at for at, value in zip(times, values, strict=True) if value is None] == holes
    assert [value for value in values if value is not None] == moments
    assert times == sorted(times)


def test_of_what_no_line_can_be_drawn_there_is_a_point() -> None:
    assert _answer("alone([1, null, 2, 3, null, 4])") == [0, 5]


def test_a_clock_that_is_set_back_leaves_no_line_that_runs_backwards() -> None:
    kept = _answer(f"latest({_samples(100, 101, 102, 5000, 5001, 103, 104)}, 300)")
    assert [at for at, _ in kept] == [100, 101, 102, 103, 104]
    assert [at for at, _ in _answer(f"latest({_samples(100, 101, 900)}, 300)")] == [900]
    assert _answer("latest([], 300)") == []
