"""Consoles in a browser: what fails says why, what was chosen is remembered, and a phone has the keys that it lacks."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.consoles import Console
from tests.e2e.conftest import PATIENCE_MS, run_container
from tests.images import BUSYBOX, layer_tar, save_tar

pytestmark = [pytest.mark.real, pytest.mark.e2e]

# Chromium breaks off what it loads when interfaces come and go.
QUIET = {"HostConfig": {"NetworkMode": "none"}}


def open_console(page: Page, container_id: str) -> None:
    page.goto(f"/h/local/containers/{container_id}/console/")


def open_another(page: Page, *, kind: str = "", **fields: str) -> None:
    page.get_by_role("button", name="New console").click()
    form = page.locator("[data-console-form]")
    form.locator("[name=kind]").select_option(kind)
    for name in ("command", "user", "folder") if kind == "command" else ("user", "folder"):
        form.locator(f"[name={name}]").fill(fields.get(name, ""))
    form.get_by_role("button", name="Open", exact=True).click()


def test_what_cannot_be_started_says_why(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "reasons", **QUIET)
    open_console(page, container_id)
    failed, state = page.locator("[data-console-failed]"), page.locator("[data-console-state]")
    expect(state).to_have_text("connected")
    open_another(page, user="nobodyhere")
    expect(failed).to_contain_text("There is no user “nobodyhere” in this container")
    open_another(page, folder="/no/such")
    expect(failed).to_contain_text("There is no folder /no/such in this container.")
    open_another(page, folder="/etc/passwd")
    expect(failed).to_contain_text("/etc/passwd is no folder in this container.")
    open_another(page, kind="command", command="/no/such/program -x")
    expect(failed).to_contain_text("There is no program /no/such/program in this container.")
    harbour.engine.api("POST", f"/containers/{container_id}/pause")
    open_another(page)
    expect(failed).to_contain_text("The container is paused. Resume it")
    harbour.engine.api("POST", f"/containers/{container_id}/unpause")


def test_an_image_without_a_shell_is_told_from_a_container_that_does_not_run(
    page: Page, harbour: Console, tmp_path: Path
) -> None:
    config = {"Env": ["PATH=/"], "Cmd": ["/sleep", "600"]}
    layer = layer_tar({"hold": BUSYBOX.read_bytes()}, {"sleep": "hold"})
    save_tar(tmp_path / "bare.tar", tags=["bare:latest"], layers=[layer], config=config)
    harbour.engine.load(tmp_path / "bare.tar")
    container_id = run_container(harbour, "bare", Image="bare", Cmd=["/sleep", "600"], **QUIET)
    open_console(page, container_id)
    failed = page.locator("[data-console-failed]")
    expect(failed).to_contain_text("This container has no shell")
    harbour.engine.api("POST", f"/containers/{container_id}/stop")
    page.get_by_role("button", name="Open again").click()
    expect(failed).to_contain_text("The container is not running. Start it")


def test_the_shell_and_the_user_are_remembered_by_the_name_of_the_container(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "memory", **QUIET)
    open_console(page, container_id)
    expect(page.locator("[data-console-state]")).to_have_text("connected")
    open_another(page, kind="/bin/ash", user="www", folder="/www")
    expect(page.locator(".xterm-rows").last).to_contain_text("~ $")
    harbour.engine.api("DELETE", f"/containers/{container_id}?force=1")
    # Both consoles lose what ran in them, and the page hears of it: that is no reason to forget what was chosen.
    for tab in page.locator(".console-tab").all():
        tab.click()
        expect(page.locator("[data-console-state]")).to_have_text("ended")
    page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    again = run_container(harbour, "memory", **QUIET)
    open_console(page, again)
    expect(page.locator(".xterm-rows")).to_contain_text("~ $")
    page.get_by_role("button", name="New console").click()
    expect(page.locator("[name=user]")).to_have_value("www")


def test_whoever_is_signed_out_is_told_so_and_offered_to_sign_in(
    harbour: Console, chromium: Browser, signed_in: StorageState
) -> None:
    from tests.consoles import ADMIN, PASSWORD

    container_id = run_container(harbour, "leaver", **QUIET)
    context = chromium.new_context(base_url=harbour.url)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"/sign-in/?next=/h/local/containers/{container_id}/console/")
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[data-console-state]")).to_have_text("connected")
    other = context.new_page()
    other.goto("/")
    other.get_by_label("olga").first.click()
    other.get_by_role("menuitem", name="Sign out").click()
    other.wait_for_url("**/sign-in/**")
    failed = page.locator("[data-console-failed]")
    expect(failed).to_contain_text("You are signed out, and what ran here was ended.")
    expect(failed.get_by_role("button", name="Open again")).to_be_hidden()
    failed.get_by_role("link", name="Sign in again").click()
    page.wait_for_url("**/sign-in/?next=/h/local/containers/*/console/")
    context.close()


def test_a_phone_has_the_keys_that_its_keyboard_has_not_and_can_paste(
    harbour: Console, chromium: Browser, signed_in: StorageState
) -> None:
    container_id = run_container(harbour, "pocket", **QUIET)
    context = chromium.new_context(
        base_url=harbour.url, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True,
        storage_state=signed_in,
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    open_console(page, container_id)
    rows = page.locator(".xterm-rows")
    expect(rows).to_contain_text("#")
    page.evaluate("() => { navigator.clipboard.readText = () => Promise.reject(new Error('not asked')); }")
    page.get_by_role("button", name="Paste").tap()
    page.get_by_label("What to paste").fill("sleep 500; echo not interr''upted")
    page.get_by_role("button", name="Send").tap()
    page.keyboard.press("Enter")
    expect(rows).to_contain_text("sleep 500")
    page.get_by_role("button", name="Ctrl", exact=True).tap()
    expect(page.get_by_role("button", name="Ctrl", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("c")
    expect(rows).to_contain_text("^C")
    expect(page.get_by_role("button", name="Ctrl", exact=True)).to_have_attribute("aria-pressed", "false")
    page.keyboard.type("echo still here")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="↑").tap()
    page.keyboard.press("Enter")
    expect(rows).to_contain_text("still here")
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.get_by_role("button", name="Copy what is selected").tap()
    page.wait_for_function("() => window.copied")
    assert "still here" in page.evaluate("window.copied")
    context.close()
