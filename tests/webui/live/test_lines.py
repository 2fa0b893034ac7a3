import struct

import pytest

from webui.live.lines import LineCutter
from webui.log_lines import Place, Skipper, moment_in, since_of, timestamp_of

STAMP = "2026-11-24T03:00:00.123456789Z"


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


def test_each_frame_becomes_a_line_with_the_letter_of_its_stream() -> None:
    data = frame(1, f"{STAMP} hello\n".encode()) + frame(2, f"{STAMP} oh no\n".encode())
    assert LineCutter(is_terminal=False).feed(data) == [f"o{STAMP} hello", f"e{STAMP} oh no"]


def test_any_cut_of_the_stream_gives_the_same_lines() -> None:
    data = b"".join(frame(1 + n % 2, f"{STAMP} line {n} ü\n".encode()) for n in range(20))
    whole = LineCutter(is_terminal=False).feed(data)
    for size in (1, 3, 7, 64):
        cutter = LineCutter(is_terminal=False)
        lines = [line for at in range(0, len(data), size) for line in cutter.feed(data[at : at + size])]
        assert lines == whole


def test_a_line_in_two_payloads_is_joined_and_an_unended_last_one_is_kept() -> None:
    cutter = LineCutter(is_terminal=False)
    assert cutter.feed(frame(1, b"first half, ") + frame(2, b"other\n")) == ["eother"]
    assert cutter.feed(frame(1, b"second half\nrest")) == ["ofirst half, second half"]
    assert cutter.last() == ["orest"]


def test_a_terminal_has_no_frames() -> None:
    assert LineCutter(is_terminal=True).feed(b"a\r\nb\r\n") == ["oa\r", "ob\r"]


def test_a_line_without_end_is_cut_before_it_fills_the_memory() -> None:
    cutter = LineCutter(is_terminal=True)
    lines = [line for _ in range(100) for line in cutter.feed(b"x" * 4096)]
    assert max(map(len, lines)) < 70_000


def test_bytes_that_are_no_text_do_not_end_the_log() -> None:
    assert LineCutter(is_terminal=True).feed(b"\xff\xfe\n") == ["o��"]


def test_the_timestamp_is_read_and_nothing_else_is_taken_for_one() -> None:
    assert timestamp_of(f"o{STAMP} hello") == STAMP
    assert timestamp_of("ohello world") == ""


def test_a_line_of_fifty_pieces_is_cut_alike_whatever_the_chunks_and_says_that_it_goes_on() -> None:
    text = "x" * 200_000
    pieces = [text[at : at + 8000] for at in range(0, len(text), 8000)]
    # Engines stamp each piece; only the last one ends the line.
    data = b"".join(frame(1, f"{STAMP} {piece}".encode()) for piece in pieces[:-1])
    data += frame(1, f"{STAMP} {pieces[-1]}\n".encode()) + frame(1, f"{STAMP} after\n".encode())
    whole = LineCutter(is_terminal=False).feed(data)
    assert [line[0] for line in whole] == ["o", "O", "O", "O", "o"]
    assert {timestamp_of(line) for line in whole} == {STAMP}
    assert "".join(line[32:] for line in whole[:4]) == text
    cutter = LineCutter(is_terminal=False)
    assert [line for at in range(0, len(data), 5000) for line in cutter.feed(data[at : at + 5000])] == whole


def test_timestamps_of_other_zones_and_lengths_are_written_alike() -> None:
    cutter = LineCutter(is_terminal=False)
    lines = cutter.feed(
        frame(1, b"2026-11-24T04:00:00.5+01:00 hello\n2026-11-24T03:00:01Z there\n2026-99-99T99:99:99Z x\n")
    )
    assert lines[:2] == ["o2026-11-24T03:00:00.500000000Z hello", "o2026-11-24T03:00:01.000000000Z there"]
    assert lines[2].endswith("x")


