"""The console with 1,000 containers, 60 running: time to rows, bytes, server time, changes seen live, memory."""

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.bench.clients import Client
from tests.bench.figures import Figure, descendants, heading, percentile, pss_mb
from tests.consoles import ADMIN, PASSWORD, Console, Person, running_console
from tests.images import busybox_layer, save_tar

_CONTAINERS = 1000
_RUNNING = 60
_REQUESTS = 100
_RESTS = 20
_STARTS = 40
_CHANGES_A_SECOND = 50
_LIST = "/h/local/containers/"
_VIEWPORT = {"width": 1440, "height": 900}


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name:
        folder = Path(name)
        environment = {"QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD}
        with running_console(folder, **environment) as console:
            running = _fill(console, folder)
            person = Person(console)
            person.sign_in()
            yield heading(f"Console, {_CONTAINERS} containers, {_RUNNING} running")
            for part in (_server(person), _browser(console, running), _memory(console)):
                for figure in part:
                    yield figure.line()


def _fill(console: Console, folder: Path) -> list[str]:
    """Create them; returns the ids of those that run."""
    tar = folder / "busybox.tar"
    save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
    console.engine.load(tar)
    client = Client(console.engine)
    running = []
    for number in range(_CONTAINERS):
        container_id = client.create(Cmd=["sleep", "6000"], Labels={"com.docker.compose.project": f"p{number % 20}"})
        if number < _RUNNING:
            client.call("POST", f"/containers/{container_id}/start")
            running.append(container_id)
    return running


def _server(person: Person) -> Iterator[Figure]:
    """On a connection that stays open, as a browser's does; once the console has seen all that was created."""
    deadline = time.monotonic() + 120
    while f"{_CONTAINERS} containers".encode() not in person.open(_LIST)[1] and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(5)
    connection = http.client.HTTPConnection(urlsplit(person.console.url).netloc)
    cookie = "; ".join(f"{one.name}={one.value}" for one in person.cookies)
    page, part = {"Cookie": cookie, "Accept-Encoding": "gzip"}, {"HX-Request": "true"}
    for work, path, headers, times, rest_s in (
        ("page", _LIST, page, _REQUESTS, 0),
        # By then the ages of rows read otherwise: they are drawn anew.
        ("page after a second of rest", _LIST, page, _RESTS, 1),
        ("sort", f"{_LIST}?sort=-age", page | part, _REQUESTS, 0),
        ("filter", f"{_LIST}?q=stack:p7%20state:stopped", page | part, _REQUESTS, 0),
        ("search", f"{_LIST}?q=busy", page | part, _REQUESTS, 0),
    ):
        taken, size = [], 0
        for _ in range(times):
            time.sleep(rest_s)
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            size = len(response.read())
            taken.append((time.perf_counter() - began) * 1000)
            assert response.status == 200
        note = f"p95 {percentile(taken, 0.95):.1f}; {size / 1000:.0f} kB compressed"
        yield Figure(f"{work}: request to answer, median", "ms", percentile(taken, 0.5), note=note)
    connection.close()


def _browser(console: Console, running: list[str]) -> Iterator[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        state = _signed_in(console, browser)
        yield from _loads(console, browser, state)
        yield _tab_stops(console, browser, state, running[0])
        yield _changes(console, browser, state, running)
        browser.close()


def _signed_in(console: Console, browser: Browser) -> StorageState:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{console.url}/sign-in/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{console.url}/")
    state = context.storage_state()
    context.close()
    return state


# Notes when the first rows, all of them, have been painted: a message that a frame posts comes after its paint.
_PAINTED = """new MutationObserver((_changes, observer) => {
  if (!document.querySelector("#rows > tr:nth-child(95)")) return;
  observer.disconnect();
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.painted = performance.now(); };
    port2.postMessage(0);
  });
}).observe(document, { childList: true, subtree: true });"""
# A new window of Chromium loads pages of its own for a while, on the same processors.
_SETTLING_MS = 2000


def _loads(console: Console, browser: Browser, state: StorageState) -> Iterator[Figure]:
    taken, painted, cold, warm = [], [], [], []
    for _ in range(7):
        context = browser.new_context(viewport=_VIEWPORT, storage_state=state)  # a cold cache
        page = context.new_page()
        page.add_init_script(_PAINTED)
        page.wait_for_timeout(_SETTLING_MS)
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        received = [0.0]
        session.on(
            "Network.loadingFinished",
            lambda event, received=received: received.__setitem__(0, received[0] + event["encodedDataLength"]),
        )
        began = time.perf_counter()
        page.goto(f"{console.url}{_LIST}", wait_until="commit")
        page.wait_for_selector("#rows > tr:nth-child(95)")
        taken.append((time.perf_counter() - began) * 1000)
        page.wait_for_load_state("load")
        painted.append(page.wait_for_function("window.painted").json_value())
        cold.append(received[0] / 1000)
        page.goto(f"{console.url}{_LIST}")
        warm.append(received[0] / 1000 - cold[-1])
        context.close()
    yield Figure("cold browser, until 100 rows are there", "ms", percentile(taken, 0.5), note=f"worst {max(taken):.0f}")
    yield Figure("   by the browser: navigation to their paint", "ms", percentile(painted, 0.5),
                 note=f"worst {max(painted):.0f}")  # fmt: skip
    yield Figure("cold browser, all bytes over the wire", "kB", percentile(cold, 0.5))
    yield Figure("warm browser, all bytes over the wire", "kB", percentile(warm, 0.5))


def _tab_stops(console: Console, browser: Browser, state: StorageState, container_id: str) -> Figure:
    context = browser.new_context(viewport=_VIEWPORT, storage_state=state)
    page = context.new_page()
    page.goto(f"{console.url}{_LIST}{container_id[:12]}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the skip link
    presses = 1
    while page.evaluate("document.activeElement.dataset.act") != "stop" and presses < 100:
        page.keyboard.press("Tab")
        presses += 1
    context.close()
    return Figure("Tab stops from page start to Stop", "", presses)


# Notes when the state of each row reads "up".
_WATCH = """ids => {
  window.seen = {};
  const look = () => {
    for (const id of ids) {
      const words = document.querySelector(`#c-${id} .state`)?.textContent ?? "";
      if (!window.seen[id] && words.startsWith("up")) window.seen[id] = Date.now();
    }
  };
  const all = { childList: true, subtree: true, characterData: true };
  new MutationObserver(look).observe(document.getElementById("rows"), all);
}"""


def _changes(console: Console, browser: Browser, state: StorageState, running: list[str]) -> Figure:
    """From the answer to a start elsewhere to the state on the page, while other containers change all the time."""
    client = Client(console.engine)
    probes = []
    for number in range(_STARTS):
        reply = client.call(
            "POST",
            f"/containers/create?name=0-probe-{number}",
            {"Image": "busybox", "Cmd": ["sleep", "6000"]},
        )
        probes.append(str(json.loads(reply)["Id"]))
    context = browser.new_context(viewport=_VIEWPORT, storage_state=state)
    page = context.new_page()
    page.goto(f"{console.url}{_LIST}?group=none")
    page.wait_for_selector(f"#c-{probes[-1][:12]}")
    page.evaluate(_WATCH, [one[:12] for one in probes])
    stopped = threading.Event()
    counted = [0]
    churn = threading.Thread(target=_churn, args=(console, running, stopped, counted))
    began = time.monotonic()
    churn.start()
    started = {}
    for probe in probes:
        client.call("POST", f"/containers/{probe}/start")
        started[probe[:12]] = time.time() * 1000
        page.wait_for_timeout(100)
    seen = page.evaluate("window.seen")
    while len(seen) < _STARTS and time.monotonic() - began < 60:
        page.wait_for_timeout(50)
        seen = page.evaluate("window.seen")
    rate = counted[0] / (time.monotonic() - began)
    stopped.set()
    churn.join()
    context.close()
    taken = [max(0.0, seen[one] - at) for one, at in started.items() if one in seen]
    assert len(taken) == _STARTS, f"{_STARTS - len(taken)} starts were never seen"
    note = f"p95 {percentile(taken, 0.95):.0f}; {rate:.0f} other changes a second"
    return Figure("docker start elsewhere, until the page says so, median", "ms", percentile(taken, 0.5), note=note)


def _churn(console: Console, running: list[str], stopped: threading.Event, counted: list[int]) -> None:
    client = Client(console.engine)
    due = time.monotonic()
    while not stopped.is_set():
        for act in ("pause", "unpause"):
            for container_id in running:
                if stopped.wait(max(0.0, due - time.monotonic())) and act == "pause":
                    return
                client.call("POST", f"/containers/{container_id}/{act}")
                counted[0] += 1
                due = max(due + 1 / _CHANGES_A_SECOND, time.monotonic() - 0.2)


def _memory(console: Console) -> Iterator[Figure]:
    total = 0.0
    for pid in descendants(console.process.pid):
        try:
            role = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        size = pss_mb([pid])
        total += size
        yield Figure(f"PSS: {role}", "MB", size, note=f"pid {pid}")
    yield Figure("PSS: whole console", "MB", total)
