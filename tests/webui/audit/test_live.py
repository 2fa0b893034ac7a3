"""The log as it is written: new entries on top, and those under way when they have ended."""

import asyncio
from typing import Any

import orjson
import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from webui import audit
from webui.accounts.models import User
from webui.gate import Actor
from webui.live.routing import websocket_urlpatterns

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]
WAIT_S = 90


async def message_until(communicator: WebsocketCommunicator, words: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while True:
            message: dict[str, Any] = orjson.loads(await communicator.receive_from(WAIT_S))
            if words in message["content"]:
                return message


async def test_new_entries_come_on_top_and_say_later_how_they_ended(olga: User) -> None:
    actor = Actor(olga.pk, "olga", "administrator")
    record = database_sync_to_async(audit.record)
    before = await record(actor, "before", is_allowed=True)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        inner: Any = URLRouter(websocket_urlpatterns)
        await inner({**scope, "user": olga, "session": {}}, receive, send)

    socket = WebsocketCommunicator(application, f"/ws/audit/?person=olga&newest={before}")
    assert (await socket.connect(WAIT_S))[0]
    await record(Actor(None, "eve", ""), "not.for-this-filter", is_allowed=True)
    entry = await record(
        actor, "image.pull", is_allowed=True, host="docks", method="POST", path="/images/create", target="web:2"
    )
    new = await message_until(socket, "web:2")
    assert (new["target"], new["swap"]) == ("#rows", "afterbegin")
    assert "not.for-this-filter" not in new["content"]
    assert "under way" in new["content"]
    assert "<b>2</b>" in (await message_until(socket, 'id="chips"'))["content"]
    await database_sync_to_async(audit.complete)(entry, status=404, duration_s=1.5, message="no such image")
    ended = await message_until(socket, "no such image")
    assert (ended["target"], ended["swap"]) == (f"#a-{entry}", "outerHTML")
    await socket.disconnect()
