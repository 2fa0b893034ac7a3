import struct

from webui.live.lines import LineCutter
from webui.log_lines import timestamp_of

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
