"""Doing one thing to many: told from the beginning to whoever began it, and what has not begun can be left alone."""

import asyncio
import threading
from typing import Any

import orjson
import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as StoreIsDown

from webui.containers import bulk_runs, progress
from webui.containers.bulk_runs import BulkRun
from webui.pages import Outcome
from webui.resources import EngineRefusal, Target

pytestmark = pytest.mark.django_db(transaction=True)


def many(act: progress.Act, count: int = 12, gone: tuple[Outcome, ...] = ()) -> progress.Many:
    targets = [Target(f"c{number}", f"name-{number}") for number in range(count)]
    return progress.Many("Stopping", targets, act, {}, gone, {}, url="/act/", again=[("action", "stop")])


async def lines_of(answer: Any) -> list[dict[str, Any]]:
    return [orjson.loads(line) async for line in answer]


async def test_what_has_not_begun_when_it_is_stopped_is_left_alone_and_told_so() -> None:
    may_end, begun = threading.Event(), threading.Semaphore(0)

    def act(_target: Target) -> str:
        begun.release()
        assert may_end.wait(90)
        return ""

    answer = aiter(progress.answer(many(act), 7))
    head = orjson.loads(await anext(answer))
    run = BulkRun(7, head["run"].split("/")[-2])
    await asyncio.to_thread(begun.acquire)
    await asyncio.to_thread(run.stop)
    may_end.set()
    *outcomes, end = await lines_of(answer)
    assert end == {"end": True}
    left = [one for one in outcomes if one.get("left")]
    done = [one for one in outcomes if one["ok"]]
    assert len(left) + len(done) == 12
    assert len(left) >= 4
    assert done


async def test_who_comes_back_is_told_all_of_it_and_nobody_else_is() -> None:
    def act(target: Target) -> str:
        if target.id == "c3":
            raise EngineRefusal("no such thing")
        return ""

    gone = (Outcome("old", "old", False, "is already gone"),)
    first = await lines_of(progress.answer(many(act, 5, gone), 7))
    run_id = first[0]["run"].split("/")[-2]
    again = await lines_of(progress.retold(BulkRun(7, run_id), first[0]))
    assert sorted(map(orjson.dumps, again)) == sorted(map(orjson.dumps, first))
    assert [one["words"] for one in again[1:-1] if not one["ok"]] == ["no such thing", "is already gone"]
    assert BulkRun(8, run_id).head() is None


async def test_a_run_whose_process_is_gone_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    run = bulk_runs.new_run(7)
    head = many(lambda _target: "", 2).head(run)
    run.begin(head)
    run.tell(0, {"id": "c0", "ok": True})
    cache.delete(f"bulk:7:{run.id}:alive")
    assert (await lines_of(progress.retold(run, head)))[1:] == [{"id": "c0", "ok": True}]


async def test_a_store_that_is_down_does_not_keep_anything_from_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: Any, **_more: Any) -> None:
        raise StoreIsDown("down")

    monkeypatch.setattr(bulk_runs, "cache", type("Down", (), {"get": fails, "set": fails})())
    lines = await lines_of(progress.answer(many(lambda _target: ""), 7))
    assert sum(bool(one.get("ok")) for one in lines) == 12
