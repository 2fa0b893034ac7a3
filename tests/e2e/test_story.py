"""The main job, through every process: a person signs in, pulls, runs, watches, types, stops; somebody else sees it."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.consoles import ADMIN, PASSWORD, Console
from tests.daemons import Registry, running_registry
from tests.e2e.conftest import PATIENCE_MS
from tests.hosts import console_beside
from tests.images import BUSYBOX, busybox_layer, layer_tar, save_tar

pytestmark = [pytest.mark.real, pytest.mark.e2e, pytest.mark.on_peers("podman")]

_LINK = re.compile(r"http://\S+/set-up/\S+")


@pytest.fixture
def console(host_kind: str) -> Iterator[Console]:
    with tempfile.TemporaryDirectory(prefix="qs-") as folder, console_beside(host_kind, Path(folder)) as running:
        yield running


@pytest.fixture
def registry(console: Console, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(tmp_path, *console.engine.prefix) as running:
        yield running


@pytest.fixture
def image(console: Console, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of three layers that is in the registry and nowhere else."""
    name = f"{registry.address}/harbour/web:1"
    tar = tmp_path_factory.mktemp("story") / "web.tar"
    filler = [layer_tar({f"srv/{n}": bytes([n]) * 3_000_000}) for n in (1, 2)]
    save_tar(tar, tags=[name], layers=[busybox_layer(), *filler])
    console.engine.load(tar)
    status, answer = console.engine.api("POST", f"/images/{name}/push", X_Registry_Auth="e30=")
    assert status == 200, answer
    assert b"errorDetail" not in answer
    assert console.engine.api("DELETE", f"/images/{name}?force=1")[0] == 200
    return name


@pytest.fixture
def new_page(console: Console, chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Pages of a browser of their own each. A script error, or what the content policy refuses, fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened() -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1440, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
        return page

    yield opened
    # Before the console ends, which a page that is open would complain about.
    for context in contexts:
        context.close()
    assert faults == []


def test_the_whole_story(console: Console, new_page: Callable[[], Page], image: str) -> None:
    page = new_page()
    _set_up(page, console)
    if console.host:
        _add_the_host(page, console, console.host.url)
    second = new_page()
    _sign_in(second, console)
    second.goto(f"{console.url}/h/local/containers/")

    _pull(page, console, image)
    port = _run(page, console, image)
    expect(second.get_by_role("link", name="shop-web", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    assert _fetch(console, f"http://127.0.0.1:{port}/") == b"hello from quayside\n"

    _see_logs_grow(page)
    _type_in_the_console(page)
    _stop(page)
    row = second.locator("tr", has=second.get_by_role("link", name="shop-web", exact=True))
    expect(row).to_contain_text("exit", timeout=PATIENCE_MS)
    assert console.engine.json("GET", "/containers/shop-web/json")["State"]["Running"] is False


def _set_up(page: Page, console: Console) -> None:
    link = _LINK.search(console.output())
    assert link is not None
    page.goto(link[0])
    page.fill("input[name=username]", ADMIN)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{console.url}/")
    page.goto(link[0])
    expect(page.locator("input[name=username]")).to_have_count(0)  # the link worked once


def _add_the_host(page: Page, console: Console, url: str) -> None:
    page.goto(f"{console.url}/hosts/add/")
    page.get_by_label("Name", exact=True).fill(console.host_name)
    page.get_by_label("Address").fill(url)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url(f"{console.url}/h/local/**")


def _sign_in(page: Page, console: Console) -> None:
    page.goto(f"{console.url}/sign-in/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{console.url}/")


def _pull(page: Page, console: Console, image: str) -> None:
    page.goto(f"{console.url}/h/local/images/pull/")
    page.fill("input[name=reference]", image)
    page.get_by_role("button", name="Pull").click()
    page.wait_for_url("**/jobs/**")
    # Podman tells of the image's configuration as if it were a layer.
    expect(page.get_by_text(re.compile("^[34] layers$"))).to_be_visible()
    expect(page.get_by_text(re.compile("done|succeeded")).first).to_be_visible()
    page.goto(f"{console.url}/h/local/images/")
    expect(page.get_by_text("harbour/web").first).to_be_visible()


def _run(page: Page, console: Console, image: str) -> int:
    page.goto(f"{console.url}/h/local/containers/run/")
    page.fill("input[name=image]", image)
    page.fill("input[name=name]", "shop-web")
    page.fill("[name=command]", "sh -c 'httpd -h /www; while true; do i=$((i+1)); echo still here $i; sleep 0.2; done'")
    page.get_by_label("Port in the container").first.fill("80")
    page.get_by_label("Port on the host").first.fill("127.0.0.1:18932")
    page.get_by_role("button", name="Create and start").click()
    page.wait_for_url(re.compile(r"/containers/[0-9a-f]{12,}/"))
    expect(page.get_by_role("heading", name="shop-web")).to_be_visible()
    ports = console.engine.json("GET", "/containers/shop-web/json")["NetworkSettings"]["Ports"]
    return int(ports["80/tcp"][0]["HostPort"])


def _see_logs_grow(page: Page) -> None:
    page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name="Logs").click()
    lines = page.locator(".log-line .words")
    expect(lines.nth(3)).to_contain_text("still here")
    # Only so many are in the page as can be seen.
    seen = lines.last.inner_text()
    expect(lines.last).not_to_have_text(seen)


def _type_in_the_console(page: Page) -> None:
    page.get_by_role("link", name="Console").click()
    terminal = page.locator(".xterm-helper-textarea")
    terminal.wait_for(state="attached")
    expect(page.locator(".xterm-rows")).to_contain_text("/ #")
    terminal.focus()
    page.keyboard.type("echo $((6 * 7)) > /tmp/answer; cat /tmp/answer\n")
    expect(page.locator(".xterm-rows")).to_contain_text("/tmp/answer42")  # rows follow each other without a break


def _stop(page: Page) -> None:
    page.get_by_role("link", name="Overview", exact=True).last.click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def _fetch(console: Console, url: str) -> bytes:
    """What answers there, as a program of the host's network gets it."""
    deadline = time.monotonic() + 90
    command = [*console.engine.prefix, str(BUSYBOX), "wget", "-q", "-O", "-", url]
    while True:
        outcome = subprocess.run(command, capture_output=True, check=False, timeout=90)
        if outcome.returncode == 0 or time.monotonic() > deadline:
            return outcome.stdout
        time.sleep(0.05)
