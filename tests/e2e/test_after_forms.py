"""What a form leaves behind: the focus at its answer, what was typed, and one container and not two."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

RUN = "/h/local/containers/run/"
_CREATE = "button.btn-primary[type=submit]"


@pytest.mark.on_peers("dockerd")
def test_the_focus_is_on_what_a_form_was_answered(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "web")
    page.goto(f"/h/local/containers/{container_id}/configuration/")
    # Its name, which every host can change; not its limits, which Podman 4 cannot.
    page.fill("#id_name", "web-2")
    page.get_by_role("button", name="Rename").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Renamed")).to_be_focused()
    page.fill("#id_name", "/")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#id_name")).to_be_focused()
    # A page that is opened afterwards begins at its top.
    page.get_by_role("link", name="Inspect").click()
    page.wait_for_url("**/inspect/")
    expect(page.locator("body")).to_be_focused()


@pytest.mark.on_peers("dockerd")
def test_a_refusal_opens_the_part_that_it_is_about(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.fill("#id_image", "busybox")
    page.locator("[name=command]").fill("sleep 600")
    for part in ("process", "security"):
        page.locator(f"#s-{part} > summary").click()
    page.fill("#id_user", "nobody-here")
    page.fill("#id_cap_add", "NET_ADMIN")
    for part in ("process", "security"):
        page.locator(f"#s-{part} > summary").click()
    page.locator(_CREATE).last.click()
    expect(page.locator("#id_user")).to_be_focused()
    expect(page.locator("#id_user-error")).to_contain_text("nobody-here")
    expect(page.locator("#id_cap_add")).to_have_value(re.compile("NET_ADMIN"))
    assert json.loads(harbour.engine.api("GET", "/containers/json?all=1")[1]) == []


@pytest.mark.parametrize("part", ["", "#main", "#s-network"])
def test_the_focus_is_on_what_is_wrong_wherever_the_page_was_entered(page: Page, harbour: Console, part: str) -> None:
    page.goto(f"{RUN}{part}")
    if not part:
        page.locator(".skip").press("Enter")
        expect(page.locator("#main")).to_be_focused()
    page.fill("#id_image", "busybox")
    page.fill("#id_name", "/ /")
    page.locator("#id_name").press("Enter")
    expect(page.locator("#id_name")).to_have_attribute("aria-invalid", "true")
    page.wait_for_load_state("load")
    page.wait_for_timeout(200)
    expect(page.locator("#id_name")).to_be_focused()
    assert "#" not in page.url


def test_a_form_that_is_pressed_twice_makes_one_container(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.fill("#id_image", "busybox")
    page.locator("[name=command]").fill("sleep 600")
    with page.expect_navigation():
        page.locator(_CREATE).last.evaluate("(button) => { button.click(); button.click(); button.click(); }")
    expect(page.locator("#head-state")).to_contain_text("up")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert len(harbour.engine.json("GET", "/containers/json?all=1")) == 1


def test_a_pull_that_fails_leads_back_to_what_was_typed(page: Page, harbour: Console) -> None:
    page.goto(RUN)
    page.fill("#id_image", "127.0.0.1:1/no/such:1")
    page.fill("#id_name", "hauled")
    page.locator("[name=command]").fill("sleep 600")
    page.locator(_CREATE).last.click()
    page.get_by_role("button", name="Pull it, then run").click()
    page.get_by_role("link", name="Change it and try again").click()
    expect(page.locator("#id_name")).to_have_value("hauled")
    page.fill("#id_image", "busybox")
    page.locator(_CREATE).last.click()
    expect(page.get_by_role("heading", name="hauled")).to_be_visible()
