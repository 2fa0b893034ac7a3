"""Parts of a log: between two moments, around one, and never more than a page can hold."""

import asyncio
from typing import Any

import pytest

from tests.daemons import Daemon
from tests.webui.live.conftest import Opens, run_container
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import log_ranges

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


async def written(engine: Daemon, script: str) -> str:
    container_id = await asyncio.to_thread(run_container, engine, script)
    await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/wait")
    return container_id


async def lines_of(opened: Opens, user: User, container_id: str, query: str) -> tuple[list[str], bool]:
    lines: list[str] = []

    def is_end(message: Any) -> bool:
        lines.extend(message.get("lines", ()))
        return bool(message["t"] == "end")

    async with opened(f"/ws/h/local/containers/{container_id}/logs/?{query}", user) as socket:
        end = await socket.json_until(is_end)
    return lines, bool(end["more"])


async def test_a_log_is_read_from_one_moment_to_another(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    script = "for i in 1 2 3 4 5 6; do echo line $i; usleep 30000; done"
    container_id = await written(engine, script)
    every, _ = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    assert [line[32:] for line in every] == [f"line {n}" for n in range(1, 7)]
    since, until = every[2][1:31], every[4][1:31]
    part, has_more = await lines_of(opened, rita, container_id, f"since={since}&until={until}")
    assert part == every[2:5]
    assert not has_more


async def test_around_a_moment_come_the_lines_before_it_and_those_after(
    engine: Daemon, host: Host, rita: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    container_id = await written(engine, "i=0; while [ $i -lt 40 ]; do echo line $i; usleep 2000; i=$((i+1)); done")
    every, _ = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    monkeypatch.setattr(log_ranges, "_BEFORE_LINES", 5)
    found, _ = await lines_of(opened, rita, container_id, f"at={every[20][1:31]}")
    assert found == every[15:]


async def test_earlier_lines_come_step_by_step_to_the_beginning_whatever_moments_they_share(
    engine: Daemon, host: Host, rita: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_ranges, "_EARLIER_LINES", 700)
    container_id = await written(engine, "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done")
    every, _ = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    found, has_more = every[-5:], True
    while has_more:
        first = found[0][1:31]
        held = sum(line[1:31] == first for line in found)
        earlier, has_more = await lines_of(opened, rita, container_id, f"before={first}&held={held}")
        assert earlier
        found = [*earlier, *found]
    assert found == every


async def test_before_the_first_line_there_is_nothing(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    container_id = await written(engine, "echo first")
    every, _ = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    assert await lines_of(opened, rita, container_id, f"before={every[0][1:31]}&held=1") == ([], False)


async def test_a_part_that_is_too_long_ends_and_says_so(
    engine: Daemon, host: Host, rita: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_ranges, "MOST_LINES", 1000)
    container_id = await written(engine, "yes line | head -n 20000")
    lines, has_more = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    assert has_more
    assert 1000 <= len(lines) < 20_000


async def test_numbers_tell_a_viewer_what_it_missed(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "yes line | head -n 9000; sleep 600")
    numbers: list[tuple[str, int, int]] = []

    def is_whole(message: Any) -> bool:
        if message["t"] == "lines":
            numbers.append((message["run"], message["n"], len(message["lines"])))
        return sum(count for _, _, count in numbers) >= 9000

    async with opened(f"/ws/h/local/containers/{container_id}/logs/?tail=10000", rita) as socket:
        await socket.json_until(is_whole)
    assert len({run for run, _, _ in numbers}) == 1
    places = [place for _, first, count in numbers for place in range(first, first + count)]
    assert places == list(range(9000))


async def test_what_stood_before_a_line_larger_than_all_bounds_can_be_reached(
    engine: Daemon, host: Host, rita: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_ranges, "MOST_CHARACTERS", 200_000)
    script = "echo before; usleep 20000; yes x | head -c 1000000 | tr -d '\\n'; echo; echo after"
    container_id = await written(engine, script)
    monkeypatch.setattr(log_ranges, "MOST_CHARACTERS", 16 << 20)
    every, _ = await lines_of(opened, rita, container_id, "until=2100-01-01T00:00:00Z")
    monkeypatch.setattr(log_ranges, "MOST_CHARACTERS", 200_000)
    pieces = every[1:-1]
    assert len(pieces) == 8
    stamp = pieces[0][1:31]
    for held in (8, 7):
        earlier, _ = await lines_of(opened, rita, container_id, f"before={stamp}&held={held}")
        assert earlier == every[: 1 + 8 - held]
