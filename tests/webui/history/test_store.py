"""A kept log survives what kills its writer, without a hole and without a line twice."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.webui.history.conftest import ABOUT, line, lines_in
from webui.history.segments import about_in, lines_of, segments_in, write_whole
from webui.history.store import LogStore
from webui.log_lines import Skipper, timestamp_of

LINES = [line(number) for number in range(1_050)]


def test_lines_come_back_as_they_were_added_through_sealed_and_open_files(store: LogStore, folder: Path) -> None:
    store.add(LINES[:500])
    store.seal()
    store.add(LINES[500:700])
    store.seal()
    store.add(LINES[700:])
    assert lines_in(folder) == LINES
    assert [segment.is_sealed for segment in segments_in(folder)] == [True, True, False]
    assert segments_in(folder)[0].line_count == 500
    assert about_in(folder) == ABOUT


def test_a_line_with_a_carriage_return_or_rubbish_stays_one_line(store: LogStore, folder: Path) -> None:
    rubbish = line(0, "a\rb") + b"\x00\xff\x1b[31m\x0b\x85"
    store.add([rubbish])
    store.seal()
    assert lines_in(folder) == [rubbish]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 499, 1_050])
@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_writer_that_starts_again_skips_exactly_what_it_has(folder: Path, count: int, *, is_sealed: bool) -> None:
    first = LogStore(folder, ABOUT)
    first.add(LINES[:count])
    if is_sealed:
        first.seal()
    again = LogStore(folder, ABOUT)  # the first was killed: nothing was closed
    stamp = again.place.stamp
    answer = [one for one in LINES if one[1:31] >= stamp]  # what an engine gives for `since` its place
    again.add(Skipper(again.place).new(answer))
    assert lines_in(folder) == LINES


def test_half_a_line_that_a_power_cut_left_is_cut_off(store: LogStore, folder: Path) -> None:
    store.add(LINES[:10])
    active = segments_in(folder)[-1].path
    active.write_bytes(active.read_bytes() + LINES[10][:20])
    again = LogStore(folder, ABOUT)
    again.add(LINES[10:12])
    assert lines_in(folder) == LINES[:12]


def test_a_crash_between_compressing_and_removing_leaves_nothing_twice(store: LogStore, folder: Path) -> None:
    store.add(LINES[:200])
    active = segments_in(folder)[-1].path
    before = active.read_bytes()
    store.seal()
    active.write_bytes(before)
    (folder / ".00000002-1-2-3.zst.new").write_bytes(b"half")
    assert lines_in(folder) == LINES[:200]
    LogStore(folder, ABOUT).add(LINES[200:300])
    assert lines_in(folder) == LINES[:300]
    assert not list(folder.glob(".*"))


def test_what_was_dropped_to_make_room_is_not_read_again(store: LogStore, folder: Path) -> None:
    store.add(LINES[:250])
    store.close()
    for segment in segments_in(folder):
        segment.path.unlink()
    again = LogStore(folder, ABOUT)
    assert again.place.stamp == LINES[249][1:31]
    assert list(Skipper(again.place).new(LINES[200:260])) == LINES[250:260]


def test_a_disk_that_is_full_costs_the_lines_and_not_the_file(
    store: LogStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(LINES[:10])
    write = os.write

    def full(fd: int, data: Any) -> int:
        write(fd, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(OSError, match="No space"):
        store.add(LINES[10:20])
    monkeypatch.undo()
    store.add(LINES[10:20])
    assert lines_in(folder) == LINES[:20]


def test_a_new_name_is_written_down(store: LogStore, folder: Path) -> None:
    from dataclasses import replace

    store.name_it(replace(ABOUT, name="shop-web-old"))
    about = about_in(folder)
    assert about is not None
    assert about.name == "shop-web-old"


def test_a_line_that_had_no_end_goes_on_where_it_was_left_and_the_one_after_a_long_one_comes_once(folder: Path) -> None:
    first = LogStore(folder, ABOUT)
    first.add([line(0), b"o" + line(1)[1:]])
    skipper = Skipper(first.place)
    first.add(skipper.last([line(200, "half")]), ())
    first.close()
    again = LogStore(folder, ABOUT)
    again.add(Skipper(again.place).new([line(0), line(1), line(200, "half") + b" is whole", line(300)]))
    assert lines_in(folder) == [line(0), line(1), line(200, "half"), b"O" + line(200)[1:32] + b" is whole", line(300)]


def test_after_a_crash_a_long_line_is_read_again_from_its_beginning(folder: Path) -> None:
    long = [line(100), b"O" + line(100)[1:32] + b"goes on", line(200)]
    LogStore(folder, ABOUT).add([line(0), *long])  # and is killed
    again = LogStore(folder, ABOUT)
    assert (again.place.stamp, again.place.count, again.place.latest) == (line(100)[1:31], 3, line(200)[1:31])
    again.add(Skipper(again.place).new([*long, line(201)]))
    assert lines_in(folder) == [line(0), *long, line(201)]


def test_a_store_with_a_damaged_file_goes_on_after_what_was_in_it(store: LogStore, folder: Path) -> None:
    store.add([line(n) for n in range(3)])
    store.seal()
    store.close()
    sealed = segments_in(folder)[0]
    sealed.path.write_bytes(b"rubbish")
    again = LogStore(folder, ABOUT)
    assert again.place.stamp == timestamp_of(line(2))
    again.close()
    (folder / "place.json").unlink()
    lost = LogStore(folder, ABOUT)
    assert lost.place.stamp > timestamp_of(line(2))
    lost.add([line(0, second=5)])
    assert lines_of(segments_in(folder)[-1].read()) == [line(0, second=5)]


def test_a_file_that_finds_no_room_leaves_none_of_it_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no room"):
        write_whole(tmp_path / "some", b"data")
    assert list(tmp_path.iterdir()) == []
