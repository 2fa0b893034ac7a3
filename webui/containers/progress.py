"""Doing one thing to many containers and telling how each went, as it happens: lines of JSON in one answer.

The work does not hang on whoever listens: a page that is left, or a connection that breaks, ends the telling only, and
who comes back is told again. It can be stopped: what has begun is then done, the rest left alone.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from webui.containers.bulk_runs import BEAT_S, BulkRun, new_run
from webui.pages import Outcome
from webui.resources import Target, act_on_one

CONTENT_TYPE: Final = "application/x-ndjson"
# As many as one bulk act needs to feel like one, and few enough for a host that is busy.
_AT_ONCE: Final = 8
# How often a run of another process, or of another request, is looked at.
_LOOK_S: Final = 0.4

logger = logging.getLogger(__name__)

_under_way: set[asyncio.Task[None]] = set()

Act = Callable[[Target], str]


def is_wanted(request: HttpRequest) -> bool:
    """Whether the page can show progress."""
    return request.accepts(CONTENT_TYPE) and CONTENT_TYPE in request.headers.get("Accept", "")


@dataclass(frozen=True, slots=True)
class Many:
    """One act on many. `names` are those of containers by id, for a refusal that speaks of one.

    `links` is filled by `act`: where there is more to read about one, by its id. `again` are the fields that ask for
    the same once more, at `url`, for whichever of them.
    """

    title: str
    targets: Sequence[Target]
    act: Act
    names: Mapping[str, str]
    gone: Sequence[Outcome]
    links: Mapping[str, str]
    url: str
    again: Sequence[tuple[str, str]]

    def head(self, run: BulkRun) -> dict[str, Any]:
        items = [{"id": one.id, "name": one.name} for one in self.targets]
        items += [{"id": one.item_id, "name": one.name} for one in self.gone]
        return {"title": self.title, "total": len(items), "items": items, "url": self.url, "again": self.again,
                "run": reverse("all-containers:bulk", kwargs={"run": run.id})}  # fmt: skip


def answer(many: Many, user_id: int) -> StreamingHttpResponse:
    """`{"title", "total", "items", "run", ...}`, then a line for each outcome, then `{"end": true}`.

    `run` is where the same is told once more, to whoever began it, and `run`stop/ leaves alone what has not begun.
    """
    return _streamed(_told(many, new_run(user_id)))


def retold(run: BulkRun, head: dict[str, Any]) -> StreamingHttpResponse:
    """The same answer for a page that was loaded anew. One that breaks off has lost its process."""
    return _streamed(_retold(run, head))


def _streamed(lines: AsyncIterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(lines, content_type=CONTENT_TYPE, headers={"X-Accel-Buffering": "no"})


async def _told(many: Many, run: BulkRun) -> AsyncIterator[bytes]:
    head = many.head(run)
    await asyncio.to_thread(run.begin, head)
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(maxsize=head["total"] + 1)
    task = asyncio.create_task(_do_all(many, run, lines))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    yield _line(head)
    while (line := await lines.get()) is not None:
        yield _line(line)
    yield _line({"end": True})


async def _do_all(many: Many, run: BulkRun, lines: "asyncio.Queue[dict[str, Any] | None]") -> None:
    loop = asyncio.get_running_loop()
    beating = asyncio.create_task(_beat(run))
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="bulk")
    try:
        for place, outcome in enumerate(many.gone, len(many.targets)):
            line = _said(outcome, many.links)
            await asyncio.to_thread(run.tell, place, line)
            lines.put_nowait(line)
        started = [loop.run_in_executor(pool, _one, many, run, place) for place in range(len(many.targets))]
        for ended in asyncio.as_completed(started):
            lines.put_nowait(await ended)
        await asyncio.to_thread(run.end)
    finally:
        beating.cancel()
        pool.shutdown(wait=False)
        lines.put_nowait(None)


async def _beat(run: BulkRun) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        await asyncio.to_thread(run.beat)


def _one(many: Many, run: BulkRun, place: int) -> dict[str, Any]:
    target = many.targets[place]
    if run.is_stopping:
        line = {"id": target.id, "name": target.name, "ok": False, "left": True, "words": _("left alone")}
    else:
        line = _said(_surely(target, many.act, many.names), many.links)
    run.tell(place, line)
    return line


async def _retold(run: BulkRun, head: dict[str, Any]) -> AsyncIterator[bytes]:
    yield _line(head)
    missing = set(range(head["total"]))
    while True:
        lines, has_ended, is_alive = await asyncio.to_thread(run.lines, sorted(missing))
        for place, line in lines:
            missing.discard(place)
            yield _line(line)
        if has_ended:
            yield _line({"end": True})
            return
        if not is_alive:
            return
        await asyncio.sleep(_LOOK_S)


def _surely(target: Target, act: Act, names: Mapping[str, str]) -> Outcome:
    """An outcome whatever happens: one that breaks in a way that nobody foresaw hides none of the others."""
    try:
        return act_on_one(target, act, names)
    except Exception:
        logger.exception("%s could not be acted on", target.id)
        return Outcome(target.id, target.name, False, _("Something broke; the log of the web process has the reason."))


def _said(outcome: Outcome, links: Mapping[str, str]) -> dict[str, Any]:
    said = {"id": outcome.item_id, "name": outcome.name, "ok": outcome.is_done, "words": str(outcome.message)}
    return {**said, "url": links[outcome.item_id]} if outcome.item_id in links else said


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"
