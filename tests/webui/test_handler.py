"""How a request is answered under ASGI: in one thread that stays, and for no longer than somebody waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from webui.access import public
from webui.handler import PagesHandler

pytestmark = pytest.mark.urls(__name__)

may_go = threading.Event()
closed = threading.Event()


@public
def thread_view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


@public
def slow_view(_request: HttpRequest) -> HttpResponse:
    may_go.wait(90)
    return HttpResponse("done")


@public
def endless_view(_request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0)

    response = StreamingHttpResponse(pieces())
    response._resource_closers.append(closed.set)  # type: ignore[attr-defined]
    return response


urlpatterns = [path("thread/", thread_view), path("slow/", slow_view), path("endless/", endless_view)]


@pytest.fixture
def handler() -> PagesHandler:
    may_go.clear()
    closed.clear()
    return PagesHandler()


async def _asked(handler: PagesHandler, url: str, **headers: str) -> ApplicationCommunicator:
    pairs = [(b"host", b"testserver"), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": "http", "method": "GET", "path": url, "query_string": b"", "headers": pairs}
    asked = ApplicationCommunicator(handler, scope)
    await asked.send_input({"type": "http.request", "body": b""})
    return asked


async def _body(asked: ApplicationCommunicator) -> Any:
    start = await asked.receive_output(30)
    assert start["status"] == 200
    return (await asked.receive_output(30))["body"]


async def test_requests_one_after_another_share_threads_that_stay(handler: PagesHandler) -> None:
    threads = {await _body(await _asked(handler, "/thread/")) for _ in range(40)}
    # A thread that has just answered may not be free yet when the next one comes.
    assert len(threads) < 10
    assert str(threading.get_ident()).encode() not in threads


async def test_many_slow_views_do_not_hold_up_a_fast_one(handler: PagesHandler) -> None:
    slow = [await _asked(handler, "/slow/") for _ in range(20)]
    assert await _body(await _asked(handler, "/thread/"))
    may_go.set()
    assert [await _body(one) for one in slow] == [b"done"] * 20


async def test_a_stream_ends_when_its_reader_leaves(handler: PagesHandler) -> None:
    asked = await _asked(handler, "/endless/")
    assert await _body(asked) == b"more"
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(90)
    assert closed.is_set()
