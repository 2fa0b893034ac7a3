"""Five hundred consoles at one web process: no more than it may hold, the rest told so, and nobody else held up."""

import asyncio
import collections
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from playwright.sync_api import Page, expect

from tests.consoles import PASSWORD, Console, Person
from tests.e2e.conftest import run_container
from webui.live.console import MOST_PER_PROCESS, MOST_PER_USER

pytestmark = [pytest.mark.real, pytest.mark.e2e, pytest.mark.timeout(900)]

_PEOPLE = [f"hand-{number:02}" for number in range(22)]
_CONSOLES = 500
assert len(_PEOPLE) * MOST_PER_USER >= _CONSOLES
_AT_ONCE = 24
# What a console may hold for its viewer, twice: on its way in and out; and what Python keeps for each.
_MOST_MB_EACH = 1.5
_MAKE_PEOPLE = f"""
from webui.access import Role
from webui.accounts.models import User
for name in {_PEOPLE!r}:
    User.objects.create_user(name, {PASSWORD!r}, role=Role.ADMINISTRATOR)
"""
_FLOOD = "sh -c 'yes 0123456789 | head -c 600000; sleep 600'"


def _megabytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def _cookies(console: Console) -> list[str]:
    """Of each of the people, signed in."""
    program = str(Path(sys.executable).with_name("quayside"))
    environment = {**os.environ, "QUAYSIDE_DATA": str(console.data)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([program, "manage", "shell", "-c", _MAKE_PEOPLE], env=environment, check=True, capture_output=True)
    made = []
    for name in _PEOPLE:
        person = Person(console)
        person.sign_in(name)
        made.append("; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies))
    return made


class Consoles:
    """Websockets in a loop and a thread of their own: Playwright has this thread's."""

    def __init__(self) -> None:
        self.said: collections.Counter[str] = collections.Counter()
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._are_seen = threading.Event()
        self._are_open = threading.Event()
        self._ended: list[BaseException] = []

    def open(self, url: str, cookies: list[str]) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(url, cookies))
        thread.start()
        return thread

    def wait_until_open(self) -> None:
        assert self._are_open.wait(600)
        assert not self._ended, self._ended

    def close(self) -> None:
        self._are_seen.set()

    def _run(self, url: str, cookies: list[str]) -> None:
        try:
            asyncio.run(self._hold(url, cookies))
        except Exception as error:
            self._ended.append(error)
        finally:
            self._are_open.set()

    async def _hold(self, url: str, cookies: list[str]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def one(number: int) -> None:
                async with gate:
                    await self._open_one(session, url, cookies[number % len(cookies)])

            await asyncio.gather(*(one(number) for number in range(_CONSOLES)))
            self._are_open.set()
            await asyncio.to_thread(self._are_seen.wait, 300)
            for socket in self._sockets:
                if not socket.closed:
                    await socket.send_str('{"bye": 1}')
                    await socket.close()

    async def _open_one(self, session: aiohttp.ClientSession, url: str, cookie: str) -> None:
        """Until a console has said whether it is one; what it shows is then left undrawn."""
        socket = await session.ws_connect(url, headers={"Cookie": cookie}, max_msg_size=0)
        self._sockets.append(socket)
        while True:
            message = await socket.receive(timeout=120)
            assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}, message
            if message.type == aiohttp.WSMsgType.TEXT:
                said = json.loads(message.data)
                if said["t"] in {"opened", "failed"}:
                    self.said[re.sub(r"\d+", "n", said.get("words", "opened"))] += 1
                    return


def test_five_hundred_consoles_are_bounded_told_and_hold_nobody_up(
    page: Page, harbour: Console, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--host") is None:
        pytest.skip("minutes of work for one figure: only where a host is asked for by --host")
    cookies = _cookies(harbour)
    web = int((harbour.data / "run" / "web.pid").read_text().split()[0])
    container_id = run_container(harbour, "hub", "while :; do sleep 1; echo alive; done")
    before = _megabytes(web)
    path = f"/ws/h/local/containers/{container_id}/console/?kind=exec&command={quote(_FLOOD)}"
    consoles = Consoles()
    thread = consoles.open(harbour.url.replace("http", "ws") + path, cookies)
    try:
        consoles.wait_until_open()
        # Somebody else, meanwhile: a page, a log that moves, and a console of their own that is refused in words.
        page.goto(f"/h/local/containers/{container_id}/logs/")
        seen = page.locator(".log-line")
        expect(seen.first).to_be_visible()
        count = seen.count()
        expect(seen.nth(count + 1)).to_be_visible()
        page.goto(f"/h/local/containers/{container_id}/console/")
        expect(page.locator("[data-console-failed]")).to_contain_text("consoles open in all")
        held = _megabytes(web) - before
    finally:
        consoles.close()
        thread.join(120)
    assert consoles.said["opened"] == MOST_PER_PROCESS
    assert sum(consoles.said.values()) == _CONSOLES
    assert len(consoles.said) == 2, consoles.said
    assert held < MOST_PER_PROCESS * _MOST_MB_EACH, f"{held} MB for {MOST_PER_PROCESS} consoles"
    # And afterwards there is room again.
    page.get_by_role("button", name="Open again").click()
    expect(page.locator("[data-console-state]")).to_have_text("connected")
