"""What is done to many, in a browser: stopped half-way, found again after a reload, and the failed ones once more."""

import pytest
from playwright.sync_api import Page, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container
from tests.images import layer_tar

pytestmark = [pytest.mark.real, pytest.mark.e2e]

LIST = "/h/local/containers/"
# Deaf to SIGTERM: stopping one takes its whole grace time, or until it is killed; eight go at once, in their order.
_DEAF = "trap '' TERM; while :; do sleep 1; done"


def stop_all(page: Page, stack: str, count: int) -> None:
    open_group(page, stack, count)
    page.get_by_role("menuitem", name=f"Stop {count}", exact=True).click()


def open_group(page: Page, stack: str, count: int) -> None:
    """Its menu, once all of it is in the list: a menu that is open says what it was opened on."""
    page.goto(f"{LIST}?q=stack:{stack}")
    expect(page.locator("#rows > tr[data-id]")).to_have_count(count)
    page.locator("tr.group").get_by_role("button", name=f"All of {stack}").click()


def in_stack(name: str) -> dict[str, str]:
    return {"com.docker.compose.project": name}


def test_a_run_is_found_again_after_a_reload_and_what_has_not_begun_can_be_left_alone(
    page: Page, harbour: Console
) -> None:
    for number in range(18):
        # Without a network: Chromium breaks off what it loads when interfaces come and go.
        quiet = {"HostConfig": {"NetworkMode": "none"}, "Labels": in_stack("deaf")}
        run_container(harbour, f"deaf-{number}", _DEAF, StopTimeout=45, **quiet)
    stop_all(page, "deaf", 18)
    panel = page.locator("#progress")
    expect(panel.locator("li")).to_have_count(18)
    page.reload()
    expect(panel.locator("li")).to_have_count(18)
    with page.expect_response("**/stop/"):
        panel.get_by_role("button", name="Stop here").click()
    for one in panel.locator("li b").all_inner_texts()[:8]:
        harbour.engine.api("POST", f"/containers/{one}/kill")
    expect(panel).to_have_attribute("data-ended", "whole")
    left = panel.locator('[data-outcome="left"]').count()
    assert left == panel.locator("li").count() - panel.locator('[data-outcome="done"]').count()
    assert left > 0
    expect(panel.locator("header")).to_contain_text(f"{left} left alone")
    running = harbour.engine.json("GET", '/containers/json?filters={"label":["com.docker.compose.project=deaf"]}')
    assert len(running) == left
    panel.get_by_role("button", name=f"Go on with the other {left}").click()
    expect(panel.locator("li")).to_have_count(left)
    # There is no need to wait for their grace time as well.
    for one in running:
        harbour.engine.api("POST", f"/containers/{one['Id']}/kill")
    expect(panel.locator("header")).to_contain_text(f"{left} of {left} done")


def test_only_those_that_failed_are_tried_again(page: Page, harbour: Console) -> None:
    # No engine starts a program that is not there; each has its own mind about a namespace whose owner has stopped.
    for name in ("waiter-0", "waiter-1"):
        quiet = {"HostConfig": {"NetworkMode": "none"}, "Labels": in_stack("berth")}
        run_container(harbour, name, start=False, Cmd=["/opt/run"], **quiet)
    run_container(harbour, "free", start=False, HostConfig={"NetworkMode": "none"}, Labels=in_stack("berth"))
    open_group(page, "berth", 3)
    page.get_by_role("menuitem", name="Start 3", exact=True).click()
    panel = page.locator("#progress")
    expect(panel.locator("header")).to_contain_text("1 of 3 done · 2 failed")
    program = layer_tar({"opt/run": b"#!/bin/sh\nsleep 600\n"})
    for name in ("waiter-0", "waiter-1"):
        status, reply = harbour.engine.api("PUT", f"/containers/{name}/archive?path=/", program)
        assert status == 200, reply
    panel.get_by_role("button", name="Try 2 again").click()
    expect(panel.locator("li")).to_have_count(2)
    expect(panel.locator("header")).to_contain_text("2 of 2 done")
    page.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    page.reload()
    expect(page.locator("#rows")).to_contain_text("waiter-0")
    expect(panel).to_have_count(0)
