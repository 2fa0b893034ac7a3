"""Waiting for writes to files: each waiter hears of its own file, and all watches take one inotify instance."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from engine.linux.inotify import FileWatch

_WAIT_S = 90


def _instances() -> int:
    """How many inotify instances this process has."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        # The listing itself is among them, and is gone by now.
        with contextlib.suppress(FileNotFoundError):
            found += "inotify" in str(link.readlink())
    return found


async def test_a_write_wakes_those_who_wait_for_that_file_and_nobody_else(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.touch()
    second.touch()
    with FileWatch(first) as one, FileWatch(second) as other, FileWatch(first) as again:
        heard, unheard, heard_too = one.subscribe(), other.subscribe(), again.subscribe()
        first.write_text("news")
        await asyncio.wait_for(asyncio.gather(heard, heard_too), _WAIT_S)
        assert not unheard.done()
        again.close()
        still = one.subscribe()
        first.write_text("more news")
        await asyncio.wait_for(still, _WAIT_S)


async def test_a_thousand_watches_take_one_instance_and_leave_none(tmp_path: Path) -> None:
    before = _instances()
    watches = []
    for number in range(1000):
        path = tmp_path / str(number)
        path.touch()
        watches.append(FileWatch(path))
    assert _instances() == before + 1
    last = watches[-1].subscribe()
    (tmp_path / "0").unlink()
    (tmp_path / "999").write_text("news")
    await asyncio.wait_for(last, _WAIT_S)
    for watch in watches:
        watch.close()
        watch.close()
    assert _instances() == before


async def test_what_is_not_there_is_not_watched(tmp_path: Path) -> None:
    before = _instances()
    with pytest.raises(FileNotFoundError):
        FileWatch(tmp_path / "nothing")
    assert _instances() == before
