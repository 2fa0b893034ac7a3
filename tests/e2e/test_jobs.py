"""Jobs as people meet them: left, cancelled, tried again, and a pull of what is already here."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.daemons import Registry, running_registry

pytestmark = [pytest.mark.real, pytest.mark.e2e]


_SILENT = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"


@pytest.fixture
def silent_registry(harbour: Console) -> Iterator[str]:
    """The address, on its host, of something that takes connections and never says a word."""
    command = [*harbour.engine.prefix, sys.executable, "-c", _SILENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture
def registry(harbour: Console, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(tmp_path, *harbour.engine.prefix) as running:
        yield running


def _pull(page: Page, reference: str) -> None:
    page.goto("/h/local/images/pull/")
    page.fill("input[name=reference]", reference)
    page.get_by_role("button", name="Pull").click()
    page.wait_for_url("**/jobs/*-*/")


def test_a_job_is_cancelled_where_it_stands_and_tried_again(page: Page, silent_registry: str) -> None:
    _pull(page, f"{silent_registry}/harbour/slow:1")
    expect(page.locator("#head-state")).to_contain_text("running")
    first = page.url
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#head-state")).to_contain_text("cancelled")
    expect(page.locator("#announcer")).to_have_text(re.compile("harbour/slow:1: cancelled"))
    page.get_by_role("button", name="Retry").click()
    page.wait_for_url(lambda url: "/jobs/" in url and url != first)
    expect(page.locator("#head-state")).to_contain_text("running")
    page.goto("/jobs/")
    row = page.locator("#rows tr", has_text="running")
    row.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(page.locator(".toast-note")).to_contain_text("Cancel asked for")
    expect(page.locator("#jobs-chip")).to_have_attribute("data-running", "0")


def test_a_pull_of_what_is_all_here_still_shows_its_layers(page: Page, harbour: Console, registry: Registry) -> None:
    name = f"{registry.address}/harbour/again:1"
    repository, tag = name.rsplit(":", 1)
    assert harbour.engine.api("POST", f"/images/busybox:latest/tag?repo={repository}&tag={tag}")[0] == 201
    assert harbour.engine.api("POST", f"/images/{name}/push", X_Registry_Auth="e30=")[0] == 200
    _pull(page, name)
    expect(page.locator("#head-state")).to_contain_text("done")
    expect(page.locator(".job-bar").first).to_contain_text("already here")
