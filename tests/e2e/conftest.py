"""A console that is set up, a signed-in person's browser, and containers made behind the console's back."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.consoles import ADMIN, PASSWORD, Console, running_console
from tests.images import busybox_layer, save_tar

PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def harbour() -> Iterator[Console]:
    """A running console with an administrator and busybox:latest."""
    environment = {"QUAYSIDE_ADMIN_USER": ADMIN, "QUAYSIDE_ADMIN_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory(prefix="qs-") as name, running_console(Path(name), **environment) as running:
        tar = Path(name) / "busybox.tar"
        save_tar(tar, tags=["busybox:latest"], layers=[busybox_layer()])
        running.engine.load(tar)
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def signed_in(harbour: Console, chromium: Browser) -> StorageState:
    """The cookies of the administrator."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{harbour.url}/sign-in/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{harbour.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(harbour: Console, chromium: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A page of somebody who is signed in. A script error, or what the content policy refuses, fails the test."""
    context = chromium.new_context(
        base_url=harbour.url, viewport={"width": 1440, "height": 900}, storage_state=signed_in
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
    yield opened
    context.close()
    assert faults == []


def run_container(console: Console, name: str, script: str = "sleep 600", *, start: bool = True, **body: Any) -> str:
    """A busybox with a shell script; returns its short id."""
    wanted = {"Image": "busybox", "Cmd": ["sh", "-c", script], "StopTimeout": 0, **body}
    status, reply = console.engine.api("POST", f"/containers/create?name={name}", wanted)
    assert status == 201, reply
    container_id = str(json.loads(reply)["Id"])
    if start:
        status, reply = console.engine.api("POST", f"/containers/{container_id}/start")
        assert status == 204, reply
    return container_id[:12]
