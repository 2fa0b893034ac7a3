"""The websockets on a real engine: what is sent, how a shell behaves, and who is turned away."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async

from tests.daemons import Daemon
from tests.waiting import until
from tests.webui.live.conftest import WAIT_S, Opens, run_container
from webui.accounts.models import User
from webui.hosts.models import Host
from webui.live import Message, Picture, Viewer, hostfeed, picture, picture_after, register_feed
from webui.live.feeds import _feeds
from webui.live.hostfeed import HostFeed
from webui.live.pictures import forget
from webui.live.shell import counts, host_state
from webui.live.upstream import Upstream
from webui.pages.shell import shown_token

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


class StateFeed:
    """Sends the state of each changed container."""

    kind = "containers"
    operation = "container.list"
    watches = frozenset({"containers"})

    def messages(self, *, picture: Picture, viewer: Viewer, params: Any, changed: frozenset[str]) -> Sequence[Message]:
        states = {one: picture.containers.get(one, {}).get("State", "gone") for one in changed}
        return [Message(target=f"#c-{one}", swap="outerMorph", content=state) for one, state in states.items()]


@pytest.fixture
def state_feed() -> Any:
    kept = dict(_feeds)
    register_feed(StateFeed())
    yield
    _feeds.clear()
    _feeds.update(kept)


def test_the_first_picture_holds_what_the_host_has(engine: Daemon, host: Host) -> None:
    container_id = run_container(engine, "sleep 600")
    seen = picture(host)
    assert seen.is_up
    assert seen.containers[container_id]["State"] == "running"
    assert seen.images
    assert seen.networks
    assert seen.version["ApiVersion"]


def test_a_host_whose_event_does_not_come_is_asked(engine: Daemon, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(host)
    monkeypatch.setattr(HostFeed, "_note", lambda *_event: None)
    made = engine.json("POST", "/networks/create", {"Name": "unheard"})["Id"]
    try:
        assert made in picture_after(host, "networks", made, timeout_s=0.01).networks
    finally:
        engine.api("DELETE", f"/networks/{made}")


def test_what_happened_before_the_stream_of_events_was_open_is_seen_once_it_is(
    engine: Daemon, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some engines open it with the first event only, and busy ones late."""
    may_open, stream = threading.Event(), Upstream.stream

    @asynccontextmanager
    async def late(self: Upstream, path: str, **more: Any) -> AsyncIterator[Any]:
        await asyncio.to_thread(may_open.wait, WAIT_S)
        async with stream(self, path, **more) as chunks:
            yield chunks

    monkeypatch.setattr(Upstream, "stream", late)
    monkeypatch.setattr(hostfeed, "_STREAM_WAIT_S", 0.01)
    monkeypatch.setattr(hostfeed, "_REFRESH_S", 3600.0)
    assert picture(host).is_up
    container_id = run_container(engine, "sleep 600")
    assert container_id not in picture(host).containers
    may_open.set()
    until(lambda: container_id in picture(host).containers)


async def test_a_start_and_a_removal_reach_the_list(
    engine: Daemon, host: Host, olga: User, opened: Opens, state_feed: Any
) -> None:
    created = await asyncio.to_thread(
        engine.json, "POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "600"]}
    )
    async with opened("/ws/h/local/lists/containers/", olga) as socket:
        await asyncio.to_thread(picture, host)
        await asyncio.to_thread(engine.api, "POST", f"/containers/{created['Id']}/start")
        await socket.json_until(lambda message: message["content"] == "running")
        await asyncio.to_thread(engine.api, "DELETE", f"/containers/{created['Id']}?force=1")
        message = await socket.json_until(lambda message: message["content"] == "gone")
    assert message["target"] == f"#c-{created['Id']}"


async def test_a_log_is_followed_through_a_restart(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "echo hello; echo sorry >&2; sleep 0.1")
    lines: list[str] = []

    def has(count: int) -> Any:
        def check(message: Any) -> bool:
            lines.extend(message.get("lines", ()))
            return sum("hello" in line for line in lines) == count

        return check

    async with opened(f"/ws/h/local/containers/{container_id}/logs/", rita) as socket:
        await socket.json_until(has(1))
        await socket.json_until(lambda message: message.get("state") == "stopped")
        await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/start")
        await socket.json_until(has(2))
    assert {line[0] for line in lines} == {"o", "e"}
    assert sum("hello" in line for line in lines) == 2


async def test_a_second_viewer_gets_what_the_first_has_seen(
    engine: Daemon, host: Host, rita: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "echo once; sleep 600")
    path = f"/ws/h/local/containers/{container_id}/logs/"
    async with opened(path, rita) as first:
        await first.json_until(lambda message: "lines" in message)
        async with opened(path, rita) as second:
            replay = await second.json_until(lambda message: "lines" in message)
    assert replay["replay"]
    assert replay["lines"][0].endswith(" once")


async def test_stats_come_by_the_second_and_are_replayed(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "while :; do :; done")
    path = f"/ws/h/local/containers/{container_id}/stats/"
    async with opened(path, rita) as socket:
        message = await socket.json_until(lambda message: any(row[1] > 1 for row in message.get("samples", ())))
        assert message["samples"][-1][3] > 0
    async with opened(path, rita) as socket:
        replay = await socket.json_until(lambda message: message.get("replay"))
    assert replay["samples"]


