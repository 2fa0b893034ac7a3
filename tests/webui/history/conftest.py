"""Lines as Docker stamps them, and a store of them."""

from pathlib import Path

import pytest

from webui.history.segments import About
from webui.history.store import LogStore

ABOUT = About("c0ffee" * 10 + "beef", "shop-web-1", "shop/web:4", 1_795_000_000, {"com.docker.compose.project": "shop"})


def line(number: int, text: str = "line", *, second: int = 0) -> bytes:
    """The line with this number; a hundred share a moment, as those of one write do."""
    return f"o2026-11-28T10:00:{second:02d}.{number // 100:09d}Z {text} {number}".encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "local" / ABOUT.container_id


@pytest.fixture
def store(folder: Path) -> LogStore:
    return LogStore(folder, ABOUT)


def lines_in(folder: Path) -> list[bytes]:
    from webui.history.segments import lines_of, segments_in

    return [one for segment in segments_in(folder) for one in lines_of(segment.read())]
