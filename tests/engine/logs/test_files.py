"""A log of several files, as rotation leaves them; a stand-in for conmon writes them."""

import asyncio
import gzip
from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.logs import LogLimits, LogQuery, LogReader, attributes, check_log_options, log_limits
from engine.logs.files import LogFiles

_MOMENT = b"2026-11-24T02:55:11.123456789+00:00 stdout "


def _lines(*texts: str, full: bool = True) -> bytes:
    return b"".join(_MOMENT + (b"F " if full else b"P ") + text.encode() + b"\n" for text in texts)


async def _read(path: Path, **query: object) -> bytes:
    batches = [batch async for batch in LogReader().read(path, LogQuery(**query), None)]  # type: ignore[arg-type]
    return b"".join(payload for batch in batches for _, payload in batch)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """a b | c, the beginning of d | the rest of d, e; the first file is compressed."""
    path = tmp_path / "container.log"
    (tmp_path / "container.log.9.gz").write_bytes(gzip.compress(_lines("a", "b")))
    (tmp_path / "container.log.10").write_bytes(_lines("c") + _lines("d1", full=False))
    path.write_bytes(_lines("d2", "e"))
    return path


async def test_files_are_read_in_the_order_of_their_numbers(log: Path) -> None:
    assert await _read(log) == b"a\nb\nc\nd1d2\ne\n"


@pytest.mark.parametrize(
    ("tail", "output"),
    [
        (0, b""),
        (1, b"e\n"),
        (2, b"d1d2\ne\n"),
        (3, b"c\nd1d2\ne\n"),
        (4, b"b\nc\nd1d2\ne\n"),
        (9, b"a\nb\nc\nd1d2\ne\n"),
    ],
)
async def test_a_tail_reaches_back_through_the_files(log: Path, tail: int, output: bytes) -> None:
    assert await _read(log, tail=tail) == output


async def test_rotation_keeps_as_many_files_as_allowed(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    files = LogFiles(path)

    async def reopen() -> None:
        path.touch()

    for number in range(5):
        path.write_bytes(_lines(str(number)))
        await files.rotate(LogLimits(1, 3, compresses=True), reopen)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "container.log", "container.log.4.gz", "container.log.5.gz",
    ]  # fmt: skip
    assert await _read(path) == b"3\n4\n"


@pytest.mark.parametrize("max_files", [1, 2])
@pytest.mark.parametrize("compresses", [False, True])
async def test_half_of_a_line_whose_beginning_is_gone_is_not_shown(
    tmp_path: Path, max_files: int, compresses: bool
) -> None:
    path = tmp_path / "container.log"
    limits = LogLimits(1, max_files, compresses=compresses)
    error = _lines("of err", full=True).replace(b"stdout", b"stderr")
    path.write_bytes(_lines("a") + _lines("begin", full=False))
    await LogFiles(path).rotate(limits, _touching(path))
    # The line goes on through a whole file, and another stream has lines of its own beside it.
    path.write_bytes(_lines("middle", full=False) + error)
    await LogFiles(path).rotate(limits, _touching(path))
    path.write_bytes(_lines("end") + _lines("b", "c"))
    for _ in range(max_files - 1):
        await LogFiles(path).rotate(limits, _touching(path))
    assert await _read(path) == b"b\nc\n"
    assert await _read(path, timestamps=True) == b"".join(_MOMENT[:29] + b"Z " + text for text in (b"b\n", b"c\n"))
    assert await _read(path, tail=5) == b"b\nc\n"
    assert await _read(path, tail=2) == b"b\nc\n"


async def test_a_line_whose_beginning_is_still_there_is_shown_whole(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    path.write_bytes(_lines("a") + _lines("begin ", full=False))
    await LogFiles(path).rotate(LogLimits(1, 2), _touching(path))
    path.write_bytes(_lines("end", "b"))
    assert await _read(path) == b"a\nbegin end\nb\n"


async def test_what_a_line_looks_like_inside_of_a_line_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    path.write_bytes(_lines("a\r" + _lines("no end", full=False).decode().strip()))
    await LogFiles(path).rotate(LogLimits(1, 1), _touching(path))
    path.write_bytes(_lines("b", "c"))
    assert await _read(path) == b"b\nc\n"


async def test_a_reader_follows_through_rotations_and_sees_every_line(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    reader, ended = LogReader(), asyncio.get_running_loop().create_future()
    path.write_bytes(_lines("0"))

    async def write_and_rotate() -> None:
        files = reader.files(path)
        for number in range(1, 20):
            await files.rotate(LogLimits(1, 1), _touching(path))
            with path.open("ab") as file:
                file.write(_lines(str(number)))
            await asyncio.sleep(0)
        ended.set_result(None)

    found = b""
    writing: asyncio.Task[None] | None = None
    async for batch in reader.read(path, LogQuery(follow=True), ended):
        writing = writing or asyncio.create_task(write_and_rotate())
        found += b"".join(payload for _, payload in batch)
    # With one file only what is not read in time may be gone, but never out of order, and never the end.
    numbers = [int(word) for word in found.split()]
    assert numbers[0] == 0
    assert numbers[-1] == 19
    assert numbers == sorted(set(numbers))


def _touching(path: Path):  # type: ignore[no-untyped-def]
    async def reopen() -> None:
        path.touch()

    return reopen


def test_limits_are_those_of_the_driver_unless_said_otherwise() -> None:
    assert log_limits("json-file", {}) == LogLimits(0, 1, compresses=False)
    assert log_limits("local", {}) == LogLimits(20 << 20, 5, compresses=True)
    wanted = {"max-size": "1.5m", "max-file": "3", "compress": "true"}
    assert log_limits("json-file", wanted) == LogLimits(1572864, 3, compresses=True)


@pytest.mark.parametrize("options", [{"max-size": "-1"}, {"max-size": "0"}, {"max-file": "x"}, {"labels-regex": "["}])
def test_options_that_mean_nothing_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        check_log_options("json-file", options)


def test_attributes_come_by_name_and_by_pattern() -> None:
    options = {"labels": "a,gone", "env-regex": "^X"}
    labels, environment = {"a": "1", "b": "2"}, {"X1": "x", "Y": "y"}
    assert attributes(options, labels=labels, environment=environment) == {"a": "1", "X1": "x"}
