"""Figures of a list: gone with the state that they belong to, not a moment later."""

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

# Looked at in the very frame in which the row says that it has stopped.
_LOOKS = """(id) => {
  const look = () => {
    const row = document.getElementById(id);
    const isStopped = row.querySelector(".state").textContent.includes("exit");
    if (isStopped) window.seen = row.querySelector("[data-figure=cpu]").textContent;
    else requestAnimationFrame(look);
  };
  look();
}"""


def test_what_stops_has_no_figures_from_the_moment_it_says_so(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "brief", "while :; do :; done", HostConfig={"NetworkMode": "none"})
    page.goto("/h/local/containers/")
    cpu = page.locator(f"#c-{container_id} [data-figure=cpu]")
    expect(cpu).to_contain_text("%")
    page.evaluate(_LOOKS, f"c-{container_id}")
    harbour.engine.api("POST", f"/containers/{container_id}/kill")
    page.wait_for_function("() => window.seen !== undefined")
    assert page.evaluate("window.seen") == "–"  # noqa: RUF001
    page.reload()
    assert cpu.inner_text() in {"", "–"}  # noqa: RUF001
