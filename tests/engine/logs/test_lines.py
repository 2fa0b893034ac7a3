import pytest

from engine.logs.lines import LogQuery, Unended, ends_of, pieces

OUT = b"2026-11-24T02:55:11.123456789+00:00 stdout F hello\n"
ERR = b"2026-11-24T02:55:12.000000001+00:00 stderr F trouble\n"
PART = b"2026-11-24T02:55:13.000000000+00:00 stdout P half\n"


def test_a_full_line_ends_with_a_newline_and_a_piece_does_not() -> None:
    assert pieces([OUT, PART], LogQuery()) == [(1, b"hello\n"), (1, b"half")]


def test_the_streams_are_kept_apart_and_in_order() -> None:
    assert pieces([OUT, ERR, OUT], LogQuery()) == [(1, b"hello\n"), (2, b"trouble\n"), (1, b"hello\n")]


def test_with_timestamps_each_line_is_a_piece_of_its_own() -> None:
    found = pieces([OUT, OUT], LogQuery(timestamps=True))
    assert found == [(1, b"2026-11-24T02:55:11.123456789Z hello\n")] * 2


def test_a_time_in_another_zone_is_told_in_utc() -> None:
    line = b"2026-11-24T04:55:11.123456789+02:00 stdout F hello\n"
    assert pieces([line], LogQuery(timestamps=True)) == pieces([OUT], LogQuery(timestamps=True))


def test_since_and_until_are_inclusive() -> None:
    moment_ns = 1795488911_123456789
    assert pieces([OUT, ERR], LogQuery(until_ns=moment_ns)) == [(1, b"hello\n")]
    assert pieces([OUT, ERR], LogQuery(since_ns=moment_ns + 1)) == [(2, b"trouble\n")]


def test_a_stream_that_is_not_wanted_is_left_out() -> None:
    assert pieces([OUT, ERR], LogQuery(stdout=False)) == [(2, b"trouble\n")]


def test_the_quick_way_and_the_exact_one_agree() -> None:
    plain = pieces([OUT, PART, ERR], LogQuery())
    assert plain == pieces([OUT, PART, ERR], LogQuery(since_ns=1))
    assert [piece for piece in plain if piece[0] == 1] == pieces([OUT, PART, ERR], LogQuery(stderr=False))


def test_what_is_no_log_line_is_passed_over() -> None:
    assert pieces([b"\n", b"nonsense\n", OUT], LogQuery()) == [(1, b"hello\n")]


def entry(second: int, kind: str, text: str, stream: str = "stdout") -> bytes:
    return f"2026-11-24T02:55:{second:02d}.000000000+00:00 {stream} {kind} {text}\n".encode()


KEYS = [
    entry(11, "P", "/ # "), entry(12, "P", "l"), entry(13, "F", "oops", "stderr"), entry(14, "P", "s"),
    entry(15, "F", ""), entry(16, "F", "bin"),
]  # fmt: skip


def test_a_line_in_pieces_has_one_timestamp_however_the_log_is_read() -> None:
    wanted = b"2026-11-24T02:55:11.000000000Z / # ls\n2026-11-24T02:55:16.000000000Z bin\n"
    for size in range(1, len(KEYS) + 1):
        unended: Unended = {}
        batches = [KEYS[at : at + size] for at in range(0, len(KEYS), size)]
        found = [piece for batch in batches for piece in pieces(batch, LogQuery(timestamps=True), unended)]
        assert b"".join(text for stream, text in found if stream == 1) == wanted
        assert (2, b"2026-11-24T02:55:13.000000000Z oops\n") in found


@pytest.mark.parametrize(("since", "until", "texts"), [(14, 60, [b"bin\n"]), (0, 12, [b"/ # ", b"l", b"s", b"\n"])])
def test_a_line_in_pieces_is_wanted_as_a_whole_or_not_at_all(since: int, until: int, texts: list[bytes]) -> None:
    base = 1795488900 * 10**9
    query = LogQuery(since_ns=base + since * 10**9, until_ns=base + until * 10**9, stderr=False)
    assert [text for _, text in pieces(KEYS, query)] == texts


def test_what_a_run_left_without_an_end_is_ended_before_the_next() -> None:
    assert ends_of(KEYS, 0) == b""
    left = [*KEYS, entry(17, "P", "/ # "), entry(18, "P", "half", "stderr"), entry(19, "F", "whole", "stderr")]
    assert ends_of(left, 0) == b"1970-01-01T00:00:00.000000000+00:00 stdout F \n"
