"""Logs and live figures of the console: a flood in a real browser, a long log, many viewers, many containers."""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from playwright.sync_api import Page, sync_playwright

from tests.bench.clients import Client
from tests.bench.figures import Figure, descendants, heading, percentile
from tests.consoles import ADMIN, PASSWORD, Console, Person, running_console
from tests.images import busybox_layer, save_tar

_FLOOD_S = 60
_LINES_A_BURST = 1000
_LONG_LINES = 1_000_000
_VIEWERS = 200
_RUNNING = 60
_TICKS = 100  # of the clock that /proc counts in, a second

# Bursts of a thousand lines, twenty a second.
_FLOOD = f"""i=0; while [ $i -lt {_LINES_A_BURST} ]; do echo "line $i level=info {"x" * 80}"; i=$((i+1)); done > /tmp/l
i=0; while [ $i -lt {_FLOOD_S * 20} ]; do cat /tmp/l; usleep 46000; i=$((i+1)); done; sleep 600"""
_BEHIND = """() => { window.behind = []; setInterval(() => {
  const text = [...document.querySelectorAll('.log-line .t')].at(-1)?.textContent;
  const shown = text?.match(/(\\d+):(\\d+):(\\d+)\\.(\\d+)/);
  if (!shown) return;
  const [, hour, minute, second, ms] = shown.map(Number);
  const now = new Date();
  window.behind.push(now - new Date(now.getFullYear(), now.getMonth(), now.getDate(), hour, minute, second, ms));
}, 100); }"""


def measure() -> Iterator[str]:
    environment = {"QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name, running_console(Path(name), **environment) as console:
        tar = Path(name) / "busybox.tar"
        save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
        console.engine.load(tar)
        client = Client(console.engine)
        yield heading("Logs and live figures")
        with _signed_in(console) as page:
            for figure in (*_flood(console, client, page), *_long(client, page)):
                yield figure.line()
        for figure in (*_viewers(console, client), *_live_figures(console, client)):
            yield figure.line()


@contextmanager
def _signed_in(console: Console) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=console.url).new_page()
        page.goto("/sign-in/")
        page.fill("input[name=username]", ADMIN)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        yield page
        browser.close()


def _flood(console: Console, client: Client, page: Page) -> Iterator[Figure]:
    container = client.create(Cmd=["sh", "-c", _FLOOD])
    page.goto(f"/h/local/containers/{container[:12]}/logs/")
    page.wait_for_selector(".log-note")
    client.call("POST", f"/containers/{container}/start")
    page.wait_for_selector(".log-line")
    page.evaluate(_BEHIND)
    before = _cpu(console)
    began = time.monotonic()
    time.sleep(_FLOOD_S - 3)
    passed = time.monotonic() - began
    used = {name: 100 * (now - before.get(name, 0.0)) / passed for name, now in _cpu(console).items()}
    behind = [float(one) for one in page.evaluate("window.behind")]
    counts = _counted(page, _FLOOD_S * 20 * _LINES_A_BURST)
    written = _FLOOD_S * 20 * _LINES_A_BURST
    yield Figure(f"{written / _FLOOD_S / 1000:.0f},000 lines/s: newest shown is behind by", "ms",
                 percentile(behind, 0.5), note=f"p95 {percentile(behind, 0.95):.0f}")  # fmt: skip
    yield Figure("   lines neither shown nor counted as skipped", "", written - int(counts["taken"])
                 - int(counts["skipped"]), note=f"{int(counts['skipped'])} skipped of {written}")  # fmt: skip
    yield Figure("   CPU of the browser", "%", used["browser"])
    yield Figure("   CPU of the web process", "%", used["quayside-web"], note=_others(used))
    client.remove(container)


def _counted(page: Page, written: int) -> Mapping[str, str]:
    """What the page says of its lines, once it accounts for all, or for as many as it ever will."""
    deadline = time.monotonic() + 30
    while True:
        counts: Mapping[str, str] = page.evaluate("({...document.querySelector('[data-logs]').dataset})")
        if int(counts["taken"]) + int(counts["skipped"]) >= written or time.monotonic() > deadline:
            return counts
        time.sleep(0.2)


def _others(used: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0f}" for name, share in used.items() if name not in {"browser", "quayside-web"})


def _long(client: Client, page: Page) -> Iterator[Figure]:
    container = client.create(Cmd=["sh", "-c", f"yes {'x' * 99} | head -n {_LONG_LINES}"])
    client.run_to_end(container)
    taken = []
    for _ in range(5):
        page.goto("/jobs/")
        began = time.perf_counter()
        page.goto(f"/h/local/containers/{container[:12]}/logs/", wait_until="commit")
        page.wait_for_selector(".log-line")
        taken.append((time.perf_counter() - began) * 1000)
    page.goto("/jobs/")
    yield Figure(f"first lines of a log of {_LONG_LINES:,} lines", "ms", percentile(taken, 0.5))
    client.remove(container)