@pytest.mark.parametrize("head", [b"HTTP/1.1", b"\x01\x01\0\0\0\0\0\x05", b"\x04\0\0\0\0\0\0\x05"])
def test_what_has_no_heads_of_frames_is_no_log(head: bytes) -> None:
    with pytest.raises(ValueError, match="no log stream"):
        LineCutter(is_terminal=False).feed(head + b"x" * 100)


@pytest.mark.parametrize("size", [1_000, 70_000, 300_000, 10_000_000])
def test_a_line_in_one_frame_of_megabytes_is_cut_as_one_in_many_and_the_next_is_whole(size: int) -> None:
    # In it stands what could be taken for a timestamp, or the end of a line of another stream.
    text = f"{STAMP} {'xü世' * 100_000}"
    data = frame(1, f"{STAMP} before\n".encode()) + frame(1, f"{STAMP} {text}\n".encode())
    data += frame(2, f"{STAMP} oh no\n".encode()) + frame(1, f"{STAMP} after\n".encode())
    cutter = LineCutter(is_terminal=False)
    lines = [line for at in range(0, len(data), size) for line in cutter.feed(data[at : at + size])]
    assert [lines[0], *lines[-2:]] == [f"o{STAMP} before", f"e{STAMP} oh no", f"o{STAMP} after"]
    assert [line[0] for line in lines[1:-2]] == ["o", *"O" * (len(lines) - 4)]
    assert max(len(line.encode()) for line in lines) < 70_000
    assert {timestamp_of(line) for line in lines} == {STAMP}
    assert "".join(line[32:] for line in lines[1:-2]) == text
    assert cutter.last() == []


def test_a_frame_that_never_ends_fills_no_memory() -> None:
    cutter = LineCutter(is_terminal=False)
    count = len(cutter.feed(b"\x01\0\0\0\xff\xff\xff\xff" + f"{STAMP} ".encode()))
    for _ in range(100):
        count += len(cutter.feed(b"x" * 100_000))
    assert count == 10_000_000 // 65_536
    assert len("".join(cutter.last())) < 70_000


def test_what_a_terminal_had_before_the_end_of_a_line_is_a_part_of_it() -> None:
    later = STAMP.replace("00:00.1", "00:07.1")
    cutter = LineCutter(is_terminal=True)
    # As engines send them: each piece in a chunk, with the time of its own.
    chunks = [
        f"{STAMP} / # ",
        f"{later} l",
        f"{later} s",
        f"{later} \r\n",
        f"{later} \r\n",
        f"{later} {STAMP} said\r\n",
    ]
    lines = [line for chunk in chunks for line in cutter.feed(chunk.encode())]
    assert lines == [f"o{STAMP} / # ls\r", f"o{later} \r", f"o{later} {STAMP} said\r"]


@pytest.mark.parametrize("taken", [0, 1, 4, 5, 6, 11, 12])
def test_a_reader_that_comes_back_misses_nothing_and_gets_nothing_twice(taken: int) -> None:
    stamps = ["2026-11-24T03:00:00.000000001Z"] * 5 + ["2026-11-24T03:00:00.000000002Z"] * 7
    lines = [f"o{stamp} {number}" for number, stamp in enumerate(stamps)]
    place: Place[str] = Place("")
    for at in range(0, taken, 3):
        place.passed(lines[at : min(at + 3, taken)])
    # An engine that only looks at whole seconds sends all of them again.
    skipper = Skipper(place)
    assert [line for one in lines for line in skipper.new([one])] == lines[taken:]


def test_a_moment_of_an_address_is_a_timestamp_or_nothing() -> None:
    assert moment_in("2026-11-24T03:00:00Z") == "2026-11-24T03:00:00.000000000Z"
    assert moment_in("2026-11-24T04:00:00.25+01:00") == "2026-11-24T03:00:00.250000000Z"
    assert moment_in("yesterday") == ""
    assert moment_in("2026-13-24T03:00:00Z") == ""
    assert since_of("2026-11-24T03:00:00.250000000Z") == "1795489200.250000000"
