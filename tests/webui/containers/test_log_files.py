"""A log as a file: every line once and whole, as text and as JSON, whatever a container wrote."""

import json
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from webui import gate
from webui.containers.log_files import log_lines


def stamp(number: int) -> str:
    return f"2026-11-28T10:00:00.{number:09d}Z"


def frame(number: int, stream: int, text: bytes) -> bytes:
    payload = f"{stamp(number)} ".encode() + text
    return struct.pack(">BxxxL", stream, len(payload)) + payload


async def saved(
    monkeypatch: pytest.MonkeyPatch, chunks: Sequence[bytes], *, is_json: bool = False, error: Exception | None = None
) -> bytes:
    """The file of a log that an engine sends in these chunks, and then breaks off with this error."""

    @asynccontextmanager
    async def stream(*_: Any, **__: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        async def parts() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk
            if error is not None:
                raise error

        yield parts()

    monkeypatch.setattr(gate, "stream", stream)
    asked = log_lines(None, None, "c" * 64, is_terminal=False, is_json=is_json)  # type: ignore[arg-type]
    return b"".join([part async for part in asked])


RUBBISH = b'"quoted" \\ back\x00\x1b[31mred\xff\xfe\r'
WRITTEN = [
    frame(1, 1, b'{"level":"error","msg":"refused","order":{"id":7}}\n'),
    frame(2, 2, RUBBISH + b"\n"),
    frame(3, 1, "Grüße, 世界\n".encode()),
    frame(4, 1, b"no end"),
]


async def test_each_line_is_an_object_and_what_was_written_is_in_it_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [json.loads(line) for line in (await saved(monkeypatch, WRITTEN, is_json=True)).splitlines()]
    assert [(row["time"], row["stream"]) for row in rows] == [
        (stamp(1), "stdout"), (stamp(2), "stderr"), (stamp(3), "stdout"), (stamp(4), "stdout"),
    ]  # fmt: skip
    assert json.loads(rows[0]["line"]) == {"level": "error", "msg": "refused", "order": {"id": 7}}
    assert [row["line"] for row in rows[1:]] == [RUBBISH.decode("utf-8", "replace"), "Grüße, 世界", "no end"]


async def test_text_has_the_time_of_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (await saved(monkeypatch, WRITTEN)).decode().split("\n")
    assert lines[0] == f'{stamp(1)} {{"level":"error","msg":"refused","order":{{"id":7}}}}'
    assert lines[2:] == [f"{stamp(3)} Grüße, 世界", f"{stamp(4)} no end", ""]


@pytest.mark.parametrize("is_json", [True, False])
async def test_a_long_line_is_one_line_and_none_of_its_characters_is_cut(
    monkeypatch: pytest.MonkeyPatch, *, is_json: bool
) -> None:
    text = "xü世" * 40_000
    encoded = text.encode()
    pieces = [frame(1 + at, 1, encoded[at : at + 8_191]) for at in range(0, len(encoded), 8_191)]
    chunks = [frame(1, 1, b"before\n"), *pieces, frame(500_000, 1, b"\n"), frame(500_000, 1, b"after\n")]
    file = (await saved(monkeypatch, chunks, is_json=is_json)).decode()
    lines = file.removesuffix("\n").split("\n")
    texts = [json.loads(line)["line"] for line in lines] if is_json else [line[31:] for line in lines]
    assert texts == ["before", text, "after"]


async def test_a_line_that_another_stream_breaks_into_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    half = b"x" * 70_000
    chunks = [frame(1, 1, half), frame(2, 2, b"oh\n"), frame(3, 1, half + b"\n")]
    rows = [json.loads(line) for line in (await saved(monkeypatch, chunks, is_json=True)).splitlines()]
    assert [(row["stream"], row.get("goes_on", False)) for row in rows] == [
        ("stdout", False), ("stderr", False), ("stdout", True),
    ]  # fmt: skip
    assert rows[0]["line"] + rows[2]["line"] == (half * 2).decode()


@pytest.mark.parametrize("is_json", [True, False])
async def test_a_log_that_is_cut_says_so_at_its_end(monkeypatch: pytest.MonkeyPatch, *, is_json: bool) -> None:
    error = aiohttp.ClientPayloadError("400, message='Not enough data to satisfy transfer length header.'")
    lines = (await saved(monkeypatch, WRITTEN, is_json=is_json, error=error)).decode().splitlines()
    last = json.loads(lines[-1])["error"] if is_json else lines[-1]
    assert "The log is cut off here: The connection to the host broke off" in last
    assert "no end" in lines[-2]
