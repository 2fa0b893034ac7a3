"""Consoles, logs and figures that are open end with the right to them, because they are told; what ran is hung up."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import SESSION_KEY
from django.db import connections
from django.utils import timezone

from tests.daemons import Daemon
from tests.webui.live.conftest import WAIT_S, Socket, run_container
from tests.webui.live.test_console import commands
from webui.access import Role
from webui.access.models import Grant
from webui.accounts import people, sessions
from webui.accounts.models import User
from webui.accounts.notices import tell_all_rights_changed
from webui.accounts.session_store import SessionStore
from webui.audit.models import Entry
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.live.consumers import base
from webui.live.pictures import forget
from webui.live.routing import websocket_urlpatterns
from webui.live.shells import _kept
from webui.ownership import Kind
from webui.ownership.changes import claim, give_access

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def never_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends does so by a notice or by the clock, which takes no five seconds on a machine that has time for it."""
    monkeypatch.setattr(base, "_ASK_AGAIN_S", 3600.0)


@pytest.fixture(params=["engine", "dockerd"])
def quay(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Daemon]:
    daemon: Daemon = request.getfixturevalue(request.param)
    Host.objects.create(slug="quay", name="Quay", url=daemon.url)
    _kept.clear()
    yield daemon
    forget("quay")
    daemon.remove_all_containers()


@pytest.fixture
def sam(transactional_db: None) -> User:
    return User.objects.create_user("sam", role=Role.STANDARD)


def _grant(user: User, **more: Any) -> None:
    Grant.objects.create(user=user, host=Host.objects.get(), made_by="olga", **more)
    tell_all_rights_changed()


def _taken(user: User, container_id: str) -> None:
    host_id = Host.objects.get().pk
    give_access(host_id, Kind.CONTAINER, container_id, owner_id=user.pk, visibility="administrators", shares=[])


ENDINGS: dict[str, Callable[[User, User, str], object]] = {
    "the account": lambda olga, sam, _web: people.deactivate(actor_of(olga), sam),
    "the session": lambda _olga, sam, _web: sessions.end_all(sam),
    "the role": lambda olga, sam, _web: people.change_role(actor_of(olga), sam, Role.NONE),
    "a grant that is less": lambda _olga, sam, _web: _grant(sam, role=Role.NONE),
    "the ownership": lambda _olga, sam, web: _taken(sam, web),
}
OPENED = {
    "console/?command=sh": b"# ",
    "console/?kind=attach": b"ready",
    "logs/?tail=100": b"ready",
    "stats/": b"{",
}


def _ends_soon() -> datetime:
    """The only grant that there is ends by the clock, now that its console stands."""
    soon = timezone.now() + timedelta(seconds=1.5)
    Grant.objects.update(ends_at=soon)
    tell_all_rights_changed()
    return soon


def _elsewhere(change: Callable[..., Any], *args: object) -> Any:
    try:
        return change(*args)
    finally:
        connections.close_all()


def _session_of(user: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session.create()
    connections.close_all()
    return session


async def _opened(path: str, user: User) -> Socket:
    session = await asyncio.to_thread(_session_of, user)
    inner: Any = URLRouter(websocket_urlpatterns)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "user": user, "session": session}, receive, send)

    communicator = WebsocketCommunicator(application, path)
    assert (await communicator.connect(WAIT_S))[0]
    return Socket(communicator)


async def _shows(socket: Socket, words: bytes) -> None:
    seen = b""
    async with asyncio.timeout(90):
        while words not in seen:
            frame = await socket.frame()
            assert frame["type"] == "websocket.send", frame
            seen += frame.get("bytes") or (frame.get("text") or "").encode()


async def _owned(quay: Daemon, sam: User) -> str:
    web = await asyncio.to_thread(run_container, quay, "while true; do echo ready; sleep 0.2; done", Tty=True)
    host = await Host.objects.aget()
    await asyncio.to_thread(_elsewhere, claim, host.pk, Kind.CONTAINER, [web], sam.pk)
    return web


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("path", OPENED)
async def test_it_ends_with_the_right_to_it(path: str, ending: str, *, quay: Daemon, olga: User, sam: User) -> None:
    web = await _owned(quay, sam)
    socket = await _opened(f"/ws/h/quay/containers/{web}/{path}", sam)
    await _shows(socket, OPENED[path])
    if "command" in path:
        await socket.send(b"sleep 1234\n")
        await _until(quay, web, is_there=True)
    await asyncio.to_thread(_elsewhere, ENDINGS[ending], olga, sam, web)
    assert await socket.close_code() in {4401, 4403, 4404}
    await _until(quay, web, is_there=False)
    await socket.communicator.disconnect()
    assert quay.json("GET", f"/containers/{web}/json")["State"]["Running"]


async def test_a_grant_ends_its_console_by_the_clock(quay: Daemon, sam: User) -> None:
    web = await _owned(quay, sam)
    await asyncio.to_thread(_elsewhere, lambda: User.objects.filter(pk=sam.pk).update(role=Role.NONE))
    later = timezone.now() + timedelta(hours=1)
    await asyncio.to_thread(_elsewhere, lambda: _grant(sam, role=Role.STANDARD, ends_at=later))
    socket = await _opened(f"/ws/h/quay/containers/{web}/console/?command=sh", await User.objects.aget(pk=sam.pk))
    await _shows(socket, b"# ")
    await socket.send(b"sleep 1234\n")
    soon = await asyncio.to_thread(_elsewhere, _ends_soon)
    assert await socket.close_code() in {4403, 4404}
    assert timezone.now() >= soon
    await _until(quay, web, is_there=False)
    await socket.communicator.disconnect()


async def test_a_console_is_one_entry_of_the_log_with_its_parts(quay: Daemon, olga: User) -> None:
    web = await asyncio.to_thread(run_container, quay, "sleep 600")
    socket = await _opened(f"/ws/h/quay/containers/{web}/console/", olga)
    await _shows(socket, b"# ")
    await socket.send({"bye": True})
    await socket.close_code()
    await _until(quay, web, is_there=False, words="/bin/")
    await socket.communicator.disconnect()
    entries = [entry async for entry in Entry.objects.order_by("pk")]
    [head] = [entry for entry in entries if entry.part_of_id is None]
    assert (head.username, head.method, head.resource, head.is_allowed) == ("olga", "POST", "exec", True)
    # Asking for shells: made and begun; the shell: made; hanging up, as Quayside itself: made and begun.
    parts = [(entry.username, entry.resource) for entry in entries if entry.part_of_id == head.pk]
    assert parts[:3] == [("olga", "container"), ("olga", "exec"), ("olga", "container")]
    assert set(parts[3:]) <= {("quayside", "container"), ("quayside", "exec")}
    assert len(parts) + 1 == len(entries)


async def _until(quay: Daemon, web: str, *, is_there: bool, words: str = "1234") -> None:
    async with asyncio.timeout(90):
        while any(words in one for one in await commands(quay, web)) is not is_there:
            await asyncio.sleep(0.05)
