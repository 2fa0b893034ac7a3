"""Figures of a list: gone with the state that they belong to, not a moment later."""

import re

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
    assert page.evaluate("window.seen") in {"", "–"}  # noqa: RUF001
    page.reload()
    assert cpu.inner_text() in {"", "–"}  # noqa: RUF001


def test_the_charts_are_there_in_words_and_as_a_table(page: Page, harbour: Console, host_kind: str) -> None:
    limits = {"NanoCpus": 500_000_000, "Memory": 64 << 20, "NetworkMode": "none"}
    container_id = run_container(harbour, "steady", "while :; do :; done", HostConfig=limits)
    page.goto(f"/h/local/containers/{container_id}/stats/")
    expect(page.get_by_role("img", name=re.compile(r"CPU from [\d.]+ % to [\d.]+ %, at last [\d.]+ %"))).to_be_visible()
    table = page.get_by_role("table", name="What the charts show")
    expect(table).to_be_hidden()
    page.get_by_role("button", name="As a table").press("Enter")
    row = table.get_by_role("row").nth(1)
    expect(row.get_by_role("rowheader")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(row.get_by_role("cell").first).to_have_text(re.compile(r"[\d.]+ %"))
    expect(row.get_by_role("cell").nth(2)).to_have_text("67.1 MB")
    if host_kind == "podman":
        # Its version 4 changes no limits of a container that is there.
        return
    harbour.engine.json("POST", f"/containers/{container_id}/update", {"NanoCpus": 250_000_000, "Memory": 128 << 20})
    expect(page.locator("[data-words=cpu]")).to_contain_text("at most 25 %")
    expect(page.locator("[data-words=memory]")).to_contain_text("of 134 MB")
