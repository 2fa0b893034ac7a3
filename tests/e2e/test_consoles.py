"""Consoles in a browser: several tabs, a connection that breaks, a page that is loaded again, the main process."""

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.consoles import Console
from tests.e2e.conftest import run_container

pytestmark = [pytest.mark.real, pytest.mark.e2e]


@pytest.mark.on_peers("dockerd")
def test_consoles_survive_a_cut_network_and_a_reload(page: Page, harbour: Console) -> None:
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/console/**", through)
    talker = run_container(harbour, "chatty", "while read -r line; do echo got $line; done", OpenStdin=True, Tty=True)
    page.goto(f"/h/local/containers/{talker}/console/")
    screen = page.locator(".console-pane:not([hidden]) .xterm-rows")
    state = page.locator("[data-console-state]")
    expect(state).to_have_text("connected")
    page.keyboard.type("x=ke; printf '\\033]0;stolen\\007\\033]52;c;c3RvbGVu\\007'; echo ${x}pt\n")
    expect(screen).to_contain_text("kept")
    assert "stolen" not in page.title()

    sockets[-1].close(code=4000)
    expect(state).to_have_text("connected")
    page.keyboard.type("echo still $x\n")
    expect(screen).to_contain_text("still ke")

    page.get_by_role("button", name="New").click()
    page.locator("[data-console-form] select").select_option("attach")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("[data-console-note]")).to_contain_text("Ctrl-P Ctrl-Q")
    expect(state).to_have_text("connected")
    page.keyboard.type("ahoy\n")
    expect(screen).to_contain_text("got ahoy")

    page.reload()
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(2)
    tabs.first.click()
    expect(screen).to_contain_text("still ke")
    page.keyboard.type("echo $x$x\n")
    expect(screen).to_contain_text("keke")
    page.keyboard.type("exit 5\n")
    expect(page.locator("[data-console-failed]")).to_contain_text("exit code 5")
    page.get_by_role("button", name="Open again").click()
    expect(state).to_have_text("connected")
    for _tab in range(2):
        page.get_by_role("button", name="Close this console").first.click()
    expect(tabs).to_have_count(0)


def test_a_console_follows_the_size_of_the_window_and_takes_a_user_and_a_folder(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "resized")
    page.goto(f"/h/local/containers/{container_id}/console/")
    screen = page.locator(".console-pane:not([hidden]) .xterm-rows")
    expect(page.locator("[data-console-state]")).to_have_text("connected")
    page.keyboard.type("trap 'echo size changed' WINCH; stty size | { read r c; echo now $c; }\n")
    expect(screen).to_contain_text(re.compile(r"now \d+"))
    page.set_viewport_size({"width": 900, "height": 700})
    expect(screen).to_contain_text("size changed")
    page.get_by_role("button", name="New").click()
    page.get_by_label("As user").fill("www")
    page.get_by_label("In folder").fill("/tmp")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(screen).to_contain_text("/tmp $")
    page.keyboard.type('echo "$(id -un)@$PWD"\n')
    expect(screen).to_contain_text("www@/tmp")


def test_a_container_that_is_paused_says_why_nothing_happens_and_takes_what_was_typed_afterwards(
    page: Page, harbour: Console
) -> None:
    container_id = run_container(harbour, "sleeper")
    page.goto(f"/h/local/containers/{container_id}/console/")
    screen = page.locator(".console-pane:not([hidden]) .xterm-rows")
    state = page.locator("[data-console-state]")
    expect(state).to_have_text("connected")
    page.keyboard.type("echo $((6*7))x\n")
    expect(screen).to_contain_text("42x")
    harbour.engine.api("POST", f"/containers/{container_id}/pause")
    expect(state).to_have_text("paused")
    expect(page.locator("[data-console-note]")).to_contain_text("is taken when it is resumed")
    page.locator(".xterm").click()
    page.keyboard.type("echo $((7*7))y\n")
    # Whoever comes back meanwhile is told as well.
    page.reload()
    expect(state).to_have_text("paused")
    harbour.engine.api("POST", f"/containers/{container_id}/unpause")
    expect(state).to_have_text("connected")
    expect(page.locator("[data-console-note]")).to_be_hidden()
    expect(screen).to_contain_text("49y")


def test_a_line_that_is_dead_without_a_word_is_noticed_and_what_was_typed_is_sent_again(
    page: Page, harbour: Console
) -> None:
    stalled: set[int] = set()
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        number, server = len(sockets), socket.connect_to_server()
        sockets.append(socket)
        socket.on_message(lambda message: None if number in stalled else server.send(message))
        server.on_message(lambda message: None if number in stalled else socket.send(message))

    page.route_web_socket("**/console/**", through)
    container_id = run_container(harbour, "stalled")
    page.goto(f"/h/local/containers/{container_id}/console/")
    screen = page.locator(".console-pane:not([hidden]) .xterm-rows")
    state = page.locator("[data-console-state]")
    expect(state).to_have_text("connected")
    page.keyboard.type("x=same; echo $((6*7))x\n")
    expect(screen).to_contain_text("42x")
    stalled.add(0)
    page.keyboard.type("echo typed $x $((7*7))\n")
    expect(state).to_have_text("no answer · what you type waits")
    expect(state).to_have_text("connected")
    expect(screen).to_contain_text("typed same 49")
    assert screen.inner_text().count("typed same 49") == 1
    tab = page.get_by_role("tab").first
    expect(page.get_by_role("tabpanel", name="sh")).to_be_visible()
    assert tab.get_attribute("aria-controls") == page.get_by_role("tabpanel").get_attribute("id")


def test_the_chosen_shell_and_user_outlive_a_stop_of_the_container(page: Page, harbour: Console) -> None:
    container_id = run_container(harbour, "stops")
    page.goto(f"/h/local/containers/{container_id}/console/")
    state, failed = page.locator("[data-console-state]"), page.locator("[data-console-failed]")
    expect(state).to_have_text("connected")
    page.get_by_role("button", name="New console").click()
    page.get_by_label("As user").fill("www")
    page.locator("[data-console-form]").get_by_role("button", name="Open", exact=True).click()
    expect(page.locator(".console-pane:not([hidden]) .xterm-rows")).to_contain_text("$")
    harbour.engine.api("POST", f"/containers/{container_id}/stop")
    expect(failed).to_contain_text("has stopped")
    page.get_by_role("button", name="Open again").click()
    expect(failed).to_contain_text("is not running")
    harbour.engine.api("POST", f"/containers/{container_id}/start")
    for _tab in range(2):
        page.get_by_role("button", name="Close this console").first.click()
    page.reload()
    expect(state).to_have_text("connected")
    page.keyboard.type("id -un\n")
    expect(page.locator(".console-pane:not([hidden]) .xterm-rows")).to_contain_text("www")
