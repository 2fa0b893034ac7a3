"""The containers list and the page of a container, as a person at a browser meets them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"
EVIL = "<img src=x onerror=alert(1)>\x1b[31m"


def in_stack(name: str) -> dict[str, str]:
    return {"com.docker.compose.project": name}


def test_a_filter_is_clicked_together_kept_as_a_view_and_opens_first(page: Page, harbour: Console) -> None:
    for name, stack in (("till-1", "shop"), ("till-2", "shop"), ("ledger", "books")):
        run_container(harbour, name, start=False, Labels=in_stack(stack))
    page.goto(LIST)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator(".facet .chip", has_text="shop").click()
    expect(page.locator("[data-facets] header")).to_contain_text("2 of")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#rows > tr[data-id]")).to_have_count(2)
    expect(page.locator("#q")).to_have_value("stack:shop")
    assert "q=stack%3Ashop" in page.url
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Save what is shown now as").fill("The shop")
    page.get_by_label("It opens first").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Remove the view The shop")).to_be_visible()
    page.goto(LIST)
    expect(page.locator("#rows > tr[data-id]")).to_have_count(2)
    page.get_by_role("link", name="Take stack:shop out of the filter").click()
    expect(page.locator("#rows > tr", has_text="ledger")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Remove the view The shop").click()
    expect(page.locator("[data-views]")).to_contain_text("None yet")


def test_columns_are_chosen_and_stay(page: Page, harbour: Console) -> None:
    run_container(harbour, "columned", start=False)
    page.goto(LIST)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Networks", exact=True).check()
    page.get_by_label("Ports", exact=True).uncheck()
    page.get_by_label("Width of Image in pixels").fill("300")
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("#rows-head")).to_contain_text("Networks")
    page.reload()
    expect(page.locator("#rows-head")).not_to_contain_text("Ports")
    expect(page.locator("#rows > tr[data-id] td.code").first).to_have_js_property("offsetWidth", 300)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="As at first").click()
    expect(page.locator("#rows-head")).to_contain_text("Ports")


@pytest.mark.on_peers("dockerd", "podman")
def test_a_whole_group_is_started_with_an_outcome_for_each(page: Page, harbour: Console) -> None:
    good = run_container(harbour, "crane", start=False, Labels=in_stack("dock"))
    bad = run_container(harbour, "winch", start=False, Labels=in_stack("dock"), Entrypoint=["/no-such-program"])
    page.goto(f"{LIST}?q=stack:dock")
    # Both are there: a menu that is open says what it was opened on.
    expect(page.locator("#rows > tr[data-id]")).to_have_count(2)
    heading = page.locator("tr.group", has_text="dock")
    heading.get_by_role("button", name="All of dock").click()
    page.get_by_role("menuitem", name="Start 2", exact=True).click()
    panel = page.locator("#progress")
    expect(panel).to_have_attribute("data-ended", "whole")
    expect(panel.locator("header")).to_contain_text("1 failed")
    expect(panel.locator("li", has_text="winch")).to_contain_text("no-such-program")
    expect(page.locator(f"#c-{good} .state")).to_contain_text("up")
    expect(page.locator(f"#c-{bad} .problem")).to_contain_text("no-such-program")
    heading.locator("[data-fold]").click()
    expect(page.locator(f"#c-{good}")).to_have_count(0)
    expect(heading).to_contain_text("2 containers")


def test_one_list_holds_the_containers_of_every_host_and_moves(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "everywhere")
    page.goto("/containers/?q=name:everywhere")
    row = page.locator(f"#c-{container_id}")
    expect(row).to_contain_text(harbour.host_name)
    harbour.engine.api("POST", f"/containers/{container_id}/pause")
    expect(row.locator(".state")).to_contain_text("paused")
    row.get_by_role("button", name="Resume everywhere").click()
    expect(row.locator(".state")).to_contain_text("up")


def test_secrets_are_shown_on_request_and_what_comes_from_outside_is_inert(page: Page, harbour: Console) -> None:
    labels = {"note": EVIL, **in_stack(EVIL)}
    container_id = run_container(harbour, "vault", Env=["DB_PASSWORD=hunter2"], Labels=labels)
    page.goto(f"{LIST}?q=vault")
    expect(page.locator("tr.group b")).to_contain_text("<img")
    page.goto(f"{LIST}{container_id}/")
    page.get_by_text("1 masked").click()
    assert "hunter2" not in page.content()
    page.get_by_role("button", name="Show DB_PASSWORD").click()
    expect(page.locator("#facts")).to_contain_text("DB_PASSWORD=hunter2")
    expect(page.locator("#facts :focus")).to_have_text("hunter2")
    page.goto(f"{LIST}{container_id}/inspect/")
    page.get_by_label("Find a name or a value").fill("db_pass")
    expect(page.locator(".is-hit")).to_contain_text("DB_PASSWORD=••••••")
    page.goto("/audit/")
    expect(page.locator("#rows")).to_contain_text("container.inspect")
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.on_peers("dockerd", "podman")
def test_stop_is_near_for_a_keyboard_and_a_removal_is_told_in_place(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "keyboarded", Labels=in_stack("keys"))
    page.goto(f"{LIST}{container_id}/")
    stop = page.get_by_role("button", name="Stop", exact=True)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    presses = 1
    while not stop.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
        presses += 1
        assert presses <= 6
    page.keyboard.press("Enter")
    expect(page.locator("#head-state")).to_contain_text("exit")
    expect(page.locator("#facts")).to_contain_text("Ended")
    harbour.engine.api("DELETE", f"/containers/{container_id}?force=1")
    expect(page.locator("#gone")).to_contain_text("was removed")
    expect(page.locator("#head-buttons button")).to_have_count(0)
    run_container(harbour, "keyboarded", start=False)
    expect(page.locator("#gone a")).to_have_attribute("href", re.compile(r"/containers/[0-9a-f]{12}/$"))


def test_an_image_is_made_of_a_container(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "writer", "echo hello > /etc/greeting; sleep 600")
    page.goto(f"{LIST}{container_id}/layers/")
    expect(page.locator("[data-tree]")).to_contain_text("greeting")
    page.goto(f"{LIST}{container_id}/commit/")
    page.get_by_label("Name of the image").fill("writer:kept")
    page.get_by_role("button", name="Make the image").click()
    page.wait_for_url("**/jobs/*-*/")
    expect(page.locator("#head-state")).to_contain_text("done")
    assert harbour.engine.json("GET", "/images/writer:kept/json")["Id"]
    with page.expect_download() as saved:
        page.evaluate(f"location.assign('{LIST}{container_id}/export/')")
    assert saved.value.suggested_filename == "writer.tar"
    assert b"greeting" in saved.value.path().read_bytes()
