"""Consoles on our engine and on a real dockerd: a shell, a lost connection, the main process, and who is refused."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.daemons import Daemon
from tests.webui.live.conftest import WAIT_S, Opens, Socket, run_container
from webui.access import Role
from webui.accounts import people
from webui.accounts.models import User
from webui.gate import actor_of
from webui.hosts.models import Host
from webui.live import console, terminals
from webui.live.not_started import why_not
from webui.live.pictures import forget
from webui.live.shells import _kept
from webui.live.upstream import Upstream

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["engine", "dockerd"])
def quay(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Daemon]:
    daemon: Daemon = request.getfixturevalue(request.param)
    Host.objects.create(slug="quay", name="Quay", url=daemon.url)
    _kept.clear()
    yield daemon
    forget("quay")
    daemon.remove_all_containers()


def path_of(container_id: str, **query: Any) -> str:
    return f"/ws/h/quay/containers/{container_id}/console/?" + "&".join(f"{key}={one}" for key, one in query.items())


class Screen:
    """What came over one socket, drawn as it came."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.text = b""

    async def opened(self) -> dict[str, Any]:
        message = await self._message("opened")
        self.text = b""
        return message

    async def until(self, words: bytes) -> None:
        async with asyncio.timeout(WAIT_S):
            while words not in self.text:
                await self._next()

    async def ended(self) -> dict[str, Any]:
        return await self._message("ended")

    async def failed(self) -> str:
        return str((await self._message("failed"))["words"])

    async def _message(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            while (message := await self._next()).get("t") != kind:
                pass
        return message

    async def _next(self) -> dict[str, Any]:
        frame = await self.socket.frame()
        assert frame["type"] == "websocket.send", frame
        if frame.get("bytes") is None:
            return dict(orjson.loads(frame["text"]))
        self.text += frame["bytes"]
        await self.socket.send({"drawn": len(frame["bytes"])})
        return {}


async def commands(daemon: Daemon, container_id: str) -> list[str]:
    top = await asyncio.to_thread(daemon.json, "GET", f"/containers/{container_id}/top")
    return [row[-1] for row in top["Processes"]]


async def test_a_shell_has_the_size_user_and_folder_that_were_asked_for(
    quay: Daemon, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with opened(path_of(container_id, rows=31, columns=101, user="www", folder="/etc"), olga) as socket:
        screen = Screen(socket)
        shells = await socket.json_until(lambda message: message["t"] == "shells")
        assert "/bin/sh" in shells["shells"]
        assert (await screen.opened())["label"] in {"ash", "sh"}
        await socket.send(b"stty size; id -u; pwd; exit 3\n")
        await screen.until(b"31 101\r\n33\r\n/etc\r\n")
        ended = await screen.ended()
        assert ended["code"] == 3
        assert "exit code 3" in ended["words"]


async def test_a_lost_connection_loses_neither_the_shell_nor_what_it_said(
    quay: Daemon, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with opened(path_of(container_id, command="sh"), olga) as socket:
        screen = Screen(socket)
        session = (await screen.opened())["session"]
        await socket.send(b"x=kept; (while [ ! -e /go ]; do :; done; echo later) & echo first\n")
        await screen.until(b"\nfirst\r\n")
        seen = len(screen.text)
    marker = await asyncio.to_thread(
        quay.json, "POST", f"/containers/{container_id}/exec", {"Cmd": ["touch", "/go"], "AttachStdout": True}
    )
    await asyncio.to_thread(quay.api, "POST", f"/exec/{marker['Id']}/start", {"Detach": True})
    async with opened(path_of(container_id, session=session, at=seen), olga) as socket:
        screen = Screen(socket)
        again = await screen.opened()
        assert (again["session"], again["at"], again["lost"]) == (session, seen, 0)
        await screen.until(b"later\r\n")
        await socket.send(b"echo $x$x\n")
        await screen.until(b"keptkept\r\n")
        assert b"first" not in screen.text
        await socket.send({"bye": True})
        assert await socket.close_code() == 1000
    async with asyncio.timeout(WAIT_S):
        while any(command in {"sh", "/bin/sh"} for command in await commands(quay, container_id)):
            await asyncio.sleep(0.05)
    async with opened(path_of(container_id, session=session), olga) as socket:
        assert "is over" in await Screen(socket).failed()


async def test_the_main_process_is_attached_to_and_left_running(quay: Daemon, olga: User, opened: Opens) -> None:
    script = 'while read -r line; do echo "got $line"; [ "$line" = end ] && exit 7; done'
    container_id = await asyncio.to_thread(run_container, quay, script, OpenStdin=True, Tty=True)
    async with opened(path_of(container_id, kind="attach"), olga) as socket:
        screen = Screen(socket)
        note = await socket.json_until(lambda message: message["t"] == "note")
        assert "Ctrl-P Ctrl-Q" in note["words"]
        assert (await screen.opened())["tty"]
        await socket.send(b"hello\n")
        await screen.until(b"got hello")
        await socket.send(b"\x10\x11")
        assert "goes on without you" in (await screen.ended())["words"]
    async with opened(path_of(container_id, kind="attach"), olga) as socket:
        screen = Screen(socket)
        await screen.opened()
        await socket.send(b"end\n")
        assert (await screen.ended())["code"] == 7
    async with opened(path_of(container_id, kind="attach"), olga) as socket:
        assert "not running" in await Screen(socket).failed()


async def test_what_cannot_be_opened_says_why(quay: Daemon, olga: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with opened(path_of(container_id, command="/bin/nothing"), olga) as socket:
        words = (await Screen(socket).ended())["words"]
        assert "There is no program /bin/nothing in this container." in words
    async with opened(path_of(container_id, command="'open"), olga) as socket:
        assert "cannot be read" in await Screen(socket).failed()
    bare = await asyncio.to_thread(run_container, quay, "rm /bin/sh /bin/bash /bin/ash; exec sleep 600")
    async with asyncio.timeout(90):
        while not all(command.startswith("sleep") for command in await commands(quay, bare)):
            await asyncio.sleep(0.02)
    async with opened(path_of(bare), olga) as socket:
        assert "no shell" in await Screen(socket).failed()
    async with opened(path_of(bare, command="/bin/id"), olga) as socket:
        screen = Screen(socket)
        await screen.until(b"uid=0")
        assert (await screen.ended())["code"] == 0
    created = await asyncio.to_thread(quay.json, "POST", "/containers/create", {"Image": "busybox"})
    async with opened(path_of(created["Id"]), olga) as socket:
        assert "not running" in await Screen(socket).failed()
    async with opened(path_of(container_id, command="sh"), olga) as socket:
        screen = Screen(socket)
        await screen.opened()
        await screen.until(b"# ")
        await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/kill")
        assert "has stopped" in (await screen.ended())["words"]


async def test_what_ran_in_a_container_that_is_removed_is_told_from_what_never_began(
    quay: Daemon, olga: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page forgets what was chosen only where it cannot be started."""
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with opened(path_of(container_id, command="/bin/nothing"), olga) as socket:
        assert (await Screen(socket).ended())["useless"] is True
    get = Upstream.get

    async def once_removed(self: Upstream, path: str, **more: Any) -> Any:
        while (await asyncio.to_thread(quay.api, "GET", f"/containers/{container_id}/json"))[0] != 404:
            await asyncio.sleep(0.02)
        return await get(self, path, **more)

    async with opened(path_of(container_id, command="sh"), olga) as socket:
        screen = Screen(socket)
        await screen.until(b"# ")
        monkeypatch.setattr(Upstream, "get", once_removed)
        await asyncio.to_thread(quay.api, "DELETE", f"/containers/{container_id}?force=1")
        ended = await screen.ended()
        assert (ended["code"], ended["useless"]) == (None, False)


async def test_a_container_that_is_seen_to_stop_late_has_stopped_all_the_same(
    engine: Daemon, host: Host, olga: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a shell's end and its container's, busy engines take a while."""
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    get, asked = Upstream.get, 0

    async def running_at_first(self: Upstream, path: str, **more: Any) -> Any:
        nonlocal asked
        found = await get(self, path, **more)
        if path == f"/containers/{container_id}/json" and asked < 20:
            asked += 1
            found["State"]["Running"] = True
        return found

    async with opened(f"/ws/h/local/containers/{container_id}/console/?command=sh", olga) as socket:
        screen = Screen(socket)
        await screen.until(b"# ")
        monkeypatch.setattr(Upstream, "get", running_at_first)
        monkeypatch.setattr(terminals, "_STOP_PAUSE_S", 0.01)
        await asyncio.to_thread(engine.api, "POST", f"/containers/{container_id}/kill")
        ended = await screen.ended()
        assert (ended["code"], ended["words"]) == (137, "The container has stopped.")
        assert asked == 20


async def test_the_exit_code_of_what_is_seen_to_end_late_is_told_all_the_same(
    engine: Daemon, host: Host, olga: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dockerd ends the stream of an exec first, and says a little later that it has ended, and how."""
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    get, asked = Upstream.get, 0

    async def running_at_first(self: Upstream, path: str, **more: Any) -> Any:
        nonlocal asked
        found = await get(self, path, **more)
        if path.startswith("/exec/") and asked < 20:
            asked += 1
            return {**found, "Running": True, "ExitCode": None}
        return found

    async with opened(f"/ws/h/local/containers/{container_id}/console/?command=sh", olga) as socket:
        await Screen(socket).until(b"# ")
        monkeypatch.setattr(Upstream, "get", running_at_first)
        monkeypatch.setattr(terminals, "_STOP_PAUSE_S", 0.01)
        await socket.send(b"exit 3\n")
        assert (await Screen(socket).ended())["code"] == 3
        assert asked == 20


async def test_a_container_that_was_started_anew_ended_what_ran_in_it(quay: Daemon, olga: User, opened: Opens) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with (
        opened(path_of(container_id, command="sh"), olga) as shell,
        opened(path_of(container_id, kind="attach"), olga) as attached,
    ):
        await Screen(shell).until(b"# ")
        await Screen(attached).opened()
        await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/restart?t=0")
        # Either may have been looked at between the two runs.
        assert {(await Screen(one).ended())["words"] for one in (shell, attached)} <= {
            "The container was started anew, which ended what ran here.",
            "The container has stopped.",
            "The main process has ended, exit code 137.",
        }


async def test_what_was_chosen_is_not_to_blame_where_the_container_does_not_run(
    quay: Daemon, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/pause")
    async with opened(path_of(container_id, command="/bin/sh"), olga) as socket:
        ended = await Screen(socket).ended()
        assert (ended["words"], ended["useless"]) == ("The container is paused. Resume it, then connect again.", False)
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/unpause")
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/kill")
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/wait")
    async with opened(path_of(container_id, command="/bin/sh"), olga) as socket:
        ended = await Screen(socket).ended()
        assert ended["useless"] is False
        assert "not running" in ended["words"]


async def test_what_is_typed_is_counted_over_connections_and_a_ping_is_answered(
    engine: Daemon, host: Host, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    path = f"/ws/h/local/containers/{container_id}/console/?"
    async with opened(f"{path}command=sh", olga) as lost:
        screen = Screen(lost)
        first = await screen.opened()
        assert first["typed"] == 0
        await lost.send(b"x=once\n")
        assert (await screen._message("typed"))["at"] == 7
        async with opened(f"{path}session={first['session']}&at=0", olga) as socket:
            screen = Screen(socket)
            assert (await screen.opened())["typed"] == 7
            await socket.send({"ping": 1})
            await screen._message("pong")
            await socket.send(b"echo $x$x\n")
            await screen.until(b"onceonce\r\n")


async def test_a_session_is_its_owners_and_there_are_not_endlessly_many(
    engine: Daemon, host: Host, olga: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "MOST_PER_USER", 2)
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    path = f"/ws/h/local/containers/{container_id}/console/"
    marek = await User.objects.acreate(username="marek", role=olga.role)
    async with opened(f"{path}?command=sh", olga) as first, opened(f"{path}?command=sh", olga) as second:
        session = (await Screen(first).opened())["session"]
        await Screen(second).opened()
        async with opened(f"{path}?session={session}", marek) as other:
            assert "is over" in await Screen(other).failed()
        async with opened(f"{path}?command=sh", olga) as third:
            assert "You have 2 consoles open" in await Screen(third).failed()
        # The second window of the same person takes over.
        async with opened(f"{path}?session={session}", olga) as again:
            await Screen(again).opened()
            await first.json_until(lambda message: message["t"] == "taken")
            for socket in (again, second):
                await socket.send({"bye": True})
                await socket.close_code()


async def test_what_is_too_much_for_nobody_who_looks_is_counted_and_bounded(
    engine: Daemon, host: Host, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    path = f"/ws/h/local/containers/{container_id}/console/"
    async with opened(f"{path}?command=sh", olga) as socket:
        screen = Screen(socket)
        session = (await screen.opened())["session"]
        await screen.until(b"# ")
        seen = len(screen.text)
        await socket.send(b"head -c 2000000 /dev/zero | tr '\\0' x; echo; echo all; touch /told\n")
    async with asyncio.timeout(WAIT_S):
        while (await asyncio.to_thread(engine.api, "HEAD", f"/containers/{container_id}/archive?path=/told"))[0] != 200:
            await asyncio.sleep(0.05)
    async with opened(f"{path}?session={session}&at={seen}", olga) as socket:
        screen = Screen(socket)
        assert (await screen.opened())["lost"] > 1_000_000
        await screen.until(b"all\r\n")
        assert len(screen.text) <= 512 * 1024 + 64 * 1024
        # A browser that does not draw makes the terminal wait, and is sent no more than it may have.
        await socket.send(b"head -c 5000000 /dev/zero | tr '\\0' y\n")
        undrawn = await _until_silent(socket)
        assert 0 < undrawn <= console.MOST_UNDRAWN + 128 * 1024
        await socket.send({"bye": True})
        await socket.close_code()


async def _until_silent(socket: Socket) -> int:
    """How many bytes come when none are said to be drawn."""
    count = 0
    while not count or not await socket.communicator.receive_nothing(timeout=1):
        count += len((await socket.frame()).get("bytes") or b"")
    return count


async def test_a_session_that_nobody_looks_at_ends_with_the_right_to_it(
    engine: Daemon, host: Host, olga: User, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_RIGHTS_S", 0.2)
    container_id = await asyncio.to_thread(run_container, engine, "sleep 600")
    path = f"/ws/h/local/containers/{container_id}/console/"
    marek = await User.objects.acreate(username="marek", role=Role.OPERATOR)
    async with opened(f"{path}?command=sh", marek) as socket:
        await Screen(socket).opened()
    assert len(console.sessions()._by_id) == 1
    await asyncio.to_thread(_deactivated, olga, marek)
    async with asyncio.timeout(90):
        while console.sessions()._by_id:
            await asyncio.sleep(0.05)


def _deactivated(olga: User, user: User) -> None:
    from django.db import connections

    try:
        people.deactivate(actor_of(olga), user)
    finally:
        connections.close_all()


async def test_a_container_that_is_paused_or_goes_is_told_to_whoever_has_a_console_in_it(
    quay: Daemon, olga: User, opened: Opens
) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    async with opened(path_of(container_id, rows=24, columns=80), olga) as socket:
        screen = Screen(socket)
        await screen.until(b"# ")
        await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/pause")
        assert (await screen._message("paused"))["is"] is True
        await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/unpause")
        assert (await screen._message("paused"))["is"] is False
        await asyncio.to_thread(quay.api, "DELETE", f"/containers/{container_id}?force=1")
        assert (await screen.ended())["words"] in {"The container was removed.", "The container has stopped."}


async def test_a_shell_that_is_asked_for_while_the_container_stops_is_told_that_it_does_not_run(
    quay: Daemon, olga: User
) -> None:
    container_id = await asyncio.to_thread(run_container, quay, "sleep 600")
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/kill")
    await asyncio.to_thread(quay.api, "POST", f"/containers/{container_id}/wait")
    upstream = Upstream(await Host.objects.aget(slug="quay"), await asyncio.to_thread(actor_of, olga))
    why = await why_not(upstream, container_id, ["/bin/sh"], said="OCI runtime exec failed: no such file")
    assert (why.words, why.is_for_now) == ("The container is not running. Start it, then connect again.", True)
