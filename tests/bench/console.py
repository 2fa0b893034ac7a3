"""The console with 1,000 containers: time to rows, bytes, server time, memory of each process."""

import gzip
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.clients import Client
from tests.bench.figures import Figure, descendants, heading, percentile, pss_mb
from tests.consoles import ADMIN, PASSWORD, Console, Person, running_console
from tests.images import busybox_layer, save_tar

_CONTAINERS = 1000
_REQUESTS = 100
_LIST = "/h/local/containers/"


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as name:
        folder = Path(name)
        environment = {"QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD}
        with running_console(folder, **environment) as console:
            _fill(console, folder)
            person = Person(console)
            person.sign_in()
            yield heading(f"Console, {_CONTAINERS} containers")
            for figure in (*_page(person), *_browser(console), *_memory(console)):
                yield figure.line()


def _fill(console: Console, folder: Path) -> None:
    tar = folder / "busybox.tar"
    save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
    console.engine.load(tar)
    client = Client(console.engine)
    for number in range(_CONTAINERS):
        client.create(Cmd=["sleep", "600"], Labels={"com.docker.compose.project": f"p{number % 20}"})


def _page(person: Person) -> Iterator[Figure]:
    _, plain, _ = person.open(_LIST)
    _, packed, headers = person.open(_LIST, Accept_Encoding="gzip")
    assert b"sleep" in plain or b"busybox" in plain
    size = len(packed) if headers.get("Content-Encoding") == "gzip" else len(gzip.compress(packed, 5))
    yield Figure("containers page, HTML, compressed", "kB", size / 1000, note=f"{len(plain) / 1000:.0f} kB plain")
    for work, path in (
        ("page", _LIST),
        ("filter", f"{_LIST}?q=p7"),
        ("sort", f"{_LIST}?sort=-age"),
    ):
        taken = []
        for _ in range(_REQUESTS):
            began = time.perf_counter()
            status, _, _ = person.open(path)
            taken.append((time.perf_counter() - began) * 1000)
            assert status == 200
        yield Figure(
            f"{work}: request to answer, median",
            "ms",
            percentile(taken, 0.5),
            note=f"p95 {percentile(taken, 0.95):.0f}",
        )


def _browser(console: Console) -> Iterator[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(f"{console.url}/sign-in/")
        page.fill("input[name=username]", ADMIN)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        state = context.storage_state()
        context.close()
        taken, sizes = [], []
        for _ in range(5):
            context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)  # a cold cache
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            received = [0]
            session.on(
                "Network.loadingFinished",
                lambda event, received=received: received.__setitem__(0, received[0] + event["encodedDataLength"]),
            )
            began = time.perf_counter()
            page.goto(f"{console.url}{_LIST}", wait_until="commit")
            page.wait_for_selector("tbody tr td")
            taken.append((time.perf_counter() - began) * 1000)
            page.wait_for_load_state("networkidle")
            sizes.append(received[0] / 1000)
            context.close()
        browser.close()
    yield Figure("cold browser, until rows are there", "ms", percentile(taken, 0.5))
    yield Figure("cold browser, all bytes over the wire", "kB", percentile(sizes, 0.5))


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
