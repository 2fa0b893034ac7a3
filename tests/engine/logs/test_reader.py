import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from engine.logs import LogQuery, LogReader
from tests.waiting import PATIENCE_S


def line(number: int, text: str = "line") -> bytes:
    return f"2026-11-24T02:55:11.{number:09d}+00:00 stdout F {text} {number}\n".encode()


async def read(path: Path, query: LogQuery, run_ended: "asyncio.Future[None] | None" = None) -> bytes:
    return b"".join([payload async for batch in LogReader().read(path, query, run_ended) for _, payload in batch])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "container.log"
    path.write_bytes(b"".join(line(number) for number in range(10_000)))
    return path


async def test_all_of_it_is_read(log: Path) -> None:
    assert (await read(log, LogQuery())).count(b"\n") == 10_000


@pytest.mark.parametrize("count", [0, 1, 7, 5_000, 9_999, 10_000, 20_000])
async def test_a_tail_has_as_many_lines_as_were_asked_for(log: Path, count: int) -> None:
    lines = (await read(log, LogQuery(tail=count))).splitlines()
    assert lines == [f"line {number}".encode() for number in range(10_000)][max(0, 10_000 - count) :]


async def test_a_log_that_does_not_exist_has_no_lines(tmp_path: Path) -> None:
    assert await read(tmp_path / "none", LogQuery()) == b""


async def test_a_line_that_is_longer_than_a_block_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line(1, "x" * 1_000_000) + line(2))
    assert len(await read(path, LogQuery())) == 1_000_003 + len("line 2\n")


async def test_a_follower_sees_what_is_written_and_ends_with_the_run(log: Path) -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen: list[bytes] = []
    first = asyncio.Event()

    async def follow() -> None:
        async for batch in LogReader().read(log, LogQuery(tail=0, follow=True), ended):
            seen.extend(payload for _, payload in batch)
            if seen:
                first.set()

    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    with log.open("ab") as file:
        while not first.is_set():
            file.write(line(1, "new"))
            file.flush()
            await asyncio.wait({asyncio.create_task(first.wait())}, timeout=0.05)
        file.write(line(2, "last"))
    ended.set_result(None)
    await asyncio.wait_for(following, PATIENCE_S)
    assert b"".join(seen).endswith(b"new 1\nlast 2\n")


@pytest.mark.parametrize("first", [0, 1, 4_321, 9_998, 9_999, 10_000])
async def test_reading_since_a_moment_begins_with_its_first_line(log: Path, first: int) -> None:
    since_ns = 1_763_952_911_000_000_000 + first
    log.write_bytes(log.read_bytes().replace(b"2026-11-24", b"2025-11-24"))
    lines = (await read(log, LogQuery(since_ns=since_ns))).splitlines()
    assert lines == [f"line {number}".encode() for number in range(first, 10_000)]


async def test_reading_since_a_moment_reads_no_more_of_the_log_than_it_must(log: Path, monkeypatch: Any) -> None:
    log.write_bytes(b"".join(line(number, "x" * 500) for number in range(20_000)))
    read_bytes = 0
    pread = os.pread

    def counted(fd: int, count: int, offset: int) -> bytes:
        nonlocal read_bytes
        data = pread(fd, count, offset)
        read_bytes += len(data)
        return data

    monkeypatch.setattr("os.pread", counted)
    since_ns = 1_795_488_911_000_000_000 + 19_990
    assert (await read(log, LogQuery(since_ns=since_ns))).count(b"\n") == 10
    assert read_bytes < log.stat().st_size / 5


async def test_reading_since_a_moment_finds_it_in_an_earlier_file(log: Path) -> None:
    log.rename(log.with_name(f"{log.name}.1"))
    log.write_bytes(b"".join(line(number) for number in range(10_000, 20_000)))
    since_ns = 1_795_488_911_000_000_000 + 9_990
    lines = (await read(log, LogQuery(since_ns=since_ns))).splitlines()
    assert lines[0] == b"line 9990"
    assert len(lines) == 10_010


async def test_reading_until_a_moment_ends_there_also_when_it_follows(log: Path) -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    since_ns = 1_795_488_911_000_000_000
    query = LogQuery(since_ns=since_ns + 10, until_ns=since_ns + 20, follow=True)
    async with asyncio.timeout(90):
        assert (await read(log, query, ended)).count(b"\n") == 11


async def test_a_follower_that_comes_while_the_first_file_is_made_sees_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "container.log"
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    reader = LogReader()
    files = reader.files(path)
    real = files.open

    def late(number: int) -> int:
        """Not there yet when it is opened, and there right after that."""
        try:
            return real(number)
        except FileNotFoundError:
            path.write_bytes(line(1))
            raise

    monkeypatch.setattr(files, "open", late)
    seen: list[bytes] = []
    async for batch in reader.read(path, LogQuery(follow=True), ended):
        seen += [text for _, text in batch]
        if seen and not ended.done():
            ended.set_result(None)
    assert seen == [b"line 1\n"]


async def test_no_reading_since_a_moment_begins_in_the_middle_of_a_line_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    long = [line(number, "x" * 4_000).replace(b" F ", b" P ") for number in range(2_000, 4_000)]
    before, after = [line(number) for number in range(2_000)], [line(number) for number in range(4_001, 4_010)]
    path.write_bytes(b"".join([*before, *long, line(4_000, "end"), *after]))
    base = 1795488911 * 10**9
    for moment in (2_500, 3_999, 4_000):
        text = await read(path, LogQuery(since_ns=base + moment))
        assert text.splitlines() == [f"line {number}".encode() for number in range(4_001, 4_010)]
    whole = await read(path, LogQuery(since_ns=base + 2_000, timestamps=True))
    assert len(whole.splitlines()) == 10
    assert whole.count(b"Z ") == 10