def _viewers(console: Console, client: Client) -> Iterator[Figure]:
    container = client.run(Cmd=["sh", "-c", "while :; do i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; "
                                            "usleep 50000; done"])  # fmt: skip
    time.sleep(5)  # until the keeper follows it too
    connections, web = asyncio.run(_watch_many(console, f"/ws/h/local/containers/{container}/logs/?tail=200"))
    yield Figure(f"{_VIEWERS} viewers of one container: more connections to the host", "", connections)
    yield Figure("   CPU of the web process, at some 800 lines/s each", "%", web)
    client.remove(container)


async def _watch_many(console: Console, path: str) -> tuple[int, float]:
    before = _connections(console)
    cookies = "; ".join(f"{one.name}={one.value}" for one in _person(console).cookies)
    async with aiohttp.ClientSession(headers={"Cookie": cookies}, connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks: list[asyncio.Task[None]] = []
        for _ in range(_VIEWERS):
            # Reading from the start: who does not answer pings is taken for gone.
            socket = await session.ws_connect(console.url + path, max_msg_size=0)
            tasks.append(asyncio.create_task(_take(socket)))
        await asyncio.sleep(5)
        connections = _connections(console) - before
        began, used = time.monotonic(), _cpu(console)["quayside-web"]
        await asyncio.sleep(10)
        share = 100 * (_cpu(console)["quayside-web"] - used) / (time.monotonic() - began)
        broken = [task for task in tasks if task.done()]
        assert not broken, f"{len(broken)} viewers were cut off"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return connections, share


def _live_figures(console: Console, client: Client) -> Iterator[Figure]:
    containers = [client.run(Cmd=["sleep", "600"]) for _ in range(_RUNNING)]
    time.sleep(12)
    idle = _shares(console, 10)
    connections, _ = asyncio.run(_watch_figures(console))
    watched = asyncio.run(_watch_figures(console))[1]
    yield Figure(f"live figures of {_RUNNING} running, 5 lists: more connections to the host", "", connections)
    yield Figure("   CPU of the web process for them", "%", watched - idle.get("quayside-web", 0.0))
    yield Figure("   CPU of the keeper (stats and logs of all, nobody looks)", "%", idle.get("quayside-keeper", 0.0))
    for container in containers:
        client.remove(container)


async def _watch_figures(console: Console) -> tuple[int, float]:
    before = _connections(console)
    cookies = "; ".join(f"{one.name}={one.value}" for one in _person(console).cookies)
    async with aiohttp.ClientSession(headers={"Cookie": cookies}, connector=aiohttp.TCPConnector(limit=0)) as session:
        sockets = [await session.ws_connect(f"{console.url}/ws/h/local/figures/") for _ in range(5)]
        tasks = [asyncio.create_task(_take(socket)) for socket in sockets]
        await asyncio.sleep(6)
        connections = _connections(console) - before
        share = (await asyncio.to_thread(_shares, console, 10))["quayside-web"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(8)
    return connections, share


async def _take(socket: aiohttp.ClientWebSocketResponse) -> None:
    """What a browser does: say of each frame that it was taken."""
    async for _ in socket:
        await socket.send_str('{"ack":1}')


def _person(console: Console) -> Person:
    person = Person(console)
    person.sign_in()
    return person


def _shares(console: Console, seconds: float) -> dict[str, float]:
    before, began = _cpu(console), time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {name: 100 * (now - before.get(name, 0.0)) / passed for name, now in _cpu(console).items()}


def _connections(console: Console) -> int:
    """Connections that stay open on the engine's socket (proc(5), /proc/net/unix: state 03); questions come and go."""
    path, found = str(console.engine_socket), []
    for _ in range(10):
        lines = Path("/proc/net/unix").read_text().splitlines()
        found.append(sum(1 for line in lines if line.endswith(path) and line.split()[5] == "03"))
        time.sleep(0.1)
    return min(found)


def _cpu(console: Console) -> dict[str, float]:
    """Seconds of CPU so far: of each process of the console by its name, and of the browser."""
    used: dict[str, float] = {}
    for pid in descendants(console.process.pid):
        used[_name(pid)] = used.get(_name(pid), 0.0) + _seconds(pid)
    used["browser"] = sum(_seconds(pid) for pid in _chromiums())
    return used


def _chromiums() -> list[int]:
    return [pid for pid in descendants(os.getpid()) if re.match("chrom", _name(pid))]


def _name(pid: int) -> str:
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
    return "engine" if name.startswith("python") else name


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
