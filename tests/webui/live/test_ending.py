"""Open websockets end, or change what they show, the moment that somebody's account, role or session does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from webui.access import Role
from webui.access.models import Grant
from webui.accounts import people, sessions
from webui.accounts.models import User
from webui.accounts.notices import tell_all_rights_changed
from webui.accounts.session_store import SessionStore
from webui.gate import Actor, actor_of
from webui.hosts.models import Host
from webui.live.consumers import base
from webui.live.consumers.base import LiveConsumer
from webui.live.routing import websocket_urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)
# Long: the moment of a notice is a matter of how busy the machine is.
WAIT_S = 90


@pytest.fixture(autouse=True)
def never_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends does so by a notice or by the clock."""
    monkeypatch.setattr(base, "_ASK_AGAIN_S", 3600.0)


@pytest.fixture
def olga(transactional_db: None) -> User:
    return User.objects.create_user("olga", "harbour-lights-42", role=Role.ADMINISTRATOR)


@pytest.fixture
def marek(transactional_db: None) -> User:
    return User.objects.create_user("marek", "harbour-lights-42", role=Role.ADMINISTRATOR)


def _session_of(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session.create()
    return session


@asynccontextmanager
async def opened(path: str, user: User) -> AsyncIterator[SimpleNamespace]:
    """A websocket with a session of its own; `closed()` waits for the server to close it and returns the code."""
    session = await database_sync_to_async(_session_of)(user)
    inner: Any = URLRouter(websocket_urlpatterns)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "user": user, "session": session}, receive, send)

    communicator = WebsocketCommunicator(application, path)
    assert (await communicator.connect(WAIT_S))[0]

    async def closed() -> int:
        async with asyncio.timeout(WAIT_S):
            while (frame := await communicator.receive_output(WAIT_S))["type"] != "websocket.close":
                pass
        return int(frame["code"])

    yield SimpleNamespace(closed=closed, session=session)
    await communicator.disconnect()


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("/ws/notices/", people.deactivate, 4401),
        ("/ws/notices/", people.remove, 4401),
        ("/ws/notices/", people.end_sessions, 4401),
        ("/ws/audit/", people.deactivate, 4401),
        ("/ws/audit/", lambda actor, user: people.change_role(actor, user, Role.READER), 4403),
    ],
)
async def test_an_open_socket_ends_with_the_right_to_it(
    path: str, change: Callable[[Actor, User], object], code: int, olga: User, marek: User
) -> None:
    async with opened(path, marek) as socket:
        await database_sync_to_async(lambda: change(actor_of(olga), marek))()
        assert await socket.closed() == code


async def test_only_the_sockets_of_the_ended_session_end(olga: User) -> None:
    async with opened("/ws/notices/", olga) as phone, opened("/ws/notices/", olga) as desk:
        await database_sync_to_async(sessions.end_all)(olga, keep=desk.session.session_key)
        assert await phone.closed() == 4401
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await desk.closed()


async def test_what_a_socket_does_is_written_down_with_where_it_came_from(olga: User) -> None:
    seen: list[str] = []

    class Telling(LiveConsumer):
        needs = LiveConsumer.SIGNED_IN

        async def watch(self) -> None:
            seen.append(self.actor.address)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        telling: Any = Telling.as_asgi()
        route: dict[str, Any] = {"args": (), "kwargs": {}}
        await telling({**scope, "user": olga, "client": ("10.0.3.14", 5), "url_route": route}, receive, send)

    communicator = WebsocketCommunicator(application, "/")
    assert (await communicator.connect(WAIT_S))[0]
    assert (await communicator.receive_output(WAIT_S))["type"] == "websocket.close"
    await communicator.disconnect()
    assert seen == ["10.0.3.14"]


async def test_the_log_is_not_for_readers(transactional_db: None) -> None:
    rita = await database_sync_to_async(User.objects.create_user)("rita", role=Role.READER)
    async with opened("/ws/audit/", rita) as socket:
        assert await socket.closed() == 4403


async def test_a_socket_ends_when_a_grant_does_by_the_clock_or_by_somebody(transactional_db: None) -> None:
    def prepared() -> tuple[User, Host, Grant]:
        user = User.objects.create_user("nina", role=Role.NONE)
        host = Host.objects.create(slug="local", name="Local", url="unix:///nowhere/docker.sock")
        soon = timezone.now() + timedelta(seconds=1)
        return user, host, Grant.objects.create(user=user, host=host, role=Role.READER, ends_at=soon, made_by="olga")

    nina, host, grant = await database_sync_to_async(prepared)()
    async with opened("/ws/h/local/lists/containers/", nina) as socket:
        assert await socket.closed() == 4404
    assert grant.is_over

    def again() -> Grant:
        return Grant.objects.create(user=nina, host=host, role=Role.READER, made_by="olga")

    def ended(one: Grant) -> None:
        one.delete()
        tell_all_rights_changed()

    second = await database_sync_to_async(again)()
    fresh = await User.objects.aget(pk=nina.pk)
    async with opened("/ws/h/local/lists/containers/", fresh) as socket:
        await database_sync_to_async(ended)(second)
        assert await socket.closed() == 4404
