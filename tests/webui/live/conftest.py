"""A real engine behind the gate, people of both roles, and websockets as a browser opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from tests.daemons import Daemon
from webui.access import Role
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live.pictures import forget
from webui.live.routing import websocket_urlpatterns

WAIT_S = 90


@pytest.fixture(autouse=True)
def _in_memory(settings: Any, tmp_path: Any) -> None:
    settings.QUAYSIDE_DATA = tmp_path
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.fixture
def host(engine: Daemon, transactional_db: None) -> Iterator[Host]:
    made = Host.objects.create(slug="local", name="Local", url=engine.url)
    forget(made.slug)
    yield made
    forget(made.slug)
    engine.remove_all_containers()


@pytest.fixture
def olga(transactional_db: None) -> User:
    return User.objects.create_user("olga", role=Role.ADMINISTRATOR)


@pytest.fixture
def rita(transactional_db: None) -> User:
    return User.objects.create_user("rita", role=Role.HELPDESK)


class Socket:
    """One open websocket."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator

    async def frame(self) -> dict[str, Any]:
        return dict(await self.communicator.receive_output(WAIT_S))

    async def json_until(self, is_wanted: Callable[[Any], bool]) -> Any:
        """The first JSON message that is wanted; each one before it is taken, as a browser does."""
        async with asyncio.timeout(WAIT_S):
            while True:
                frame = await self.frame()
                assert frame["type"] == "websocket.send", frame
                if frame.get("text") is None:
                    continue
                message = orjson.loads(frame["text"])
                await self.communicator.send_to(text_data='{"ack":1}')
                if is_wanted(message):
                    return message

    async def close_code(self) -> int:
        async with asyncio.timeout(WAIT_S):
            while (frame := await self.frame())["type"] != "websocket.close":
                pass
        return int(frame.get("code") or 1000)

    async def send(self, message: Any) -> None:
        if isinstance(message, bytes):
            await self.communicator.send_to(bytes_data=message)
        else:
            await self.communicator.send_to(text_data=orjson.dumps(message).decode())


Opens = Callable[..., AbstractAsyncContextManager[Socket]]


@pytest.fixture
def opened() -> Opens:
    """`async with opened(path, user) as socket`."""
    inner = URLRouter(websocket_urlpatterns)

    @asynccontextmanager
    async def open_socket(path: str, user: Any = None) -> AsyncIterator[Socket]:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "user": user or AnonymousUser(), "session": {"host": "local"}}, receive, send)

        communicator = WebsocketCommunicator(application, path)
        is_connected, _ = await communicator.connect(WAIT_S)
        assert is_connected
        try:
            yield Socket(communicator)
        finally:
            await communicator.disconnect()

    return open_socket


def run_container(engine: Daemon, script: str, **extra: Any) -> str:
    """A running busybox with a shell script; returns its id."""
    container_id = str(
        engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sh", "-c", script], **extra})["Id"]
    )
    status, body = engine.api("POST", f"/containers/{container_id}/start")
    assert status == 204, body
    return container_id
