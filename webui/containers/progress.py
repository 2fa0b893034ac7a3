"""Doing one thing to many containers and telling how each went, as it happens: lines of JSON in one answer.

The work does not hang on whoever listens: a page that is left, or a connection that breaks, ends the telling only.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from webui.pages import Outcome
from webui.resources import Target, act_on_one

CONTENT_TYPE: Final = "application/x-ndjson"
# As many as one bulk act needs to feel like one, and few enough for a host that is busy.
_AT_ONCE: Final = 8

logger = logging.getLogger(__name__)

_under_way: set[asyncio.Task[None]] = set()

Act = Callable[[Target], str]


def is_wanted(request: HttpRequest) -> bool:
    """Whether the page can show progress."""
    return request.accepts(CONTENT_TYPE) and CONTENT_TYPE in request.headers.get("Accept", "")


def answer(
    title: str,
    targets: Sequence[Target],
    act: Act,
    *,
    names: Mapping[str, str],
    gone: Sequence[Outcome] = (),
    links: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """`{"title", "total", "items"}`, then a line for each outcome, then `{"end": true}`.

    `links` is filled by `act`: where there is more to read about one, by its id.
    """
    lines = _told(title, targets, act, names=names, gone=gone, links=links if links is not None else {})
    return StreamingHttpResponse(lines, content_type=CONTENT_TYPE, headers={"X-Accel-Buffering": "no"})


async def _told(
    title: str, targets: Sequence[Target], act: Act, *, names: Mapping[str, str], gone: Sequence[Outcome],
    links: Mapping[str, str],
) -> AsyncIterator[bytes]:  # fmt: skip
    items = [{"id": one.id, "name": one.name} for one in targets]
    items += [{"id": one.item_id, "name": one.name} for one in gone]
    yield _line({"title": title, "total": len(items), "items": items})
    for one in gone:
        yield _line(_said(one, links))
    outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue(maxsize=len(targets) + 1)
    task = asyncio.create_task(_do_all(targets, act, names, outcomes))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    while (outcome := await outcomes.get()) is not None:
        yield _line(_said(outcome, links))
    yield _line({"end": True})


async def _do_all(
    targets: Sequence[Target], act: Act, names: Mapping[str, str], outcomes: "asyncio.Queue[Outcome | None]"
) -> None:
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="bulk")
    try:
        started = [loop.run_in_executor(pool, _surely, target, act, names) for target in targets]
        for ended in asyncio.as_completed(started):
            outcomes.put_nowait(await ended)
    finally:
        pool.shutdown(wait=False)
        outcomes.put_nowait(None)


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
