import asyncio

import pytest

from tests.waiting import PATIENCE_S
from webui.live.looks import _LAST_LOOK_S, AT_LEISURE, AT_ONCE, Looks, Pace

A = "a" * 64


class Asked:
    """Counts what a host would be asked about; `until(n)` waits for the n-th."""

    def __init__(self) -> None:
        self.ids: list[tuple[str, str]] = []
        self._more = asyncio.Condition()

    def again(self, kind: str, object_id: str) -> None:
        self.ids.append((kind, object_id))
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()

    async def until(self, count: int) -> None:
        async with self._more:
            await asyncio.wait_for(self._more.wait_for(lambda: len(self.ids) >= count), PATIENCE_S)


async def test_an_answer_with_the_news_is_enough_until_the_last_look() -> None:
    asked, loop = Asked(), asyncio.get_running_loop()
    looks = Looks(Pace(0, 0, looks_s=(0.0, 0.0)), asked.again)
    looks.expect("containers", A)
    began = loop.time()
    looks.answered("containers", [A], {A})
    await asked.until(2)
    assert asked.ids == [("containers", A)] * 2
    assert loop.time() - began >= _LAST_LOOK_S


async def test_an_answer_without_news_is_asked_for_again_as_often_as_the_pace_says() -> None:
    asked = Asked()
    looks = Looks(Pace(0, 0, looks_s=(0.0, 0.0)), asked.again)
    looks.expect("containers", A)
    for count in (2, 3):
        looks.answered("containers", [A], set())
        await asked.until(count)
    looks.answered("containers", [A], set())
    await asyncio.sleep(0.01)
    assert len(asked.ids) == 3


async def test_nothing_is_asked_again_while_no_answer_has_come() -> None:
    asked = Asked()
    looks = Looks(Pace(0, 0, looks_s=(0.0,)), asked.again)
    looks.expect("containers", A)
    await asyncio.sleep(0.01)
    assert len(asked.ids) == 1


async def test_an_event_begins_anew() -> None:
    asked = Asked()
    looks = Looks(Pace(0, 0, looks_s=(30.0,)), asked.again)
    looks.expect("containers", A)
    looks.answered("containers", [A], set())
    looks.expect("containers", A)
    looks.answered("containers", [A], {A})
    # The two events, and one last look for both.
    await asked.until(3)
    assert len(asked.ids) == 3


def test_a_busy_host_is_given_time_within_bounds() -> None:
    assert AT_ONCE.pause_s(0.0) == AT_ONCE.shortest_s
    assert AT_ONCE.pause_s(0.015) == pytest.approx(0.03)
    assert AT_ONCE.pause_s(5.0) == AT_ONCE.longest_s
    assert AT_LEISURE.pause_s(0.0) == AT_LEISURE.shortest_s
