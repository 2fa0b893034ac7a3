"""Kept logs stay within their size and days; the oldest go first, and what exists is not forgotten."""

import os
from dataclasses import replace
from pathlib import Path

from tests.webui.history.conftest import ABOUT, line, lines_in
from webui.history.bounds import Beginning, Bound, beginning_of, enforce, kept_in
from webui.history.segments import segments_in
from webui.history.store import LogStore

AT_S = 1_795_860_000  # 2026-11-28T10:00:00Z
MUCH = Bound(10**9, 7)


def fill(root: Path, container_id: str, *, segments: int, second: int = 0) -> LogStore:
    store = LogStore(root / container_id, replace(ABOUT, container_id=container_id))
    for number in range(segments):
        store.add([line(n, os.urandom(20).hex(), second=second + number) for n in range(100)])
        store.seal()
    return store


def test_the_oldest_of_all_containers_go_until_the_rest_fits(tmp_path: Path) -> None:
    fill(tmp_path, "a" * 64, segments=3, second=0)
    fill(tmp_path, "b" * 64, segments=3, second=10)
    size = kept_in(tmp_path).size_bytes
    left = enforce(tmp_path, Bound(size * 6 // 10, 7), busy=set(), present={"a" * 64, "b" * 64}, now_s=AT_S)
    assert left <= size * 6 // 10
    assert lines_in(tmp_path / ("a" * 64)) == []
    assert len(segments_in(tmp_path / ("b" * 64))) == 4  # three sealed, one being written


def test_what_is_too_old_goes_however_much_room_there_is(tmp_path: Path) -> None:
    store = fill(tmp_path, "a" * 64, segments=2)
    store.close()
    enforce(tmp_path, MUCH, busy=set(), present={"a" * 64}, now_s=AT_S + 6 * 86400)
    assert len(lines_in(tmp_path / ("a" * 64))) == 200
    enforce(tmp_path, MUCH, busy=set(), present={"a" * 64}, now_s=AT_S + 8 * 86400)
    assert lines_in(tmp_path / ("a" * 64)) == []
    assert (tmp_path / ("a" * 64)).exists()
    enforce(tmp_path, MUCH, busy=set(), present=set(), now_s=AT_S + 8 * 86400)
    assert not (tmp_path / ("a" * 64)).exists()


def test_a_file_that_is_being_written_is_never_dropped(tmp_path: Path) -> None:
    store = fill(tmp_path, "a" * 64, segments=0)
    store.add([line(1)])
    enforce(tmp_path, Bound(0, 1), busy={"a" * 64}, present=set(), now_s=AT_S + 10**8)
    assert lines_in(tmp_path / ("a" * 64)) == [line(1)]


def test_what_is_kept_is_counted(tmp_path: Path) -> None:
    assert kept_in(tmp_path / "none").container_count == 0
    fill(tmp_path, "a" * 64, segments=2)
    kept = kept_in(tmp_path)
    assert (kept.container_count, kept.line_count, kept.first_ms) == (1, 200, AT_S * 1000)


def test_where_the_kept_logs_begin_and_whether_there_was_more_is_known(tmp_path: Path) -> None:
    folders = [tmp_path / (letter * 64) for letter in "ab"]
    assert beginning_of(folders) == Beginning(None, has_dropped=False)
    fill(tmp_path, "a" * 64, segments=3, second=5)
    LogStore(folders[1], replace(ABOUT, container_id="b" * 64)).add([line(0, second=7)])
    first_ms = AT_S * 1000
    assert beginning_of(folders) == Beginning(first_ms + 5_000, has_dropped=False)
    assert beginning_of(folders[1:]) == Beginning(first_ms + 7_000, has_dropped=False)
    segments_in(folders[0])[0].path.unlink()
    assert beginning_of(folders) == Beginning(first_ms + 6_000, has_dropped=True)