async def test_a_reader_may_not_open_a_console(engine: Daemon, host: Host, rita: User, opened: Opens) -> None:
    async with opened("/ws/h/local/containers/0123456789ab/console/", rita) as socket:
        assert await socket.close_code() == 4403


async def test_a_stranger_is_told_to_sign_in(host: Host, opened: Opens) -> None:
    for path in ("/ws/notices/", "/ws/h/local/lists/containers/", "/ws/h/local/containers/0123456789ab/logs/"):
        async with opened(path) as socket:
            assert await socket.close_code() == 4401


@pytest.mark.parametrize(
    "path", ["/ws/notices/", "/ws/overview/", "/ws/lists/containers/", "/ws/h/local/lists/images/"]
)
async def test_a_page_that_hears_nothing_can_ask_whether_the_line_is_there(
    path: str, host: Host, rita: User, opened: Opens
) -> None:
    async with opened(path, rita) as socket:
        await socket.send({"ping": 1})
        await socket.json_until(lambda message: message.get("t") == "pong")


def _is_about(target: str, content: str) -> Callable[[Any], bool]:
    return lambda message: message.get("target") == target and content in message["content"]


async def test_who_comes_back_is_told_what_stands_in_the_menu(host: Host, rita: User, opened: Opens) -> None:
    await asyncio.to_thread(picture, host)
    async with opened("/ws/notices/?host=local", rita) as socket:
        await socket.json_until(lambda message: message.get("target") == "#nav-count-networks")
        await socket.json_until(_is_about("#host-dot", 'class="dot good"'))
        await socket.json_until(_is_about("#host-words", "quayside"))


async def test_a_menu_is_told_only_what_it_does_not_show(host: Host, olga: User, opened: Opens, engine: Daemon) -> None:
    await asyncio.to_thread(picture, host)
    shown = shown_token(await database_sync_to_async(counts)(olga, host), host_state(host))
    async with opened(f"/ws/notices/?host=local&shown={shown}", olga) as socket:
        await socket.json_until(lambda message: message.get("target") == "#jobs-chip")
        await asyncio.to_thread(run_container, engine, "sleep 600")
        # Nothing comes before it, though four lists and the state of the host are known.
        first = await socket.json_until(lambda message: True)
        assert (first["target"], first["content"]) == ("#nav-count-containers", "1")


async def test_the_menu_is_about_the_host_of_its_page_and_tells_when_it_is_away(
    rita: User, opened: Opens, transactional_db: None
) -> None:
    await Host.objects.acreate(slug="away", name="Away", url="tcp://127.0.0.1:1")
    async with opened("/ws/notices/?host=away", rita) as socket:
        await socket.json_until(_is_about("#host-dot", 'class="dot bad"'))
        await socket.json_until(_is_about("#host-words", "cannot be reached"))
    forget("away")


async def test_what_is_open_goes_on_when_the_address_of_its_host_is_set_right(
    engine: Daemon, rita: User, opened: Opens, transactional_db: None
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "echo here; sleep 600")
    host = await Host.objects.acreate(slug="moves", name="Moves", url="tcp://127.0.0.1:1")
    try:
        async with (
            opened("/ws/notices/?host=moves", rita) as menu,
            opened(f"/ws/h/moves/containers/{container_id}/logs/", rita) as logs,
        ):
            await menu.json_until(_is_about("#host-dot", 'class="dot bad"'))
            await logs.json_until(lambda message: message.get("state") == "cut")
            host.url = engine.url
            await database_sync_to_async(host.save)()
            await menu.json_until(_is_about("#host-dot", 'class="dot good"'))
            await logs.json_until(lambda message: message.get("state") == "live")
    finally:
        forget("moves")
        engine.remove_all_containers()


async def test_what_is_open_goes_on_when_its_host_is_saved(
    engine: Daemon, host: Host, rita: User, opened: Opens
) -> None:
    await asyncio.to_thread(picture, host)
    async with opened("/ws/notices/?host=local", rita) as menu:
        await menu.json_until(_is_about("#nav-count-containers", "0"))
        host.records_consoles = True
        await database_sync_to_async(host.save)()
        await asyncio.to_thread(run_container, engine, "sleep 600")
        await menu.json_until(_is_about("#nav-count-containers", "1"))


async def test_a_host_that_is_not_there_is_not_found(host: Host, rita: User, opened: Opens) -> None:
    async with opened("/ws/h/nowhere/containers/0123456789ab/logs/", rita) as socket:
        assert await socket.close_code() == 4404


async def test_the_log_of_a_container_that_is_not_there_says_gone(host: Host, rita: User, opened: Opens) -> None:
    async with opened(f"/ws/h/local/containers/{'f' * 64}/logs/", rita) as socket:
        assert (await socket.json_until(lambda message: message["t"] == "state"))["state"] == "gone"


async def test_limits_that_change_while_somebody_looks_are_told(
    engine: Daemon, host: Host, rita: User, opened: Opens
) -> None:
    limits = {"NanoCpus": 500_000_000, "Memory": 64 << 20}
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600", HostConfig=limits)
    async with opened(f"/ws/h/local/containers/{container_id}/stats/", rita) as socket:
        await socket.json_until(lambda message: message.get("cpu_limit") == 50 and message["samples"])
        body = {"NanoCpus": 250_000_000}
        assert (await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/update", body))[0] == 200
        await socket.json_until(lambda message: message.get("cpu_limit") == 25)
