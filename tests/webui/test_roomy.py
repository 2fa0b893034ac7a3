"""Room for frames: no call below a roomy function meets the end of a chunk."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from webui.roomy import roomy


def _leaf(*_: int) -> None:
    return None


def _calls(depth: int, times: int) -> None:
    if depth:
        _calls(depth - 1, times)
        return
    for _ in range(times):
        _leaf(1, 2, 3)


def _faults_of(work: Callable[[], None]) -> int:
    """How many pages this thread had to be given meanwhile: one at least for each chunk that was mapped."""
    before = _faults()
    work()
    return _faults() - before


def _faults() -> int:
    stat = Path("/proc/thread-self/stat").read_text()
    return int(stat.rpartition(")")[2].split()[7])


def _at_every_depth() -> None:
    for depth in range(300):
        _calls(depth, 50)


def test_calls_at_any_depth_need_no_new_pages_in_a_roomy_function() -> None:
    @roomy
    def work() -> None:
        _at_every_depth()

    work()
    assert _faults_of(work) < 300


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="nobody knows yet how that keeps its frames")
def test_elsewhere_they_do() -> None:
    """Else `roomy` would not be needed any more."""
    _at_every_depth()
    assert _faults_of(_at_every_depth) > 300


def test_a_roomy_function_is_what_it_was() -> None:
    @roomy
    def named(first: int, *, second: int = 2) -> int:
        """Says so."""
        return first + second

    assert named(1, second=4) == 5
    assert (named.__name__, named.__doc__) == ("named", "Says so.")


def test_what_keeps_its_frame_elsewhere_is_refused() -> None:
    async def later() -> None:
        return None

    with pytest.raises(TypeError, match="later keeps its frame elsewhere"):
        roomy(later)
