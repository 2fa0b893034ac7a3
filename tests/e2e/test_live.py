"""What moves by itself: figures in the list, the overview, who uses an image; and what keys alone can do."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]


@pytest.mark.on_peers("dockerd")
def test_cpu_and_memory_fill_in_place_and_sort_the_list(page: Page, harbour: Console) -> None:
    idle = run_container(harbour, "idle")
    busy = run_container(harbour, "busy", "while true; do :; done", HostConfig={"Memory": 64 << 20})
    page.goto("/h/local/containers/")
    cells = page.locator(f"#c-{busy} [data-figure]")
    expect(cells.nth(0)).to_have_text(re.compile(r"^[\d.]+ %$"))
    expect(cells.nth(1)).to_have_text(re.compile(r"^[\d.]+ (kB|MB)$"))
    expect(cells.nth(1).locator("progress")).to_have_count(1)
    page.get_by_role("link", name="CPU").click()
    expect(page.locator("#rows > tr[data-id]").first).to_have_id(f"c-{busy}")
    # A row that is drawn anew keeps its figures.
    harbour.engine.api("POST", f"/containers/{idle}/pause")
    expect(page.locator(f"#c-{idle} .state")).to_contain_text("paused")
    expect(cells.nth(0)).to_have_text(re.compile(r"^[\d.]+ %$"))
    harbour.engine.api("POST", f"/containers/{busy}/kill")
    expect(cells.nth(0)).to_have_text("–")  # noqa: RUF001


def test_the_overview_follows_what_happens_on_its_hosts(page: Page, harbour: Console) -> None:
    page.goto("/")
    expect(page.locator("#host-local")).to_be_visible()
    run_container(harbour, "trouble", "exit 9")
    expect(page.locator("#needs")).to_contain_text("trouble")
    expect(page.locator("#host-local")).to_contain_text("failing")
    harbour.engine.api("DELETE", "/containers/trouble?force=1")
    expect(page.locator("#needs")).not_to_contain_text("trouble")


def test_charts_come_with_the_first_start_of_a_container_whose_page_is_open(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "starter", start=False)
    page.goto(f"/h/local/containers/{container_id}/")
    expect(page.locator("#head-state")).to_contain_text("never started")
    expect(page.locator("#tiles [data-stats]")).to_have_count(0)
    harbour.engine.api("POST", f"/containers/{container_id}/start")
    expect(page.locator("[data-value=memory]")).to_have_text(re.compile(r"^[\d.]+"))
    # They stay the same ones, with what they have drawn, whatever becomes of it.
    page.evaluate("document.querySelector('#tiles [data-stats]').dataset.mark = 'first'")
    harbour.engine.api("POST", f"/containers/{container_id}/kill")
    expect(page.locator("#facts")).to_contain_text("Ended")
    expect(page.locator("#tiles [data-mark=first]")).to_have_count(1)


def test_who_uses_an_image_or_a_volume_follows_the_containers(page: Page, harbour: Console) -> None:
    harbour.engine.json("POST", "/volumes/create", {"Name": "ledger"})
    page.goto("/h/local/volumes/")
    row = page.locator("#rows tr", has_text="ledger")
    expect(row).to_contain_text("no container")
    run_container(harbour, "clerk", start=False, HostConfig={"Binds": ["ledger:/data"]})
    expect(row).to_contain_text("clerk")
    harbour.engine.api("DELETE", "/containers/clerk?force=1")
    expect(row).to_contain_text("no container")


def test_a_container_is_stopped_by_keys_alone(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "keyed")
    page.goto("/h/local/containers/")
    expect(page.locator(f"#c-{container_id}")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("stop keyed")
    expect(page.locator("#palette li")).to_have_count(2)
    expect(page.locator("#palette li").first).to_contain_text("container")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator(f"#c-{container_id} .state")).to_contain_text("exit")


def test_the_lines_that_are_shown_are_saved_as_a_file(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "talker", "echo one apple; echo two pears; sleep 600")
    page.goto(f"/h/local/containers/{container_id}/logs/")
    expect(page.locator(".log-line")).to_have_count(2)
    page.get_by_label("Find in the log").fill("pears")
    expect(page.locator(".log-line")).to_have_count(1)
    page.get_by_title("Download").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="The lines that are shown", exact=True).click()
    assert saved.value.suggested_filename == "talker.log"
    assert saved.value.path().read_text().strip().endswith("two pears")
    page.get_by_title("Download").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="The whole log", exact=True).click()
    assert "one apple" in saved.value.path().read_text()


def test_limits_change_and_a_container_is_recreated_from_its_page(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "heir", Labels={"kept": "yes"})
    page.goto(f"/h/local/containers/{container_id}/configuration/")
    page.get_by_label("Memory").fill("64m")
    page.get_by_role("button", name="Save").click()
    # Podman has had POST /containers/{id}/update since version 5 only.
    can_change = harbour.engine.api("POST", f"/containers/{container_id}/update", {})[0] == 200
    words = "holds from now on" if can_change else "This host cannot change limits"
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_role("button", name="Recreate…").click()
    page.get_by_label(re.compile("Pull .*busybox.* first")).uncheck()
    page.get_by_role("button", name="Recreate 1 container").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#head-state")).to_contain_text("done")
    found = harbour.engine.json("GET", "/containers/heir/json")
    assert not found["Id"].startswith(container_id)
    assert found["HostConfig"]["Memory"] == (64 << 20 if can_change else 0)
    assert found["Config"]["Labels"] == {"kept": "yes"}


def test_the_run_form_can_be_sent_from_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/h/local/containers/run/")
    expect(page.get_by_role("button", name="Create and start")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_pasted_line_becomes_a_container_that_is_edited_and_brought_back(page: Page) -> None:
    page.goto("/h/local/containers/run/")
    page.get_by_text("Paste docker run or compose").click()
    page.fill(
        "#id_pasted",
        "docker run -d --name barge --stop-timeout 1 -m 64m --label kept=yes --ulimit nofile=64 --ulimit nproc=64 "
        "busybox sleep 600",
    )
    page.get_by_role("button", name="Fill the form").click()
    expect(page.locator("[data-words=resources]")).to_contain_text("Memory: 64m")
    page.fill("#id_memory", "96m")
    expect(page.locator("#command")).to_contain_text("--memory 96m")
    page.get_by_label("API body").check()
    expect(page.locator("#command")).to_contain_text('"kept": "yes"')
    page.get_by_role("button", name="Create and start").last.click()
    expect(page.locator("#head-state")).to_contain_text("up ")
    container = page.url.rstrip("/").rsplit("/", 1)[-1]
    page.goto(f"/h/local/containers/run/?edit={container}")
    page.locator("#s-networks > summary").click()
    page.fill("#id_hostname", "barge-two")
    page.get_by_role("button", name="Recreate with these changes").click()
    expect(page.locator("#head-state")).to_contain_text("done")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bring barge back")
    expect(page.locator("#head-state")).to_contain_text("done")
    page.goto(f"/h/local/containers/{container}/configuration/")
    expect(page.locator("#kept")).to_contain_text("barge-before-")
