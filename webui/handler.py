"""Django under ASGI, with each request answered in one thread from its first middleware to its last.

Django's own handler goes to a thread and back for every middleware and view that is not async, some eight times a page,
and gives each request a new thread, in which the database has to be opened anew. Here threads stay, and so do their
connections.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from webui.roomy import roomy

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]

# Views wait for hosts: many slow ones must leave a thread for a fast one.
_MOST_AT_ONCE: Final = 64


class PagesHandler(ASGIHandler):
    """Serves HTTP with sync middleware and views; a response may still be an async stream, which the loop sends."""

    def __init__(self) -> None:
        # ASGIHandler's own would load the middleware for async.
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="page")

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; whoever leaves before the end is no longer worked for."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            answer = asyncio.create_task(self._answer(scope, body, send))
            # After the whole body there is nothing to come but the news that the other side has gone.
            end = asyncio.create_task(receive())
            try:
                await asyncio.wait([answer, end], return_when=asyncio.FIRST_COMPLETED)
            finally:
                end.cancel()
                # Does nothing to one that is done.
                answer.cancel()
                await asyncio.wait([answer])
            if not answer.cancelled():
                answer.result()

    async def _answer(self, scope: Scope, body: IO[bytes], send: Send) -> None:
        respond = sync_to_async(self._respond, thread_sensitive=False, executor=self._threads)
        response = await respond(scope, body)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await sync_to_async(response.close)()

    @roomy
    def _respond(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        """The response, in a thread. One that is whole is closed at once: Django's signals are about this thread."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = self.get_response(request) if request is not None else refusal
        response._handler_class = type(self)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        whole: HttpResponseBase = response
        return whole
