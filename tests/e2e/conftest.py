"""A console that is set up, a signed-in person's browser, and containers made behind the console's back."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browsers import CHROMIUM
from tests.consoles import ADMIN, PASSWORD, Console
from tests.hosts import KINDS, console_beside

# A busy machine is slow, not wrong.
PATIENCE_MS = 90_000
# Well below what webui.factors takes for a password that was given just now.
_LATELY_S = 300


# The marks of what is run on a peer.
_PEER = (pytest.mark.peer,)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test is run on the host that was asked for, or on ours and on the peers that its mark names."""
    if "host_kind" not in metafunc.fixturenames:
        return
    wanted = metafunc.config.getoption("--host")
    mark = metafunc.definition.get_closest_marker("on_peers")
    kinds: Sequence[str] = ("ours", *(mark.args if mark else ()))
    if wanted:
        kinds = KINDS if wanted == "every" else (wanted,)
    params = [pytest.param(kind, marks=() if kind == "ours" else _PEER) for kind in kinds]
    metafunc.parametrize("host_kind", params, indirect=True, scope="session")


@pytest.fixture(scope="session")
def host_kind(request: pytest.FixtureRequest) -> str:
    """One of tests.hosts.KINDS."""
    return str(request.param)


@pytest.fixture(scope="session")
def port(host_kind: str, busybox_tar: Path) -> Iterator[Console]:
    """A running console with an administrator, whose host `local` is of that kind and has busybox:latest."""
    environment = {"QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory(prefix="qs-") as name, console_beside(host_kind, Path(name), **environment) as one:
        if one.host:
            one.connect()
        one.engine.load(busybox_tar)
        yield one


@pytest.fixture
def harbour(port: Console) -> Iterator[Console]:
    """That console; what a test makes on its host goes with the test."""
    yield port
    port.engine.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sign_ins() -> dict[str, tuple[float, StorageState]]:
    """When the administrator signed in last at each console, by time.monotonic(), and the cookies of that."""
    return {}


@pytest.fixture
def signed_in(port: Console, chromium: Browser, sign_ins: dict[str, tuple[float, StorageState]]) -> StorageState:
    """The cookies of the administrator, who has given the password lately: what is delicate asks for it again."""
    at, state = sign_ins.get(port.url, (0.0, None))
    if state is None or time.monotonic() - at > _LATELY_S:
        at, state = time.monotonic(), _sign_in(port, chromium)
        sign_ins[port.url] = at, state
    return state


def _sign_in(port: Console, chromium: Browser) -> StorageState:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{port.url}/sign-in/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{port.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(harbour: Console, chromium: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A page of somebody who is signed in. A script error, or what the content policy refuses, fails the test."""
    context = chromium.new_context(
        base_url=harbour.url, viewport={"width": 1440, "height": 900}, storage_state=signed_in
    )
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
    yield opened
    context.close()
    assert faults == []


def run_container(console: Console, name: str, script: str = "sleep 600", *, start: bool = True, **body: Any) -> str:
    """A busybox with a shell script; returns its short id.

    It has no network but where one is asked for: Chromium breaks off what it loads, scripts too, when interfaces of its
    machine come and go.
    """
    wanted = {"Image": "busybox", "Cmd": ["sh", "-c", script], "StopTimeout": 0, **body}
    wanted["HostConfig"] = {"NetworkMode": "none", **body.get("HostConfig", {})}
    status, reply = console.engine.api("POST", f"/containers/create?name={name}", wanted)
    assert status == 201, reply
    container_id = str(json.loads(reply)["Id"])
    if start:
        status, reply = console.engine.api("POST", f"/containers/{container_id}/start")
        assert status == 204, reply
    return container_id[:12]


def kept_page(page: Page, path: str, words: str) -> None:
    """A page of kept logs that holds these words. The keeper tells no page: it is loaded until they are there."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        page.goto(path)
        shown = page.locator("[data-log-figures], .empty").first
        expect(shown).not_to_contain_text("Searching")
        if page.locator(".log-line", has_text=words).count():
            return
        assert time.monotonic() < deadline, shown.inner_text()
        page.wait_for_timeout(250)


def keep_logs(page: Page) -> None:
    """Logs are kept of a host that asks for it; the bundled engine does from the beginning."""
    page.goto("/h/local/logs/keeping/")
    page.get_by_label("Keep logs").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
